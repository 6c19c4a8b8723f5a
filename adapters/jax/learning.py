"""Learning by JAX: the network as a function of its weights, its gradient by jax.grad, and the
optimizers that JAX itself has, in jax.example_libraries.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.example_libraries import optimizers

from adapters.contract import Array, Unsupported
from adapters.jax.layers import ACTIVATIONS, average_pool, cross_correlate, dense, max_pool
from reference import network as net
from reference.optimizers import SGD, Optimizer

_AT_ONCE = 500  # images of a prediction


def train(
    network: net.Network,
    weights: net.Weights,
    images: Array,
    labels: Array,
    batches: Array,
    optimizer: Optimizer,
    compiled: bool,
    progress: Callable[[int], None],
) -> tuple[Array, net.Weights]:
    """The loss before each step, and the weights after the last."""
    start, update, read = optimizer_of(optimizer)

    def loss_of(weights: Any, images: Any, labels: Any) -> Any:
        logs = jax.nn.log_softmax(logits_of(network, weights, images))
        return -jnp.take_along_axis(logs, labels[:, None], axis=1).mean()

    def step(number: Any, state: Any, images: Any, labels: Any) -> Any:
        loss, gradients = jax.value_and_grad(loss_of)(read(state), images, labels)
        return loss, update(number, gradients, state)

    if compiled:
        step = jax.jit(step)
    state = start({name: jnp.asarray(array) for name, array in weights.items()})
    losses = np.empty(len(batches), images.dtype)
    for number, batch in enumerate(batches):
        loss, state = step(number, state, images[batch], labels[batch])
        losses[number] = np.asarray(loss)
        progress(number + 1)
    return losses, {name: np.asarray(array) for name, array in read(state).items()}


def predict(network: net.Network, weights: net.Weights, images: Array, *, compiled: bool) -> Array:
    """The logits; ``compiled``: the whole network as one function."""
    forward = partial(logits_of, network)
    if compiled:
        forward = jax.jit(forward)
    starts = range(0, len(images), _AT_ONCE)
    parts = [images[start : start + _AT_ONCE] for start in starts]
    return np.concatenate([np.asarray(forward(weights, part)) for part in parts])


def trajectory(weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
    """The weight after each step."""
    start, update, read = optimizer_of(optimizer)
    state, result = start(jnp.asarray(weight)), np.empty_like(gradients)
    for number, gradient in enumerate(gradients):
        state = update(number, jnp.asarray(gradient), state)
        result[number] = np.asarray(read(state))
    return result


def logits_of(network: net.Network, weights: Any, x: Any) -> Any:
    """What the network makes of a batch, as a function that JAX can differentiate."""
    x = jnp.asarray(x)
    for place, layer in enumerate(network):
        own = net.of_layer(weights, place)
        match layer:
            case net.Convolution():
                x = cross_correlate(x, own["filters"], own["bias"], **layer.parameters)
            case net.Dense():
                x = dense(x, own["weights"], own["bias"])
            case net.Activate():
                x = ACTIVATIONS[layer.function](x)
            case net.MaxPool():
                ones = (1,) * len(layer.kernel)
                x = max_pool(x, dilation=ones, **_windows(layer.kernel))
            case net.AveragePool():
                x = average_pool(x, count_include_pad=True, **_windows(layer.kernel))
            case net.Flatten():
                x = x.reshape(len(x), -1)
            case _:
                raise Unsupported(f"no function of JAX is known for a layer {layer.kind!r}")
    return x


def optimizer_of(optimizer: Optimizer) -> Any:
    """The three functions of an optimizer: the first state, the next one, and what it holds."""
    if optimizer.weight_decay:
        raise Unsupported("the optimizers of JAX have no weight decay")
    if isinstance(optimizer, SGD):
        if not optimizer.momentum:
            return optimizers.sgd(optimizer.learning_rate)
        kind = optimizers.nesterov if optimizer.nesterov else optimizers.momentum
        return kind(optimizer.learning_rate, optimizer.momentum)
    if optimizer.epsilon_hat:
        raise Unsupported("JAX adds Adam's epsilon after the correction of the bias only")
    return optimizers.adam(
        optimizer.learning_rate, optimizer.beta1, optimizer.beta2, optimizer.epsilon
    )


def _windows(kernel: Any) -> dict[str, Any]:
    return {"kernel": kernel, "stride": kernel, "padding": "valid", "ceil_mode": False}
