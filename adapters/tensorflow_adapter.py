"""TensorFlow, by the functions of tf.nn and the layers of Keras, eagerly; on its GPU where there is
one.
"""

import importlib.metadata
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes
from reference.network import Network, Weights
from reference.optimizers import Optimizer

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # it is read at import
import tensorflow as tf

from adapters import tensorflow_layers as layers
from adapters import tensorflow_training as training

_DTYPES = ("float64", "float32", "float16", "bfloat16")


class TensorFlow(Adapter):
    name = "tensorflow"
    version = tf.__version__

    def __init__(self) -> None:
        self.gpus = tf.config.list_physical_devices("GPU")
        tf.config.experimental.enable_tensor_float_32_execution(False)
        fast = [dtype for dtype in _DTYPES if dtype != "float64"] if self.gpus else []
        self.capabilities = Capabilities(
            dtypes=_DTYPES,
            named_padding=("valid", "same_upper"),
            promises=dict.fromkeys(fast, "B"),
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
        self.decline_unclaimed(padding)
        result = layers.cross_correlate(
            *_tensors(x, filters, bias),
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )
        return _array(result)

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        self.decline_unclaimed(parameters.get("padding", ()))
        tensors = {name: tf.constant(array) for name, array in arrays.items()}
        watched = {
            name: tensor for name, tensor in tensors.items() if name not in layers.WITHOUT_GRADIENT
        }
        with layers.declining_missing_kernels(), tf.GradientTape() as tape:
            tape.watch(watched)
            result = layers.DIFFERENTIABLE[operation](**tensors, **parameters)
            found = tape.gradient(
                result,
                watched,
                output_gradients=tf.constant(gradient),
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
            )
        return {name: _array(tensor) for name, tensor in found.items()}

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        tensors = _tensors(x, filters, bias)
        return _array(layers.transposed_cross_correlate(*tensors, **parameters))

    def max_pool(self, x: Array, *, padding: Padding, **parameters: Any) -> Array:
        self.decline_unclaimed(padding)
        return _array(layers.max_pool(tf.constant(x), padding=padding, **parameters))

    def average_pool(self, x: Array, *, padding: Padding, **parameters: Any) -> Array:
        self.decline_unclaimed(padding)
        return _array(layers.average_pool(tf.constant(x), padding=padding, **parameters))

    def activation(self, x: Array, *, kind: str) -> Array:
        return _array(layers.activation(tf.constant(x), kind=kind))

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        return _array(layers.dense(*_tensors(x, weights, bias)))

    def batch_norm(
        self, x: Array, scale: Array, shift: Array, mean: Array, variance: Array, **parameters: Any
    ) -> dict[str, Array]:
        found = layers.batch_norm(*_tensors(x, scale, shift, mean, variance), **parameters)
        return dict(zip(("result", "mean", "variance"), map(_array, found), strict=True))

    def dropout(self, x: Array, *, rate: float, seed: int, training: bool) -> Array:
        return _array(layers.dropout(tf.constant(x), rate=rate, seed=seed, training=training))

    def softmax_cross_entropy(
        self, logits: Array, labels: Array, class_weights: Array | None = None, **parameters: Any
    ) -> Array:
        tensors = _tensors(logits, labels, class_weights)
        return _array(layers.softmax_cross_entropy(*tensors, **parameters))

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        return training.optimize(weight, gradients, optimizer)

    def train(
        self,
        network: Network,
        weights: Weights,
        images: Array,
        labels: Array,
        batches: Array,
        optimizer: Optimizer,
        *,
        compiled: bool = False,
        progress: Callable[[int], None] = lambda step: None,
    ) -> tuple[Array, Weights]:
        return training.train(
            network, weights, images, labels, batches, optimizer, compiled, progress
        )

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        return training.predict(network, weights, images)

    def script(
        self,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
        bias: bool,
        dtype: str,
    ) -> str:
        axes, lines = len(stride), ["import tensorflow as tf", ""]
        if self.gpus:
            lines.append("tf.config.experimental.enable_tensor_float_32_execution(False)")
        lines.append("x = np.moveaxis(x, 1, -1)")
        lines.append("filters = np.moveaxis(filters, (0, 1), (-1, -2))")
        amount: Any = padding
        if isinstance(padding, str):
            amount = {"valid": "VALID", "same_upper": "SAME"}[padding]
        elif axes == 2:
            amount = [[0, 0], *map(list, padding), [0, 0]]
        else:
            if any(map(any, padding)):
                lines.append(f"x = tf.pad(x, {[[0, 0], *map(list, padding), [0, 0]]})")
            amount = "VALID"
        steps, dilations = list(stride), list(dilation)
        if axes == 3:
            steps, dilations = [1, *stride, 1], [1, *dilation, 1]
        call = f"x, filters, {steps}, {amount!r}, dilations={dilations}"
        lines.append(f"got = tf.nn.conv{axes}d({call})")
        if bias:
            lines.append("got = tf.nn.bias_add(got, bias)")
        lines.append("got = np.moveaxis(got.numpy(), -1, 1)")
        return "\n".join(lines)

    def environment(self) -> dict[str, str]:
        return {
            "device": str(self.gpus[0].name if self.gpus else "cpu"),
            "threads": str(tf.config.threading.get_intra_op_parallelism_threads() or "default"),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            "Keras": importlib.metadata.version("keras"),
            "TF32": str(tf.config.experimental.tensor_float_32_execution_enabled()),
        }


def _tensors(*arrays: Array | None) -> list[Any]:
    return [None if array is None else tf.constant(array) for array in arrays]


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.numpy())
