"""Activations, dense, batch normalisation and dropout, and their gradients."""

from typing import Any

import numpy as np
import pytest

from reference import ParameterError, ShapeError, cross_correlate
from reference.activations import ACTIVATIONS, activate, activation_gradient
from reference.geometry import Sizes
from reference.layers import batch_norm, batch_norm_gradients, dense, dense_gradients, dropout
from reference.tests.differences import central_differences, complex_steps

FLOATS = ["float64", "float32", "float16"]
RNG = np.random.default_rng(0)
VALUES = np.concatenate([RNG.normal(0, 2, 40), [-30.0, 30.0]])
IN_TORCH: dict[str, Any] = {
    "leaky_relu": lambda torch, x: torch.nn.functional.leaky_relu(x),
    "gelu": lambda torch, x: torch.nn.functional.gelu(x),
    "gelu_tanh": lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"),
}


# Activations


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_derivatives_of_activations(kind: str) -> None:
    gradient = RNG.normal(size=VALUES.shape)
    expected = central_differences(lambda x: activate(x, kind), VALUES, gradient)
    got = activation_gradient(VALUES, gradient, kind)
    assert np.allclose(got, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations_agree_with_torch(kind: str) -> None:
    torch = pytest.importorskip("torch")
    values = np.append(VALUES, 0.0)
    x = torch.tensor(values, requires_grad=True)
    expected = IN_TORCH.get(kind, lambda t, x: getattr(t, kind)(x))(torch, x)
    expected.sum().backward()
    assert np.allclose(activate(values, kind), expected.detach(), rtol=0, atol=1e-14)
    got = activation_gradient(values, np.ones_like(values), kind)
    assert np.allclose(got, x.grad, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations_keep_the_dtype(kind: str, dtype: str) -> None:
    x = VALUES.astype(dtype)
    assert activate(x, kind).dtype == activation_gradient(x, x, kind).dtype == dtype


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_activations_of_infinities_and_nan(kind: str) -> None:
    with np.errstate(all="raise"):
        low, high, nan = activate(np.array([-np.inf, np.inf, np.nan]), kind)
    ends = {
        "relu": (0, np.inf),
        "leaky_relu": (-np.inf, np.inf),
        "sigmoid": (0, 1),
        "tanh": (-1, 1),
    }
    assert (low, high) == ends[kind]
    assert np.isnan(nan)


# Dense


def test_dense_is_a_cross_correlation_that_covers_the_input() -> None:
    x, weights, bias = (RNG.integers(-9, 9, shape) for shape in ((3, 8), (5, 8), (5,)))
    expected = cross_correlate(x.reshape(3, 2, 4), weights.reshape(5, 2, 4), bias)
    assert np.array_equal(dense(x, weights, bias), expected[:, :, 0])


def test_gradients_of_dense_are_adjoint() -> None:
    x, weights, gradient = (RNG.integers(-9, 9, shape) for shape in ((3, 8), (5, 8), (3, 5)))
    found = dense_gradients(x, weights, gradient)
    product = (dense(x, weights) * gradient).sum()
    assert product == (found["x"] * x).sum() == (found["weights"] * weights).sum()
    assert np.array_equal(found["bias"], gradient.sum(axis=0))


# Batch normalisation


@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_batch_norm(training: bool) -> None:
    x, gradient = RNG.normal(size=(2, 3, 4, 2)), RNG.normal(size=(2, 3, 4, 2))
    scale, shift, mean = (RNG.normal(size=3) for _ in range(3))
    variance = RNG.uniform(0.5, 2, 3)

    def result(x: Any, scale: Any, shift: Any) -> Any:
        return batch_norm(x, scale, shift, mean, variance, training=training)["result"]

    found = batch_norm_gradients(x, scale, gradient, mean, variance, training=training)
    expected = {
        "x": complex_steps(lambda x: result(x, scale, shift), x, gradient),
        "scale": complex_steps(lambda scale: result(x, scale, shift), scale, gradient),
        "shift": complex_steps(lambda shift: result(x, scale, shift), shift, gradient),
    }
    for name, right in expected.items():
        assert np.allclose(found[name], right, rtol=1e-12, atol=1e-12), name


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 5), (2, 3, 4, 2), (2, 3, 2, 2, 2)])
def test_batch_norm_agrees_with_torch(shape: Sizes, training: bool) -> None:
    torch = pytest.importorskip("torch")
    x, gradient = RNG.normal(2, 3, shape), RNG.normal(size=shape)
    scale, shift, mean = (RNG.normal(size=3) for _ in range(3))
    variance = RNG.uniform(0.5, 2, 3)
    tx, tscale, tshift = (torch.tensor(a, requires_grad=True) for a in (x, scale, shift))
    tmean, tvariance = torch.tensor(mean), torch.tensor(variance)
    expected = torch.nn.functional.batch_norm(tx, tmean, tvariance, tscale, tshift, training)
    expected.backward(torch.tensor(gradient))
    got = batch_norm(x, scale, shift, mean, variance, training=training)
    found = batch_norm_gradients(x, scale, gradient, mean, variance, training=training)
    pairs = [
        (got["result"], expected.detach()),
        (got["mean"], tmean),
        (got["variance"], tvariance),
        (found["x"], tx.grad),
        (found["scale"], tscale.grad),
        (found["shift"], tshift.grad),
    ]
    for ours, theirs in pairs:
        assert np.allclose(ours, theirs, rtol=1e-13, atol=1e-13)


def test_the_variance_that_is_kept() -> None:
    x, one, zero = np.array([[[1.0, 3.0]]]), np.ones(1), np.zeros(1)
    kept = batch_norm(x, one, zero, zero, zero, training=True, momentum=1, unbiased=False)
    assert kept["variance"] == 1
    assert batch_norm(x, one, zero, zero, zero, training=True, momentum=1)["variance"] == 2


@pytest.mark.parametrize("dtype", FLOATS)
def test_layers_keep_the_dtype(dtype: str) -> None:
    x, one = RNG.normal(size=(4, 3)).astype(dtype), np.ones(3, dtype)
    for training in (True, False):
        results = batch_norm(x, one, one, one, one, training=training)
        results |= batch_norm_gradients(x, one, x, one, one, training=training)
        assert {name for name, array in results.items() if array.dtype != dtype} == set()
    weights = np.ones((2, 3), dtype)
    found = [dense(x, weights, weights[:, 0]), dropout(x, x > 0, 0.3)]
    found += dense_gradients(x, weights, x[:, :2]).values()
    assert {str(array.dtype) for array in found} == {dtype}


# Dropout


def test_dropout_agrees_with_its_definition() -> None:
    x, mask = RNG.normal(size=(3, 4)), RNG.random((3, 4)) < 0.7
    assert np.array_equal(dropout(x, mask, 0.25), np.where(mask, x / 0.75, 0))
    assert np.array_equal(dropout(x, np.ones((3, 4), bool), 0), x)


X, W, ONE, M = np.ones((2, 3)), np.ones((4, 3)), np.ones(3), np.ones((2, 3), bool)


def normed(x: Any = X, scale: Any = ONE, mean: Any = ONE, training: bool = True) -> Any:
    return batch_norm(x, scale, ONE, mean, ONE, training=training)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: activate(X, "swish"), ParameterError, "'swish' is unknown: use one of relu"),
        (lambda: activation_gradient(X, ONE, "relu"), ShapeError, r"shape \(2, 3\) of x"),
        (lambda: dense(X, W.T), ShapeError, r"must be \(N, I\) and \(O, I\)"),
        (lambda: dense(X[0], W), ShapeError, r"x \(3,\)"),
        (lambda: dense(X, W, ONE), ShapeError, r"bias must have the shape \(4,\)"),
        (lambda: dense_gradients(X, W, X), ShapeError, r"and \(N, O\)"),
        (lambda: normed(scale=np.ones(2)), ShapeError, r"scale must have the shape \(3,\)"),
        (lambda: normed(mean=np.ones(1)), ShapeError, "mean must have"),
        (lambda: normed(x=ONE), ShapeError, r"x must be \(N, C, \*size\)"),
        (lambda: normed(x=X[:1]), ParameterError, "too few values a channel"),
        (
            lambda: batch_norm_gradients(X, ONE, W, ONE, ONE, training=True),
            ShapeError,
            r"the shape \(2, 3\) of x",
        ),
        (lambda: dropout(X, M, 1.0), ParameterError, "below 1, but is 1.0"),
        (lambda: dropout(X, M, -0.1), ParameterError, "at least 0"),
        (lambda: dropout(X, M[:1], 0.5), ShapeError, "the mask"),
    ],
)
def test_refuse_what_does_not_fit(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
