"""How far off an activation and its gradient may be, from the rounding errors of their formulas.

u is the unit roundoff. Arithmetic is off by a factor 1 + d, |d| <= u; exp, tanh and erf are taken
to be within 2 ulp: a factor 1 + e, |e| <= c = 4 u. All bounds but those of ``relu`` and
``leaky_relu`` are on the absolute error, since formulas that are equal on paper differ where the
result is small: 1 - tanh(x)^2 or 1 / cosh(x)^2, 1 / (1 + exp(-x)) or (1 + tanh(x / 2)) / 2.

In gamma_k = k u / (1 - k u), k counts the roundings, and leaves room for what is of second order.
Source of the method: Higham, Accuracy and Stability of Numerical Algorithms (2002), chapter 3.
"""

import math
from collections.abc import Callable

import numpy as np

from reference.activations import LEAKY_SLOPE, activation_gradient
from reference.bounds import gamma
from reference.formats import FORMATS, Format
from reference.geometry import Array

_SLOPE_OF_GELU_TANH = 3 * 0.044715
# No second derivative is larger: 1 / (6 sqrt 3), 4 / (3 sqrt 3) and sqrt(2 / pi), rounded up.
_STEEPEST_BEND = {"sigmoid": 0.0963, "tanh": 0.77, "gelu": 0.798, "gelu_tanh": 0.798}

Error = Callable[[Array, float], Array]


def activation_bound(x: Array, kind: str, format_: Format) -> Array:
    """The largest error of the activation ``kind`` of finite ``x``, computed in ``format_`` and
    compared with the reference in float64, whose own error is part of it.

    Subnormal numbers may be taken for zero, in ``x``, between and after: no activation is steeper
    than 1.2, nor multiplies what is lost by more than x.
    """
    x = x.astype("float64")
    lost = format_.smallest_normal
    if kind in ("relu", "leaky_relu"):  # without a rounding where the result is x
        flushed = np.where(np.abs(x) < lost / LEAKY_SLOPE, lost, 0)
    else:
        flushed = (3 + np.abs(x)) * lost
    return _with_the_truth(_OF_RESULTS[kind], x, format_) + flushed


def activation_gradient_bound(x: Array, gradient: Array, kind: str, format_: Format) -> Array:
    """The same for the derivative times the ``gradient``."""
    x, size = x.astype("float64"), np.abs(gradient.astype("float64"))
    lost = format_.smallest_normal
    if kind in ("relu", "leaky_relu"):
        flushed = np.where(size < lost / LEAKY_SLOPE, lost, 0)
        flushed = flushed + np.where((np.abs(x) < lost) & (x != 0), size, 0)
    else:
        flushed = (1 + size) * (3 + np.abs(x)) * lost
    return np.asarray(size * _with_the_truth(_OF_DERIVATIVES[kind], x, format_) + flushed)


def carried_through(x: Array, error: Array, kind: str) -> Array:
    """How far an ``error`` of ``x`` moves the activation ``kind``: as the lines of one with a
    corner are steep, and by Taylor's theorem for the smooth ones.
    """
    if kind in ("relu", "leaky_relu"):
        return np.where(x + error > 0, error, slope_below_zero(kind) * error)
    moved = np.abs(activation_gradient(x, error, kind))
    return np.asarray(moved + _STEEPEST_BEND[kind] * error**2 / 2)


def turned_by(error: Array, kind: str) -> Array:
    """How far an ``error`` of x moves the derivative of a smooth activation."""
    return _STEEPEST_BEND[kind] * error


def slope_below_zero(kind: str) -> float:
    """That of an activation with a corner."""
    return LEAKY_SLOPE if kind == "leaky_relu" else 0.0


def _with_the_truth(error: Error, x: Array, format_: Format) -> Array:
    return error(x, format_.unit_roundoff) + error(x, FORMATS["float64"].unit_roundoff)


def _exact(x: Array, u: float) -> Array:
    return np.zeros(x.shape)


def _leaky(x: Array, u: float) -> Array:
    """slope x: the slope is rounded, then the product: 2 u of it."""
    return gamma(np.asarray(3), u) * LEAKY_SLOPE * np.abs(np.minimum(x, 0))


def _leaky_derivative(x: Array, u: float) -> Array:
    """The slope, and the product with the gradient: 2 u. At the corner, 0, frameworks differ: any
    value between both slopes is right.
    """
    rounding = np.where(x < 0, gamma(np.asarray(3), u) * LEAKY_SLOPE, 0)
    return np.where(x == 0, 1.0, rounding)


def _sigmoid(x: Array, u: float) -> Array:
    """With E = exp(-x) and s = 1 / (1 + E): E is off by c E, which moves s by c s (1 - s) <= u;
    sum and quotient add 2 u s. With tanh: (c + u + u) / 2 and the half of x are exact: 3 u.
    """
    return np.full(x.shape, gamma(np.asarray(4), u))


def _sigmoid_derivative(x: Array, u: float) -> Array:
    """s (1 - s): s off by 4 u moves it by 4 u |1 - 2 s|; a difference, a product, and that with
    the gradient add 3 u / 4.
    """
    return np.full(x.shape, gamma(np.asarray(5), u))


def _tanh(x: Array, u: float) -> Array:
    """Within 2 ulp, c |tanh x|; or from exp(2 x), whose c becomes c sech(x)^2 / 2 <= 2 u, and
    three roundings.
    """
    return np.full(x.shape, gamma(np.asarray(5), u))


def _tanh_derivative(x: Array, u: float) -> Array:
    """1 - t^2: t off by 5 u moves it by 10 u; square, difference and product add 3 u."""
    return np.full(x.shape, gamma(np.asarray(14), u))


def _gelu(x: Array, u: float) -> Array:
    """x (1 + erf(z)) / 2, z = x / sqrt 2 off by 2 u z: since z exp(-z^2) 2 / sqrt pi <= 0.49,
    erf(z) is off by u + c <= 5 u; the sum, at most 2, adds 2 u, and half of it is off by 3.5 u.
    Two products with x, the result at most |x|, add 2 u |x|.
    """
    return gamma(np.asarray(6), u) * np.abs(x)


def _gelu_derivative(x: Array, u: float) -> Array:
    """(1 + erf(z)) / 2 + x p(x), with p(x) = exp(-x^2 / 2) / sqrt(2 pi). The first is off by
    3.5 u, as above. The exponent is off by 5 u of it (z may be rounded before it is squared), exp
    by c, and constant and products add 5 u: |x| p(x) (5 u x^2 / 2 + 9 u) <= 3.4 u, as x^3 p(x) <=
    0.47 and x p(x) <= 0.25. The sum, at most 1.13, and the product with the gradient add 2.3 u.
    """
    return np.full(x.shape, gamma(np.asarray(10), u))


def _gelu_tanh(x: Array, u: float) -> Array:
    """x (1 + tanh(y)) / 2, where 8 roundings of terms of one sign go into y: since y sech(y)^2 <=
    0.45, tanh(y) is off by 4 u + c = 8 u, and half of the sum by 5 u. Two products add 2 u |x|.
    """
    return gamma(np.asarray(8), u) * np.abs(x)


def _gelu_tanh_derivative(x: Array, u: float) -> Array:
    """(1 + t) / 2 + x (1 - t^2) y' / 2, where t is off by 8 u as above, and so the first by 5 u.
    1 - t^2 is off by 16 u + 2 u, times x y' / 2; that product, of 6 roundings at most, is itself
    at most 0.7. Sum and product with the gradient, at most 1.13, add 2.3 u: 12 u in all.
    """
    steep = math.sqrt(2 / math.pi) * (1 + _SLOPE_OF_GELU_TANH * x * x)
    return gamma(np.asarray(13), u) + gamma(np.asarray(19), u) * np.abs(x) * steep / 2


_OF_RESULTS: dict[str, Error] = {
    "relu": _exact,
    "leaky_relu": _leaky,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
}
_OF_DERIVATIVES: dict[str, Error] = {
    "relu": _exact,
    "leaky_relu": _leaky_derivative,
    "sigmoid": _sigmoid_derivative,
    "tanh": _tanh_derivative,
    "gelu": _gelu_derivative,
    "gelu_tanh": _gelu_tanh_derivative,
}
