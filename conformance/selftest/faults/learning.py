"""Faults in gradients, layers, losses, optimizers and training. The known mistakes are faults, each
by itself; so are those that follow, which show in some cases only.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.mistakes.catalogue import slices
from conformance.mistakes.learning import WRONG
from conformance.mistakes.learning.catalogue import SELDOM
from conformance.mistakes.learning.gradients import right
from conformance.mistakes.learning.training import Loop
from conformance.selftest.faults.catalogue import FAULTS, Fault, fault, fault_with_state
from conformance.selftest.faults.channel_paths import wide_groups
from reference import mnist
from reference.formats import rounded
from reference.geometry import Array

Answer = dict[str, Array]
Operation = Callable[..., Answer]

for _entry in (entry for entry in WRONG.values() if entry.clause != SELDOM):
    assert _entry.name not in FAULTS, f"two faults are called {_entry.name}"
    FAULTS[_entry.name] = Fault(
        _entry.name,
        _entry.clause,
        "float64",
        lambda entry=_entry: entry.do,  # type: ignore[misc]
        f"In words: {_entry.sentence}.",
        _entry.operation,
    )


# -- Gradients ----------------------------------------------------------------------------------

in_gradients = partial(fault, operation=GRADIENTS_OF + "cross_correlate")


@in_gradients("GRAD-1", "float32")
def gradients_always_in_float64(**a: Any) -> Answer:
    return {name: array.astype("float64") for name, array in right(**a).items()}


@in_gradients("GRAD-1")
def bias_gradient_keeps_its_axes(**a: Any) -> Answer:
    found = right(**a)
    return found | {"bias": found["bias"][None]} if "bias" in found else found


@in_gradients("GRAD-1")
def no_gradient_by_the_bias(**a: Any) -> Answer:
    return {name: array for name, array in right(**a).items() if name != "bias"}


@in_gradients("GRAD-2")
def gradient_of_wide_groups_lacks_the_last_item(
    x: Array, filters: Array, gradient: Array, groups: int, **a: Any
) -> Answer:
    """That by the filters, where groups have eight and more channels and filters."""
    found = right(x=x, filters=filters, gradient=gradient, groups=groups, **a)
    if wide_groups(filters, groups):
        a.pop("bias", None)
        last = right(x=x[-1:], filters=filters, gradient=gradient[-1:], groups=groups, **a)
        found["filters"] = found["filters"] - last["filters"]
    return found


@in_gradients("GRAD-3", "float32")
def gradients_of_inputs_rounded_to_tf32(gradient: Array, x: Array, **a: Any) -> Answer:
    return right(gradient=rounded(gradient, 11), x=rounded(x, 11), **a)


@in_gradients("GRAD-3", "float64")
def gradients_computed_in_float32(**a: Any) -> Answer:
    narrow = {name: a[name].astype("float32") for name in a if isinstance(a[name], np.ndarray)}
    return {name: array.astype("float64") for name, array in right(**(a | narrow)).items()}


@in_gradients("GRAD-3", "float32")
def gradient_by_the_filters_summed_in_float16(x: Array, gradient: Array, **a: Any) -> Answer:
    """Item by item, and the sum of the items in float16."""
    found = right(x=x, gradient=gradient, **a)
    total = np.zeros(found["filters"].shape, "float16")
    with np.errstate(over="ignore", invalid="ignore"):
        for n in range(len(x)):
            part = right(x=x[[n]], gradient=gradient[[n]], **a)["filters"]
            total = (total + part).astype("float16")
    return found | {"filters": total.astype(x.dtype)}


@in_gradients("GRAD-4")
def gradients_forget_the_far_corner(gradient: Array, **a: Any) -> Answer:
    cut = gradient.copy()
    cut[slices(*(slice(-1, None),) * (gradient.ndim - 2))] = 0
    return right(gradient=cut, **a)


@in_gradients("GRAD-5")
def zero_gradients_leave_memory_as_it_was(gradient: Array, **a: Any) -> Answer:
    found = right(gradient=gradient, **a)
    return found if gradient.any() else {name: array + 1 for name, array in found.items()}


@in_gradients("GRAD-6")
def gradients_read_past_a_broadcast_number(gradient: Array, **a: Any) -> Answer:
    """The values are read from memory in a row, where only one lies."""
    if gradient.size > 1 and not any(gradient.strides):
        gradient = np.zeros_like(gradient)
    return right(gradient=gradient, **a)


@in_gradients("GRAD-17")
def filter_gradient_of_the_first_32767_items(
    x: Array, filters: Array, gradient: Array, **a: Any
) -> Answer:
    found = right(x=x, filters=filters, gradient=gradient, **a)
    few = right(x=x[:32767], filters=filters, gradient=gradient[:32767], **a)
    return found | {"filters": few["filters"]}


@in_gradients("GRAD-17")
def input_gradient_beyond_4096_channels_is_zero(**a: Any) -> Answer:
    found = right(**a)
    found["x"][:, 4096:] = 0
    return found


@in_gradients("GRAD-8")
def single_ones_are_taken_for_zeros(gradient: Array, **a: Any) -> Answer:
    sparse = np.count_nonzero(gradient) == 1 and gradient.size > 1
    return right(gradient=np.zeros_like(gradient) if sparse else gradient, **a)


@in_gradients("GRAD-9")
def gradients_of_a_batch_scaled_by_its_size(x: Array, **a: Any) -> Answer:
    found = right(x=x, **a)
    return found | {"filters": found["filters"] / max(1, len(x))}


@in_gradients("GRAD-10")
def an_empty_batch_has_no_gradients(x: Array, **a: Any) -> Answer:
    if not len(x):
        raise ValueError("empty batch")
    return right(x=x, **a)


@in_gradients("GRAD-10")
def an_empty_batch_has_gradients_of_nan(x: Array, **a: Any) -> Answer:
    found = right(x=x, **a)
    return found if len(x) else {name: array * np.nan for name, array in found.items()}


@in_gradients("GRAD-11")
def gradients_of_same_put_the_odd_zero_first(padding: Any, **a: Any) -> Answer:
    return right(padding="same_lower" if padding == "same_upper" else padding, **a)


@in_gradients("GRAD-11")
def gradients_of_same_have_no_padding(padding: Any, x: Array, filters: Array, **a: Any) -> Answer:
    found = right(padding=padding, x=x, filters=filters, **a)
    if not isinstance(padding, str) or padding == "valid":
        return found
    return found | {"x": np.where(np.arange(x.shape[-1]) == 0, 0, found["x"])}


@in_gradients("GRAD-12")
def gradients_ignore_strides_in_memory(x: Array, **a: Any) -> Answer:
    if not x.flags.c_contiguous and x.size:
        x = np.lib.stride_tricks.as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides)
    return right(x=x, **a)


@in_gradients("GRAD-12")
def gradients_overwrite_the_gradient(gradient: Array, **a: Any) -> Answer:
    found = right(gradient=gradient, **a)
    gradient[...] = 0
    return found


@fault_with_state("GRAD-12", operation=GRADIENTS_OF + "cross_correlate")
def gradients_of_equal_shapes_are_kept() -> Operation:
    kept: dict[Any, Answer] = {}

    def wrong(x: Array, filters: Array, gradient: Array, **a: Any) -> Answer:
        key = x.shape, filters.shape, gradient.shape, str(a["stride"]), str(a["padding"])
        return kept.setdefault(key, right(x=x, filters=filters, gradient=gradient, **a))

    return wrong


@fault_with_state("GRAD-12", operation=GRADIENTS_OF + "cross_correlate")
def filter_gradients_pile_up_over_calls() -> Operation:
    total: dict[Any, Array] = {}

    def wrong(filters: Array, **a: Any) -> Answer:
        found = right(filters=filters, **a)
        total[filters.shape] = total.get(filters.shape, 0) + found["filters"]
        return found | {"filters": total[filters.shape].copy()}

    return wrong


@in_gradients("GRAD-2")
def gradients_of_large_kernels_lose_a_tap(filters: Array, **a: Any) -> Answer:
    found = right(filters=filters, **a)
    if filters.shape[-1] > 3:
        found["filters"] = found["filters"].copy()
        found["filters"][..., 3] = 0
    return found


@in_gradients("GRAD-2")
def gradients_of_large_batches_lose_their_end(gradient: Array, **a: Any) -> Answer:
    cut = gradient.copy()
    cut[len(gradient) // 4 * 4 or len(gradient) :] = 0
    return right(gradient=cut, **a)


@in_gradients("GRAD-2")
def gradient_by_the_input_of_odd_strides_is_shifted(x: Array, **a: Any) -> Answer:
    found = right(x=x, **a)
    return found | {"x": np.roll(found["x"], 1, -1)} if a["stride"][-1] == 3 else found


@in_gradients("GRAD-2", "float16")
def gradients_wrong_in_float16_only(x: Array, **a: Any) -> Answer:
    found = right(x=x, **a)
    return found | {"x": -found["x"]} if x.dtype == "float16" else found


@in_gradients("GRAD-7")
def rest_of_the_input_gets_its_last_gradient(x: Array, **a: Any) -> Answer:
    found = right(x=x, **a)
    by_x = found["x"]
    return found | {"x": np.where(by_x == 0, 1, by_x)} if max(a["stride"]) > 1 else found


@fault("GRAD-14", operation=GRADIENTS_OF + "transposed_cross_correlate")
def gradient_of_the_transpose_is_the_transpose_again(gradient: Array, **a: Any) -> Answer:
    x, filters, more = a.pop("x"), a.pop("filters"), a.pop("output_padding")
    bias = a.pop("bias", None)
    arrays = {"x": x, "filters": filters} | ({} if bias is None else {"bias": bias})
    settings = a | {"output_padding": more}
    found = Reference().gradients("transposed_cross_correlate", arrays, gradient, settings)
    return found | {"filters": np.flip(found["filters"], -1)}


@fault("GRAD-14", "float32", operation="transposed_cross_correlate")
def transpose_in_bfloat16(x: Array, filters: Array, bias: Any = None, **p: Any) -> Answer:
    result = Reference().transposed_cross_correlate(rounded(x, 8), filters, bias, **p)
    return {"result": result}


# -- Training -----------------------------------------------------------------------------------

in_training = partial(fault, operation="train")


def trained(**a: Any) -> Answer:
    """What the right training gives, in the dtype of the images."""
    found = Loop.of(**a).run()
    return {name: array.astype(a["images"].dtype) for name, array in found.items()}


@fault_with_state("TRAIN-8", operation="train")
def momentum_is_carried_to_the_next_run() -> Operation:
    states: dict[str, Any] = {}

    def wrong(**a: Any) -> Answer:
        return replace(Loop.of(**a), states=states).run()

    return wrong


@in_training("TRAIN-8")
def training_writes_into_the_weights_it_is_given(**a: Any) -> Answer:
    found = trained(**a)
    for name in found:
        if name in a:
            a[name][...] = found[name]
    return found


@in_training("TRAIN-8")
def training_looks_at_all_images(images: Array, **a: Any) -> Answer:
    """They are centred by the mean of all."""
    return trained(images=images - images.mean() / 100, **a)


@in_training("TRAIN-8")
def batches_are_seen_in_reverse(batches: Array, **a: Any) -> Answer:
    return trained(batches=batches[::-1], **a)


@in_training("TRAIN-7", "float32")
def labels_come_from_elsewhere(labels: Array, **a: Any) -> Answer:
    """Those of the files, and not those that are given."""
    if len(labels) < 60_000:
        labels = mnist.load("train").labels[: len(labels)].astype("int64")
    return trained(labels=labels, **a)


@in_training("TRAIN-10")
def compiled_training_drops_the_momentum(compiled: bool, optimizer: Any, **a: Any) -> Answer:
    if compiled:
        optimizer = {**optimizer, "momentum": 0.0}
    return trained(optimizer=optimizer, **a)


@in_training("TRAIN-4", "float32")
def losses_overflow_late(**a: Any) -> Answer:
    found = trained(**a)
    return found | {
        "losses": np.where(np.arange(len(found["losses"])) > 30, np.nan, found["losses"])
    }


@in_training("TRAIN-5", "float32")
def training_stops_early(batches: Array, **a: Any) -> Answer:
    found = trained(batches=batches[:8], **a)
    losses = np.resize(found["losses"], len(batches))
    return found | {"losses": losses}


@in_training("TRAIN-6", "float32")
def dense_layers_do_not_learn(**a: Any) -> Answer:
    dense = any(layer["layer"] == "convolution" for layer in a["network"])
    loop = replace(Loop.of(**a), learns=lambda name: dense)
    found = loop.run()
    return {name: array.astype(a["images"].dtype) for name, array in found.items()}


@in_training("TRAIN-9", "float32")
def filters_stay_as_they_were(**a: Any) -> Answer:
    found = trained(**a)
    return found | {name: a[name] for name in found if name.endswith("0.filters")}


@in_training("TRAIN-9", "float32")
def filters_are_random_again_at_the_end(**a: Any) -> Answer:
    found = trained(**a)
    rng = np.random.default_rng(3)
    name = next(name for name in found if name.endswith("0.filters"))
    noise: Array = np.asarray(rng.normal(size=found[name].shape))
    return found | {name: noise.astype("float32")}


@in_training("TRAIN-2", "bfloat16")
def steps_of_bfloat16_go_the_wrong_way(optimizer: Any, **a: Any) -> Answer:
    rate = -optimizer["learning_rate"] if a["images"].dtype.name == "bfloat16" else 0.05
    return trained(optimizer={**optimizer, "learning_rate": rate}, **a)


@in_training("TRAIN-2", "float16")
def steps_of_float16_are_twice_as_long(optimizer: Any, **a: Any) -> Answer:
    rate = optimizer["learning_rate"] * (2 if a["images"].dtype == "float16" else 1)
    return trained(optimizer={**optimizer, "learning_rate": rate}, **a)


@in_training("TRAIN-2", "float32")
def training_in_bfloat16_products(images: Array, **a: Any) -> Answer:
    return trained(images=rounded(images, 8), **a)


@in_training("TRAIN-1")
def training_computed_in_float32(**a: Any) -> Answer:
    narrow = {
        name: array.astype("float32")
        for name, array in a.items()
        if isinstance(array, np.ndarray) and array.dtype == "float64"
    }
    return {n: w.astype("float64") for n, w in Loop.of(**(a | narrow)).run().items()}


@in_training("TRAIN-1")
def the_twentieth_step_is_left_out(batches: Array, **a: Any) -> Answer:
    found = trained(batches=np.delete(batches, 20, axis=0), **a)
    return found | {"losses": np.insert(found["losses"], 20, found["losses"][20])}
