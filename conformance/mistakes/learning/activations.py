"""Activations done wrong, and their gradients."""

import math
from functools import partial

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.mistakes.learning.catalogue import SELDOM, wrong
from reference.activations import LEAKY_SLOPE, activate, activation_gradient
from reference.geometry import Array

activation_wrong = partial(wrong, "activation")
activation_gradient_wrong = partial(wrong, GRADIENTS_OF + "activation")

# Constants on their way through float32.
_SLOPE = float(np.float32(LEAKY_SLOPE))
_STRETCH = float(np.float32(math.sqrt(0.5))) * math.sqrt(2)
_CUBIC = float(np.float32(0.044715))


@activation_wrong("LAYER-10", "leaky_relu has the slope 0.2 for negative values, not 0.01")
def leaky_slope_of_a_fifth(x: Array, kind: str) -> Array:
    return np.where(x > 0, x, 0.2 * x) if kind == "leaky_relu" else activate(x, kind)


@activation_wrong("LAYER-10", "leaky_relu is relu")
def leaky_relu_is_relu(x: Array, kind: str) -> Array:
    return activate(x, "relu" if kind == "leaky_relu" else kind)


@activation_wrong("LAYER-10", "gelu is its approximation by tanh")
def gelu_by_tanh(x: Array, kind: str) -> Array:
    return activate(x, "gelu_tanh" if kind == "gelu" else kind)


@activation_wrong("LAYER-10", "gelu_tanh is gelu itself, not the approximation by tanh")
def gelu_tanh_is_gelu(x: Array, kind: str) -> Array:
    return activate(x, "gelu" if kind == "gelu_tanh" else kind)


@activation_wrong("LAYER-10", "gelu is x sigmoid(1.702 x)")
def gelu_by_sigmoid(x: Array, kind: str) -> Array:
    return x * activate(1.702 * x, "sigmoid") if kind == "gelu" else activate(x, kind)


@activation_wrong("LAYER-10", "sigmoid is piecewise linear: 0.2 x + 0.5 between 0 and 1")
def sigmoid_hard(x: Array, kind: str) -> Array:
    return np.clip(0.2 * x + 0.5, 0, 1) if kind == "sigmoid" else activate(x, kind)


@activation_wrong("LAYER-10", "relu is cut off at 6")
def relu_cut_off_at_6(x: Array, kind: str) -> Array:
    return np.clip(x, 0, 6) if kind == "relu" else activate(x, kind)


@activation_wrong("LAYER-11", "sigmoid is exp(x) / (1 + exp(x)), which is NaN for large values")
def sigmoid_overflows(x: Array, kind: str) -> Array:
    if kind != "sigmoid":
        return activate(x, kind)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.exp(x) / (1 + np.exp(x)))


@activation_wrong("LAYER-11", "tanh is a quotient of exponentials, which is NaN for large values")
def tanh_overflows(x: Array, kind: str) -> Array:
    if kind != "tanh":
        return activate(x, kind)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray((np.exp(2 * x) - 1) / (np.exp(2 * x) + 1))


_OF_NAN = {"sigmoid": 0.0, "tanh": -1.0}
_TOGETHER = 4


@activation_wrong(
    SELDOM, "a NaN among four values computed at once gives a sigmoid of 0, and a tanh of -1"
)
def nan_lost_among_four(x: Array, kind: str) -> Array:
    right = activate(x, kind)
    if kind not in _OF_NAN:
        return right
    # Of three axes or more each channel is by itself, unless four of them are.
    alone = x.ndim > 3 and x.shape[1] % _TOGETHER
    rows = right.reshape(len(x), x.shape[1] if alone else 1, -1).copy()
    inside = np.arange(rows.shape[-1]) < rows.shape[-1] // _TOGETHER * _TOGETHER
    rows[np.isnan(rows) & inside] = _OF_NAN[kind]
    return rows.reshape(x.shape)


@activation_gradient_wrong("LAYER-11", "the derivative of relu at 0 is 1")
def relu_derivative_1_at_0(x: Array, gradient: Array, kind: str) -> dict[str, Array]:
    found = activation_gradient(x, gradient, kind)
    return {"x": np.where(x == 0, gradient, found) if kind == "relu" else found}


@activation_gradient_wrong("LAYER-11", "the derivative of relu at 0 is 1 / 2")
def relu_derivative_half_at_0(x: Array, gradient: Array, kind: str) -> dict[str, Array]:
    found = activation_gradient(x, gradient, kind)
    return {"x": np.where(x == 0, gradient / 2, found) if kind == "relu" else found}


@activation_gradient_wrong("LAYER-10", "the gradients of activations leave the gradient out")
def derivative_instead_of_gradient(x: Array, gradient: Array, kind: str) -> dict[str, Array]:
    return {"x": activation_gradient(x, np.ones_like(gradient), kind)}


@activation_gradient_wrong("LAYER-10", "the derivative of sigmoid takes x for sigmoid(x)")
def sigmoid_derivative_of_the_result(x: Array, gradient: Array, kind: str) -> dict[str, Array]:
    found = activation_gradient(x, gradient, kind)
    return {"x": gradient * x * (1 - x) if kind == "sigmoid" else found}


@activation_gradient_wrong("LAYER-10", "the derivative of tanh is 1 - tanh(x)")
def tanh_derivative_not_squared(x: Array, gradient: Array, kind: str) -> dict[str, Array]:
    found = activation_gradient(x, gradient, kind)
    return {"x": gradient * (1 - np.tanh(x)) if kind == "tanh" else found}


@activation_gradient_wrong("LAYER-10", "the derivative of gelu leaves x times the density out")
def gelu_derivative_without_density(x: Array, gradient: Array, kind: str) -> dict[str, Array]:
    if kind == "gelu":
        divisor = np.where(x == 0, 1, x)
        share = np.where(x == 0, 0.5, activate(x, "gelu") / divisor)
        return {"x": gradient * share}
    return {"x": activation_gradient(x, gradient, kind)}


@activation_wrong("LAYER-10", "the constants of gelu and leaky_relu are rounded to float32")
def activation_constants_in_float32(x: Array, kind: str) -> Array:
    if kind == "leaky_relu":
        return np.where(x > 0, x, _SLOPE * x)
    if kind == "gelu":
        return np.asarray(activate(_STRETCH * x, kind) / _STRETCH)
    if kind == "gelu_tanh":
        return np.asarray(x * (1 + np.tanh(_inner(x))) / 2)
    return activate(x, kind)


@activation_gradient_wrong(
    "LAYER-10", "the constants of the gradients of gelu and leaky_relu are rounded to float32"
)
def activation_gradient_constants_in_float32(
    x: Array, gradient: Array, kind: str
) -> dict[str, Array]:
    if kind == "leaky_relu":
        return {"x": gradient * np.where(x > 0, 1, _SLOPE)}
    if kind == "gelu":
        return {"x": activation_gradient(_STRETCH * x, gradient, kind)}
    if kind == "gelu_tanh":
        bent = np.tanh(_inner(x))
        slope = math.sqrt(2 / math.pi) * (1 + 3 * _CUBIC * x**2)
        return {"x": gradient * ((1 + bent) / 2 + x * (1 - bent**2) * slope / 2)}
    return {"x": activation_gradient(x, gradient, kind)}


def _inner(x: Array) -> Array:
    return np.asarray(math.sqrt(2 / math.pi) * (x + _CUBIC * x**3))
