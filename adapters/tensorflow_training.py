"""Networks as Keras models, trained by Keras optimizers.

Keras keeps a learning rate in its "floatx", so everything here happens with that set to the dtype.
What has variables has a fixed name: those that Keras gives count up, and TensorFlow keeps something
for every name it ever saw, 34 kB a variable.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from adapters.contract import Array, Sizes, Unsupported
from adapters.tensorflow_layers import ACTIVATIONS, declining_missing_kernels
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Network,
    Weights,
)
from reference.optimizers import SGD, Optimizer

_AT_ONCE = 500


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    before = tf.keras.config.floatx()
    tf.keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        tf.keras.config.set_floatx(before)


class Model:
    """A keras.Sequential of the network with these weights, for images (N, C, \\*size)."""

    def __init__(self, network: Network, weights: Weights, shape: Sizes, dtype: str) -> None:
        channels, *size = shape[1:]
        self.keras = tf.keras.Sequential([tf.keras.Input((*size, channels), dtype=dtype)])
        self._variables: dict[str, Any] = {}
        for place, layer in enumerate(network):
            parts = _parts(layer, len(size), dtype, f"layer_{place}")
            for part in parts:
                self.keras.add(part)
            for name, variable in zip(layer.shapes(), parts[-1].weights, strict=True):
                variable.assign(_channels_to_the_end(weights[f"{place}.{name}"]))
                self._variables[f"{place}.{name}"] = variable

    def weights(self) -> Weights:
        return {name: _channels_to_the_front(v.numpy()) for name, v in self._variables.items()}


def keras_optimizer(optimizer: Optimizer) -> Any:
    """Raises Unsupported for conventions that are not Keras's."""
    if optimizer.weight_decay and not optimizer.decoupled:
        raise Unsupported("the weight decay of Keras is decoupled")
    settings: dict[str, Any] = {"learning_rate": float(optimizer.learning_rate), "name": "steps"}
    if optimizer.weight_decay:
        settings["weight_decay"] = optimizer.weight_decay
    if isinstance(optimizer, SGD):
        momentum = float(optimizer.momentum)
        return tf.keras.optimizers.SGD(momentum=momentum, nesterov=optimizer.nesterov, **settings)
    if not optimizer.epsilon_hat:
        raise Unsupported("the Adam of Keras adds epsilon before the correction, as epsilon-hat")
    kind = tf.keras.optimizers.AdamW if optimizer.weight_decay else tf.keras.optimizers.Adam
    return kind(
        beta_1=optimizer.beta1, beta_2=optimizer.beta2, epsilon=optimizer.epsilon, **settings
    )


def optimize(weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
    with floatx(weight.dtype.name):
        stepper, variable = keras_optimizer(optimizer), tf.Variable(weight)
        result = np.empty_like(gradients)
        for step, gradient in enumerate(gradients):
            stepper.apply_gradients([(tf.constant(gradient), variable)])
            result[step] = variable.numpy()
    return result


def train(
    network: Network,
    weights: Weights,
    images: Array,
    labels: Array,
    batches: Array,
    optimizer: Optimizer,
    compiled: bool,
    progress: Callable[[int], None],
) -> tuple[Array, Weights]:
    with floatx(images.dtype.name):
        model = Model(network, weights, images.shape, images.dtype.name)
        step = _step(model.keras, keras_optimizer(optimizer), images.dtype.name)
        if compiled:
            step = tf.function(step, jit_compile=True)
        losses = np.empty(len(batches), images.dtype)
        for number, batch in enumerate(batches):
            with declining_missing_kernels():
                loss = step(_tensor(images[batch]), tf.constant(labels[batch]))
            losses[number] = loss.numpy()
            progress(number + 1)
        return losses, model.weights()


def predict(network: Network, weights: Weights, images: Array) -> Array:
    with floatx(images.dtype.name), declining_missing_kernels():
        model = Model(network, weights, images.shape, images.dtype.name).keras
        starts = range(0, len(images), _AT_ONCE)
        parts = [images[start : start + _AT_ONCE] for start in starts]
        return np.concatenate([model(_tensor(part), training=False).numpy() for part in parts])


def _step(model: Any, optimizer: Any, dtype: str) -> Callable[[Any, Any], Any]:
    criterion = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
    variables = model.trainable_variables
    optimizer.build(variables)

    def step(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = criterion(labels, model(images, training=True))
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return step


def _parts(layer: Layer, axes: int, dtype: str, name: str) -> list[Any]:
    """A layer as layers of Keras; weights belong to the last of them."""
    keras = tf.keras.layers
    match layer:
        case Convolution():
            return _convolution(layer, axes, dtype, name)
        case Dense():
            settings = {"dtype": dtype, "name": name}
            return [keras.Dense(layer.outputs, kernel_initializer="zeros", **settings)]
        case Activate():
            return [keras.Activation(ACTIVATIONS[layer.function], dtype=dtype)]
        case MaxPool():
            return [getattr(keras, f"MaxPooling{axes}D")(layer.kernel, dtype=dtype)]
        case AveragePool():
            return [getattr(keras, f"AveragePooling{axes}D")(layer.kernel, dtype=dtype)]
        case Flatten():
            # The specification's order of memory has the channels first.
            order = (axes + 1, *range(1, axes + 1))
            return [keras.Permute(order, dtype=dtype), keras.Flatten(dtype=dtype)]
    raise Unsupported(f"no layer of Keras for {layer.kind!r}")


def _convolution(layer: Convolution, axes: int, dtype: str, name: str) -> list[Any]:
    if max(layer.stride) > 1 and max(layer.dilation) > 1:
        raise Unsupported("Keras has no layer with both stride and dilation")
    keras = tf.keras.layers
    convolution = getattr(keras, f"Conv{axes}D")(
        layer.filters,
        layer.kernel,
        strides=layer.stride,
        dilation_rate=layer.dilation,
        groups=layer.groups,
        kernel_initializer="zeros",
        dtype=dtype,
        name=name,
    )
    if not any(map(any, layer.padding)):
        return [convolution]
    amounts = layer.padding if axes > 1 else layer.padding[0]
    return [getattr(keras, f"ZeroPadding{axes}D")(amounts, dtype=dtype), convolution]


def _tensor(images: Array) -> Any:
    return tf.constant(np.moveaxis(images, 1, -1))


def _channels_to_the_end(weight: Array) -> Array:
    """Filters and dense weights to the layout of Keras; a bias as it is."""
    return weight if weight.ndim < 2 else np.moveaxis(weight, (0, 1), (-1, -2))


def _channels_to_the_front(weight: Array) -> Array:
    return weight if weight.ndim < 2 else np.moveaxis(weight, (-1, -2), (0, 1))
