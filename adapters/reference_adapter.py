"""The reference itself, held to its own specification."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import reference
from adapters.contract import NAMED_PADDING, Adapter, Array, Capabilities, Padding, Sizes
from reference import activations, layers, loss, optimizers, pooling


class Reference(Adapter):
    name = "reference"
    version = f"NumPy {np.__version__}"
    capabilities = Capabilities(
        dtypes=("float64", "float32", "float16"),
        named_padding=NAMED_PADDING,
        named_transposed_padding=NAMED_PADDING,
    )

    def cross_correlate(
        self,
        x: Array,
        filters: Array,
        bias: Array | None = None,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        return reference.cross_correlate(
            x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        return _GRADIENTS[operation](gradient=gradient, **arrays, **parameters)

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        return reference.gradients.transposed_cross_correlate(x, filters, bias, **parameters)

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return pooling.max_pool(x, **parameters)

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        return pooling.average_pool(x, **parameters)

    def activation(self, x: Array, *, kind: str) -> Array:
        return activations.activate(x, kind)

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        return layers.dense(x, weights, bias)

    def batch_norm(
        self, x: Array, scale: Array, shift: Array, mean: Array, variance: Array, **parameters: Any
    ) -> dict[str, Array]:
        return layers.batch_norm(x, scale, shift, mean, variance, **parameters)

    def dropout(self, x: Array, *, rate: float, seed: int, training: bool) -> Array:
        if not training:
            return x.copy()
        return layers.dropout(x, _mask(x.shape, rate, seed), rate)

    def softmax_cross_entropy(
        self,
        logits: Array,
        labels: Array,
        class_weights: Array | None = None,
        **parameters: Any,
    ) -> Array:
        return loss.softmax_cross_entropy(logits, labels, class_weights, **parameters)

    def optimize(self, weight: Array, gradients: Array, optimizer: optimizers.Optimizer) -> Array:
        return optimizers.trajectory(optimizer, weight, gradients)


def _mask(shape: Sizes, rate: float, seed: int) -> Array:
    return np.asarray(np.random.default_rng(seed).random(shape) >= rate)


def _of_cross_correlation(
    x: Array, filters: Array, gradient: Array, bias: Array | None = None, **parameters: Any
) -> dict[str, Array]:
    found = {
        "x": reference.gradients.input_gradient(gradient, filters, x.shape[2:], **parameters),
        "filters": reference.gradients.filter_gradient(
            x, gradient, filters.shape[2:], **parameters
        ),
    }
    return found if bias is None else found | {"bias": reference.gradients.bias_gradient(gradient)}


def _of_transposed(
    x: Array,
    filters: Array,
    gradient: Array,
    bias: Array | None = None,
    *,
    output_padding: Sizes,
    **parameters: Any,
) -> dict[str, Array]:
    """Forward and backward change places."""
    found = {
        "x": reference.cross_correlate(gradient, filters, **parameters),
        "filters": reference.gradients.filter_gradient(
            gradient, x, filters.shape[2:], **parameters
        ),
    }
    return found if bias is None else found | {"bias": reference.gradients.bias_gradient(gradient)}


def _of_batch_norm(
    x: Array,
    scale: Array,
    shift: Array,
    mean: Array,
    variance: Array,
    gradient: Array,
    *,
    training: bool,
    epsilon: float,
    **parameters: Any,
) -> dict[str, Array]:
    return layers.batch_norm_gradients(
        x, scale, gradient, mean, variance, training=training, epsilon=epsilon
    )


def _of_dense(
    x: Array, weights: Array, gradient: Array, bias: Array | None = None
) -> dict[str, Array]:
    found = layers.dense_gradients(x, weights, gradient)
    return {name: array for name, array in found.items() if name != "bias" or bias is not None}


def _of_dropout(
    x: Array, gradient: Array, *, rate: float, seed: int, training: bool
) -> dict[str, Array]:
    if not training:
        return {"x": gradient.copy()}
    return {"x": layers.dropout(gradient, _mask(x.shape, rate, seed), rate)}


def _of_loss(
    logits: Array,
    labels: Array,
    gradient: Array,
    class_weights: Array | None = None,
    **parameters: Any,
) -> dict[str, Array]:
    by_logits = loss.softmax_cross_entropy_gradient(logits, labels, class_weights, **parameters)
    return {"logits": gradient * by_logits}


_GRADIENTS: dict[str, Callable[..., dict[str, Array]]] = {
    "cross_correlate": _of_cross_correlation,
    "transposed_cross_correlate": _of_transposed,
    "max_pool": lambda x, gradient, **p: {"x": pooling.max_pool_gradient(x, gradient, **p)},
    "average_pool": lambda x, gradient, **p: {
        "x": pooling.average_pool_gradient(gradient, x.shape[2:], **p)
    },
    "activation": lambda x, gradient, kind: {
        "x": activations.activation_gradient(x, gradient, kind)
    },
    "dense": _of_dense,
    "batch_norm": _of_batch_norm,
    "dropout": _of_dropout,
    "softmax_cross_entropy": _of_loss,
}
