"""The bounds of the loss and of optimizers hold under attack: the same formulas in narrow formats,
in the orders of evaluation that backends use; and they are tight enough to notice a mistake.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.formats import FORMATS
from reference.geometry import Array
from reference.loss import softmax_cross_entropy, softmax_cross_entropy_gradient
from reference.loss_bounds import gradient_within, loss_within
from reference.optimizer_bounds import trajectory_within
from reference.optimizers import SGD, Adam, Optimizer, trajectory
from reference.running_error import Arithmetic, Computed
from reference.tests.draws import DTYPES, Rng

NARROW = [name for name in DTYPES if name != "float64"]
VALUES: dict[str, Callable[[Rng, Any], Array]] = {
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "normal": lambda rng, shape: 3 * rng.standard_normal(shape),
    "log-uniform": lambda rng, shape: (
        rng.choice([-1, 1], shape) * np.exp2(rng.uniform(-5, 5, shape))
    ),
    "equal": lambda rng, shape: np.full(shape, -3.0) + 0 * rng.random(shape),
    "far apart": lambda rng, shape: rng.choice([-1e3, 0.0, 1e3], shape),
    "lone": lambda rng, shape: (rng.random(shape) < 0.2) * rng.uniform(0.5, 1, shape),
}


def held(got: Array, within: Computed) -> float:
    """The error of what was computed, as a fraction of the bound."""
    error = np.abs(np.asarray(got, np.longdouble) - within.value)
    assert not (np.isnan(error) & np.isfinite(within.error)).any()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(error == 0, 0, error / within.error)
    return float(np.nan_to_num(ratios, nan=0.0, posinf=np.inf).max(initial=0.0))


def in_sequence(a: Array, axis: int) -> Array:
    """A sum in the order of the axis, each partial sum rounded."""
    total = 0 * np.take(a, 0, axis)
    for part in np.moveaxis(a, axis, 0):
        total = total + part
    return np.asarray(total)


# -- The loss: each way gives the loss and its gradient ------------------------------------------

Loss = tuple[Array, Array, Array | None, float, str]


def drawn_loss(rng: Rng, dtype: str, kind: str) -> Loss:
    items, classes = rng.integers(1, 8), rng.integers(1, 30)
    logits = VALUES[kind](rng, (items, classes)).astype(DTYPES[dtype])
    weights = rng.uniform(0.25, 2, classes).astype(DTYPES[dtype]) if rng.random() < 0.5 else None
    reduction = rng.choice(["mean", "weighted mean", "sum"])
    return logits, rng.integers(classes, size=items), weights, rng.choice([0, 0.1, 0.3]), reduction


def divisor(loss: Loss) -> Array:
    logits, labels, weights, _, reduction = loss
    number = logits.dtype.type
    if reduction == "sum":
        return np.asarray(number(1))
    if reduction == "mean" or weights is None:
        return np.asarray(number(len(labels)))
    return in_sequence(weights[labels], 0)


def by_shares(loss: Loss) -> tuple[Array, Array]:
    """Shares first, as Keras: softmax is a quotient, and all sums go in sequence."""
    logits, labels, weights, smoothing, _ = loss
    number = logits.dtype.type
    one_hot = (np.arange(logits.shape[1]) == labels[:, None]).astype(logits.dtype)
    shares = one_hot * (number(1) - number(smoothing)) + number(smoothing) / number(len(logits.T))
    weighted = shares if weights is None else shares * weights
    d = logits - logits.max(axis=1, keepdims=True)
    powers = np.exp(d)
    sums = in_sequence(powers, 1)[:, None]
    parts = weighted * (np.log(sums) - d)
    value = in_sequence(in_sequence(parts, 1), 0) / divisor(loss)
    if weights is None:
        return value, (powers / sums - shares) * (number(1) / divisor(loss))
    rate = in_sequence(weighted, 1)[:, None]
    return value, (powers / sums * rate - weighted) / divisor(loss)


def by_log_softmax(loss: Loss) -> tuple[Array, Array]:
    """The loss at the label and the mean over the classes apart, as PyTorch."""
    logits, labels, weights, smoothing, _ = loss
    number = logits.dtype.type
    d = logits - logits.max(axis=1, keepdims=True)
    log_shares = d - np.log(np.exp(d).sum(axis=1, keepdims=True))
    weight = np.ones(len(logits.T), logits.dtype) if weights is None else weights
    at = np.arange(len(labels)), labels
    plain = (-log_shares * weight)[at].sum() / divisor(loss)
    even = (-log_shares * weight).sum(axis=1).sum() / divisor(loss)
    kept, spread = number(1 - smoothing), number(smoothing / len(logits.T))
    by_log = np.zeros_like(logits)
    by_log[at] = -(weight[labels] / divisor(loss)) * kept
    by_log = by_log - weight / divisor(loss) * spread
    gradient = by_log - np.exp(log_shares) * by_log.sum(axis=1, keepdims=True)
    value = plain * kept + even * spread if smoothing else plain
    return np.asarray(value), gradient


@pytest.mark.parametrize("way", [by_shares, by_log_softmax])
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_stay_within(
    dtype: str, kind: str, way: Callable[[Loss], tuple[Array, Array]]
) -> None:
    for seed in range(25):
        loss = drawn_loss(np.random.default_rng(seed), dtype, kind)
        logits, labels, weights, smoothing, reduction = loss
        settings: dict[str, Any] = {"label_smoothing": smoothing, "reduction": reduction}
        with np.errstate(over="ignore", under="ignore"):
            value, gradient = way(loss)
        one = np.ones((), logits.dtype)
        assert held(value, loss_within(logits, labels, weights, **settings)) <= 1
        assert held(gradient, gradient_within(logits, labels, one, weights, **settings)) <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_plain_loss_is_near_the_closed_form(dtype: str) -> None:
    """u [sum p|d| + |d_y| + |l| + c log s + c + C - 1], and what it says of the gradient."""
    u, c = FORMATS[dtype].unit_roundoff, 4
    for seed in range(50):
        rng = np.random.default_rng(seed)
        logits, label = 3 * rng.standard_normal((1, 9)), rng.integers(9, size=1)
        logits = logits.astype(dtype)
        d = (logits - logits.max()).astype("float64")[0]
        s = np.exp(d).sum()
        p, log_s = np.exp(d) / s, np.log(s)
        spread = (p * np.abs(d)).sum()
        value = log_s - d[label[0]]
        closed = u * (spread - d[label[0]] + value + c * log_s + c + 9 - 1)
        assert loss_within(logits, label).error < 1.2 * closed + 12 * u * value
        slope = p * (2 * np.abs(d) + spread + 2 * c + 9 + (c + 1) * log_s)
        closed = u * (slope + np.abs(p - np.eye(9)[label[0]]))
        own = gradient_within(logits, label, np.ones((), dtype)).error[0]
        assert (own < 1.2 * closed + 20 * u * (p + np.eye(9)[label[0]])).all()


def test_truth_of_the_loss_is_the_reference() -> None:
    for seed in range(30):
        logits, labels, weights, smoothing, reduction = drawn_loss(
            np.random.default_rng(seed), "float64", "normal"
        )
        settings: dict[str, Any] = {"label_smoothing": smoothing, "reduction": reduction}
        loss = softmax_cross_entropy(logits, labels, weights, **settings)
        assert held(loss, loss_within(logits, labels, weights, **settings)) < 1
        gradient = softmax_cross_entropy_gradient(logits, labels, weights, **settings)
        within = gradient_within(logits, labels, np.ones(()), weights, **settings)
        assert held(gradient, within) < 1


def test_losses_that_overflow_have_no_bound() -> None:
    logits = np.array([[0.0, 6e4]] * 3, "float16")
    assert np.isinf(loss_within(logits, np.zeros(3, int)).error)
    assert np.isfinite(loss_within(logits, np.ones(3, int)).error)


# -- Optimizers ----------------------------------------------------------------------------------

Ways = Callable[[Optimizer, Array, Array, Any], list[Array]]


def as_the_reference(o: Optimizer, w: Array, gradients: Array, number: Any) -> list[Array]:
    return list(trajectory(o, w, gradients))


def as_keras(o: Optimizer, w: Array, gradients: Array, number: Any) -> list[Array]:
    """Every number in the dtype; the learning rate inside the velocity; means by differences."""
    m, v, weights = 0 * w, 0 * w, []
    rate, one, decay = number(o.learning_rate), number(1), number(o.weight_decay)
    for step, gradient in enumerate(gradients, start=1):
        if o.weight_decay and o.decoupled:
            w = w - w * decay * rate
        elif o.weight_decay:
            gradient = gradient + decay * w
        if isinstance(o, SGD):
            m = m * number(o.momentum) - gradient * rate
            w = w + (m * number(o.momentum) - gradient * rate if o.nesterov else m)
        else:
            first, second = number(o.beta1) ** number(step), number(o.beta2) ** number(step)
            m = m + (gradient - m) * number(1 - o.beta1)
            v = v + (gradient * gradient - v) * number(1 - o.beta2)
            root = np.sqrt(one - second)
            epsilon = number(o.epsilon) * (one if o.epsilon_hat else root)
            w = w - m * (rate * root / (one - first)) / (np.sqrt(v) + epsilon)
        weights.append(w)
    return weights


def as_pytorch(o: Optimizer, w: Array, gradients: Array, number: Any) -> list[Array]:
    """What is computed from the hyperparameters alone is computed in float64, and rounded."""
    m, v, weights = None, 0 * w, []
    for step, gradient in enumerate(gradients, start=1):
        if o.weight_decay and o.decoupled:
            w = w * number(1 - o.learning_rate * o.weight_decay)
        elif o.weight_decay:
            gradient = gradient + w * number(o.weight_decay)
        if isinstance(o, SGD):
            m = gradient if m is None else m * number(o.momentum) + gradient
            move = gradient + m * number(o.momentum) if o.nesterov else m
            w = w - number(o.learning_rate) * move
        else:
            m = 0 * w if m is None else m
            m = m + number(1 - o.beta1) * (gradient - m)
            v = v * number(o.beta2) + number(1 - o.beta2) * gradient * gradient
            root = (1 - o.beta2**step) ** 0.5
            epsilon = number(o.epsilon / root if o.epsilon_hat else o.epsilon)
            spread = np.sqrt(v) / number(root) + epsilon
            w = w - number(o.learning_rate / (1 - o.beta1**step)) * m / spread
        weights.append(w)
    return weights


OPTIMIZERS: dict[str, Optimizer] = {
    "plain": SGD(0.1),
    "momentum": SGD(0.05, 0.9),
    "nesterov": SGD(0.3, 0.7, nesterov=True),
    "coupled": SGD(0.1, 0.9, weight_decay=0.1),
    "decoupled": SGD(0.01, 0.5, nesterov=True, weight_decay=0.01, decoupled=True),
    "adam": Adam(0.01),
    "adam of few steps": Adam(0.1, 0.5, 0.75, 1e-3),
    "adam with a hat": Adam(0.003, 0.8, 0.99, 1e-8, epsilon_hat=True),
    "adam, coupled": Adam(0.1, 0.75, 0.875, 1e-3, weight_decay=0.1),
    "adamw": Adam(0.1, epsilon_hat=True, weight_decay=0.01, decoupled=True),
}


@pytest.mark.parametrize("way", [as_the_reference, as_keras, as_pytorch])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_trajectories_stay_within(dtype: str, optimizer: Optimizer, way: Ways) -> None:
    number = DTYPES[dtype]
    for seed in range(3):
        rng = np.random.default_rng(seed)
        scale = 1e-8 if seed == 0 and FORMATS[dtype].min_exponent < -100 else 1.0
        for kind in ("uniform", "log-uniform", "equal", "lone"):
            weight = VALUES[kind](rng, (100,)).astype(number)
            gradients = (scale * VALUES[kind](rng, (8, 100))).astype(number)
            with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
                weights = way(optimizer, weight, gradients, number)
            within = trajectory_within(optimizer, weight, gradients)
            for got, step in zip(weights, within, strict=True):
                assert held(got, step) <= 1


def test_a_step_of_gradient_descent_has_the_bound_of_the_table() -> None:
    rng = np.random.default_rng(0)
    weight, gradients = rng.normal(size=9), rng.normal(size=(1, 9))
    (within,) = trajectory_within(SGD(0.1), weight, gradients, FORMATS["float32"])
    u = FORMATS["float32"].unit_roundoff
    closed = u * (2 * np.abs(0.1 * gradients[0]) + np.abs(weight - 0.1 * gradients[0]))
    np.testing.assert_allclose(within.error.astype("float64"), closed, rtol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_learning_rate_rounded_through_float32_shows(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(0)
    weight, gradients = rng.normal(size=5), rng.normal(size=(3, 5))
    rounded: Any = {"learning_rate": float(np.float32(optimizer.learning_rate))}
    wrong = type(optimizer)(**(vars(optimizer) | rounded))
    within = trajectory_within(optimizer, weight, gradients)[-1]
    assert held(trajectory(wrong, weight, gradients)[-1], within) > 1


def test_zero_stays_zero() -> None:
    weight, gradients = np.array([0.5, -3.0]), np.zeros((4, 2))
    for optimizer in (SGD(0.1), SGD(0.1, 0.9), Adam(0.1)):
        for within in trajectory_within(optimizer, weight, gradients):
            np.testing.assert_array_equal(within.value, weight)
            assert not within.error.any()


def test_hyperparameters_that_a_format_cannot_hold_have_no_bound() -> None:
    """1 - 0.999 may be zero in a format of 8 bits."""
    weight, gradients = np.ones(2), np.ones((1, 2))
    (within,) = trajectory_within(Adam(0.1), weight, gradients, FORMATS["bfloat16"])
    assert np.isinf(within.error).all()


# -- Running errors ------------------------------------------------------------------------------


@pytest.mark.parametrize("reordered", [False, True])
@pytest.mark.parametrize("dtype", NARROW)
def test_every_operation_stays_within(dtype: str, reordered: bool) -> None:
    rng = np.random.default_rng(0)
    arithmetic = Arithmetic.of(FORMATS[dtype], reordered)
    a, b = (VALUES["log-uniform"](rng, (2, 4000))).astype(DTYPES[dtype])
    x, y = arithmetic.given(a), arithmetic.given(b)
    d, e = -np.abs(a), arithmetic.given(-np.abs(a))
    pairs = [
        (a + b, x + y),
        (a - b, x - y),
        (a * b, x * y),
        (a / b, x / y),
        (a * b - b, x * y - y),
        ((a + b) / (a * a), (x + y) / (x * x)),
        (np.sqrt(a * a + b * b), (x**2 + y**2).sqrt()),
        (np.exp(d), e.exp()),
        (np.log(np.exp(d) + np.abs(b)), (e.exp() + arithmetic.given(np.abs(b))).log()),
        (np.reshape(a * b, (40, 100)).sum(axis=1), _reshaped(x * y).sum(1)),
    ]
    assert max(held(got, within) for got, within in pairs) <= 1


def _reshaped(a: Computed) -> Computed:
    return Computed(a.value.reshape(40, 100), a.error.reshape(40, 100), a.arithmetic)
