"""Softmax cross-entropy and its gradient."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import ParameterError, ShapeError
from reference.geometry import Array
from reference.loss import (
    REDUCTIONS,
    log_softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from reference.tests.differences import complex_steps


def drawn(seed: int, weighted: bool) -> tuple[Array, Array, Array | None]:
    rng = np.random.default_rng(seed)
    count, classes = rng.integers(1, 6), rng.integers(2, 6)
    logits = rng.normal(0, 5, (count, classes))
    weights = rng.uniform(0.1, 2, classes) if weighted else None
    return logits, rng.integers(0, classes, count), weights


CHOICES = {
    "label_smoothing": st.sampled_from([0.0, 0.1, 1.0]),
    "reduction": st.sampled_from(REDUCTIONS),
}


@settings(deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.fixed_dictionaries(CHOICES))
def test_the_gradient_is_the_derivative(seed: int, weighted: bool, choices: Any) -> None:
    logits, labels, weights = drawn(seed, weighted)
    expected = complex_steps(
        lambda logits: softmax_cross_entropy(logits, labels, weights, **choices),
        logits,
        np.ones(()),
    )
    got = softmax_cross_entropy_gradient(logits, labels, weights, **choices)
    assert np.allclose(got, expected, rtol=0, atol=1e-13)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([0.0, 0.1]), st.booleans())
def test_agrees_with_torch(seed: int, weighted: bool, smoothing: float, summed: bool) -> None:
    torch = pytest.importorskip("torch")
    logits, labels, weights = drawn(seed, weighted)
    x = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(
        x,
        torch.tensor(labels),
        None if weights is None else torch.tensor(weights),
        label_smoothing=smoothing,
        reduction="sum" if summed else "mean",
    )
    expected.backward()
    choices: Any = {
        "label_smoothing": smoothing,
        "reduction": "sum" if summed else "weighted mean",
    }
    loss = softmax_cross_entropy(logits, labels, weights, **choices)
    assert np.isclose(loss, expected.item(), rtol=1e-14, atol=1e-14)
    gradient = softmax_cross_entropy_gradient(logits, labels, weights, **choices)
    assert np.allclose(gradient, x.grad, rtol=1e-13, atol=1e-14)


def test_the_mean_divides_by_the_batch() -> None:
    logits, labels, weights = drawn(0, weighted=True)
    total = softmax_cross_entropy(logits, labels, weights, reduction="sum")
    mean = softmax_cross_entropy(logits, labels, weights)
    assert np.isclose(mean, total / len(labels), rtol=1e-15)


@pytest.mark.parametrize(
    ("logits", "loss"),
    [
        ([1e4, -1e4], 0),
        ([-1e4, 1e4], 2e4),
        ([1e308, -1e308], 0),
        ([0, -1e9], 0),
        ([-1e9, 0], 1e9),
        ([0, -np.inf], 0),
        ([-np.inf, 0], np.inf),
    ],
)
def test_extreme_logits(logits: list[float], loss: float) -> None:
    label = np.array([0])
    with np.errstate(invalid="raise"):
        assert softmax_cross_entropy(np.array([logits]), label) == loss
        gradient = softmax_cross_entropy_gradient(np.array([logits]), label)
    assert gradient.tolist() == ([[0, 0]] if loss == 0 else [[-1, 1]])


@pytest.mark.parametrize("special", [np.inf, np.nan])
def test_logits_without_a_softmax_give_nan(special: float) -> None:
    assert np.isnan(log_softmax(np.array([[special, 0.0]]))).any()
    assert np.isnan(softmax_cross_entropy(np.array([[special, 0.0]]), np.array([0])))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("weights", [None, np.array([0.5, 2.0])])
def test_keep_the_dtype(dtype: str, weights: Array | None) -> None:
    logits, labels = np.array([[1, -1], [0, 2]], dtype), np.array([0, 0], "uint8")
    for smoothing in (0.0, 0.1):
        arguments = (logits, labels, weights)
        assert softmax_cross_entropy(*arguments, label_smoothing=smoothing).dtype == dtype
        gradient = softmax_cross_entropy_gradient(*arguments, label_smoothing=smoothing)
        assert gradient.dtype == dtype


def test_logits_may_be_ints() -> None:
    loss = softmax_cross_entropy(np.array([[0, 0]]), np.array([1]))
    assert np.isclose(loss, np.log(2), rtol=1e-15)


def test_an_empty_batch_has_no_loss() -> None:
    logits, labels = np.zeros((0, 3)), np.zeros(0, int)
    assert softmax_cross_entropy(logits, labels) == 0
    assert softmax_cross_entropy_gradient(logits, labels).shape == (0, 3)


LOGITS = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("labels", "settings", "error", "message"),
    [
        ([0, 3], {}, ParameterError, "labels must be 0 to 2, but 3 is among them"),
        ([-1, 2], {}, ParameterError, "labels must be 0 to 2, but -1 is among them"),
        ([0.0, 1.0], {}, ParameterError, "labels must be ints, but are float64"),
        ([0], {}, ShapeError, r"labels \(1,\) must have"),
        ([0, 1], {"class_weights": np.ones(2)}, ShapeError, r"the shape \(3,\)"),
        ([0, 1], {"label_smoothing": 1.5}, ParameterError, "must be 0 to 1, but is 1.5"),
        ([0, 1], {"reduction": "none"}, ParameterError, "'none' is unknown"),
    ],
)
def test_refuse_what_does_not_fit(
    labels: Any, settings: Any, error: type[Exception], message: str
) -> None:
    for function in (softmax_cross_entropy, softmax_cross_entropy_gradient):
        with pytest.raises(error, match=message):
            function(LOGITS, np.array(labels), **settings)
