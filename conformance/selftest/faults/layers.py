"""Faults in layers that show in some cases only."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.mistakes.learning.pools import windows_of
from conformance.selftest.faults.catalogue import fault, fault_with_state
from reference import activations, layers, pooling
from reference.formats import rounded
from reference.geometry import Array

Answer = Array | dict[str, Array]

in_max_pool = partial(fault, operation="max_pool")
in_max_pool_gradient = partial(fault, operation=GRADIENTS_OF + "max_pool")
in_average_pool = partial(fault, operation="average_pool")
in_average_pool_gradient = partial(fault, operation=GRADIENTS_OF + "average_pool")
in_activation = partial(fault, operation="activation")
in_activation_gradient = partial(fault, operation=GRADIENTS_OF + "activation")
in_dense = partial(fault, operation="dense")
in_batch_norm = partial(fault, operation="batch_norm")
in_dropout = partial(fault, operation="dropout")

_REFERENCE = Reference()


# -- Pooling ------------------------------------------------------------------------------------


@in_max_pool("LAYER-1", "float32")
def max_pool_always_in_float64(x: Array, **p: Any) -> Answer:
    return pooling.max_pool(x.astype("float64"), **p)


@in_average_pool_gradient("LAYER-1")
def average_pool_gradient_of_the_windows_only(x: Array, gradient: Array, **p: Any) -> Answer:
    """It ends with the last window, and not with the input."""
    found = pooling.average_pool_gradient(gradient, x.shape[2:], **p)
    reach = np.flatnonzero(windows_of(x, p).back(np.ones((1, 1, *gradient.shape[2:], 1)))[0, 0])
    return {"x": found if reach.size == found[0, 0].size else found[..., :-1]}


@in_max_pool("LAYER-2")
def max_pool_of_four_channels(x: Array, **p: Any) -> Answer:
    """A kernel that computes four channels at once leaves the others empty."""
    result = pooling.max_pool(x, **p)
    result[:, 4:] = 0
    return result


@in_max_pool("LAYER-2")
def max_pool_of_large_kernels_leaves_one_out(x: Array, **p: Any) -> Answer:
    """Kernels of more than three values lose the last of the window."""
    windows = windows_of(x, p)
    values = windows.values(x, -np.inf)
    cut = values[..., :-1] if p["kernel"][-1] > 3 else values
    return np.asarray(np.where(np.isinf(cut.max(axis=-1)), values.max(axis=-1), cut.max(axis=-1)))


@in_max_pool("LAYER-2")
def max_pool_pads_both_sides_alike(x: Array, *, padding: Any, **p: Any) -> Answer:
    """Unequal padding is taken for the larger of both sides."""
    if isinstance(padding, str):
        return pooling.max_pool(x, padding=padding, **p)
    return pooling.max_pool(x, padding=tuple((max(pair),) * 2 for pair in padding), **p)


@in_max_pool("LAYER-2", "float32")
def max_pool_in_bfloat16(x: Array, **p: Any) -> Answer:
    return pooling.max_pool(rounded(x, 8), **p)


@in_max_pool("LAYER-3")
def max_pool_starts_from_zero(x: Array, **p: Any) -> Answer:
    """Where the last axis is padded, the largest value so far is 0 at first."""
    result = pooling.max_pool(x, **p)
    padded = not isinstance(p["padding"], str) and p["padding"][-1] != (0, 0)
    return np.maximum(result, 0) if padded else result


@in_max_pool("LAYER-3")
def max_pool_starts_from_the_smallest_positive_number(x: Array, **p: Any) -> Answer:
    return np.asarray(np.maximum(pooling.max_pool(x, **p), np.finfo(x.dtype).tiny))


@in_max_pool("LAYER-4")
def ceil_mode_keeps_windows_that_start_in_padding(x: Array, **p: Any) -> Answer:
    """Their only values are the lowest number."""
    result = pooling.max_pool(x, **p)
    if not p["ceil_mode"] or isinstance(p["padding"], str):
        return result
    (n, k, s), (low, high) = (
        (a[-1] for a in (x.shape, p["kernel"], p["stride"])),
        p["padding"][-1],
    )
    extent = p["dilation"][-1] * (k - 1) + 1
    count = -(-(n + low + high - extent) // s) + 1
    more = count - result.shape[-1]
    return np.concatenate([result, *[np.full_like(result[..., :1], -np.inf)] * more], axis=-1)


@in_max_pool_gradient("LAYER-5")
def max_pool_gradient_of_overlaps_wraps(x: Array, gradient: Array, **p: Any) -> Answer:
    """Windows that overlap on the last axis alone lose every other one."""
    cut = gradient.copy()
    if p["stride"][-1] < p["kernel"][-1]:
        cut[..., 1::2] = 0
    return {"x": pooling.max_pool_gradient(x, cut, **p)}


@in_max_pool_gradient("LAYER-6")
def max_pool_gradient_lost_to_ties(x: Array, gradient: Array, **p: Any) -> Answer:
    """It belongs to the only largest value; where there are two, to none."""
    windows = windows_of(x, p)
    won = windows.winners(x)
    return {"x": windows.back((won & (won.sum(axis=-1) == 1)[..., None]) * gradient[..., None])}


@in_average_pool("LAYER-7", "float32")
def average_pool_sums_in_float16(x: Array, **p: Any) -> Answer:
    return pooling.average_pool(x.astype("float16"), **p).astype(x.dtype)


@in_average_pool("LAYER-7")
def average_pool_multiplies_by_a_float32(x: Array, **p: Any) -> Answer:
    windows = windows_of(x, p)
    counts = (windows.padded if p["count_include_pad"] else windows.inside).sum(axis=-1)
    share = np.float32(1) / counts.astype("float32")
    return np.asarray(windows.values(x, 0).sum(axis=-1) * share)


@in_average_pool("LAYER-8")
def average_pool_counts_padding_before_alone(x: Array, **p: Any) -> Answer:
    """Padding after the input is taken for overhang."""
    windows = windows_of(x, p)
    counts = windows.padded.sum(axis=-1)
    if not p["count_include_pad"]:
        counts = windows.inside.sum(axis=-1)
    elif not isinstance(p["padding"], str):
        before = tuple((low, 0) for low, _ in p["padding"])
        if before != p["padding"] and not p["ceil_mode"]:
            counts = np.maximum(windows.inside.sum(axis=-1), 1)
    return np.asarray(windows.values(x, 0).sum(axis=-1) / counts)


@in_average_pool_gradient("LAYER-9")
def average_pool_gradient_counts_padding(x: Array, gradient: Array, **p: Any) -> Answer:
    counted = p | {"count_include_pad": True}
    return {"x": pooling.average_pool_gradient(gradient, x.shape[2:], **counted)}


# -- Activations and dense layers ---------------------------------------------------------------


@in_activation("LAYER-10", "float32")
def tanh_by_a_rational_function(x: Array, kind: str) -> Answer:
    """Off by 1e-4 at most, as fast approximations are."""
    if kind != "tanh":
        return activations.activate(x, kind)
    squares = x * x
    quotient = x * (135135 + squares * (17325 + squares * (378 + squares)))
    divisor = 135135 + squares * (62370 + squares * (3150 + squares * 28))
    return np.asarray(np.clip(quotient / divisor, -1, 1), x.dtype)


@in_activation("LAYER-10", "float32")
def sigmoid_from_a_table(x: Array, kind: str) -> Answer:
    found = activations.activate(x, kind)
    return rounded(found, 12) if kind == "sigmoid" else found


@in_activation_gradient("LAYER-10")
def activation_gradient_of_the_positive_side(x: Array, gradient: Array, kind: str) -> Answer:
    """The derivative of leaky_relu is that of relu."""
    of = "relu" if kind == "leaky_relu" else kind
    return {"x": activations.activation_gradient(x, gradient, of)}


@in_activation("LAYER-11")
def gelu_tanh_overflows(x: Array, kind: str) -> Answer:
    if kind != "gelu_tanh":
        return activations.activate(x, kind)
    inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    with np.errstate(all="ignore"):
        return np.asarray(x * np.exp(2 * inner) / (np.exp(2 * inner) + 1))


@in_dense("LAYER-12")
def dense_leaves_a_remainder(x: Array, weights: Array, bias: Array | None = None) -> Answer:
    """Inputs beyond the last multiple of eight are not summed."""
    count = x.shape[1] // 8 * 8 or x.shape[1]
    return layers.dense(x[:, :count], weights[:, :count], bias)


@in_dense("LAYER-12", "float32")
def dense_in_tf32(x: Array, weights: Array, bias: Array | None = None) -> Answer:
    return layers.dense(rounded(x, 11), rounded(weights, 11), bias)


@in_dense("LAYER-13")
def dense_swaps_items_and_outputs(x: Array, weights: Array, bias: Array | None = None) -> Answer:
    """Where there are as many of both, the result is transposed."""
    result = layers.dense(x, weights, bias)
    return result.T.copy() if result.shape[0] == result.shape[1] else result


# -- Batch normalisation ------------------------------------------------------------------------


@in_batch_norm("LAYER-14")
def norm_by_squares(x: Array, **a: Any) -> Answer:
    """The variance is the mean of the squares less the square of the mean."""
    found = layers.batch_norm(x, **a)
    if not a["training"]:
        return found
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes)
    moments = {"mean": mean, "variance": (x * x).mean(axis=axes) - mean**2}
    return found | {"result": layers.batch_norm(x, **a | moments | {"training": False})["result"]}


@in_batch_norm("LAYER-14")
def norm_with_a_rough_root(x: Array, **a: Any) -> Answer:
    """1 / sqrt from a table, in float32."""
    found = layers.batch_norm(x, **a)
    like = (slice(None), *(None,) * (x.ndim - 2))
    rough = found["result"] - a["shift"][like]
    return found | {"result": rough * (1 + 2.0**-22) + a["shift"][like]}


@in_batch_norm("LAYER-15")
def norm_keeps_the_mean_alone(x: Array, **a: Any) -> Answer:
    return layers.batch_norm(x, **a) | {"variance": a["variance"].copy()}


@in_batch_norm("LAYER-15")
def norm_keeps_variance_plus_epsilon(x: Array, **a: Any) -> Answer:
    found = layers.batch_norm(x, **a)
    more = a["momentum"] * a["epsilon"] if a["training"] else 0.0
    return found | {"variance": found["variance"] + more}


@in_batch_norm("LAYER-16")
def norm_of_a_lone_item_by_itself(x: Array, **a: Any) -> Answer:
    """In inference a single item is normalised by its own mean."""
    if len(x) > 1 or a["training"]:
        return layers.batch_norm(x, **a)
    own = a | {"mean": x.mean(axis=(0, *range(2, x.ndim)))}
    return layers.batch_norm(x, **own) | {"mean": a["mean"].copy()}


@in_batch_norm("LAYER-18")
def norm_clips_the_variance_at_epsilon(x: Array, **a: Any) -> Answer:
    """max(variance, epsilon), where there should be a sum."""
    found = layers.batch_norm(x, **a)
    axes = (0, *range(2, x.ndim))
    variance = x.var(axis=axes) if a["training"] else a["variance"]
    mean = x.mean(axis=axes) if a["training"] else a["mean"]
    clipped = a | {"mean": mean, "variance": np.maximum(variance, a["epsilon"])}
    moved = layers.batch_norm(x, **clipped | {"training": False, "epsilon": 0.0})
    return found | {"result": moved["result"]}


@in_batch_norm("LAYER-18")
def norm_of_constant_channels_is_nan(x: Array, **a: Any) -> Answer:
    found = layers.batch_norm(x, **a)
    still = x.var(axis=(0, *range(2, x.ndim))) == 0
    found["result"][:, still] = np.nan
    return found


# -- Dropout ------------------------------------------------------------------------------------


def _dropped(x: Array, kept: Array, rate: float) -> Array:
    return np.where(kept, x / (1 - rate), 0)


@in_dropout("LAYER-19")
def dropout_drops_the_same_of_all_items(
    x: Array, *, rate: float, seed: int, training: bool
) -> Answer:
    if not training:
        return x.copy()
    kept = np.random.default_rng(seed).random(x.shape[1:]) >= rate
    return _dropped(x, np.broadcast_to(kept, x.shape), rate)


@in_dropout("LAYER-19")
def dropout_drops_whole_channels(x: Array, *, rate: float, seed: int, training: bool) -> Answer:
    if not training:
        return x.copy()
    kept = np.random.default_rng(seed).random((*x.shape[:2], 1)) >= rate
    return _dropped(x, np.broadcast_to(kept, x.shape), rate)


@in_dropout("LAYER-19")
def dropout_always_drops_half(x: Array, *, rate: float, seed: int, training: bool) -> Answer:
    if not training:
        return x.copy()
    return _dropped(x, np.asarray(np.random.default_rng(seed).random(x.shape) >= 0.5), rate)


@in_dropout("LAYER-20")
def dropout_ignores_the_seed(x: Array, *, rate: float, seed: int, training: bool) -> Answer:
    return _REFERENCE.dropout(x, rate=rate, seed=7, training=training)


@fault_with_state("LAYER-20", operation="dropout")
def dropout_goes_on_with_one_generator() -> Callable[..., Answer]:
    rng = np.random.default_rng(0)

    def dropout(x: Array, *, rate: float, seed: int, training: bool) -> Answer:
        return _dropped(x, np.asarray(rng.random(x.shape) >= rate), rate) if training else x.copy()

    return dropout


# -- Special values and memory ------------------------------------------------------------------


@in_average_pool("LAYER-22")
def average_pool_leaves_nan_out(x: Array, **p: Any) -> Answer:
    return pooling.average_pool(np.nan_to_num(x, nan=0.0), **p)


@in_average_pool("LAYER-22")
def average_pool_by_running_sums(x: Array, **p: Any) -> Answer:
    """A NaN stays in the running sum, and reaches all windows after it."""
    result = pooling.average_pool(x, **p)
    return np.where(np.logical_or.accumulate(np.isnan(result), axis=-1), np.nan, result)


@in_dense("LAYER-22")
def dense_mixes_items_on_nan(x: Array, weights: Array, bias: Array | None = None) -> Answer:
    result = layers.dense(x, weights, bias)
    return np.asarray(result + 0 * result.sum())


@in_batch_norm("LAYER-23")
def norm_updates_its_arguments(x: Array, mean: Array, variance: Array, **a: Any) -> Answer:
    found = layers.batch_norm(x, mean=mean, variance=variance, **a)
    mean[...], variance[...] = found["mean"], found["variance"]
    return found


@in_activation("LAYER-23")
def relu_in_place(x: Array, kind: str) -> Answer:
    x[...] = activations.activate(x, kind)
    return x


@fault_with_state("LAYER-23", operation=GRADIENTS_OF + "max_pool")
def max_pool_gradient_remembers_the_winners() -> Callable[..., Answer]:
    seen: dict[Any, Array] = {}

    def gradient_of(x: Array, gradient: Array, **p: Any) -> Answer:
        won = seen.setdefault((x.shape, str(p)), x.copy())
        return {"x": pooling.max_pool_gradient(won, gradient, **p)}

    return gradient_of


@in_max_pool("LAYER-23")
def max_pool_reads_memory_as_it_lies(x: Array, **p: Any) -> Answer:
    base = x if x.flags.c_contiguous or x.base is None else x.base
    return pooling.max_pool(np.asarray(base).ravel()[: x.size].reshape(x.shape), **p)
