"""The operations of the contract by TensorFlow: tensors in, a tensor out.

All tensors are in the specification's layout, so that GradientTape gives gradients in it, too;
TensorFlow's own has the channels last.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from adapters.contract import Padding, Sizes, Unsupported
from reference.activations import LEAKY_SLOPE
from reference.gradients import transposed_size

Tensor = Any  # TensorFlow has no types

_SIZES = {"valid": "VALID", "same_upper": "SAME"}
_MISSING = re.compile(
    r"Value for attr .* is not in the list of allowed values"
    r"|Could not find device for node: {{node \S+}}"
    r"|Current CPU implementations? do(es)? not yet support dilation rates larger than 1"
    r"|Gradients for grouped convolutions are not supported on CPU"
)
_REDUCTIONS = {
    "mean": "sum_over_batch_size",
    "weighted mean": "mean_with_sample_weight",
    "sum": "sum",
}


@contextmanager
def declining_missing_kernels() -> Iterator[None]:
    """Raise Unsupported for operations that TensorFlow has, but not in this dtype or not here."""
    try:
        yield
    except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
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
    if x.shape[1] != groups * filters.shape[1]:
        # TensorFlow has no such parameter: it infers the groups from these two numbers.
        raise ValueError(f"{x.shape[1]} channels do not make {groups} groups of {filters.shape[1]}")
    _decline_groups_of_3_axes(axes, groups)
    image, bank, amount = _channels_last(x), _filters_last(filters), _amount(padding)
    if axes != 2 and not isinstance(amount, str):  # only conv2d takes amounts
        image, amount = tf.pad(image, amount), "VALID"
    if axes == 1:
        result = tf.nn.conv1d(image, bank, stride, amount, dilations=dilation)
    elif axes == 2:
        result = tf.nn.conv2d(image, bank, stride, amount, dilations=dilation)
    else:
        result = _conv3d(image, bank, stride, amount, dilation)
    if bias is not None:
        result = tf.nn.bias_add(result, bias)
    return _channels_first(result)


def transposed_cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: tuple[tuple[int, int], ...],
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    axes = len(stride)
    _decline_groups_of_3_axes(axes, groups)
    transpose = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[axes - 1]
    kernel, channels = tuple(filters.shape[2:]), groups * filters.shape[1]
    pads: Any = padding if axes == 2 else ((0, 0),) * axes  # only conv2d_transpose takes amounts
    size = transposed_size(tuple(x.shape[2:]), kernel, stride, pads, output_padding, dilation)
    image, bank, shape = _channels_last(x), _filters_last(filters), [x.shape[0], *size, channels]
    amount = _amount(padding) if axes == 2 else "VALID"
    with declining_missing_kernels():
        result = transpose(image, bank, shape, stride, amount, dilations=dilation)
    if axes != 2:
        inside = (slice(low, n - high) for n, (low, high) in zip(size, padding, strict=True))
        result = result[(slice(None), *inside)]
    if bias is not None:
        result = tf.nn.bias_add(result, bias)
    return _channels_first(result)


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


def batch_norm(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    training: bool,
    momentum: float,
    epsilon: float,
    unbiased: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The result, and the mean and variance to keep."""
    if training and unbiased:
        raise Unsupported("Keras keeps the biased variance")
    layer = tf.keras.layers.BatchNormalization(
        momentum=1 - momentum, epsilon=epsilon, dtype=x.dtype.name, name="batch_norm"
    )
    image = _channels_last(x)
    layer.build(image.shape)
    result, (new_mean, new_variance) = layer.stateless_call(
        [scale, shift], [mean, variance], image, training=training
    )
    return _channels_first(result), new_mean, new_variance


def dropout(x: Tensor, *, rate: float, seed: int, training: bool) -> Tensor:
    return tf.keras.random.dropout(x, rate, seed=seed) if training else x


def softmax_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    settings = {"reduction": _REDUCTIONS[reduction], "dtype": logits.dtype.name}
    weight_of_each = None
    if class_weights is not None:
        if label_smoothing:
            raise Unsupported("Keras weighs items, not the classes that smoothing shares them with")
        weight_of_each = tf.gather(class_weights, labels)
    if not label_smoothing:
        sparse = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, **settings)
        return sparse(labels, logits, weight_of_each)
    smooth = tf.keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=label_smoothing, **settings
    )
    return smooth(tf.one_hot(labels, logits.shape[1], dtype=logits.dtype), logits)


def _differentiable(
    x: Tensor, filters: Tensor, bias: Tensor | None = None, *, padding: Padding, **parameters: Any
) -> Tensor:
    """With dilation a CPU has no gradients of conv2d, but of tf.nn.convolution, which Keras calls.
    It takes dilation or stride, and no amounts of padding.
    """
    stride, dilation = parameters["stride"], parameters["dilation"]
    if max(dilation) == 1 or max(stride) > 1:
        return cross_correlate(x, filters, bias, padding=padding, **parameters)
    _decline_groups_of_3_axes(len(dilation), parameters["groups"])
    image, amount = _channels_last(x), _amount(padding)
    if not isinstance(amount, str):
        image, amount = tf.pad(image, amount), "VALID"
    result = tf.nn.convolution(image, _filters_last(filters), stride, amount, dilations=dilation)
    return _channels_first(result if bias is None else tf.nn.bias_add(result, bias))


DIFFERENTIABLE: dict[str, Callable[..., Tensor]] = {
    "cross_correlate": _differentiable,
    "transposed_cross_correlate": transposed_cross_correlate,
    "max_pool": max_pool,
    "average_pool": average_pool,
    "activation": activation,
    "dense": dense,
    "batch_norm": lambda **given: batch_norm(**given)[0],
    "dropout": dropout,
    "softmax_cross_entropy": softmax_cross_entropy,
}
WITHOUT_GRADIENT = ("labels", "class_weights", "mean", "variance")


def _channels_last(x: Tensor) -> Tensor:
    return tf.transpose(x, [0, *range(2, x.shape.rank), 1])


def _channels_first(x: Tensor) -> Tensor:
    return tf.transpose(x, [0, x.shape.rank - 1, *range(1, x.shape.rank - 1)])


def _filters_last(filters: Tensor) -> Tensor:
    return tf.transpose(filters, [*range(2, filters.shape.rank), 1, 0])


def _amount(padding: Padding) -> Any:
    if isinstance(padding, str):
        return _SIZES[padding]
    return [[0, 0], *map(list, padding), [0, 0]]


def _pooling_amount(padding: Padding, ceil_mode: bool) -> Any:
    if ceil_mode:
        raise Unsupported("TensorFlow has no ceil_mode")
    if not isinstance(padding, str) and not any(map(any, padding)):
        return "VALID"
    return _amount(padding)


def _decline_groups_of_3_axes(axes: int, groups: int) -> None:
    if axes == 3 and groups > 1:
        raise Unsupported("TensorFlow has no grouped convolution of 3 axes")


def _conv3d(image: Tensor, bank: Tensor, stride: Sizes, padding: Any, dilation: Sizes) -> Tensor:
    try:
        return tf.nn.conv3d(image, bank, [1, *stride, 1], padding, dilations=[1, *dilation, 1])
    except tf.errors.InvalidArgumentError as error:
        # Whether it can depends on the dtype and on the processor; TensorFlow says so itself.
        if "only supports dilated rates of 1" in str(error):
            raise Unsupported("this TensorFlow has no dilated conv3d here") from error
        raise


def _pooled(pool: Callable[..., Tensor], x: Tensor, *arguments: Any, **more: Any) -> Tensor:
    with declining_missing_kernels():
        return _channels_first(pool(_channels_last(x), *arguments, **more))
