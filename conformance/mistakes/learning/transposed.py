"""Padding by name done wrong in the transpose of cross-correlation, and in its gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.mistakes.catalogue import slices
from conformance.mistakes.learning.catalogue import SELDOM, wrong
from reference.correlation import cross_correlate
from reference.geometry import Array, effective_kernel
from reference.gradients import filter_gradient, transposed_cross_correlate, transposed_padding

SAME = ("same_upper", "same_lower")
Cut = tuple[int, int]  # the first value of the whole result that is kept, and how many are

transposed_wrong = partial(wrong, "transposed_cross_correlate")
gradient_wrong = partial(wrong, GRADIENTS_OF + "transposed_cross_correlate")

_REFERENCE = Reference()


@dataclass(frozen=True)
class Axis:
    """What a result is cut by, on one axis; ``extent`` is what the filter spans."""

    size: int
    stride: int
    kernel: int
    extent: int
    lower: bool

    @property
    def total(self) -> int:
        """How many values 'same' takes off; how many are missing, below zero."""
        return self.extent - self.stride

    def first(self, total: int) -> int:
        """How many of them before the result."""
        return total - total // 2 if self.lower else total // 2


Rule = Callable[[Axis], Cut]


def by_rule(
    clause: str, sentence: str, names: Sequence[str] = SAME, fewest_axes: int = 1
) -> Callable[[Rule], Rule]:
    """Enter a transpose that cuts its result out of the whole one by the decorated rule, where the
    padding has one of these names, and there are as many axes.
    """

    def enter(rule: Rule) -> Rule:
        def transposed(x: Array, filters: Array, bias: Any = None, **p: Any) -> Array:
            if p["padding"] not in names or len(p["stride"]) < fewest_axes:
                return transposed_cross_correlate(x, filters, bias, **p)
            return _cut(x, filters, bias, list(map(rule, _axes(x, filters, p))), p)

        transposed.__name__ = rule.__name__
        transposed_wrong(clause, sentence)(transposed)
        return rule

    return enter


def _axes(x: Array, filters: Array, p: dict[str, Any]) -> list[Axis]:
    kernel = filters.shape[2:]
    extents, lower = effective_kernel(kernel, p["dilation"]), p["padding"] == "same_lower"
    each = zip(x.shape[2:], p["stride"], kernel, extents, strict=True)
    return [Axis(*numbers, lower=lower) for numbers in each]


def _cut(x: Array, filters: Array, bias: Any, cuts: list[Cut], p: dict[str, Any]) -> Array:
    """Parts of the whole result, beyond which there are zeros."""
    whole = transposed_cross_correlate(x, filters, **p | {"padding": 0, "output_padding": 0})
    for axis, (first, size) in enumerate(cuts, start=2):
        places = np.arange(first, first + size)
        inside = (places >= 0) & (places < whole.shape[axis])
        taken = np.moveaxis(whole.take(np.where(inside, places, 0), axis), axis, -1)
        whole = np.moveaxis(np.where(inside, taken, 0), -1, axis)
    return whole if bias is None else whole + bias.reshape(-1, *(1 for _ in cuts))


@by_rule("GRAD-16", "with padding 'same' the transpose takes the odd value off the other side")
def same_transposed_odd_side(axis: Axis) -> Cut:
    total = max(axis.total, 0)
    return total - axis.first(total), axis.size * axis.stride


@by_rule("GRAD-16", "the transpose takes 'same_lower' for 'same_upper'", ["same_lower"])
def same_transposed_always_upper(axis: Axis) -> Cut:
    return max(axis.total, 0) // 2, axis.size * axis.stride


@by_rule("GRAD-16", "the transpose takes 'same_upper' for 'same_lower'", ["same_upper"])
def same_transposed_always_lower(axis: Axis) -> Cut:
    return (max(axis.total, 0) + 1) // 2, axis.size * axis.stride


@by_rule("GRAD-16", "the transpose takes padding 'same' for 'valid'")
def same_transposed_is_valid(axis: Axis) -> Cut:
    return 0, (axis.size - 1) * axis.stride + axis.extent


@by_rule(
    "GRAD-16",
    "with padding 'same' the result of the transpose is too short where the filter spans less "
    "than the stride",
)
def same_transposed_too_short(axis: Axis) -> Cut:
    return axis.first(max(axis.total, 0)), axis.size * axis.stride + min(axis.total, 0)


@by_rule(
    "GRAD-16",
    "with padding 'same' the transpose adds zeros on both sides, where the filter spans less than "
    "the stride",
)
def same_transposed_fills_both_sides(axis: Axis) -> Cut:
    return axis.first(axis.total), axis.size * axis.stride


@by_rule(
    SELDOM,
    "with padding 'same' the transpose of three axes adds zeros on both sides, where the filter "
    "spans less than the stride",
    fewest_axes=3,
)
def same_transposed_fills_both_sides_of_three_axes(axis: Axis) -> Cut:
    return same_transposed_fills_both_sides(axis)


@by_rule(
    "GRAD-16",
    "with padding 'same' the transpose adds zeros in front, where the filter spans less than the "
    "stride",
)
def same_transposed_fills_in_front(axis: Axis) -> Cut:
    first = axis.first(axis.total) if axis.total > 0 else axis.total
    return first, axis.size * axis.stride


@by_rule(
    "GRAD-16", "with padding 'same' the transpose takes off in front what it would at a stride of 1"
)
def same_transposed_ignores_the_stride(axis: Axis) -> Cut:
    return axis.first(axis.extent - 1), axis.size * axis.stride


@by_rule(
    "GRAD-16",
    "with padding 'same' the transpose takes off in front what it would at a dilation of 1",
)
def same_transposed_ignores_the_dilation(axis: Axis) -> Cut:
    return axis.first(max(axis.kernel - axis.stride, 0)), axis.size * axis.stride


@by_rule("GRAD-16", "with padding 'same' the transpose takes nothing off in front")
def same_transposed_all_off_the_end(axis: Axis) -> Cut:
    return 0, axis.size * axis.stride


@by_rule("GRAD-16", "with padding 'same' the transpose takes nothing off at the end")
def same_transposed_all_off_the_front(axis: Axis) -> Cut:
    return max(axis.total, 0), axis.size * axis.stride


@by_rule(
    "GRAD-16",
    "with padding 'same' the transpose takes as much off both sides, and leaves an odd value",
)
def same_transposed_leaves_an_odd_value(axis: Axis) -> Cut:
    total = max(axis.total, 0)
    return total // 2, axis.size * axis.stride + total % 2


@by_rule("GRAD-16", "with padding 'same' the result of the transpose is as long as its input")
def same_transposed_keeps_the_size(axis: Axis) -> Cut:
    return axis.first((axis.size - 1) * axis.stride + axis.extent - axis.size), axis.size


@by_rule(
    "GRAD-16",
    "with padding 'valid' the transpose adds zeros, where the filter spans less than the stride",
    ["valid"],
)
def valid_transposed_fills(axis: Axis) -> Cut:
    return 0, (axis.size - 1) * axis.stride + max(axis.extent, axis.stride)


@transposed_wrong(
    "GRAD-16", "with padding 'same' the transpose takes off in front what it does on the first axis"
)
def same_transposed_by_the_first_axis(
    x: Array, filters: Array, bias: Any = None, **p: Any
) -> Array:
    if p["padding"] not in SAME:
        return transposed_cross_correlate(x, filters, bias, **p)
    axes = _axes(x, filters, p)
    first = axes[0].first(max(axes[0].total, 0))
    return _cut(x, filters, bias, [(first, axis.size * axis.stride) for axis in axes], p)


def right(gradient: Array, **a: Any) -> dict[str, Array]:
    """The right gradients, by name."""
    names = ("x", "filters", "bias")
    arrays = {name: a.pop(name) for name in names if name in a}
    return _REFERENCE.gradients("transposed_cross_correlate", arrays, gradient, a)


@gradient_wrong(
    "GRAD-16", "the gradients of a transpose with padding 'same' put the odd zero on the other side"
)
def gradients_of_same_transposed_odd_side(
    x: Array, filters: Array, gradient: Array, **a: Any
) -> dict[str, Array]:
    found = right(x=x, filters=filters, gradient=gradient, **a)
    if a["padding"] not in SAME:
        return found
    shapes = x.shape[2:], filters.shape[2:], a["stride"]
    pads, _ = transposed_padding(a["padding"], *shapes, a["output_padding"], a["dilation"])
    p = {name: a[name] for name in ("stride", "dilation", "groups")}
    p["padding"] = tuple((high, low) for low, high in pads)
    return found | {
        "x": cross_correlate(gradient, filters, **p),
        "filters": filter_gradient(gradient, x, filters.shape[2:], **p),
    }


@gradient_wrong(
    SELDOM,
    "the gradient by the input of a transpose of three axes with padding 'same' leaves out values "
    "in front, where the stride is larger than the filter",
)
def gradient_of_same_transposed_leaves_out_values(
    x: Array, filters: Array, gradient: Array, **a: Any
) -> dict[str, Array]:
    found = right(x=x, filters=filters, gradient=gradient, **a)
    if a["padding"] not in SAME or x.ndim < 5:
        return found
    axes = _axes(x, filters, a)
    totals = [max(axis.total, 0) for axis in axes]
    p = {name: a[name] for name in ("stride", "dilation", "groups")}
    p["padding"] = [
        (axis.first(total), total - axis.first(total))
        for axis, total in zip(axes, totals, strict=True)
    ]
    seen = slices(*(slice(max(-axis.total, 0) // 2, None) for axis in axes))
    return found | {"x": cross_correlate(gradient[seen], filters, **p)}
