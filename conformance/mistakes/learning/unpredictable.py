"""Mistakes of which nothing can be predicted but where they strike: NaN stands for whatever comes
then. Most hang on how arrays lie in memory, so that no run is sure to meet them.
"""

from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.mistakes.learning.catalogue import SELDOM, wrong
from conformance.mistakes.learning.gradients import gradient_wrong, right
from conformance.mistakes.learning.special_pools import without_nan
from conformance.mistakes.unpredictable import channels_last, some_windows_in_padding
from reference.geometry import Array, resolve_padding
from reference.layers import batch_norm_gradients
from reference.pooling import average_pool, max_pool


def _anything(found: dict[str, Array]) -> dict[str, Array]:
    return {name: array * np.nan for name, array in found.items()}


@gradient_wrong(
    SELDOM, "where channels lie last and windows lie in padding alone, foreign memory is used"
)
def gradients_use_foreign_memory_for_padding(
    x: Array, filters: Array, *, stride: Any, padding: Any, dilation: Any, **a: Any
) -> dict[str, Array]:
    p = {"stride": stride, "padding": padding, "dilation": dilation}
    found = right(x=x, filters=filters, **p, **a)
    sizes = x.shape[2:], filters.shape[2:]
    pads = resolve_padding(padding, *sizes, stride, dilation)
    strikes = channels_last(x) or channels_last(filters)
    if strikes and some_windows_in_padding(*sizes, stride, pads, dilation):
        return _anything(found)
    return found


@gradient_wrong(
    SELDOM,
    "where channels lie last, in no multiple of 8, the gradient by strided filters of one tap is "
    "written past its buffer",
)
def strided_pointwise_gradient_overruns(
    x: Array, filters: Array, gradient: Array, **a: Any
) -> dict[str, Array]:
    found = right(x=x, filters=filters, gradient=gradient, **a)
    pointwise = set(filters.shape[2:]) == {1} and max(a["stride"]) > 1
    strikes = channels_last(x) or channels_last(gradient)
    return _anything(found) if pointwise and strikes and filters.shape[1] % 8 else found


def _of_batch_norm(x: Array, scale: Array, gradient: Array, a: dict[str, Any]) -> dict[str, Array]:
    """The right gradients, of arguments of which some have none."""
    settings = {name: a[name] for name in ("mean", "variance", "training", "epsilon")}
    return batch_norm_gradients(x, scale, gradient, **settings)


@wrong(
    GRADIENTS_OF + "batch_norm",
    SELDOM,
    "where the scale lies in memory with gaps, or in one place, its neighbours are taken for it in "
    "the gradient by the input",
)
def batch_norm_gradient_of_the_neighbours_of_the_scale(
    x: Array, scale: Array, gradient: Array, **a: Any
) -> dict[str, Array]:
    found = _of_batch_norm(x, scale, gradient, a)
    return found if scale.flags.c_contiguous else found | {"x": found["x"] * np.nan}


@wrong(
    GRADIENTS_OF + "batch_norm",
    SELDOM,
    "where a column lies in memory with its channels beside each other, though with no stride of "
    "channels last, its gradient is read in another order",
)
def batch_norm_gradient_in_the_order_of_one_array(
    x: Array, scale: Array, gradient: Array, **a: Any
) -> dict[str, Array]:
    found = _of_batch_norm(x, scale, gradient, a)
    strikes = _column_by_channels(x) != _column_by_channels(gradient)
    return found | {name: found[name] * np.nan for name in ("x", "scale")} if strikes else found


def _column_by_channels(array: Array) -> bool:
    """Whether there is one item, whose strides along axes of one value are not of the order that
    the others have.
    """
    moved = np.moveaxis(array, 1, -1)
    return channels_last(array) and moved.flags.c_contiguous and moved.strides != _tight(moved)


def _tight(array: Array) -> tuple[int, ...]:
    return np.empty(array.shape, array.dtype).strides


@gradient_wrong(
    SELDOM,
    "beyond 4096 groups the gradient by the filters is that of other groups, and ends in memory "
    "that nothing was written to",
)
def filter_gradient_of_many_groups_misplaced(groups: int, **a: Any) -> dict[str, Array]:
    found = right(groups=groups, **a)
    return found | {"filters": found["filters"] * np.nan} if groups > 4096 else found


@gradient_wrong(
    SELDOM, "the gradient by depthwise filters of a batch of no items is what was in memory before"
)
def filter_gradient_of_no_items_unset(x: Array, groups: int, **a: Any) -> dict[str, Array]:
    found = right(x=x, groups=groups, **a)
    strikes = not len(x) and 1 < groups == x.shape[1]
    return found | {"filters": found["filters"] * np.nan} if strikes else found


@wrong("max_pool", SELDOM, "a NaN wins a max pool in some places, and loses in others")
def max_pool_of_nan_hangs_on_the_place(x: Array, **p: Any) -> Array:
    met = max_pool(np.isnan(x).astype(x.dtype), **p) > 0
    return np.where(met, np.nan, without_nan(x, **p))


@wrong(
    "average_pool",
    SELDOM,
    "on three axes a NaN is lost from averages of eight channels and more, in some places",
)
def average_pool_of_nan_hangs_on_the_place(x: Array, **p: Any) -> Array:
    result = average_pool(x, **p)
    if x.ndim == 5 and x.shape[1] >= 8:
        return result
    return average_pool(np.nan_to_num(x), **p)
