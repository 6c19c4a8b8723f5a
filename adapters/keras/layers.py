"""The operations of the contract by the layers of Keras, whatever framework it computes by: tensors
in, a tensor out, both in the specification's layout. Keras's own has the channels last.

Layers are called as functions of their weights, so that automatic differentiation reaches these.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from adapters.contract import Padding, Sizes, Unsupported
from adapters.windows import spans_less
from reference.activations import LEAKY_SLOPE

Tensor = Any

_NAMES = {"valid": "valid", "same_upper": "same"}
_REDUCTIONS = {
    "mean": "sum_over_batch_size",
    "weighted mean": "mean_with_sample_weight",
    "sum": "sum",
}


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
    """By DepthwiseConv1D and 2D where each channel has filters of its own, and by Conv1D to 3D."""
    channels = x.shape[1]
    if channels != groups * filters.shape[1]:
        # Keras makes its own filters, of the right shape for the input, and would refuse these.
        raise ValueError(f"{channels} channels do not make {groups} groups of {filters.shape[1]}")
    axes, count, name = len(stride), filters.shape[0], "valid"
    image, bank = channels_last(x), _filters_last(filters)
    if isinstance(padding, str):
        name = _NAMES[padding]
    elif any(map(any, padding)):
        amounts = padding if axes > 1 else padding[0]
        image = getattr(layers, f"ZeroPadding{axes}D")(amounts, dtype=_dtype(x))(image)
    settings: dict[str, Any] = {
        "kernel_size": tuple(filters.shape[2:]),
        "strides": stride,
        "padding": name,
        "dilation_rate": dilation,
    }
    if 1 < channels == groups and axes < 3 and len(set(stride)) == 1:
        multiplier = count // groups
        bank = ops.reshape(bank, (*bank.shape[:-2], groups, multiplier))
        settings |= {"depth_multiplier": multiplier, "depthwise_initializer": "zeros"}
        kind = getattr(layers, f"DepthwiseConv{axes}D")
    else:
        _decline_both(stride, dilation)
        settings |= {"filters": count, "groups": groups, "kernel_initializer": "zeros"}
        kind = getattr(layers, f"Conv{axes}D")
    return channels_first(_layer(kind, image, bank, bias, settings))


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
    axes, kernel = len(stride), tuple(filters.shape[2:])
    if groups > 1:
        raise Unsupported("the transposed convolutions of Keras have no groups")
    if any(more >= step for more, step in zip(output_padding, stride, strict=True)):
        raise Unsupported("output_padding of Keras is less than the stride")
    _decline_both(stride, dilation)
    settings: dict[str, Any] = {
        "filters": filters.shape[1],
        "kernel_size": kernel,
        "strides": stride,
        "dilation_rate": dilation,
        "kernel_initializer": "zeros",
    }
    if isinstance(padding, str):
        if padding == "valid" and spans_less(kernel, dilation, stride):
            raise Unsupported("with 'valid' Keras adds zeros where a filter is below the stride")
        settings["padding"] = _NAMES[padding]
    else:
        settings["output_padding"] = output_padding if axes > 1 else output_padding[0]
    kind = getattr(layers, f"Conv{axes}DTranspose")
    image = _layer(kind, channels_last(x), _filters_last(filters), bias, settings)
    if not isinstance(padding, str) and any(map(any, padding)):
        amounts = padding if axes > 1 else padding[0]
        image = getattr(layers, f"Cropping{axes}D")(amounts, dtype=_dtype(x))(image)
    return channels_first(image)


def max_pool(
    x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Tensor:
    if max(dilation) > 1:
        raise Unsupported("the pools of Keras have no dilation")
    return _pooled("MaxPooling", x, kernel, stride, _of_pool(padding, ceil_mode))


def average_pool(
    x: Tensor,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Tensor:
    name = _of_pool(padding, ceil_mode)
    if name == "same" and count_include_pad:
        raise Unsupported("Keras leaves padding out of the mean")
    return _pooled("AveragePooling", x, kernel, stride, name)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": keras.activations.relu,
    "leaky_relu": lambda x: keras.activations.leaky_relu(x, negative_slope=LEAKY_SLOPE),
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "gelu": lambda x: keras.activations.gelu(x, approximate=False),
    "gelu_tanh": lambda x: keras.activations.gelu(x, approximate=True),
}


def activation(x: Tensor, *, kind: str) -> Tensor:
    if kind not in ACTIVATIONS:
        raise Unsupported(f"Keras has no activation {kind!r}")
    return ACTIVATIONS[kind](x)


def dense(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    settings = {"units": weights.shape[0], "kernel_initializer": "zeros"}
    return _layer(layers.Dense, x, ops.transpose(weights), bias, settings)


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
) -> dict[str, Tensor]:
    if training and unbiased:
        raise Unsupported("Keras keeps the biased variance")
    layer = layers.BatchNormalization(
        momentum=1 - momentum, epsilon=epsilon, dtype=_dtype(x), name="batch_norm"
    )
    image = channels_last(x)
    layer.build(image.shape)
    result, kept = layer.stateless_call([scale, shift], [mean, variance], image, training=training)
    return {"result": channels_first(result), "mean": kept[0], "variance": kept[1]}


def dropout(x: Tensor, *, rate: float, seed: int, training: bool) -> Tensor:
    return keras.random.dropout(x, rate, seed=seed) if training else x


def softmax_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    settings = {"reduction": _REDUCTIONS[reduction], "dtype": _dtype(logits)}
    weight_of_each = None
    if class_weights is not None:
        if label_smoothing:
            raise Unsupported("Keras weighs items, not the classes that smoothing shares them with")
        weight_of_each = ops.take(class_weights, labels)
    if not label_smoothing:
        sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True, **settings)
        return sparse(labels, logits, weight_of_each)
    smooth = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=label_smoothing, **settings
    )
    return smooth(ops.one_hot(labels, logits.shape[1], dtype=_dtype(logits)), logits)


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


def channels_last(x: Tensor) -> Tensor:
    return ops.transpose(x, (0, *range(2, len(x.shape)), 1))


def channels_first(x: Tensor) -> Tensor:
    return ops.transpose(x, (0, len(x.shape) - 1, *range(1, len(x.shape) - 1)))


def _filters_last(filters: Tensor) -> Tensor:
    return ops.transpose(filters, (*range(2, len(filters.shape)), 1, 0))


def _layer(
    kind: Callable[..., Any], x: Tensor, weights: Tensor, bias: Tensor | None, settings: Any
) -> Tensor:
    """What a layer of this kind makes of ``x`` with these weights."""
    layer = kind(**settings, use_bias=bias is not None, dtype=_dtype(x), name="layer")
    layer.build(tuple(x.shape))
    given = [weights] if bias is None else [weights, bias]
    result, _ = layer.stateless_call(given, [], x)
    return result


def _pooled(kind: str, x: Tensor, kernel: Sizes, stride: Sizes, padding: str) -> Tensor:
    pool = getattr(layers, f"{kind}{len(kernel)}D")
    sizes = (kernel, stride) if len(kernel) > 1 else (kernel[0], stride[0])
    return channels_first(pool(*sizes, padding=padding, dtype=_dtype(x))(channels_last(x)))


def _of_pool(padding: Padding, ceil_mode: bool) -> str:
    if ceil_mode:
        raise Unsupported("Keras has no ceil_mode")
    if isinstance(padding, str):
        return _NAMES[padding]
    if any(map(any, padding)):
        raise Unsupported("the pools of Keras take no amounts of padding")
    return "valid"


def _decline_both(stride: Sizes, dilation: Sizes) -> None:
    if max(stride) > 1 and max(dilation) > 1:
        raise Unsupported("Keras has no layer with both stride and dilation")


def _dtype(tensor: Tensor) -> str:
    return str(keras.backend.standardize_dtype(tensor.dtype))
