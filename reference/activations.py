"""Activations: what makes a network more than one linear map. Each acts on every value by itself.

Where frameworks mean different functions by one name, each function has a name of its own here:
``gelu`` is the exact one, ``gelu_tanh`` its approximation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reference.errors import ParameterError, ShapeError
from reference.geometry import Array

LEAKY_SLOPE = 0.01
_GELU_CUBIC = 0.044715


@dataclass(frozen=True)
class Activation:
    """``of(x)``, its ``derivative(x)``, and the formula."""

    formula: str
    of: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def activate(x: Array, kind: str) -> Array:
    """The activation called ``kind``, one of ``ACTIVATIONS``, of every value of ``x``.

    >>> activate(np.array([-2.0, 0.0, 3.0]), "relu")
    array([0., 0., 3.])

    Raises ParameterError for an unknown kind.
    """
    return _called(kind).of(x)


def activation_gradient(x: Array, gradient: Array, kind: str) -> Array:
    """The gradient by ``x``, of its shape: ``gradient`` times the derivative. The derivative of
    the two that have a corner, ``relu`` and ``leaky_relu``, is there that of the left side.

    >>> activation_gradient(np.array([-2.0, 0.0, 3.0]), np.ones(3), "relu")
    array([0., 0., 1.])

    Raises ParameterError for an unknown kind, ShapeError for a gradient of another shape.
    """
    if gradient.shape != x.shape:
        raise ShapeError(f"the gradient {gradient.shape} must have the shape {x.shape} of x")
    return gradient * _called(kind).derivative(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without an overflow anywhere."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def _relu(x: Array) -> Array:
    return np.maximum(x, np.zeros((), x.dtype))


def _relu_derivative(x: Array) -> Array:
    return (x > 0).astype(x.dtype)


def _leaky(x: Array) -> Array:
    return np.where(x > 0, x, LEAKY_SLOPE * x)


def _leaky_derivative(x: Array) -> Array:
    return np.where(x > 0, 1, LEAKY_SLOPE).astype(x.dtype)


def _sigmoid_derivative(x: Array) -> Array:
    return sigmoid(x) * sigmoid(-x)


def _tanh_derivative(x: Array) -> Array:
    return np.asarray(1 - np.tanh(x) ** 2)


def _erf(x: Array) -> Array:
    values = [math.erf(value) for value in x.astype("float64").ravel()]
    return np.array(values).reshape(x.shape).astype(x.dtype)


def _gelu(x: Array) -> Array:
    return np.asarray(x * (1 + _erf(x / math.sqrt(2))) / 2)


def _gelu_derivative(x: Array) -> Array:
    bell = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return np.asarray((1 + _erf(x / math.sqrt(2))) / 2 + x * bell)


def _inner(x: Array) -> Array:
    return np.asarray(math.sqrt(2 / math.pi) * (x + _GELU_CUBIC * x**3))


def _gelu_tanh(x: Array) -> Array:
    return np.asarray(x * (1 + np.tanh(_inner(x))) / 2)


def _gelu_tanh_derivative(x: Array) -> Array:
    bent = np.tanh(_inner(x))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * _GELU_CUBIC * x**2)
    return np.asarray((1 + bent) / 2 + x * (1 - bent**2) * slope / 2)


ACTIVATIONS = {
    "relu": Activation("max(x, 0)", _relu, _relu_derivative),
    "leaky_relu": Activation(f"x, times {LEAKY_SLOPE} where x < 0", _leaky, _leaky_derivative),
    "sigmoid": Activation("1 / (1 + exp(-x))", sigmoid, _sigmoid_derivative),
    "tanh": Activation("tanh(x)", np.tanh, _tanh_derivative),
    "gelu": Activation("x (1 + erf(x / sqrt 2)) / 2", _gelu, _gelu_derivative),
    "gelu_tanh": Activation(
        "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2", _gelu_tanh, _gelu_tanh_derivative
    ),
}


def _called(kind: str) -> Activation:
    if kind not in ACTIVATIONS:
        raise ParameterError(f"activation {kind!r} is unknown: use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[kind]
