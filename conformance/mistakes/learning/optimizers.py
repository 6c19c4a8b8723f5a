"""Optimizers done wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import optimizer_of
from conformance.mistakes.learning.catalogue import wrong
from reference.formats import rounded
from reference.geometry import Array
from reference.optimizers import SGD, Adam, Optimizer, trajectory

optimizer_wrong = partial(wrong, "optimize")


def changed(weight: Array, gradients: Array, optimizer: Mapping[str, Any], **changes: Any) -> Array:
    """The trajectory with other settings."""
    return trajectory(replace(optimizer_of(optimizer), **changes), weight, gradients)


def along(weight: Array, gradients: Array, moves: Iterator[Array]) -> Array:
    """The weights after taking off each of the moves."""
    weights = []
    for move in moves:
        weight = weight - move
        weights.append(weight)
    return np.array(weights, gradients.dtype).reshape(gradients.shape)


def changed_if(
    kind: type, weight: Array, gradients: Array, optimizer: Mapping[str, Any], **changes: Any
) -> Array:
    """The same for optimizers of one kind; all else is done right."""
    concerned = isinstance(optimizer_of(optimizer), kind)
    return changed(weight, gradients, optimizer, **changes if concerned else {})


def of_sgd(
    velocities: Callable[[SGD, Array], Iterator[Array]],
) -> Callable[..., Array]:
    """SGD without weight decay that moves by other velocities; all else is done right."""

    def optimize(weight: Array, gradients: Array, optimizer: Mapping[str, Any]) -> Array:
        settings = optimizer_of(optimizer)
        if not isinstance(settings, SGD) or settings.weight_decay:
            return trajectory(settings, weight, gradients)
        moves = (settings.learning_rate * v for v in velocities(settings, gradients))
        return along(weight, gradients, moves)

    optimize.__name__ = velocities.__name__
    return optimize


Corrected = Callable[[Adam, Array, Array, int], Array]


def of_adam(
    move: Corrected, power: Callable[[Array], Array] = np.square, largest: bool = False
) -> Callable[..., Array]:
    """Adam without weight decay whose ``move`` is made of the means at a step; all else is done
    right. ``power``: what the second is the mean of; ``largest``: its largest value so far counts.
    """

    def moves(settings: Adam, gradients: Array) -> Iterator[Array]:
        mean, square, most = 0 * gradients[0], 0 * gradients[0], 0 * gradients[0]
        for step, gradient in enumerate(gradients, start=1):
            mean = settings.beta1 * mean + (1 - settings.beta1) * gradient
            square = settings.beta2 * square + (1 - settings.beta2) * power(gradient)
            most = np.maximum(most, square)
            used = most if largest else square
            yield settings.learning_rate * move(settings, mean, used, step)

    def optimize(weight: Array, gradients: Array, optimizer: Mapping[str, Any]) -> Array:
        settings = optimizer_of(optimizer)
        if not isinstance(settings, Adam) or settings.weight_decay:
            return trajectory(settings, weight, gradients)
        with np.errstate(divide="ignore", invalid="ignore"):
            return along(weight, gradients, moves(settings, gradients))

    optimize.__name__ = move.__name__
    return optimize


def move_of_adam(a: Adam, mean: Array, square: Array, step: int) -> Array:
    """The right one."""
    root = (1 - a.beta2**step) ** 0.5
    spread = np.sqrt(square) / root + a.epsilon / (root if a.epsilon_hat else 1)
    return np.asarray(mean / (1 - a.beta1**step) / spread)


# -- Gradient descent ---------------------------------------------------------------------------


@optimizer_wrong("LOSS-15", "the learning rate is applied twice")
def learning_rate_twice(optimizer: Any, **a: Any) -> Array:
    return changed(**a, optimizer=optimizer, learning_rate=optimizer["learning_rate"] ** 2)


@optimizer_wrong("LOSS-15", "the learning rate is rounded through float32")
def steps_through_float32(optimizer: Any, **a: Any) -> Array:
    rate = float(np.float32(optimizer["learning_rate"]))
    return changed(**a, optimizer=optimizer, learning_rate=rate)


@optimizer_wrong("LOSS-15", "the weights climb: the step goes with the gradient, not against it")
def steps_uphill(optimizer: Any, **a: Any) -> Array:
    return changed(**a, optimizer=optimizer, learning_rate=-optimizer["learning_rate"])


@optimizer_wrong("LOSS-15", "each step takes the gradient of the step before")
def gradients_one_step_late(weight: Array, gradients: Array, optimizer: Any) -> Array:
    late = np.concatenate([np.zeros_like(gradients[:1]), gradients[:-1]])
    return changed(weight, late, optimizer)


@optimizer_wrong("LOSS-15", "only the sign of the gradient counts")
def steps_by_sign(weight: Array, gradients: Array, optimizer: Any) -> Array:
    return changed(weight, np.sign(gradients), optimizer)


@optimizer_wrong("LOSS-15", "each step starts from the first weight")
def steps_from_the_first_weight(weight: Array, gradients: Array, optimizer: Any) -> Array:
    ones = [changed(weight, gradient[None], optimizer)[0] for gradient in gradients]
    return np.array(ones).reshape(gradients.shape)


@optimizer_wrong("LOSS-16", "momentum is ignored")
def momentum_ignored(**a: Any) -> Array:
    return changed_if(SGD, **a, momentum=0.0, nesterov=False)


@optimizer_wrong("LOSS-16", "Nesterov's momentum is the plain one")
def nesterov_is_plain(**a: Any) -> Array:
    return changed_if(SGD, **a, nesterov=False)


@optimizer_wrong("LOSS-16", "momentum is always Nesterov's")
def always_nesterov(**a: Any) -> Array:
    return changed_if(SGD, **a, nesterov=True)


def _moved(s: SGD, velocity: Array, gradient: Array) -> Array:
    return gradient + s.momentum * velocity if s.nesterov else velocity


@optimizer_wrong("LOSS-16", "the gradient is dampened: v = mu v + (1 - mu) g")
@of_sgd
def momentum_dampened(s: SGD, gradients: Array) -> Iterator[Array]:
    velocity = 0 * gradients[0]
    for gradient in gradients:
        velocity = s.momentum * velocity + (1 - s.momentum) * gradient
        yield _moved(s, velocity, gradient)


@optimizer_wrong("LOSS-16", "the velocity starts from (1 - mu) g, not from g")
@of_sgd
def first_step_dampened(s: SGD, gradients: Array) -> Iterator[Array]:
    velocity = 0 * gradients[0]
    for step, gradient in enumerate(gradients):
        velocity = s.momentum * velocity + (1 if step else 1 - s.momentum) * gradient
        yield _moved(s, velocity, gradient)


@optimizer_wrong("LOSS-16", "the velocity does not decay: momentum only switches it on")
@of_sgd
def velocity_not_decayed(s: SGD, gradients: Array) -> Iterator[Array]:
    velocity = 0 * gradients[0]
    for gradient in gradients:
        velocity = (s.momentum > 0) * velocity + gradient
        yield _moved(s, velocity, gradient)


@optimizer_wrong("LOSS-16", "momentum decays the gradient with the velocity: v = mu (v + g)")
@of_sgd
def momentum_of_the_gradient_too(s: SGD, gradients: Array) -> Iterator[Array]:
    velocity = 0 * gradients[0]
    for gradient in gradients:
        velocity = s.momentum * (velocity + gradient) if s.momentum else gradient
        yield _moved(s, velocity, gradient)


# -- Weight decay -------------------------------------------------------------------------------


@optimizer_wrong("LOSS-18", "weight decay is ignored")
def weight_decay_ignored(optimizer: Any, **a: Any) -> Array:
    return changed(**a, optimizer=optimizer, weight_decay=0.0)


@optimizer_wrong("LOSS-18", "weight decay is always part of the gradient")
def weight_decay_always_coupled(optimizer: Any, **a: Any) -> Array:
    return changed(**a, optimizer=optimizer, decoupled=False)


@optimizer_wrong("LOSS-18", "weight decay is always decoupled from the gradient")
def weight_decay_always_decoupled(optimizer: Any, **a: Any) -> Array:
    return changed(**a, optimizer=optimizer, decoupled=True)


@optimizer_wrong("LOSS-18", "weight decay has the wrong sign, and makes the weights grow")
def weights_grow(optimizer: Any, **a: Any) -> Array:
    return changed(**a, optimizer=optimizer, weight_decay=-optimizer["weight_decay"])


def _step_by_step(
    weight: Array, gradients: Array, optimizer: Optimizer, after: Callable[[Array], Array]
) -> Array:
    """Each step without weight decay, and then what comes ``after`` it."""
    state, weights = None, []
    for gradient in gradients:
        weight, state = optimizer.step(weight, gradient, state)
        weight = after(weight)
        weights.append(weight)
    return np.array(weights).reshape(gradients.shape)


@optimizer_wrong("LOSS-18", "weight decay goes by the weight after the step")
def weight_decay_after_the_step(weight: Array, gradients: Array, optimizer: Any) -> Array:
    rate = optimizer["learning_rate"] * optimizer["weight_decay"]
    bare = replace(optimizer_of(optimizer), weight_decay=0.0)
    return _step_by_step(weight, gradients, bare, lambda w: w - rate * w)


@optimizer_wrong("LOSS-18", "weight decay is not scaled by the learning rate")
def weight_decay_not_scaled(optimizer: Any, **a: Any) -> Array:
    decay = optimizer["weight_decay"] / optimizer["learning_rate"]
    return changed(**a, optimizer=optimizer, weight_decay=decay)


@optimizer_wrong("LOSS-18", "weight decay is in the velocity only, and not in Nesterov's gradient")
def weight_decay_in_the_velocity_only(weight: Array, gradients: Array, optimizer: Any) -> Array:
    s = optimizer_of(optimizer)
    if not isinstance(s, SGD) or s.decoupled or not s.nesterov:
        return trajectory(s, weight, gradients)
    velocity, weights = 0 * weight, []
    for gradient in gradients:
        velocity = s.momentum * velocity + gradient + s.weight_decay * weight
        weight = weight - s.learning_rate * (gradient + s.momentum * velocity)
        weights.append(weight)
    return np.array(weights).reshape(gradients.shape)


@optimizer_wrong("LOSS-16", "momentum, weight decay and the powers of betas are made float32 first")
def constants_through_float32(
    weight: Array, gradients: Array, optimizer: Mapping[str, Any]
) -> Array:
    """As by a cast that takes a Python float for one; the learning rate and the rest are exact."""
    settings = optimizer_of(optimizer)
    settings = replace(settings, weight_decay=float(np.float32(settings.weight_decay)))
    if isinstance(settings, SGD):
        momentum = float(np.float32(settings.momentum))
        return trajectory(replace(settings, momentum=momentum), weight, gradients)
    rate, decay = settings.learning_rate, settings.weight_decay
    first, second = (float(np.float32(beta)) for beta in (settings.beta1, settings.beta2))
    mean, square, weights = 0 * weight, 0 * weight, []
    for step, drawn in enumerate(gradients, start=1):
        gradient = drawn if settings.decoupled else drawn + decay * weight
        weight = weight * (1 - rate * decay) if settings.decoupled else weight
        mean = settings.beta1 * mean + (1 - settings.beta1) * gradient
        square = settings.beta2 * square + (1 - settings.beta2) * gradient**2
        root = (1 - second**step) ** 0.5
        spread = np.sqrt(square) + settings.epsilon * (1.0 if settings.epsilon_hat else root)
        weight = weight - rate * mean / (1 - first**step) * root / spread
        weights.append(weight)
    return np.array(weights).reshape(gradients.shape)


# -- Adam ---------------------------------------------------------------------------------------


@optimizer_wrong("LOSS-19", "Adam's two betas are swapped")
def betas_swapped(optimizer: Any, **a: Any) -> Array:
    betas = {"beta1": optimizer.get("beta2"), "beta2": optimizer.get("beta1")}
    return changed_if(Adam, **a, optimizer=optimizer, **betas)


@optimizer_wrong("LOSS-19", "Adam's means are not corrected for starting at zero")
@of_adam
def no_bias_correction(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return np.asarray(mean / (np.sqrt(square) + a.epsilon))


@optimizer_wrong("LOSS-19", "Adam's mean of the gradients is not corrected for starting at zero")
@of_adam
def first_mean_not_corrected(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return move_of_adam(a, mean, square, step) * (1 - a.beta1**step)


@optimizer_wrong("LOSS-19", "Adam's mean of the squares is not corrected for starting at zero")
@of_adam
def second_mean_not_corrected(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return np.asarray(mean / (1 - a.beta1**step) / (np.sqrt(square) + a.epsilon))


@optimizer_wrong("LOSS-19", "Adam's corrections are a step behind")
@of_adam
def corrections_a_step_behind(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return move_of_adam(a, mean, square, max(1, step - 1))


@optimizer_wrong("LOSS-19", "Adam's corrections are a step ahead")
@of_adam
def corrections_a_step_ahead(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return move_of_adam(a, mean, square, step + 1)


@optimizer_wrong("LOSS-19", "Adam divides by the mean of the squares, and takes no root")
@of_adam
def no_root(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return move_of_adam(a, mean, square**2, step)


@optimizer_wrong("LOSS-20", "Adam's epsilon is inside the root")
@of_adam
def epsilon_inside_the_root(a: Adam, mean: Array, square: Array, step: int) -> Array:
    return np.asarray(
        mean / (1 - a.beta1**step) / np.sqrt(square / (1 - a.beta2**step) + a.epsilon)
    )


@optimizer_wrong("LOSS-19", "Adam keeps a mean of magnitudes, not of squares")
def adam_of_magnitudes(**a: Any) -> Array:
    return of_adam(move_of_adam, power=np.abs)(**a)


@optimizer_wrong("LOSS-19", "Adam divides by the largest mean of squares so far: it is AMSGrad")
def adam_is_amsgrad(**a: Any) -> Array:
    return of_adam(move_of_adam, largest=True)(**a)


@optimizer_wrong("LOSS-20", "Adam has no epsilon")
def epsilon_ignored(**a: Any) -> Array:
    return changed_if(Adam, **a, epsilon=0.0)


@optimizer_wrong("LOSS-20", "Adam's epsilon is ten times as large, such as 1e-7 for 1e-8")
def epsilon_ten_times(optimizer: Any, **a: Any) -> Array:
    larger = 10 * optimizer.get("epsilon", 0.0)
    return changed_if(Adam, **a, optimizer=optimizer, epsilon=larger)


@optimizer_wrong("LOSS-20", "Adam's epsilon is always added after the correction")
def epsilon_always_after(**a: Any) -> Array:
    return changed_if(Adam, **a, epsilon_hat=False)


@optimizer_wrong("LOSS-20", "Adam's epsilon is always added before the correction")
def epsilon_always_before(**a: Any) -> Array:
    return changed_if(Adam, **a, epsilon_hat=True)


@optimizer_wrong("LOSS-23", "Adam's epsilon is held in float16, where 1e-8 is 0")
def epsilon_in_float16(optimizer: Any, **a: Any) -> Array:
    epsilon = float(np.float16(optimizer.get("epsilon", Adam.epsilon)))
    return changed_if(Adam, **a, optimizer=optimizer, epsilon=epsilon)


@optimizer_wrong("LOSS-23", "Adam's beta2 is held in bfloat16, where 0.999 is 1")
def beta2_in_bfloat16(optimizer: Any, **a: Any) -> Array:
    beta2 = float(rounded(np.array(optimizer.get("beta2", Adam.beta2)), 8))
    return changed_if(Adam, **a, optimizer=optimizer, beta2=beta2)
