"""Cross-correlation: the operation that deep learning calls convolution.

A filter is a small array that slides over the input. At each stop it lies on a window of the same
shape, and the sum of the element-wise products of the two becomes one value of the feature map.
Mathematics calls this cross-correlation; its *convolution* turns the filter round first.
"""

from math import ceil, prod

import numpy as np

from reference.errors import ShapeError
from reference.geometry import (
    Array,
    Padding,
    PerAxis,
    output_size,
    pad,
    per_axis,
    resolve_padding,
    windows,
)

_LAID_OUT = 2**20  # numbers: 8 MiB in float64


def frobenius_inner_product(a: Array, b: Array) -> np.generic:
    """The sum of the element-wise products of two arrays of one shape: sum_i a_i b_i.

    >>> int(frobenius_inner_product(np.array([[1, 2], [3, 4]]), np.array([[1, 0], [0, -1]])))
    -3

    Raises ShapeError if the shapes differ (nothing is broadcast).
    """
    if np.shape(a) != np.shape(b):
        raise ShapeError(f"a window {np.shape(a)} and a filter {np.shape(b)} must have one shape")
    product: np.generic = np.multiply(a, b).sum()
    return product


def cross_correlate(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    *,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Slide every filter over every input; each stop gives one sum of element-wise products::

        result[n, k, i] = bias[k] + sum_{c, j} padded[n, c, stride * i + dilation * j]
                                               * filters[k, c, j]

    where i and j run over all spatial axes, and c over the input channels of filter k's group.

    ============ ============================ ==========================================
    ``x``        (N, C, \\*size)               a batch of N inputs of C channels
    ``filters``  (K, C / groups, \\*kernel)    K filters, one for each output channel
    ``bias``     (K,) or None                 one number for each feature map
    result       (N, K, \\*out)                see :func:`reference.geometry.output_size`
    ============ ============================ ==========================================

    ``stride``, ``dilation``: an int, or one for each spatial axis. ``padding``: see
    :func:`reference.geometry.resolve_padding`. With ``groups`` g, the input channels and the
    filters are cut into g consecutive parts, and each part of the filters sees only its own part
    of the channels; g = C is the depthwise case. Without channels every sum is empty.

    A vertical edge, found by a filter that looks for one:

    >>> image = np.array([[0, 0, 9, 9], [0, 0, 9, 9], [0, 0, 9, 9]])
    >>> left_edge = np.array([[-1, 1, 0], [-1, 1, 0], [-1, 1, 0]])
    >>> cross_correlate(image[None, None], left_edge[None, None])
    array([[[[ 0, 27]]]])

    Raises ShapeError, ParameterError or SizeError for arguments that do not fit together.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), equation 9.6.
    """
    x, filters = np.asarray(x), np.asarray(filters)
    bias = None if bias is None else np.asarray(bias)
    check_shapes(x, filters, bias, groups)

    size, kernel = x.shape[2:], filters.shape[2:]
    strides = per_axis(stride, len(size), "stride")
    dilations = per_axis(dilation, len(size), "dilation")
    pads = resolve_padding(padding, size, kernel, strides, dilations)
    output_size(size, kernel, strides, pads, dilations)

    maps = _inner_products(windows(pad(x, pads), kernel, strides, dilations), filters, groups)
    return maps if bias is None else maps + bias.reshape(-1, *(1 for _ in size))


def convolve(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    *,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """The convolution of mathematics: cross-correlation with every filter turned round.

    The arguments are those of :func:`cross_correlate`. The two agree exactly when every filter
    is its own mirror image.

    >>> x, filters = np.array([[[0, 1, 0]]]), np.array([[[1, 2, 3]]])
    >>> cross_correlate(x, filters, padding=1), convolve(x, filters, padding=1)
    (array([[[3, 2, 1]]]), array([[[1, 2, 3]]]))
    """
    filters = np.asarray(filters)
    turned = np.flip(filters, axis=tuple(range(2, filters.ndim)))
    return cross_correlate(
        x, turned, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def _inner_products(seen: Array, filters: Array, groups: int) -> Array:
    """As below, of so many windows at a time as the processor's caches hold when laid out."""
    shares = ceil(seen.size / _LAID_OUT)
    if shares <= 1:
        return _products_of_matrices(seen, filters, groups)
    axis = int(np.argmax((len(seen), 0, *seen.shape[2 : filters.ndim])))
    parts = np.array_split(seen, min(shares, seen.shape[axis]), axis)
    return np.concatenate([_products_of_matrices(p, filters, groups) for p in parts], axis)


def _products_of_matrices(seen: Array, filters: Array, groups: int) -> Array:
    """The Frobenius inner product of every window (N, C, \\*out, \\*kernel) with every filter
    (K, C / groups, \\*kernel) of its group, in one product of matrices: (N, K, \\*out).

    Each filter is laid out as a row, and each window as a column. Source: Chellapilla, Puri and
    Simard, High Performance Convolutional Neural Networks for Document Processing (2006).
    """
    batch, axes, (count, depth) = len(seen), filters.ndim - 2, filters.shape[:2]
    out, kernel = seen.shape[2 : 2 + axes], filters.shape[2:]
    rows = filters.reshape(groups, count // groups, depth * prod(kernel))
    parts = seen.reshape(batch, groups, depth, *out, *kernel)
    stops, taps = range(3, 3 + axes), range(3 + axes, 3 + 2 * axes)
    # Laying the windows out takes longest, and least where the longer axes are copied innermost.
    if prod(out) > prod(kernel):
        parts = parts.transpose(1, 2, *taps, 0, *stops)
        columns = parts.reshape(groups, depth * prod(kernel), batch * prod(out))
    else:
        parts = parts.transpose(1, 0, *stops, 2, *taps)
        columns = parts.reshape(groups, batch * prod(out), depth * prod(kernel)).swapaxes(1, 2)
    with np.errstate(all="ignore"):  # zero times infinity is NaN, and no reason to warn
        maps = np.asarray(rows @ columns).reshape(count, batch, *out)
    # Of bfloat16, the product is float32.
    dtype = np.result_type(seen, filters)
    return np.ascontiguousarray(np.swapaxes(maps, 0, 1), dtype)


def check_shapes(x: Array, filters: Array, bias: Array | None, groups: int) -> None:
    """Raise ShapeError or ParameterError unless the arrays and the groups fit each other."""
    if x.ndim < 3 or x.ndim != filters.ndim:
        raise ShapeError(
            "x must be (N, C, *size) and filters (K, C / groups, *kernel) with equally many "
            f"spatial axes, at least one, but their shapes are {x.shape} and {filters.shape}"
        )
    channels, (count, depth, *kernel) = x.shape[1], filters.shape
    if 0 in (count, *kernel):
        raise ShapeError(f"there must be filters, with taps, but their shape is {filters.shape}")
    (groups,) = per_axis((groups,), 1, "groups")
    if channels != groups * depth:
        raise ShapeError(
            f"x has {channels} channels, but {groups} group(s) of filters of {depth} channels "
            f"take {groups * depth}"
        )
    if count % groups:
        raise ShapeError(f"{count} filters cannot be shared evenly among {groups} groups")
    if bias is not None and bias.shape != (count,):
        raise ShapeError(f"bias must have the shape ({count},), but has {bias.shape}")
