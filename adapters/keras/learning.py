"""Learning by Keras: models that it compiles, trains and predicts with itself."""

from collections.abc import Callable

import keras
import numpy as np

from adapters.contract import Array
from adapters.keras.layers import ACTIVATIONS
from adapters.keras.models import (
    Model,
    array_of,
    floatx,
    images_last,
    optimize,
    optimizer_of,
)
from reference.network import Network, Weights
from reference.optimizers import Optimizer

__all__ = ["optimize", "predict", "train"]

_AT_ONCE = 500


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
    """The loss before each step, and the weights after the last."""
    dtype = images.dtype.name
    with floatx(dtype):
        model = Model(network, weights, images.shape, dtype, ACTIVATIONS)
        model.keras.compile(
            optimizer_of(optimizer),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype),
            run_eagerly=not compiled,
            jit_compile=compiled,
        )
        losses = np.empty(len(batches), images.dtype)
        for number, batch in enumerate(batches):
            loss = model.keras.train_on_batch(images_last(images[batch]), labels[batch])
            # TensorFlow's in bfloat16 is left a tensor, any other is a number.
            losses[number] = array_of(loss) if keras.ops.is_tensor(loss) else loss
            progress(number + 1)
        return losses, model.weights()


def predict(network: Network, weights: Weights, images: Array) -> Array:
    """The logits."""
    dtype = images.dtype.name
    with floatx(dtype):
        model = Model(network, weights, images.shape, dtype, ACTIVATIONS).keras
        return np.asarray(model.predict(images_last(images), batch_size=_AT_ONCE, verbose=0))
