"""Networks as Keras models, trained step by step with TensorFlow's GradientTape and the optimizers
of Keras.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from adapters.contract import Array
from adapters.keras.models import Model, floatx, images_last, optimizer_of
from adapters.tensorflow.layers import ACTIVATIONS, declining_missing_kernels
from reference.network import Network, Weights
from reference.optimizers import Optimizer

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
    with floatx(images.dtype.name):
        dtype = images.dtype.name
        model = Model(network, weights, images.shape, dtype, ACTIVATIONS)
        step = _step(model.keras, optimizer_of(optimizer), dtype)
        if compiled:
            step = tf.function(step, jit_compile=True)
        losses = np.empty(len(batches), images.dtype)
        for number, batch in enumerate(batches):
            with declining_missing_kernels():
                loss = step(images_last(images[batch]), tf.constant(labels[batch]))
            losses[number] = loss.numpy()
            progress(number + 1)
        return losses, model.weights()


def predict(
    network: Network, weights: Weights, images: Array, *, graph: bool, compiled: bool
) -> Array:
    """The logits, by a ``graph`` of the whole model, which may be ``compiled``, or layer by
    layer.
    """
    with floatx(images.dtype.name), declining_missing_kernels():
        model = Model(network, weights, images.shape, images.dtype.name, ACTIVATIONS).keras
        if graph or compiled:
            model = tf.function(model, jit_compile=compiled or None)
        starts = range(0, len(images), _AT_ONCE)
        parts = [images[start : start + _AT_ONCE] for start in starts]
        return np.concatenate([model(images_last(part), training=False).numpy() for part in parts])


def _step(model: Any, optimizer: Any, dtype: str) -> Callable[[Any, Any], Any]:
    criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
    variables = model.trainable_variables
    optimizer.build(variables)

    def step(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = criterion(labels, model(images, training=True))
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return step
