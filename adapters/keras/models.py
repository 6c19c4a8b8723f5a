"""Networks as Keras models, and the optimizers of Keras, whatever framework it computes by.

Keras keeps a learning rate in its "floatx", so everything here happens with that set to the dtype.
What has variables has a fixed name: those that Keras gives count up, and TensorFlow keeps something
for every name it ever saw, 34 kB a variable.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from adapters.contract import Array, Sizes, Unsupported
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

Activations = dict[str, Callable[[Any], Any]]


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before)


class Model:
    """A keras.Sequential of the network with these weights, for images (N, C, \\*size)."""

    def __init__(
        self,
        network: Network,
        weights: Weights,
        shape: Sizes,
        dtype: str,
        activations: Activations,
    ) -> None:
        channels, *size = shape[1:]
        self.keras = keras.Sequential([keras.Input((*size, channels), dtype=dtype)])
        self._variables: dict[str, Any] = {}
        for place, layer in enumerate(network):
            parts = _parts(layer, len(size), dtype, f"layer_{place}", activations)
            for part in parts:
                self.keras.add(part)
            for name, variable in zip(layer.shapes(), parts[-1].weights, strict=True):
                variable.assign(_channels_to_the_end(weights[f"{place}.{name}"]))
                self._variables[f"{place}.{name}"] = variable

    def weights(self) -> Weights:
        """They as they are now."""
        return {
            name: _channels_to_the_front(array_of(variable))
            for name, variable in self._variables.items()
        }


def optimizer_of(optimizer: Optimizer) -> Any:
    """Raises Unsupported for conventions that are not Keras's."""
    if optimizer.weight_decay and not optimizer.decoupled:
        raise Unsupported("the weight decay of Keras is decoupled")
    settings: dict[str, Any] = {"learning_rate": float(optimizer.learning_rate), "name": "steps"}
    if optimizer.weight_decay:
        settings["weight_decay"] = optimizer.weight_decay
    if isinstance(optimizer, SGD):
        momentum = float(optimizer.momentum)
        return keras.optimizers.SGD(momentum=momentum, nesterov=optimizer.nesterov, **settings)
    if not optimizer.epsilon_hat:
        raise Unsupported("the Adam of Keras adds epsilon before the correction, as epsilon-hat")
    kind = keras.optimizers.AdamW if optimizer.weight_decay else keras.optimizers.Adam
    return kind(
        beta_1=optimizer.beta1, beta_2=optimizer.beta2, epsilon=optimizer.epsilon, **settings
    )


def optimize(weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
    """The weight after each step."""
    dtype = weight.dtype.name
    with floatx(dtype):
        stepper = optimizer_of(optimizer)
        variable = keras.Variable(weight, dtype=dtype, name="weight")
        result = np.empty_like(gradients)
        for step, gradient in enumerate(gradients):
            stepper.apply_gradients([(keras.ops.convert_to_tensor(gradient), variable)])
            result[step] = array_of(variable)
    return result


def images_last(images: Array) -> Array:
    """Images with the channels last, as Keras has them."""
    return np.ascontiguousarray(np.moveaxis(images, 1, -1))


def array_of(tensor: Any) -> Array:
    """A tensor or a variable of Keras as an array."""
    # With an axis more, as TensorFlow's bfloat16 tensors of no axes are numbers and no arrays.
    return np.array(keras.ops.convert_to_numpy(keras.ops.expand_dims(tensor, 0)))[0, ...]


def _parts(layer: Layer, axes: int, dtype: str, name: str, activations: Activations) -> list[Any]:
    """A layer as layers of Keras; weights belong to the last of them."""
    layers = keras.layers
    match layer:
        case Convolution():
            return _convolution(layer, axes, dtype, name)
        case Dense():
            settings = {"dtype": dtype, "name": name}
            return [layers.Dense(layer.outputs, kernel_initializer="zeros", **settings)]
        case Activate():
            return [layers.Activation(activations[layer.function], dtype=dtype)]
        case MaxPool():
            return [getattr(layers, f"MaxPooling{axes}D")(layer.kernel, dtype=dtype)]
        case AveragePool():
            return [getattr(layers, f"AveragePooling{axes}D")(layer.kernel, dtype=dtype)]
        case Flatten():
            # The specification's order of memory has the channels first.
            order = (axes + 1, *range(1, axes + 1))
            return [layers.Permute(order, dtype=dtype), layers.Flatten(dtype=dtype)]
    raise Unsupported(f"no layer of Keras for {layer.kind!r}")


def _convolution(layer: Convolution, axes: int, dtype: str, name: str) -> list[Any]:
    if max(layer.stride) > 1 and max(layer.dilation) > 1:
        raise Unsupported("Keras has no layer with both stride and dilation")
    convolution = getattr(keras.layers, f"Conv{axes}D")(
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
    return [getattr(keras.layers, f"ZeroPadding{axes}D")(amounts, dtype=dtype), convolution]


def _channels_to_the_end(weight: Array) -> Array:
    """Filters and dense weights to the layout of Keras; a bias as it is."""
    return weight if weight.ndim < 2 else np.moveaxis(weight, (0, 1), (-1, -2))


def _channels_to_the_front(weight: Array) -> Array:
    return weight if weight.ndim < 2 else np.moveaxis(weight, (-1, -2), (0, 1))
