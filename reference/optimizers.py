"""Optimizers: how a weight follows its gradient. Each is a frozen set of numbers with one method,
``step(weight, gradient, state)``, which returns the new weight and the new state; the first state
is None.

Frameworks differ in conventions; each one is a field here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.geometry import Array

State = dict[str, Any] | None


@dataclass(frozen=True)
class SGD:
    """Gradient descent with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013)::

        g = gradient + weight_decay * w                 (not if decoupled)
        v = momentum * v + g                            (v = g at the first step)
        w = w - learning_rate * v                       (Nesterov: g + momentum * v for v)

    ``decoupled``: instead of the first line, w = (1 - learning_rate * weight_decay) * w before
    the last one, which is what Keras does; PyTorch has the first line. A learning rate in front of
    v and one inside it, as Keras has it, are the same as long as it does not change.
    """

    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    decoupled: bool = False

    def step(self, weight: Array, gradient: Array, state: State = None) -> tuple[Array, State]:
        """The weight after one more step, and the state: "velocity"."""
        weight, gradient = _decayed(weight, gradient, self)
        velocity = gradient
        if state is not None:
            velocity = self.momentum * state["velocity"] + gradient
        move = gradient + self.momentum * velocity if self.nesterov else velocity
        return weight - self.learning_rate * move, {"velocity": velocity}


@dataclass(frozen=True)
class Adam:
    """Kingma and Ba, Adam (2015), with the means of the gradient and of its square at step t::

        m = beta1 * m + (1 - beta1) * g         m' = m / (1 - beta1^t)
        v = beta2 * v + (1 - beta2) * g^2       v' = v / (1 - beta2^t)
        w = w - learning_rate * m' / (sqrt(v') + epsilon)

    ``epsilon_hat``: epsilon is added to sqrt(v) before the correction by beta2, not after it: so
    the last lines of the paper's section 2 have it, and Keras; PyTorch has the first form.
    ``weight_decay`` as in :class:`SGD`; decoupled it is AdamW.
    """

    learning_rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = False
    weight_decay: float = 0.0
    decoupled: bool = False

    def step(self, weight: Array, gradient: Array, state: State = None) -> tuple[Array, State]:
        """The weight after one more step, and the state: "mean", "square" and "steps"."""
        weight, gradient = _decayed(weight, gradient, self)
        before = state or {"mean": 0 * gradient, "square": 0 * gradient, "steps": 0}
        steps = before["steps"] + 1
        mean = self.beta1 * before["mean"] + (1 - self.beta1) * gradient
        square = self.beta2 * before["square"] + (1 - self.beta2) * gradient**2
        root = (1 - self.beta2**steps) ** 0.5
        spread = np.sqrt(square) + self.epsilon * (1.0 if self.epsilon_hat else root)
        move = mean / (1 - self.beta1**steps) * root / spread
        after = {"mean": mean, "square": square, "steps": steps}
        return weight - self.learning_rate * move, after


Optimizer = SGD | Adam


def trajectory(optimizer: Optimizer, weight: Array, gradients: Array) -> Array:
    """The weights after each of the ``gradients`` (T, \\*shape): (T, \\*shape).

    >>> trajectory(SGD(0.5, momentum=0.5), np.array(1.0), np.array([1.0, 1.0]))
    array([ 0.5 , -0.25])
    """
    wide = np.result_type(gradients, np.float32)  # float16 holds no epsilon of 1e-8
    weights, now, state = [], weight.astype(wide), None
    for gradient in gradients.astype(wide):
        now, state = optimizer.step(now, gradient, state)
        weights.append(now)
    return np.array(weights, dtype=weight.dtype).reshape(gradients.shape)


def _decayed(weight: Array, gradient: Array, optimizer: "SGD | Adam") -> tuple[Array, Array]:
    if not optimizer.weight_decay:
        return weight, gradient
    if optimizer.decoupled:
        return weight * (1 - optimizer.learning_rate * optimizer.weight_decay), gradient
    return weight, gradient + optimizer.weight_decay * weight
