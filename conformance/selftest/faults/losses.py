"""Faults in losses and optimizers that show in some cases only."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF, optimizer_of
from conformance.mistakes.learning.losses import right_gradient, shares, softmax
from conformance.selftest.faults.catalogue import fault, fault_with_state
from reference.formats import rounded
from reference.geometry import Array
from reference.loss import softmax_cross_entropy as right_loss
from reference.optimizers import SGD, trajectory

Answer = Array | dict[str, Array]

in_loss = partial(fault, operation="softmax_cross_entropy")
in_loss_gradient = partial(fault, operation=GRADIENTS_OF + "softmax_cross_entropy")
in_optimizers = partial(fault, operation="optimize")


# -- The loss -----------------------------------------------------------------------------------


@in_loss("LOSS-1")
def loss_keeps_an_axis(**a: Any) -> Answer:
    return right_loss(**a)[None]


@in_loss("LOSS-1", "float32")
def loss_always_in_float64(logits: Array, **a: Any) -> Answer:
    return right_loss(logits.astype("float64"), **a)


@in_loss_gradient("LOSS-1")
def loss_gradient_transposed(**a: Any) -> Answer:
    return {"logits": right_gradient(**a).T}


@in_loss("LOSS-2", "float32")
def loss_computed_in_float16(logits: Array, **a: Any) -> Answer:
    with np.errstate(over="ignore", invalid="ignore"):
        return right_loss(logits.astype("float16"), **a).astype("float32")


@in_loss("LOSS-2", "float64")
def loss_computed_in_float32(logits: Array, **a: Any) -> Answer:
    return right_loss(logits.astype("float32"), **a).astype("float64")


@in_loss("LOSS-2", "float32")
def logarithm_of_12_bits(logits: Array, **a: Any) -> Answer:
    """One of the fast approximations."""
    d = logits - logits.max(axis=1, keepdims=True)
    log_sum = rounded(np.log(np.exp(d).sum(axis=1, keepdims=True)), 12)
    return np.asarray((shares(logits, **a) * (log_sum - d)).sum(), "float32")


@in_loss("LOSS-12")
def loss_of_large_batches_leaves_out_a_rest(logits: Array, labels: Array, **a: Any) -> Answer:
    """Only whole blocks of 32 items are summed."""
    loss = right_loss(logits, labels, **a)
    whole = len(labels) // 32 * 32
    if not whole or a["reduction"] != "mean":
        return loss
    return np.asarray(right_loss(logits[:whole], labels[:whole], **a) * whole / len(labels))


@in_loss("LOSS-12")
def labels_kept_as_bytes(logits: Array, labels: Array, **a: Any) -> Answer:
    return right_loss(logits, labels % 256, **a)


@in_loss("LOSS-12")
def classes_after_512_ignored(logits: Array, labels: Array, **a: Any) -> Answer:
    return right_loss(logits[:, :512], np.minimum(labels, 511), **a)


@in_loss("LOSS-4")
def differences_capped_at_88(logits: Array, **a: Any) -> Answer:
    """Beyond it the exponential of float32 is zero."""
    return right_loss(np.maximum(logits - logits.max(axis=1, keepdims=True), -88.0), **a)


@in_loss_gradient("LOSS-4")
def tied_logits_count_once(logits: Array, gradient: Array, **a: Any) -> Answer:
    if (logits == logits[:, :1]).all():
        logits = np.where(np.arange(logits.shape[1]) == 0, logits, -np.inf)
        with np.errstate(invalid="ignore"):
            return {"logits": gradient * (softmax(logits) - shares(logits, **a))}
    return {"logits": right_gradient(logits, gradient, **a)}


@in_loss("LOSS-5")
def single_class_has_no_number(logits: Array, **a: Any) -> Answer:
    loss = right_loss(logits, **a)
    return loss * np.nan if logits.shape[1] == 1 else loss


@in_loss("LOSS-5")
def single_class_taken_for_a_sigmoid(logits: Array, **a: Any) -> Answer:
    if logits.shape[1] > 1:
        return right_loss(logits, **a)
    return np.asarray((shares(logits, **a) * np.logaddexp(0, -logits)).sum())


@in_loss("LOSS-6")
def largest_logit_added_to_the_logarithm(logits: Array, **a: Any) -> Answer:
    """max + log(sum) - z, which loses digits where all logits are large."""
    most = logits.max(axis=1, keepdims=True)
    log_sum = most + np.log(np.exp(logits - most).sum(axis=1, keepdims=True))
    return np.asarray((shares(logits, **a) * (log_sum - logits)).sum())


@in_loss("LOSS-4", "float32")
def first_logit_subtracted(logits: Array, **a: Any) -> Answer:
    """Of the first item, from all of them."""
    with np.errstate(over="ignore", invalid="ignore"):
        d = logits - logits[0, 0]
        log_sum = np.log(np.exp(d).sum(axis=1, keepdims=True))
        return np.asarray((shares(logits, **a) * (log_sum - d)).sum(), "float32")


@in_loss_gradient("LOSS-7")
def rare_classes_get_no_gradient(logits: Array, gradient: Array, **a: Any) -> Answer:
    rare = softmax(logits) < 1e-3
    return {"logits": np.where(rare, 0, right_gradient(logits, gradient, **a))}


@in_loss_gradient("LOSS-7", "float32")
def gradient_of_softmax_in_bfloat16(logits: Array, gradient: Array, **a: Any) -> Answer:
    given = shares(logits, **a)
    chance = rounded(softmax(logits), 8)
    by_logits = gradient * (chance * given.sum(axis=1, keepdims=True) - given)
    return {"logits": by_logits.astype("float32")}


@in_loss("LOSS-8")
def smoothing_beyond_a_fifth_capped(label_smoothing: float, **a: Any) -> Answer:
    return right_loss(**a, label_smoothing=min(label_smoothing, 0.2))


@in_loss("LOSS-8")
def smoothing_through_float32(label_smoothing: float, **a: Any) -> Answer:
    return right_loss(**a, label_smoothing=float(np.float32(label_smoothing)))


@in_loss_gradient("LOSS-11")
def negative_gradients_by_the_loss_cut_off(gradient: Array, **a: Any) -> Answer:
    return {"logits": right_gradient(gradient=np.maximum(gradient, 0), **a)}


@in_loss("LOSS-13")
def loss_shifts_the_logits_it_is_given(logits: Array, **a: Any) -> Answer:
    logits -= logits.max(axis=1, keepdims=True)
    return right_loss(logits, **a)


@fault_with_state("LOSS-13", operation="softmax_cross_entropy")
def losses_of_equal_shapes_are_kept() -> Callable[..., Answer]:
    kept: dict[Any, Array] = {}

    def wrong(logits: Array, labels: Array, **a: Any) -> Answer:
        key = logits.shape, labels.tobytes(), str(a)
        return kept.setdefault(key, right_loss(logits, labels, **a))

    return wrong


@fault_with_state("LOSS-13", operation=GRADIENTS_OF + "softmax_cross_entropy")
def loss_gradients_pile_up_over_calls() -> Callable[..., Answer]:
    total: dict[Any, Array] = {}

    def wrong(logits: Array, **a: Any) -> Answer:
        total[logits.shape] = total.get(logits.shape, 0) + right_gradient(logits, **a)
        return {"logits": total[logits.shape].copy()}

    return wrong


@fault_with_state("LOSS-14", operation="softmax_cross_entropy")
def refused_labels_break_the_next_loss() -> Callable[..., Answer]:
    broken = [False]

    def wrong(logits: Array, labels: Array, **a: Any) -> Answer:
        broken[0], before = bool(labels.max() >= logits.shape[1]), broken[0]
        loss = right_loss(logits, labels, **a)
        return loss * 2 if before else loss

    return wrong


# -- Optimizers ---------------------------------------------------------------------------------


def stepped(weight: Array, gradients: Array, optimizer: Mapping[str, Any], **changes: Any) -> Array:
    return trajectory(replace(optimizer_of(optimizer), **changes), weight, gradients)


@in_optimizers("LOSS-15")
def all_steps_give_the_last_weights(gradients: Array, **a: Any) -> Answer:
    return np.broadcast_to(stepped(gradients=gradients, **a)[-1], gradients.shape).copy()


@in_optimizers("LOSS-15", "float32")
def steps_in_float64(weight: Array, gradients: Array, optimizer: Any) -> Answer:
    return stepped(weight.astype("float64"), gradients.astype("float64"), optimizer)


@in_optimizers("LOSS-15")
def steps_in_float32(weight: Array, gradients: Array, optimizer: Any) -> Answer:
    narrow = stepped(weight.astype("float32"), gradients.astype("float32"), optimizer)
    return narrow.astype("float64")


@in_optimizers("LOSS-15", "float32")
def learning_rate_of_8_bits(optimizer: Any, **a: Any) -> Answer:
    rate = float(rounded(np.array(optimizer["learning_rate"]), 8))
    return stepped(**a, optimizer=optimizer, learning_rate=rate)


@in_optimizers("LOSS-15")
def large_gradients_are_clipped(gradients: Array, **a: Any) -> Answer:
    return stepped(gradients=gradients.clip(-2, 2), **a)


@in_optimizers("LOSS-15")
def single_numbers_are_not_trained(weight: Array, gradients: Array, optimizer: Any) -> Answer:
    if weight.ndim == 0:
        gradients = np.zeros_like(gradients)
    return stepped(weight, gradients, optimizer)


@in_optimizers("LOSS-16")
def momentum_through_float32(optimizer: Any, **a: Any) -> Answer:
    if optimizer["kind"] != "SGD":
        return stepped(**a, optimizer=optimizer)
    momentum = float(np.float32(optimizer["momentum"]))
    return stepped(**a, optimizer=optimizer, momentum=momentum)


@in_optimizers("LOSS-16")
def velocity_forgotten_after_four_steps(weight: Array, gradients: Array, optimizer: Any) -> Answer:
    first = stepped(weight, gradients[:4], optimizer)
    rest = stepped(first[-1], gradients[4:], optimizer)
    return np.concatenate([first, rest])


@in_optimizers("LOSS-17")
def weights_without_gradient_stand_still(weight: Array, gradients: Array, optimizer: Any) -> Answer:
    """A step with a gradient of zero is left out."""
    found = stepped(weight, gradients, optimizer)
    for step, gradient in enumerate(gradients):
        if not gradient.any():
            found[step] = found[step - 1] if step else weight
    return found


@in_optimizers("LOSS-17")
def weights_decay_uncalled_for(optimizer: Any, **a: Any) -> Answer:
    """As with a default of weight decay that is not zero."""
    return stepped(**a, optimizer=optimizer, weight_decay=optimizer["weight_decay"] or 1e-9)


@in_optimizers("LOSS-18")
def weights_of_one_axis_do_not_decay(weight: Array, optimizer: Any, **a: Any) -> Answer:
    """As if all of them were biases."""
    decay = 0.0 if weight.ndim == 1 else optimizer["weight_decay"]
    return stepped(weight, **a, optimizer=optimizer, weight_decay=decay)


@in_optimizers("LOSS-18")
def weight_decay_without_momentum_only(optimizer: Any, **a: Any) -> Answer:
    decay = 0.0 if optimizer.get("momentum") else optimizer["weight_decay"]
    return stepped(**a, optimizer=optimizer, weight_decay=decay)


@in_optimizers("LOSS-19")
def beta2_through_float32(optimizer: Any, **a: Any) -> Answer:
    if optimizer["kind"] != "Adam":
        return stepped(**a, optimizer=optimizer)
    return stepped(**a, optimizer=optimizer, beta2=float(np.float32(optimizer["beta2"])))


@in_optimizers("LOSS-19", "float32")
def adam_is_right_at_its_first_step_only(weight: Array, gradients: Array, optimizer: Any) -> Answer:
    """Corrections are computed once."""
    if optimizer["kind"] != "Adam":
        return stepped(weight, gradients, optimizer)
    ones = []
    for gradient in gradients:
        (weight,) = stepped(weight, gradient[None], optimizer)
        ones.append(weight)
    return np.array(ones, weight.dtype).reshape(gradients.shape)


@in_optimizers("LOSS-20", "float32")
def epsilon_below_1e_7_is_raised(optimizer: Any, **a: Any) -> Answer:
    if optimizer["kind"] != "Adam":
        return stepped(**a, optimizer=optimizer)
    return stepped(**a, optimizer=optimizer, epsilon=max(1e-7, optimizer["epsilon"]))


@in_optimizers("LOSS-21")
def adamw_is_adam(optimizer: Any, **a: Any) -> Answer:
    """Its weight decay is part of the gradient."""
    coupled = optimizer["kind"] == "Adam"
    decoupled = optimizer["decoupled"] and not coupled
    return stepped(**a, optimizer=optimizer, decoupled=decoupled)


@in_optimizers("LOSS-21")
def adamw_decays_without_the_learning_rate(optimizer: Any, **a: Any) -> Answer:
    own = optimizer["kind"] == "Adam" and optimizer["decoupled"]
    rate = optimizer["learning_rate"] if own else 1.0
    return stepped(**a, optimizer=optimizer, weight_decay=optimizer["weight_decay"] / rate)


@fault_with_state("LOSS-22", operation="optimize")
def velocity_is_carried_to_the_next_run() -> Callable[..., Answer]:
    states: dict[Any, Any] = {}

    def wrong(weight: Array, gradients: Array, optimizer: Any) -> Answer:
        settings, weights = optimizer_of(optimizer), []
        state = states.get(weight.shape)
        if not isinstance(settings, SGD):
            return trajectory(settings, weight, gradients)
        for gradient in gradients:
            weight, state = settings.step(weight, gradient, state)
            weights.append(weight)
        states[weight.shape] = state
        return np.array(weights).reshape(gradients.shape)

    return wrong


@fault_with_state("LOSS-22", operation="optimize")
def weights_go_on_where_the_last_run_ended() -> Callable[..., Answer]:
    last: dict[Any, Array] = {}

    def wrong(weight: Array, gradients: Array, optimizer: Any) -> Answer:
        start = last.get((weight.shape, weight.tobytes()), weight)
        found = stepped(start, gradients, optimizer)
        last[weight.shape, weight.tobytes()] = found[-1]
        return found

    return wrong


@in_optimizers("LOSS-22")
def optimizers_write_into_the_weight(weight: Array, **a: Any) -> Answer:
    found = stepped(weight, **a)
    weight[...] = found[-1]
    return found


@in_optimizers("LOSS-22")
def optimizers_clear_the_gradients(gradients: Array, **a: Any) -> Answer:
    found = stepped(gradients=gradients, **a)
    gradients[...] = 0
    return found
