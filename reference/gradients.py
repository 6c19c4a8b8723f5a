"""The gradients of cross-correlation, each of which is a cross-correlation again.

How much does a loss change with each value of the input, of the filters, of the bias? The chain
rule starts from ``gradient``, the derivative of the loss by each value of the feature maps, shape
(N, K, \\*out), and each answer slides one of the arrays over another:

- **by the filters**: the input is correlated with the gradient. Batch and channels change places,
  and so do stride and dilation.
- **by the input**: the gradient, with zeros between its values where the stride skipped some, is
  correlated with the filters turned round, input and output channels swapped.
- **by the bias**: the gradient is correlated with ones.

``correlate`` may replace the reference's own cross-correlation in all of them: so a backend that
only cross-correlates can still learn. Source: Goodfellow, Bengio, Courville, Deep Learning (2016),
equations 9.11 to 9.13.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.correlation import cross_correlate
from reference.errors import ParameterError, ShapeError, SizeError
from reference.geometry import (
    Array,
    Padding,
    Pads,
    Parameters,
    PerAxis,
    Sizes,
    effective_kernel,
    every,
    output_size,
    per_axis,
    resolve_padding,
)

Correlate = Callable[..., Array]


@dataclass(frozen=True, eq=False)
class AsCrossCorrelation:
    """A cross-correlation of ``x`` with ``filters``, after which ``finish`` puts each value of the
    result in its place.
    """

    x: Array
    filters: Array
    parameters: Parameters
    finish: Callable[[Array], Array]

    def by(self, correlate: Correlate) -> Array:
        """What comes out with a function like :func:`reference.cross_correlate`; zeros for an
        empty batch.
        """
        if self.x.size and self.filters.size:
            return self.finish(correlate(self.x, self.filters, None, **self.parameters))
        p = self.parameters
        size = output_size(
            self.x.shape[2:], self.filters.shape[2:], p["stride"], p["padding"], p["dilation"]
        )
        return self.finish(np.zeros((len(self.x), len(self.filters), *size), self.x.dtype))


def filter_gradient(
    x: Array,
    gradient: Array,
    kernel: Sizes,
    *,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
    correlate: Correlate = cross_correlate,
) -> Array:
    """The gradient by the filters, (K, C / groups, \\*kernel), for ``x`` (N, C, \\*size) and the
    ``gradient`` (N, K, \\*out) by the result; the other arguments are those of
    :func:`reference.cross_correlate`::

        result[k, c, j] = sum_{n, i} padded[n, c, stride * i + dilation * j] * gradient[n, k, i]

    >>> filter_gradient(np.array([[[1, 2, 3]]]), np.array([[[1, 10]]]), kernel=(2,))
    array([[[21, 32]]])

    Raises ShapeError, ParameterError or SizeError for arguments that do not fit together.
    """
    kernel = per_axis(kernel, x.ndim - 2, "kernel")
    parameters = _resolved(x.shape[2:], kernel, stride, padding, dilation, groups)
    return filter_gradient_as_cross_correlation(x, gradient, kernel, parameters).by(correlate)


def filter_gradient_as_cross_correlation(
    x: Array, gradient: Array, kernel: Sizes, parameters: Parameters
) -> AsCrossCorrelation:
    """The items of the batch become channels, the channels become the batch; stride and dilation
    change places.
    """
    stride, groups = parameters["stride"], parameters["groups"]
    _check_gradient(gradient, x.shape[2:], kernel, parameters)
    batch, channels = x.shape[:2]
    if len(gradient) != batch or channels % groups or gradient.shape[1] % groups:
        raise ShapeError(
            f"x {x.shape} and the gradient {gradient.shape} do not fit {groups} group(s)"
        )
    depth = channels // groups
    # (N, g D, *size) -> (D, g N, *size): each group sees its own channels of every item.
    parts = x.reshape(batch, groups, depth, *x.shape[2:])
    images = np.moveaxis(parts, 0, 1).reshape(groups * batch, depth, *x.shape[2:])
    # Windows beyond the last are cut off: the filter has no such values.
    return AsCrossCorrelation(
        np.moveaxis(images, 1, 0),
        np.moveaxis(gradient, 1, 0),
        {
            "stride": parameters["dilation"],
            "padding": parameters["padding"],
            "dilation": stride,
            "groups": groups,
        },
        lambda maps: np.moveaxis(maps, 1, 0)[_first(kernel)],
    )


def input_gradient(
    gradient: Array,
    filters: Array,
    size: Sizes,
    *,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
    correlate: Correlate = cross_correlate,
) -> Array:
    """The gradient by the input, (N, C, \\*size), for the ``gradient`` (N, K, \\*out) by the result
    and the ``filters`` (K, C / groups, \\*kernel): each value of the gradient, times its filter, is
    added to the window that it came from::

        result[n, c, p] = sum of gradient[n, k, i] * filters[k, c, j]
                          over all k, i, j with stride * i + dilation * j - low = p

    >>> input_gradient(np.array([[[1, 10]]]), np.array([[[2, 3]]]), size=(4,), stride=2)
    array([[[ 2,  3, 20, 30]]])

    Raises ShapeError, ParameterError or SizeError for arguments that do not fit together.
    """
    parameters = _resolved(size, filters.shape[2:], stride, padding, dilation, groups)
    return input_gradient_as_cross_correlation(gradient, filters, size, parameters).by(correlate)


def input_gradient_as_cross_correlation(
    gradient: Array, filters: Array, size: Sizes, parameters: Parameters
) -> AsCrossCorrelation:
    """Zeros between the values of the gradient, one less than the stride; the filters turned
    round, and input and output channels swapped.
    """
    groups, axes = parameters["groups"], len(size)
    _check_gradient(gradient, size, filters.shape[2:], parameters)
    if gradient.shape[1] != len(filters) or len(filters) % groups:
        raise ShapeError(
            f"the gradient {gradient.shape} and the filters {filters.shape} do not fit "
            f"{groups} group(s)"
        )
    count, depth = len(filters) // groups, filters.shape[1]
    parts = filters.reshape(groups, count, depth, *filters.shape[2:])
    turned = np.flip(np.swapaxes(parts, 1, 2), axis=tuple(range(3, 3 + axes)))
    bank = turned.reshape(groups * depth, count, *filters.shape[2:])
    spread = _spread(gradient, parameters["stride"])
    extents = effective_kernel(filters.shape[2:], parameters["dilation"])
    pads: list[tuple[int, int]] = []
    reaching: list[Any] = [...]
    for n, stuffed, extent, (low, _) in zip(
        size, spread.shape[2:], extents, parameters["padding"], strict=True
    ):
        # The windows that hold a value of the input start from here to there: others lie in the
        # padding alone, and where none starts, there are zeros.
        first, end = low - extent + 1, low + n
        reaching.append(slice(max(first, 0), end))
        before, held = max(-first, 0), len(range(stuffed)[reaching[-1]])
        pads.append((before, end - first - before - held))
    return AsCrossCorrelation(
        spread[tuple(reaching)],
        bank,
        {
            "stride": (1,) * axes,
            "padding": tuple(pads),
            "dilation": parameters["dilation"],
            "groups": groups,
        },
        lambda maps: maps,
    )


def bias_gradient(gradient: Array) -> Array:
    """The gradient by the bias, (K,): the sum of the ``gradient`` (N, K, \\*out) over everything
    but the output channels.

    >>> bias_gradient(np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))
    array([14, 22])
    """
    total: Array = gradient.sum(axis=(0, *range(2, gradient.ndim)))
    return total


def bias_gradient_as_cross_correlation(gradient: Array) -> AsCrossCorrelation:
    """One filter of ones, which covers all that a channel has."""
    axes = gradient.ndim - 2
    ones = np.ones((1, len(gradient), *gradient.shape[2:]), gradient.dtype)
    return AsCrossCorrelation(
        np.moveaxis(gradient, 1, 0),
        ones,
        {
            "stride": (1,) * axes,
            "padding": ((0, 0),) * axes,
            "dilation": (1,) * axes,
            "groups": 1,
        },
        lambda maps: maps.reshape(-1),
    )


def transposed_cross_correlate(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    correlate: Correlate = cross_correlate,
) -> Array:
    """The transpose of cross-correlation as a matrix: the gradient by the input, as a layer.

    ``x`` (N, K, \\*size), ``filters`` (K, C / groups, \\*kernel), ``bias`` (C,) or None; the result
    is (N, C, \\*out), by :func:`transposed_size`. Where ``cross_correlate`` takes an input of
    several sizes to the same output, ``output_padding`` chooses among these sizes. ``padding`` may
    be a name, by :func:`transposed_padding`.

    >>> transposed_cross_correlate(np.array([[[1, 2]]]), np.array([[[1, 1, 1]]]), stride=2)
    array([[[1, 1, 3, 2, 2]]])

    Raises ShapeError, ParameterError or SizeError for arguments that do not fit together.
    Source: Dumoulin and Visin (2016), chapter 4.
    """
    kernel = filters.shape[2:]
    parameters = _resolved(x.shape[2:], kernel, stride, "valid", dilation, groups)
    stride, dilation = parameters["stride"], parameters["dilation"]
    more = per_axis(output_padding, x.ndim - 2, "output_padding", least=0)
    pads, more = transposed_padding(padding, x.shape[2:], kernel, stride, more, dilation)
    size = transposed_size(x.shape[2:], kernel, stride, pads, more, dilation)
    parameters["padding"] = pads
    channels = groups * filters.shape[1]
    if bias is not None and bias.shape != (channels,):
        raise ShapeError(f"bias must have the shape ({channels},), but has {bias.shape}")
    result = input_gradient_as_cross_correlation(x, filters, size, parameters).by(correlate)
    return result if bias is None else result + bias.reshape(-1, *(1 for _ in size))


def transposed_padding(
    padding: Padding,
    size: Sizes,
    kernel: Sizes,
    stride: Sizes,
    output_padding: Sizes,
    dilation: Sizes,
) -> tuple[Pads, Sizes]:
    """What a transposed cross-correlation takes off its result, and adds to it: the ``padding`` of
    the cross-correlation that it is the transpose of, as amounts, and the ``output_padding``.

    A name implies both, and with it the size of the result:

    - ``"valid"``: none of either, so that the result has ``(size - 1) * stride + dilation *
      (kernel - 1) + 1`` values. (Keras and ``jax.lax.conv_transpose`` add zeros, where the filter
      spans less than the stride: ``size * stride`` values.)
    - ``"same_upper"`` or ``"same"``, and ``"same_lower"``: the amounts by which a
      cross-correlation with that padding takes ``size * stride`` values to ``size``. An odd one is
      taken off *after* the result, or *before* it. Where the filter spans less than the stride,
      there is nothing to take off, and the output padding makes up the size.

    >>> transposed_padding("same_upper", (5, 5), (4, 1), (1, 3), (0, 0), (1, 1))
    (((1, 2), (0, 0)), (0, 2))

    Raises ParameterError for an output padding beside a name.
    Source: TensorFlow's conv2d_transpose, which is the gradient of conv2d, with padding SAME; the
    attribute auto_pad of ONNX's ConvTranspose (the formula below it had the sides of SAME_UPPER
    and SAME_LOWER swapped until ONNX 1.8, and OpenVINO has kept it so).
    """
    if not isinstance(padding, str):
        return resolve_padding(padding, size, kernel, stride, dilation), output_padding
    if any(output_padding):
        raise ParameterError(f"padding {padding!r} implies the output padding: give none beside it")
    whole = tuple(n * step for n, step in zip(size, stride, strict=True))
    pads = resolve_padding(padding, whole, kernel, stride, dilation)
    if padding == "valid":
        return pads, output_padding
    extents = effective_kernel(kernel, dilation)
    return pads, tuple(max(s - extent, 0) for s, extent in zip(stride, extents, strict=True))


def transposed_size(
    size: Sizes,
    kernel: Sizes,
    stride: Sizes,
    padding: tuple[tuple[int, int], ...],
    output_padding: Sizes,
    dilation: Sizes,
) -> Sizes:
    """``(size - 1) * stride - low - high + dilation * (kernel - 1) + 1 + output_padding``.

    >>> transposed_size((2,), (3,), (2,), ((1, 1),), (1,), (1,))
    (4,)

    Raises ParameterError for an output padding that is not below the stride, SizeError where
    nothing is left.
    """
    sizes = []
    extents = effective_kernel(kernel, dilation)
    for n, extent, step, (low, high), more in zip(
        size, extents, stride, padding, output_padding, strict=True
    ):
        if not 0 <= more < step:
            raise ParameterError(f"output_padding {more} is not below the stride {step}")
        sizes.append((n - 1) * step - low - high + extent + more)
    if min(sizes) < 1:
        raise SizeError(f"padding {padding} leaves nothing of the result: its size is {sizes}")
    # It is the size that a cross-correlation takes back to ``size``, or there is none.
    output_size(tuple(sizes), kernel, stride, padding, dilation)
    return tuple(sizes)


def _resolved(
    size: Sizes, kernel: Sizes, stride: PerAxis, padding: Padding, dilation: PerAxis, groups: int
) -> Parameters:
    axes = len(size)
    if not axes or len(kernel) != axes:
        raise ShapeError(
            f"size {tuple(size)} and kernel {tuple(kernel)} must have equally many spatial axes, "
            "at least one"
        )
    strides, dilations = per_axis(stride, axes, "stride"), per_axis(dilation, axes, "dilation")
    return {
        "stride": strides,
        "padding": resolve_padding(padding, size, kernel, strides, dilations),
        "dilation": dilations,
        "groups": per_axis((groups,), 1, "groups")[0],
    }


def _check_gradient(gradient: Array, size: Sizes, kernel: Sizes, parameters: Parameters) -> None:
    """Raise ShapeError unless the gradient has the size of the result."""
    out = output_size(
        size, kernel, parameters["stride"], parameters["padding"], parameters["dilation"]
    )
    if gradient.shape[2:] != out:
        raise ShapeError(f"the gradient {gradient.shape} must have the size {out} of the result")


def _first(sizes: Sizes) -> Any:
    """The index of the first values on each of the last axes."""
    return (..., *map(slice, sizes))


def _spread(gradient: Array, stride: Sizes) -> Array:
    """The values of the gradient, ``stride`` apart, with zeros between."""
    if set(stride) <= {1}:
        return gradient
    sizes = [(n - 1) * step + 1 for n, step in zip(gradient.shape[2:], stride, strict=True)]
    spread = np.zeros((*gradient.shape[:2], *sizes), gradient.dtype)
    spread[every(stride)] = gradient
    return spread
