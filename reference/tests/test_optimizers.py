"""Optimizers follow their formulas, and PyTorch's."""

from typing import Any

import numpy as np
import pytest

from reference.geometry import Array
from reference.optimizers import SGD, Adam, Optimizer, trajectory

STEPS = 20
# With the keyword arguments of the same optimizer in PyTorch.
IN_TORCH: list[tuple[Optimizer, str, dict[str, Any]]] = [
    (SGD(0.1), "SGD", {}),
    (SGD(0.1, momentum=0.9), "SGD", {"momentum": 0.9}),
    (SGD(0.1, momentum=0.9, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
    (
        SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
        "SGD",
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05},
    ),
    (Adam(0.1), "Adam", {}),
    (Adam(0.1, beta1=0.5, beta2=0.9, epsilon=0.1), "Adam", {"betas": (0.5, 0.9), "eps": 0.1}),
    (Adam(0.1, weight_decay=0.05), "Adam", {"weight_decay": 0.05}),
    (Adam(0.1, weight_decay=0.05, decoupled=True), "AdamW", {"weight_decay": 0.05}),
]
ALL = [
    *(optimizer for optimizer, _, _ in IN_TORCH),
    SGD(0.1, momentum=0.9, weight_decay=0.05, decoupled=True),
    Adam(0.1, epsilon_hat=True),
]


def drawn(dtype: str = "float64") -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 2)).astype(dtype), rng.normal(size=(STEPS, 3, 2)).astype(dtype)


@pytest.mark.parametrize(("optimizer", "name", "settings"), IN_TORCH)
def test_agree_with_torch(optimizer: Optimizer, name: str, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    weight, gradients = drawn()
    w = torch.tensor(weight, requires_grad=True)
    theirs = getattr(torch.optim, name)([w], lr=optimizer.learning_rate, **settings)
    for gradient, ours in zip(gradients, trajectory(optimizer, weight, gradients), strict=True):
        w.grad = torch.tensor(gradient)
        theirs.step()
        assert np.allclose(ours, w.detach(), rtol=1e-13, atol=1e-13)


def test_decoupled_decay_shrinks_the_weight_before_the_step() -> None:
    weight, gradients = drawn()
    got, _ = SGD(0.1, weight_decay=0.5, decoupled=True).step(weight, gradients[0])
    assert np.allclose(got, 0.95 * weight - 0.1 * gradients[0], rtol=1e-15, atol=1e-15)


def test_epsilon_hat_is_added_before_the_correction() -> None:
    got, _ = Adam(0.1, epsilon=0.5, epsilon_hat=True).step(np.zeros(()), np.ones(()))
    root = 0.001**0.5
    assert np.isclose(got, -0.1 * root / (root + 0.5), rtol=1e-12)


@pytest.mark.parametrize("optimizer", ALL)
def test_a_trajectory_is_made_of_steps(optimizer: Optimizer) -> None:
    weight, gradients = drawn()
    expected, state = weight, None
    for gradient, after in zip(gradients, trajectory(optimizer, weight, gradients), strict=True):
        expected, state = optimizer.step(expected, gradient, state)
        assert np.array_equal(after, expected)


@pytest.mark.parametrize("optimizer", ALL)
def test_change_no_array(optimizer: Optimizer) -> None:
    weight, gradients = drawn()
    weight.flags.writeable = gradients.flags.writeable = False
    first = trajectory(optimizer, weight, gradients)
    assert np.array_equal(first, trajectory(optimizer, weight, gradients))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("optimizer", ALL)
def test_keep_the_dtype(optimizer: Optimizer, dtype: str) -> None:
    weight, gradients = drawn(dtype)
    after = trajectory(optimizer, weight, gradients)
    assert after.dtype == dtype
    assert np.isfinite(after).all()
    assert trajectory(optimizer, weight, gradients[:0]).dtype == dtype
    _, state = optimizer.step(weight, gradients[0])
    kept = {name: array for name, array in (state or {}).items() if name != "steps"}
    assert {str(array.dtype) for array in kept.values()} == {dtype}
