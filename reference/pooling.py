"""Pooling: a window slides over each channel by itself, and leaves its largest value or its mean.

Pooling windows lie where the windows of a filter would, with one more choice: with ``ceil_mode``,
a last window that reaches beyond the padded input is kept, if it starts inside the input or the
padding before it. What overhangs is no value of any window.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.errors import ParameterError, ShapeError, SizeError
from reference.geometry import (
    Array,
    Padding,
    Pads,
    PerAxis,
    Sizes,
    effective_kernel,
    pad,
    per_axis,
    resolve_padding,
)


def pooled_size(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, ceil_mode: bool
) -> Sizes:
    """How many windows there are on each axis: the formula of
    :func:`reference.geometry.output_size`, or its ceiling.

    >>> pooled_size((5,), (2,), (2,), ((0, 0),), (1,), ceil_mode=True)
    (3,)

    Raises SizeError where not even one window fits.
    """
    sizes = []
    for n, extent, step, (low, high) in zip(
        size, effective_kernel(kernel, dilation), stride, padding, strict=True
    ):
        room = n + low + high - extent
        if room < 0:
            raise SizeError(f"a window of {extent} values does not fit into {n + low + high}")
        count = (-(-room // step) if ceil_mode else room // step) + 1
        if ceil_mode and (count - 1) * step >= n + low:
            count -= 1  # it would start in the padding after the input
        sizes.append(count)
    return tuple(sizes)


def max_pool(
    x: Array,
    kernel: PerAxis,
    *,
    stride: PerAxis | None = None,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Array:
    """The largest value of every window, (N, C, \\*out) from ``x`` (N, C, \\*size). Padding never
    wins; a NaN always does. ``stride`` is the kernel unless it is given.

    >>> max_pool(np.array([[[1, 5, 2, 3]]]), 2)
    array([[[5, 3]]])

    Raises ParameterError or SizeError for arguments that do not fit together.
    """
    layout = _Layout.of(x, kernel, stride, padding, dilation, ceil_mode)
    return layout.largest(layout.padded(x, _lowest(x.dtype)))


def max_pool_gradient(
    x: Array,
    gradient: Array,
    kernel: PerAxis,
    *,
    stride: PerAxis | None = None,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Array:
    """The gradient by ``x`` (N, C, \\*size): each value of the ``gradient`` (N, C, \\*out) goes to
    the value that won its window; of equal ones, to the first in the order of memory.

    >>> max_pool_gradient(np.array([[[1, 5, 3, 3]]]), np.array([[[10, 20]]]), 2)
    array([[[ 0, 10, 20,  0]]])
    """
    layout = _Layout.of(x, kernel, stride, padding, dilation, ceil_mode)
    layout.check(gradient, x)
    padded = layout.padded(x, _lowest(x.dtype))
    largest = layout.largest(padded)
    result = np.zeros(padded.shape, gradient.dtype)
    undecided = np.ones(largest.shape, bool)
    inside = layout.padded(np.ones((1, 1, *x.shape[2:]), bool), False)
    for tap, within, share in zip(*map(layout.taps, (padded, inside, result)), strict=True):
        won = undecided & within & ((tap == largest) | (tap != tap))
        share += np.where(won, gradient, 0)
        undecided &= ~won
    return layout.without_padding(result)


def average_pool(
    x: Array,
    kernel: PerAxis,
    *,
    stride: PerAxis | None = None,
    padding: Padding = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of every window, (N, C, \\*out) from ``x`` (N, C, \\*size). Zeros of the padding
    count as values, or with ``count_include_pad=False`` are left out; what overhangs never counts.

    >>> average_pool(np.array([[[2.0, 4.0]]]), 2, stride=1, padding=1)
    array([[[1., 3., 2.]]])
    >>> average_pool(np.array([[[2.0, 4.0]]]), 2, stride=1, padding=1, count_include_pad=False)
    array([[[2., 3., 4.]]])
    """
    layout = _Layout.of(x, kernel, stride, padding, 1, ceil_mode)
    total = sum(layout.taps(layout.padded(x, 0)))
    return np.asarray(total / layout.counts(count_include_pad).astype(x.dtype))


def average_pool_gradient(
    gradient: Array,
    size: Sizes,
    kernel: PerAxis,
    *,
    stride: PerAxis | None = None,
    padding: Padding = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The gradient by an input of this ``size``, (N, C, \\*size): each value of the ``gradient``
    (N, C, \\*out) is shared evenly among the values of its window.

    >>> average_pool_gradient(np.array([[[2.0, 8.0]]]), (4,), 2)
    array([[[1., 1., 4., 4.]]])
    """
    x = np.empty((*gradient.shape[:2], *size))
    layout = _Layout.of(x, kernel, stride, padding, 1, ceil_mode)
    layout.check(gradient, x)
    shared = gradient / layout.counts(count_include_pad).astype(gradient.dtype)
    result = layout.padded(np.zeros(x.shape, shared.dtype), 0)
    for share in layout.taps(result):
        share += shared
    return layout.without_padding(result)


class _Layout:
    """Where the windows of one pooling lie."""

    def __init__(
        self, size: Sizes, kernel: Sizes, stride: Sizes, pads: Pads, dilation: Sizes, out: Sizes
    ) -> None:
        self.size, self.kernel, self.stride = size, kernel, stride
        self.pads, self.dilation, self.out = pads, dilation, out
        extents = effective_kernel(kernel, dilation)
        reach = [(n - 1) * step + e for n, step, e in zip(out, stride, extents, strict=True)]
        self.overhang = [
            max(0, r - n - low - high) for r, n, (low, high) in zip(reach, size, pads, strict=True)
        ]

    @classmethod
    def of(
        cls,
        x: Array,
        kernel: PerAxis,
        stride: PerAxis | None,
        padding: Padding,
        dilation: PerAxis,
        ceil_mode: bool,
    ) -> "_Layout":
        if x.ndim < 3:
            raise ShapeError(f"x must be (N, C, *size), but its shape is {x.shape}")
        size = x.shape[2:]
        kernels = per_axis(kernel, len(size), "kernel")
        strides = kernels if stride is None else per_axis(stride, len(size), "stride")
        dilations = per_axis(dilation, len(size), "dilation")
        pads = resolve_padding(padding, size, kernels, strides, dilations)
        for k, pair in zip(kernels, pads, strict=True):
            if max(pair) >= k:
                raise ParameterError(
                    f"padding {pair} leaves windows of {k} values without any of the input"
                )
        out = pooled_size(size, kernels, strides, pads, dilations, ceil_mode)
        return cls(size, kernels, strides, pads, dilations, out)

    def padded(self, x: Array, value: float) -> Array:
        """``x`` and all that windows reach beyond it."""
        sides = zip(self.pads, self.overhang, strict=True)
        return pad(x, tuple((low, high + more) for (low, high), more in sides), value)

    def without_padding(self, padded: Array) -> Array:
        sides = zip(self.pads, self.size, strict=True)
        inside: Any = (..., *(slice(low, low + n) for (low, _), n in sides))
        return np.asarray(padded[inside])

    def taps(self, padded: Array) -> Iterator[Array]:
        """For each place in a window the values that lie there, one of each window: views."""
        for place in np.ndindex(*self.kernel):
            starts = (p * d for p, d in zip(place, self.dilation, strict=True))
            axes = zip(starts, self.out, self.stride, strict=True)
            lie: Any = (..., *(slice(p, p + (n - 1) * step + 1, step) for p, n, step in axes))
            yield padded[lie]

    def largest(self, padded: Array) -> Array:
        """The largest value of each window."""
        taps = self.taps(padded)
        largest = next(taps).copy()
        for tap in taps:
            np.maximum(largest, tap, out=largest)
        return largest

    def counts(self, include_pad: bool) -> Array:
        """How many values each window has, shape (\\*out)."""
        counted = np.ones((1, 1, *self.size))
        if include_pad:
            counted = pad(counted, self.pads, value=1)
            counted = pad(counted, tuple((0, more) for more in self.overhang))
        else:
            counted = self.padded(counted, 0)
        counts: Array = np.asarray(sum(self.taps(counted)))[0, 0]
        return counts

    def check(self, gradient: Array, x: Array) -> None:
        """Raise ShapeError unless the gradient has the shape of the result."""
        shape = (*x.shape[:2], *self.out)
        if gradient.shape != shape:
            raise ShapeError(f"the gradient must have the shape {shape}, but has {gradient.shape}")


def _lowest(dtype: "np.dtype[Any]") -> float:
    return int(np.iinfo(dtype).min) if dtype.kind in "iu" else -math.inf
