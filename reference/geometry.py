"""Where the windows lie: padding, windows and output sizes, for any number of spatial axes.

Every function treats the spatial axes alike and one by one; 1-D, 2-D and 3-D are one code path.
"""

from collections.abc import Sequence
from operator import index
from typing import Any, TypedDict

import numpy as np

from reference.errors import ParameterError, SizeError

Array = np.ndarray[Any, np.dtype[Any]]
Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
PerAxis = int | Sequence[int]
Padding = str | int | Sequence[int] | Sequence[tuple[int, int]]


class Parameters(TypedDict):
    """The parameters of a cross-correlation, resolved: one value for each spatial axis."""

    stride: Sizes
    padding: Pads
    dilation: Sizes
    groups: int


def per_axis(value: PerAxis, axes: int, name: str, least: int = 1) -> Sizes:
    """One int for each spatial axis, of ``least`` or more; a single int stands for all of them.

    >>> per_axis(2, 3, "stride")
    (2, 2, 2)

    Raises ParameterError for another number of values, or a smaller value.
    """
    values = _ints(value, axes, name)
    if min(values, default=least) < least:
        raise ParameterError(f"{name} must be at least {least} on every axis, but is {value!r}")
    return values


def effective_kernel(kernel: Sizes, dilation: Sizes) -> Sizes:
    """The extent of a filter with holes: ``dilation * (kernel - 1) + 1`` on each axis.

    >>> effective_kernel((3, 3), (1, 2))
    (3, 5)
    """
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def resolve_padding(
    padding: Padding, size: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes
) -> Pads:
    """The zeros added before and after each axis, as (low, high) pairs.

    ``padding`` is one of

    - ``"valid"``: none, so that every window lies wholly in the input;
    - ``"same_upper"`` or ``"same"``: as many zeros as make the output ``ceil(size / stride)``,
      shared evenly, an odd one put *after* the input;
    - ``"same_lower"``: the same, an odd one put *before* the input;
    - an int for all sides, an int for each axis, or a (low, high) pair for each axis.

    >>> resolve_padding("same_upper", size=(5, 6), kernel=(2, 3), stride=(1, 2), dilation=(1, 1))
    ((0, 1), (0, 1))

    Raises ParameterError for an unknown name, a negative amount or a wrong number of axes.
    Source: the rule of TensorFlow's SAME, which ONNX calls SAME_UPPER and SAME_LOWER.
    """
    if not isinstance(padding, str):
        return _explicit_padding(padding, len(size))
    if padding == "valid":
        return ((0, 0),) * len(size)
    if padding not in ("same", "same_upper", "same_lower"):
        raise ParameterError(
            f"padding {padding!r} is unknown: use 'valid', 'same_upper', 'same_lower' or amounts"
        )
    pads = []
    for n, extent, step in zip(size, effective_kernel(kernel, dilation), stride, strict=True):
        total = max((-(-n // step) - 1) * step + extent - n, 0)
        less, more = total // 2, total - total // 2
        pads.append((more, less) if padding == "same_lower" else (less, more))
    return tuple(pads)


def output_size(size: Sizes, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Sizes:
    """How many windows fit on each axis::

        floor((size + low + high - dilation * (kernel - 1) - 1) / stride) + 1

    >>> output_size((28, 28), (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1))
    (26, 26)

    Raises SizeError where the filter is larger than the padded input.
    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """
    sizes = []
    extents = effective_kernel(kernel, dilation)
    for axis, (n, extent, step, (low, high)) in enumerate(
        zip(size, extents, stride, padding, strict=True)
    ):
        if n + low + high < extent:
            raise SizeError(
                f"on spatial axis {axis} the filter spans {extent} values (kernel {kernel[axis]}, "
                f"dilation {dilation[axis]}) and the padded input has only {n + low + high}"
            )
        sizes.append((n + low + high - extent) // step + 1)
    return tuple(sizes)


def pad(x: Array, padding: Pads, value: float = 0) -> Array:
    """``x`` (N, C, \\*size) with zeros, or another value, added before and after each spatial axis;
    ``x`` itself where there are none to add.

    >>> pad(np.ones((1, 1, 2)), ((1, 2),))
    array([[[0., 1., 1., 0., 0.]]])
    """
    if not any(map(any, padding)):
        return x
    sides = [(low, n, high) for n, (low, high) in zip(x.shape[2:], padding, strict=True)]
    padded = np.full((*x.shape[:2], *map(sum, sides)), value, x.dtype)
    inside: Any = (..., *(slice(low, low + n) for low, n, _ in sides))
    padded[inside] = x
    return padded


def windows(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """Every window that a filter stops at: a read-only view of ``x`` (N, C, \\*size), of shape
    (N, C, \\*out, \\*kernel).

    >>> windows(np.arange(5).reshape(1, 1, 5), kernel=(2,), stride=(2,), dilation=(2,))
    array([[[[0, 2],
             [2, 4]]]])
    """
    spatial = tuple(range(2, x.ndim))
    everywhere: Array = np.lib.stride_tricks.sliding_window_view(
        x, effective_kernel(kernel, dilation), axis=spatial
    )
    return np.asarray(everywhere[every((*stride, *dilation))])


def every(steps: Sizes) -> Any:
    """The index that keeps every step-th value of each of the last axes.

    >>> np.arange(5)[every((2,))]
    array([0, 2, 4])
    """
    return (..., *(slice(None, None, step) for step in steps))


def _explicit_padding(padding: int | Sequence[Any], axes: int) -> Pads:
    if isinstance(padding, Sequence) and any(isinstance(p, Sequence) for p in padding):
        if len(padding) != axes or any(not isinstance(p, Sequence) or len(p) != 2 for p in padding):
            raise ParameterError(
                f"padding needs a (low, high) pair for each of {axes} spatial axes, "
                f"but is {padding!r}"
            )
        pads = tuple((_int(low, "padding"), _int(high, "padding")) for low, high in padding)
    else:
        pads = tuple((p, p) for p in _ints(padding, axes, "padding"))
    if any(amount < 0 for pair in pads for amount in pair):
        raise ParameterError(f"padding must not be negative, but is {padding!r}")
    return pads


def _ints(value: PerAxis, axes: int, name: str) -> Sizes:
    if not isinstance(value, Sequence):
        return (_int(value, name),) * axes
    if len(value) != axes:
        raise ParameterError(
            f"{name} needs one value for each of {axes} spatial axes, but is {value!r}"
        )
    return tuple(_int(v, name) for v in value)


def _int(value: Any, name: str) -> int:
    try:
        return index(value)
    except TypeError:
        raise ParameterError(f"{name} must be made of ints, but holds {value!r}") from None
