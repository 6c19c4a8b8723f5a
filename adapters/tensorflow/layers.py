"""The operations of the contract by TensorFlow: tensors in, a tensor out.

All tensors are in the specification's layout, so that GradientTape gives gradients in it, too;
TensorFlow's own has the channels last.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from adapters.contract import Padding, Sizes, Unsupported
from adapters.keras.layers import batch_norm, dropout, softmax_cross_entropy
from reference.activations import LEAKY_SLOPE
from reference.gradients import transposed_padding, transposed_size

Tensor = Any  # TensorFlow has no types

SIZES = {"valid": "VALID", "same_upper": "SAME"}
_LACKS = {
    r"Fused conv implementation does not support grouped": (
        "TensorFlow has no grouped convolution with a bias in a graph here"
    ),
    r"Grouped/Depthwise Convolutions are not supported": "TensorFlow's Conv has no groups here",
    r"gradient registry has no entry for: Conv": "TensorFlow's Conv has no gradient",
    r"only supports dilated rates of 1": "this TensorFlow has no dilated conv3d here",
    r"Number of channels in filter \(\d+\) must match last dimension of input"
    r"|input and filter_sizes must have the same number of channels": (
        "TensorFlow has no grouped convolution of 3 axes here"
    ),
}
# As it says itself; the last one of the gradient of groups, in a graph.
_MISSING = re.compile(
    r"Value for attr .* is not in the list of allowed values"
    r"|has DataType \w+ not in list of allowed values"
    r"|Could not find device for node: {{node \S+}}"
    r"|No registered '\w+' OpKernel for XLA\w+ devices compatible with node"
    r"|No OpKernel was registered to support Op '\w+'"
    r"|XLA does not support pooling ops with explicit padding"
    r"|Current CPU implementations? do(es)? not yet support dilation rates larger than 1"
    r"|Gradients for grouped convolutions are not supported on CPU"
    r"|filter_size does not have enough elements"
)
_ERRORS = (tf.errors.OpError, ValueError, TypeError, LookupError)


@contextmanager
def declining_missing_convolutions() -> Iterator[None]:
    """Raise Unsupported for convolutions that TensorFlow has on some devices, or compiled, only."""
    try:
        yield
    except _ERRORS as error:
        lack = next((said for words, said in _LACKS.items() if re.search(words, str(error))), None)
        if lack is None:
            raise
        raise Unsupported(lack) from error


@contextmanager
def declining_missing_kernels() -> Iterator[None]:
    """Raise Unsupported for operations that TensorFlow has, but not in this dtype or not here."""
    try:
        with declining_missing_convolutions():
            yield
    except _ERRORS as error:
        missing = _MISSING.search(str(error))
        if missing is None:
            raise
        raise Unsupported(f"TensorFlow here: {missing[0]}") from error


def cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    axes = len(stride)
    check_groups(x, filters, groups)
    image, bank, amount = channels_last(x), filters_last(filters), _amount(padding)
    if axes != 2 and not isinstance(amount, str):  # only conv2d takes amounts
        image, amount = tf.pad(image, amount), "VALID"
    if axes == 1:
        result = tf.nn.conv1d(image, bank, stride, amount, dilations=dilation)
    elif axes == 2:
        result = tf.nn.conv2d(image, bank, stride, amount, dilations=dilation)
    else:
        result = tf.nn.conv3d(image, bank, [1, *stride, 1], amount, dilations=[1, *dilation, 1])
    if bias is not None:
        result = tf.nn.bias_add(result, bias)
    return channels_first(result)


def transposed_cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    axes, before = len(stride), tuple(x.shape[2:])
    transpose = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[axes - 1]
    kernel, channels = tuple(filters.shape[2:]), groups * filters.shape[1]
    pads, more = transposed_padding(padding, before, kernel, stride, output_padding, dilation)
    amount, cut = _amount(padding), None
    if axes != 2 and not isinstance(amount, str):  # only conv2d_transpose takes amounts
        amount, cut, pads = "VALID", pads, ((0, 0),) * axes
    size = transposed_size(before, kernel, stride, pads, more, dilation)
    image, bank = channels_last(x), filters_last(filters)
    shape = [tf.shape(x)[0], *size, channels]
    result = transpose(image, bank, shape, stride, amount, dilations=dilation)
    if cut:
        inside = (slice(low, n - high) for n, (low, high) in zip(size, cut, strict=True))
        result = result[(slice(None), *inside)]
    if bias is not None:
        result = tf.nn.bias_add(result, bias)
    return channels_first(result)


def max_pool(
    x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Tensor:
    amount = _pooling_amount(padding, ceil_mode)
    if not isinstance(amount, str) and len(kernel) == 3:
        raise Unsupported("TensorFlow's max_pool3d takes no amounts of padding")
    if max(dilation) > 1:
        if max(stride) > 1 or amount != "VALID":
            raise Unsupported("TensorFlow pools with dilation without stride and padding only")
        return _pooled(tf.nn.pool, x, kernel, "MAX", stride, amount, dilations=dilation)
    pool = (tf.nn.max_pool1d, tf.nn.max_pool2d, tf.nn.max_pool3d)[len(kernel) - 1]
    return _pooled(pool, x, kernel, stride, amount)


def average_pool(
    x: Tensor,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Tensor:
    amount = _pooling_amount(padding, ceil_mode)
    if not isinstance(amount, str):
        raise Unsupported("TensorFlow's avg_pool takes no amounts of padding")
    if amount == "SAME" and count_include_pad:
        raise Unsupported("TensorFlow leaves padding out of the mean")
    pool = (tf.nn.avg_pool1d, tf.nn.avg_pool2d, tf.nn.avg_pool3d)[len(kernel) - 1]
    return _pooled(pool, x, kernel, stride, amount)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": tf.nn.relu,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, alpha=LEAKY_SLOPE),
    "sigmoid": tf.nn.sigmoid,
    "tanh": tf.nn.tanh,
    "gelu": lambda x: tf.nn.gelu(x, approximate=False),
    "gelu_tanh": lambda x: tf.nn.gelu(x, approximate=True),
}


def activation(x: Tensor, *, kind: str) -> Tensor:
    return ACTIVATIONS[kind](x)


def dense(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    result = tf.linalg.matmul(x, weights, transpose_b=True)
    return result if bias is None else tf.nn.bias_add(result, bias)


def _differentiable(
    x: Tensor, filters: Tensor, bias: Tensor | None = None, *, padding: Padding, **parameters: Any
) -> Tensor:
    """With dilation a CPU has no gradients of conv2d, but of tf.nn.convolution, which Keras calls.
    It takes dilation or stride, and no amounts of padding.
    """
    stride, dilation = parameters["stride"], parameters["dilation"]
    if max(dilation) == 1 or max(stride) > 1:
        return cross_correlate(x, filters, bias, padding=padding, **parameters)
    image, amount = channels_last(x), _amount(padding)
    if not isinstance(amount, str):
        image, amount = tf.pad(image, amount), "VALID"
    result = tf.nn.convolution(image, filters_last(filters), stride, amount, dilations=dilation)
    return channels_first(result if bias is None else tf.nn.bias_add(result, bias))


OPERATIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        cross_correlate,
        transposed_cross_correlate,
        max_pool,
        average_pool,
        activation,
        dense,
        batch_norm,
        dropout,
        softmax_cross_entropy,
    )
}
DIFFERENTIABLE = OPERATIONS | {"cross_correlate": _differentiable}
_WITHOUT_GRADIENT = ("labels", "class_weights", "mean", "variance")


def gradients(
    operation: Callable[..., Any],
    tensors: Mapping[str, Tensor],
    gradient: Tensor,
    parameters: Mapping[str, Any],
) -> dict[str, Tensor]:
    """By GradientTape, for all of the ``tensors`` that have a gradient; zeros where it stops."""
    watched = {name: x for name, x in tensors.items() if name not in _WITHOUT_GRADIENT}
    with tf.GradientTape() as tape:
        tape.watch(watched)
        result = operation(**tensors, **parameters)
    if isinstance(result, dict):
        result = result["result"]
    zero = tf.UnconnectedGradients.ZERO
    found: dict[str, Tensor] = tape.gradient(
        result, watched, output_gradients=gradient, unconnected_gradients=zero
    )
    return found


def check_groups(x: Tensor, filters: Tensor, groups: int) -> None:
    """Raise ValueError where TensorFlow, which has no such parameter, would infer other groups."""
    if x.shape[1] != groups * filters.shape[1]:
        raise ValueError(f"{x.shape[1]} channels do not make {groups} groups of {filters.shape[1]}")


def channels_last(x: Tensor) -> Tensor:
    return tf.transpose(x, [0, *range(2, x.shape.rank), 1])


def channels_first(x: Tensor) -> Tensor:
    return tf.transpose(x, [0, x.shape.rank - 1, *range(1, x.shape.rank - 1)])


def filters_last(filters: Tensor) -> Tensor:
    return tf.transpose(filters, [*range(2, filters.shape.rank), 1, 0])


def _amount(padding: Padding) -> Any:
    if isinstance(padding, str):
        return SIZES[padding]
    return [[0, 0], *map(list, padding), [0, 0]]


def _pooling_amount(padding: Padding, ceil_mode: bool) -> Any:
    if ceil_mode:
        raise Unsupported("TensorFlow has no ceil_mode")
    if not isinstance(padding, str) and not any(map(any, padding)):
        return "VALID"
    return _amount(padding)


def _pooled(pool: Callable[..., Tensor], x: Tensor, *arguments: Any, **more: Any) -> Tensor:
    return channels_first(pool(channels_last(x), *arguments, **more))
