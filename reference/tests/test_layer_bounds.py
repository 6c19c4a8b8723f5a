"""The bounds of activations and of batch normalisation hold under attack, and are tight enough to
notice what they are there for.

The attack: the formulas in other forms and orders, each operation rounded to the format. NumPy
rounds each operation of an array of that dtype, as it has no wider accumulator for elements.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference import activations, layers
from reference.activation_bounds import (
    activation_bound,
    activation_gradient_bound,
    carried_through,
    turned_by,
)
from reference.activations import ACTIVATIONS, LEAKY_SLOPE
from reference.batch_norm_bounds import batch_norm_bounds, batch_norm_gradient_bounds
from reference.formats import FORMATS
from reference.geometry import Array

SEEDS = range(6)
DTYPES = ("float64", "float32", "float16")

Rng = np.random.Generator
Data = Callable[[Rng, tuple[int, ...]], Array]

DATA: dict[str, Data] = {
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "positive": lambda rng, shape: rng.uniform(0, 1, shape),
    "wide": lambda rng, shape: rng.uniform(-12, 12, shape),
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "log-uniform": lambda rng, shape: (
        np.exp2(rng.uniform(-5, 5, shape)) * rng.choice([-1, 1], shape)
    ),
    "far from zero": lambda rng, shape: 20 + rng.uniform(-1, 1, shape),
    "cancelling": lambda rng, shape: rng.choice([-1, 1], shape) * (1 + rng.uniform(0, 1e-3, shape)),
    "spike": lambda rng, shape: np.where(
        rng.random(shape) < 0.02, 60, rng.uniform(-0.1, 0.1, shape)
    ),
    "constant": lambda rng, shape: np.full(shape, rng.uniform(-3, 3)),
}


def within(got: Array, right: Array, bound: Array) -> None:
    error = np.abs(got.astype("float64") - right)
    assert (error <= bound).all(), f"{np.nanmax(error / bound)} of the bound"


# -- Activations: other forms of the same functions ---------------------------------------------


def _erf(x: Array) -> Array:
    return np.array([math.erf(v) for v in x.astype("float64").ravel()], x.dtype).reshape(x.shape)


def _bell(x: Array) -> Array:
    return np.asarray(np.exp(x * x * x.dtype.type(-0.5)) * x.dtype.type(1 / math.sqrt(2 * math.pi)))


def _inner(x: Array) -> Array:
    return np.asarray(
        x.dtype.type(math.sqrt(2 / math.pi)) * (x + x.dtype.type(0.044715) * x * x * x)
    )


def _gelu_tanh_slope(x: Array) -> Array:
    t, f = np.tanh(_inner(x)), x.dtype.type
    inside = f(math.sqrt(2 / math.pi)) * (1 + f(3 * 0.044715) * x * x)
    return np.asarray(f(0.5) * (1 + t) + f(0.5) * x * ((1 - t * t) * inside))


FORMS: dict[str, list[Callable[[Array], Array]]] = {
    "relu": [lambda x: np.where(x > 0, x, 0), lambda x: (x + np.abs(x)) / 2],
    "leaky_relu": [
        lambda x: np.maximum(x, x * x.dtype.type(LEAKY_SLOPE)),
        lambda x: np.maximum(x, 0) + x.dtype.type(LEAKY_SLOPE) * np.minimum(x, 0),
    ],
    "sigmoid": [
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: (1 + np.tanh(x / 2)) / 2,
        lambda x: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))),
    ],
    "tanh": [
        lambda x: np.sign(x) * (1 - 2 / (1 + np.exp(2 * np.abs(x)))),
        lambda x: 2 / (1 + np.exp(-2 * x)) - 1,
    ],
    "gelu": [
        lambda x: x.dtype.type(0.5) * x * (1 + _erf(x * x.dtype.type(math.sqrt(0.5)))),
        lambda x: x * (x.dtype.type(0.5) + _erf(x / x.dtype.type(math.sqrt(2))) / 2),
    ],
    "gelu_tanh": [
        lambda x: x.dtype.type(0.5) * x * (1 + np.tanh(_inner(x))),
        lambda x: x * (x.dtype.type(0.5) + np.tanh(_inner(x)) / 2),
    ],
}
SLOPES: dict[str, list[Callable[[Array], Array]]] = {
    "relu": [lambda x: np.where(x > 0, 1, 0).astype(x.dtype)],
    "leaky_relu": [lambda x: np.where(x > 0, 1, LEAKY_SLOPE).astype(x.dtype)],
    "sigmoid": [
        lambda x: (1 / (1 + np.exp(-x))) * (1 - 1 / (1 + np.exp(-x))),
        lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2,
    ],
    "tanh": [
        lambda x: 1 - np.tanh(x) * np.tanh(x),
        lambda x: (1 - np.tanh(x)) * (1 + np.tanh(x)),
    ],
    "gelu": [
        lambda x: (1 + _erf(x * x.dtype.type(math.sqrt(0.5)))) / 2 + x * _bell(x),
    ],
    "gelu_tanh": [_gelu_tanh_slope],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_every_form_of_an_activation_is_within_its_bound(kind: str, dtype: str) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        for draw in DATA.values():
            x, gradient = (draw(rng, (500,)).astype(dtype) for _ in range(2))
            check_forms(kind, dtype, x, gradient)


def check_forms(kind: str, dtype: str, x: Array, gradient: Array) -> None:
    format_, wide, wide_gradient = FORMATS[dtype], x.astype("float64"), gradient.astype("float64")
    bound = activation_bound(x, kind, format_)
    slope = activation_gradient_bound(x, gradient, kind, format_)
    right = activations.activate(wide, kind)
    right_slope = activations.activation_gradient(wide, wide_gradient, kind)
    with np.errstate(over="ignore", invalid="ignore"):
        within(activations.activate(x, kind), right, bound)
        for form in FORMS[kind]:
            within(form(x), right, bound)
        for derivative in SLOPES[kind]:
            within(gradient * derivative(x), right_slope, slope)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("leaky_relu", lambda x: np.where(x > 0, x, 0.010001 * x)),
        ("sigmoid", lambda x: np.clip(0.5 + x / 4 - x**3 / 48, 0, 1)),
        ("tanh", lambda x: np.tanh(x.astype("float16")).astype("float32")),
        ("gelu", lambda x: activations.activate(x, "gelu_tanh")),
        ("gelu_tanh", lambda x: activations.activate(x, "gelu")),
    ],
)
def test_another_function_is_not(kind: str, form: Callable[[Array], Array]) -> None:
    x = np.random.default_rng(0).uniform(-3, 3, 100).astype("float32")
    error = np.abs(form(x) - activations.activate(x.astype("float64"), kind))
    assert (error > activation_bound(x, kind, FORMATS["float32"])).any()


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_no_error_is_carried_further(kind: str) -> None:
    """Activations and their derivatives of numbers that are off by an error, or by half of it."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-6, 6, 20_000)
    error = np.exp2(rng.uniform(-20, 2, x.shape)) * (rng.random(x.shape) < 0.9)
    right, derivative = (f(x) for f in (ACTIVATIONS[kind].of, ACTIVATIONS[kind].derivative))
    for share in (-1, -0.5, 0.5, 1):
        other = x + share * error
        moved = np.abs(ACTIVATIONS[kind].of(other) - right)
        assert (moved <= carried_through(x, error, kind) + 1e-15).all()
        if "relu" not in kind:
            turned = np.abs(ACTIVATIONS[kind].derivative(other) - derivative)
            assert (turned <= turned_by(error, kind) + 1e-14).all()


# -- Batch normalisation ------------------------------------------------------------------------


def moments_in_two_passes(values: Array) -> tuple[Any, Any]:
    """One value after another, each sum rounded to the dtype."""
    f = values.dtype.type
    total = f(0)
    for value in values:
        total = f(total + value)
    mean, squares = f(total / f(values.size)), f(0)
    for value in values:
        squares = f(squares + f(f(value - mean) * f(value - mean)))
    return mean, f(squares / f(values.size))


def moments_by_welford(values: Array) -> tuple[Any, Any]:
    f = values.dtype.type
    mean, squares = f(0), f(0)
    for count, value in enumerate(values, start=1):
        step = f(value - mean)
        mean = f(mean + f(step / f(count)))
        squares = f(squares + f(step * f(value - mean)))
    return mean, f(squares / f(values.size))


def moments_in_pairs(values: Array) -> tuple[Any, Any]:
    mean = values.mean(dtype=values.dtype)
    return mean, ((values - mean) ** 2).mean(dtype=values.dtype)


MOMENTS = (moments_in_two_passes, moments_by_welford, moments_in_pairs)


def normalised(x: Array, mean: Any, variance: Any, a: dict[str, Any], folded: bool) -> Array:
    """In one of two orders, of one channel."""
    f = x.dtype.type
    root = f(1) / np.sqrt(variance + f(a["epsilon"]))
    if folded:
        factor = f(a["scale"] * root)
        return np.asarray(x * factor + f(a["shift"] - f(mean * factor)))
    return np.asarray((x - mean) * root * a["scale"] + a["shift"])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("data", DATA)
def test_every_order_of_batch_normalisation_is_within_its_bound(data: str, dtype: str) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = DATA[data](rng, (int(rng.integers(2, 40)), 1)).astype(dtype)
        f = x.dtype.type
        given = {"scale": f(rng.uniform(-2, 2)), "shift": f(rng.uniform(-2, 2))}
        kept = {"mean": f(rng.uniform(-2, 2)), "variance": f(rng.uniform(0.5, 2))}
        how: Any = {"training": True, "momentum": 0.3, "epsilon": 1e-3, "unbiased": True}
        arrays: Any = {name: np.array([value]) for name, value in (given | kept).items()}
        wide: Any = {name: array.astype("float64") for name, array in arrays.items()}
        right: Any = layers.batch_norm(x.astype("float64"), **wide, **how)
        bounds = batch_norm_bounds(x, **arrays, **how, format_=FORMATS[dtype])
        with np.errstate(all="ignore"):
            for moments in MOMENTS:
                mean, variance = moments(x[:, 0])
                for folded in (False, True):
                    got = normalised(x, mean, variance, given | how, folded)
                    within(got, right["result"], bounds["result"])
                moved = f(kept["mean"] + f(0.3) * f(mean - kept["mean"]))
                within(np.array([moved]), right["mean"], bounds["mean"])
                spread = f(variance * f(len(x)) / f(len(x) - 1))
                learned = f(f(1 - f(0.3)) * kept["variance"] + f(0.3) * spread)
                within(np.array([learned]), right["variance"], bounds["variance"])


def gradients_by_parts(x: Array, scale: Any, gradient: Array, epsilon: float) -> dict[str, Array]:
    """By the chain rule through the variance and the mean, as automatic differentiation does."""
    f, n = x.dtype.type, x.dtype.type(x.size)
    mean, variance = moments_in_two_passes(x)
    root = f(1) / np.sqrt(variance + f(epsilon))
    factor = f(scale * root)
    by_factor = f((gradient * x).sum(dtype=x.dtype) - mean * gradient.sum(dtype=x.dtype))
    by_scale = f(by_factor * root)
    by_variance = f(f(by_factor * scale) * f(-0.5) * root * root * root)
    by_mean = f(-factor * gradient.sum(dtype=x.dtype))
    by_x = gradient * factor + by_variance * f(2) * (x - mean) / n + by_mean / n
    return {"x": by_x, "scale": by_scale, "shift": gradient.sum(dtype=x.dtype)}


def gradients_in_one_formula(
    x: Array, scale: Any, gradient: Array, epsilon: float
) -> dict[str, Array]:
    f, n = x.dtype.type, x.dtype.type(x.size)
    mean, variance = moments_by_welford(x)
    root = f(1) / np.sqrt(variance + f(epsilon))
    normal = (x - mean) * root
    total, product = gradient.sum(dtype=x.dtype), (gradient * normal).sum(dtype=x.dtype)
    by_x = scale * root / n * (n * gradient - total - normal * product)
    return {"x": by_x, "scale": product, "shift": total}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("data", DATA)
def test_every_order_of_its_gradients_is_within_its_bound(data: str, dtype: str) -> None:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = DATA[data](rng, (int(rng.integers(2, 40)), 1)).astype(dtype)
        gradient = DATA["normal"](rng, x.shape).astype(dtype)
        arrays: Any = {
            name: rng.uniform(0.5, 2, 1).astype(dtype) for name in ("scale", "mean", "variance")
        }
        how: Any = {"training": True, "epsilon": 1e-3}
        wide: Any = {name: array.astype("float64") for name, array in arrays.items()}
        right: Any = layers.batch_norm_gradients(
            x.astype("float64"), gradient=gradient.astype("float64"), **wide, **how
        )
        bounds = batch_norm_gradient_bounds(
            x, gradient=gradient, **arrays, **how, format_=FORMATS[dtype]
        )
        with np.errstate(all="ignore"):
            for method in (gradients_by_parts, gradients_in_one_formula):
                got = method(x[:, 0], arrays["scale"][0], gradient[:, 0], 1e-3)
                for name, value in got.items():
                    within(
                        np.asarray(value),
                        right[name].reshape(np.shape(value)),
                        bounds[name].reshape(np.shape(value)),
                    )


def test_a_variance_by_squares_is_not() -> None:
    rng = np.random.default_rng(0)
    x = (1000 + rng.uniform(-1, 1, (20, 1))).astype("float32")
    mean = x.mean(dtype="float32")
    variance = (x * x).mean(dtype="float32") - mean * mean
    ones: Any = {name: np.ones(1, "float32") for name in ("scale", "shift", "mean", "variance")}
    how: Any = {"training": True, "momentum": 0.1, "epsilon": 1e-5, "unbiased": False}
    right: Any = layers.batch_norm(x.astype("float64"), **ones, **how)
    bounds = batch_norm_bounds(x, **ones, **how, format_=FORMATS["float32"])
    learned = np.float32(0.9) + np.float32(0.1) * variance
    assert abs(learned - right["variance"]) > bounds["variance"]
