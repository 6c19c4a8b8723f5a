"""The loss and its gradient done wrong."""

from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.mistakes.learning.catalogue import wrong
from reference.formats import rounded
from reference.geometry import Array
from reference.loss import log_softmax, softmax_cross_entropy, softmax_cross_entropy_gradient

loss_wrong = partial(wrong, "softmax_cross_entropy")
loss_gradient_wrong = partial(wrong, GRADIENTS_OF + "softmax_cross_entropy")


def shares(
    logits: Array,
    labels: Array,
    class_weights: Any = None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Array:
    """What each -log softmax is multiplied by, (N, C)."""
    count, classes = logits.shape
    weights = np.ones(classes) if class_weights is None else class_weights.astype("float64")
    divisor = {"mean": count, "weighted mean": weights[labels].sum(), "sum": 1}[reduction]
    even = np.full((count, classes), label_smoothing / classes)
    given = even + (1 - label_smoothing) * one_hot(logits, labels)
    return np.asarray(given * weights / divisor)


def one_hot(logits: Array, labels: Array) -> Array:
    return np.asarray(1.0 * (np.arange(logits.shape[1]) == labels[:, None]))


def softmax(logits: Array) -> Array:
    return np.asarray(np.exp(log_softmax(logits)))


def total(log_shares: Array, given: Array) -> Array:
    """The loss from logarithms of the classes' shares, and the shares that the labels give."""
    return np.asarray(-(given * log_shares).sum(), log_shares.dtype)


def right_gradient(logits: Array, gradient: Array, **a: Any) -> Array:
    return np.asarray(gradient * softmax_cross_entropy_gradient(logits, **a))


@loss_wrong("LOSS-2", "the loss is a sum over the items where the mean is asked for")
def loss_a_sum(reduction: str, **a: Any) -> Array:
    return softmax_cross_entropy(**a, reduction="sum")


@loss_wrong("LOSS-10", "the loss is the mean over the items where the sum is asked for")
def loss_never_a_sum(reduction: str, **a: Any) -> Array:
    return softmax_cross_entropy(**a, reduction="mean" if reduction == "sum" else reduction)


@loss_wrong("LOSS-2", "the loss is divided by the number of classes, too")
def loss_a_mean_over_classes(logits: Array, **a: Any) -> Array:
    return np.asarray(softmax_cross_entropy(logits, **a) / logits.shape[1])


@loss_wrong("LOSS-2", "the loss is that of the first item alone")
def loss_of_the_first_item(logits: Array, labels: Array, **a: Any) -> Array:
    return softmax_cross_entropy(logits[:1], labels[:1], **a)


@loss_wrong("LOSS-2", "the loss has the wrong sign")
def loss_negated(**a: Any) -> Array:
    return np.asarray(-softmax_cross_entropy(**a))


@loss_wrong("LOSS-4", "the largest logit is not subtracted, so that the exponentials overflow")
def loss_that_overflows(logits: Array, **a: Any) -> Array:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return total(log_shares, shares(logits, **a))


@loss_wrong("LOSS-4", "the softmax is taken first and its logarithm after, so that it underflows")
def loss_by_log_of_softmax(logits: Array, **a: Any) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return total(np.log(softmax(logits)), shares(logits, **a))


@loss_wrong("LOSS-2", "1e-7 is added to every probability before the logarithm")
def probabilities_lifted_by_1e_7(logits: Array, **a: Any) -> Array:
    return total(np.log(softmax(logits) + 1e-7), shares(logits, **a))


@loss_wrong("LOSS-4", "probabilities are clipped to 1e-7 and 1 - 1e-7")
def probabilities_clipped(logits: Array, **a: Any) -> Array:
    return total(np.log(softmax(logits).clip(1e-7, 1 - 1e-7)), shares(logits, **a))


@loss_wrong("LOSS-2", "softmax is applied twice: its result is taken for logits")
def softmax_twice(logits: Array, **a: Any) -> Array:
    return softmax_cross_entropy(softmax(logits), **a)


@loss_wrong("LOSS-2", "the loss is that of a sigmoid at the label's logit, and no softmax")
def loss_of_a_sigmoid(logits: Array, **a: Any) -> Array:
    return total(-np.logaddexp(0, -logits), shares(logits, **a))


@loss_wrong("LOSS-2", "the loss is in bits: the logarithm is to base 2")
def loss_in_bits(**a: Any) -> Array:
    return np.asarray(softmax_cross_entropy(**a) / np.log(2))


@loss_wrong("LOSS-2", "labels are counted from one: each item gets the class before its own")
def labels_counted_from_one(logits: Array, labels: Array, **a: Any) -> Array:
    return softmax_cross_entropy(logits, (labels - 1) % logits.shape[1], **a)


@loss_wrong("LOSS-12", "the labels are rounded to 8 bits (bfloat16): class 377 becomes 376")
def labels_of_8_bits(labels: Array, **a: Any) -> Array:
    return softmax_cross_entropy(labels=_of_8_bits(labels), **a)


def _of_8_bits(labels: Array) -> Array:
    return rounded(labels.astype("float64"), 8).astype(labels.dtype)


@loss_wrong("LOSS-8", "label smoothing spreads over the other classes only, by C - 1")
def smoothing_over_the_others(
    logits: Array, labels: Array, label_smoothing: float, **a: Any
) -> Array:
    plain = shares(logits, labels, **a, label_smoothing=0.0)
    spread = shares(logits, labels, **a, label_smoothing=1.0)
    own = one_hot(logits, labels)
    others = spread * (1 - own) * logits.shape[1] / max(1, logits.shape[1] - 1)
    return total(log_softmax(logits), plain * (1 - label_smoothing) + others * label_smoothing)


@loss_wrong("LOSS-8", "label smoothing is ignored")
def smoothing_ignored(label_smoothing: float, **a: Any) -> Array:
    return softmax_cross_entropy(**a, label_smoothing=0.0)


@loss_wrong("LOSS-8", "label smoothing takes nothing from the label")
def smoothing_takes_nothing(label_smoothing: float, **a: Any) -> Array:
    spread = shares(**a, label_smoothing=1.0) * label_smoothing
    return total(log_softmax(a["logits"]), shares(**a, label_smoothing=0.0) + spread)


@loss_wrong("LOSS-8", "label smoothing gives each class the whole share, not one part in C")
def smoothing_not_divided(label_smoothing: float, **a: Any) -> Array:
    spread = shares(**a, label_smoothing=1.0) * label_smoothing * a["logits"].shape[1]
    kept = shares(**a, label_smoothing=0.0) * (1 - label_smoothing)
    return total(log_softmax(a["logits"]), kept + spread)


@loss_wrong("LOSS-9", "class weights are ignored")
def class_weights_ignored(class_weights: Any = None, **a: Any) -> Array:
    return softmax_cross_entropy(**a)


@loss_wrong("LOSS-9", "class weights multiply the losses, but the mean divides by their number")
def class_weights_in_the_numerator_only(reduction: str, **a: Any) -> Array:
    return softmax_cross_entropy(**a, reduction=reduction.removeprefix("weighted "))


@loss_wrong("LOSS-9", "the mean always divides by the sum of the weights of the labels")
def means_always_weighted(reduction: str, **a: Any) -> Array:
    return softmax_cross_entropy(
        **a, reduction="weighted mean" if reduction == "mean" else reduction
    )


@loss_wrong("LOSS-9", "the weighted mean divides by the sum of the weights of all classes")
def weighted_mean_over_all_classes(class_weights: Any = None, *, reduction: str, **a: Any) -> Array:
    if class_weights is None or reduction != "weighted mean":
        return softmax_cross_entropy(**a, class_weights=class_weights, reduction=reduction)
    loss = softmax_cross_entropy(**a, class_weights=class_weights, reduction="sum")
    return np.asarray(loss / class_weights.sum())


@loss_wrong("LOSS-9", "with label smoothing, the weight of the label counts for every class")
def weight_of_the_label_for_all_classes(
    logits: Array, labels: Array, class_weights: Any = None, **a: Any
) -> Array:
    if class_weights is None:
        return softmax_cross_entropy(logits, labels, **a)
    divisor = class_weights[labels].sum() if a["reduction"] == "weighted mean" else 1
    unweighted = shares(logits, labels, **a)
    if a["reduction"] == "weighted mean":
        unweighted = unweighted * len(labels)
    given = unweighted * class_weights[labels][:, None] / divisor
    return total(log_softmax(logits), given)


@loss_gradient_wrong("LOSS-12", "the labels of the gradient are rounded to 8 bits (bfloat16)")
def loss_gradient_of_labels_of_8_bits(labels: Array, **a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(labels=_of_8_bits(labels), **a)}


@loss_gradient_wrong("LOSS-3", "the gradient is not divided by the number of items")
def loss_gradient_a_sum(reduction: str, **a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(**a, reduction="sum")}


@loss_gradient_wrong("LOSS-10", "the gradient is that of the mean where the loss is a sum")
def loss_gradient_never_a_sum(reduction: str, **a: Any) -> dict[str, Array]:
    chosen = "mean" if reduction == "sum" else reduction
    return {"logits": right_gradient(**a, reduction=chosen)}


@loss_gradient_wrong("LOSS-3", "the gradient is divided by the number of items twice")
def loss_gradient_divided_twice(**a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(**a) / len(a["labels"])}


@loss_gradient_wrong("LOSS-3", "the gradient is divided by the number of classes, too")
def loss_gradient_a_mean_over_classes(**a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(**a) / a["logits"].shape[1]}


@loss_gradient_wrong("LOSS-11", "the gradient ignores that by the loss, and takes it for one")
def upstream_gradient_ignored(gradient: Array, **a: Any) -> dict[str, Array]:
    return {"logits": softmax_cross_entropy_gradient(**a)}


@loss_gradient_wrong("LOSS-3", "the gradient has the wrong sign")
def loss_gradient_negated(**a: Any) -> dict[str, Array]:
    return {"logits": -right_gradient(**a)}


@loss_gradient_wrong("LOSS-3", "the gradient is softmax, and the label's share is not taken off")
def loss_gradient_without_the_label(gradient: Array, logits: Array, **a: Any) -> dict[str, Array]:
    weight = shares(logits, **a).sum(axis=1, keepdims=True)
    return {"logits": gradient * softmax(logits) * weight}


@loss_gradient_wrong("LOSS-3", "the gradient takes the label's share off the class before it")
def loss_gradient_of_labels_from_one(logits: Array, labels: Array, **a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(logits, labels=(labels - 1) % logits.shape[1], **a)}


@loss_gradient_wrong("LOSS-8", "the gradient ignores label smoothing")
def loss_gradient_without_smoothing(label_smoothing: float, **a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(**a, label_smoothing=0.0)}


@loss_gradient_wrong("LOSS-9", "the gradient ignores the class weights")
def loss_gradient_without_class_weights(class_weights: Any = None, **a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(**a)}


@loss_gradient_wrong("LOSS-9", "the gradient is not divided by the weights, but by their number")
def loss_gradient_weighted_in_the_numerator_only(reduction: str, **a: Any) -> dict[str, Array]:
    return {"logits": right_gradient(**a, reduction=reduction.removeprefix("weighted "))}


@loss_gradient_wrong("LOSS-4", "the largest logit is not subtracted, so that softmax overflows")
def loss_gradient_that_overflows(gradient: Array, logits: Array, **a: Any) -> dict[str, Array]:
    given = shares(logits, **a)
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(logits)
        chance = powers / powers.sum(axis=1, keepdims=True)
        return {"logits": gradient * (chance * given.sum(axis=1, keepdims=True) - given)}


@loss_gradient_wrong("LOSS-3", "the gradient is that by the probabilities, and not by the logits")
def loss_gradient_by_the_probabilities(
    gradient: Array, logits: Array, **a: Any
) -> dict[str, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"logits": -gradient * shares(logits, **a) / softmax(logits)}
