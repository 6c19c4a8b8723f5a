"""Training: the loop, its data, and a whole run beside PyTorch's."""

import numpy as np
import pytest

from reference import mnist
from reference.geometry import Array
from reference.network import (
    Activate,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    Weights,
    initial_weights,
)
from reference.optimizers import SGD, Adam, Optimizer
from reference.recipe import Shifted
from reference.training import accuracy, normalised, predict, shuffled_batches, train

NETWORK: Network = (
    Convolution(1, 4, (3, 3)),
    Activate(),
    MaxPool(),
    Flatten(),
    Dense(4 * 5 * 5, 10),
)
RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.normal(size=(64, 1, 12, 12)), RNG.integers(0, 10, 64)


def last(weights: Weights, optimizer: Optimizer, steps: int) -> Weights:
    batches = list(shuffled_batches(64, 16, seed=0, epochs=steps // 4))
    *_, step = train(NETWORK, weights, IMAGES, LABELS, batches, optimizer)
    return step.weights


@pytest.mark.parametrize(
    ("optimizer", "name", "settings"),
    [
        (SGD(0.1), "SGD", {}),
        (SGD(0.05, momentum=0.9, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
        (Adam(0.01), "Adam", {}),
    ],
)
def test_a_whole_training_agrees_with_torch(
    optimizer: Optimizer, name: str, settings: dict[str, float]
) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    weights = initial_weights(NETWORK, seed=0)
    theirs = {name: torch.tensor(w, requires_grad=True) for name, w in weights.items()}
    stepper = getattr(torch.optim, name)(theirs.values(), lr=optimizer.learning_rate, **settings)
    x, y = torch.tensor(IMAGES), torch.tensor(LABELS)
    batches = list(shuffled_batches(64, 16, seed=0, epochs=8))[:30]
    for step in train(NETWORK, weights, IMAGES, LABELS, batches, optimizer):
        batch = torch.tensor(batches[step.number])
        maps = functional.conv2d(x[batch], theirs["0.filters"], theirs["0.bias"])
        seen = functional.max_pool2d(maps.relu(), 2).flatten(1)
        logits = functional.linear(seen, theirs["4.weights"], theirs["4.bias"])
        loss = functional.cross_entropy(logits, y[batch])
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        assert np.isclose(step.loss, loss.item(), rtol=1e-13, atol=1e-14)
        for name, weight in step.weights.items():
            assert np.allclose(weight, theirs[name].detach(), rtol=0, atol=1e-14), name


def test_the_loss_falls() -> None:
    batches = [np.arange(64)] * 40
    weights = initial_weights(NETWORK, seed=0)
    losses = [s.loss for s in train(NETWORK, weights, IMAGES, LABELS, batches, SGD(0.1))]
    assert losses[-1] < losses[0] / 4


def test_the_first_weights_stay_as_they_are() -> None:
    weights = initial_weights(NETWORK, seed=0)
    before = {name: weight.copy() for name, weight in weights.items()}
    last(weights, SGD(0.1, momentum=0.9), 4)
    assert all(np.array_equal(weights[name], before[name]) for name in weights)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9), Adam(0.01, epsilon=1e-3)])
def test_all_is_computed_in_the_dtype_of_the_weights(optimizer: Optimizer, dtype: str) -> None:
    weights = last(initial_weights(NETWORK, 0, dtype), optimizer, 4)
    assert {str(weight.dtype) for weight in weights.values()} == {dtype}


def test_an_optimizer_for_each_step_keeps_what_was_kept() -> None:
    weights = initial_weights(NETWORK, seed=0)
    batches = [np.arange(64)] * 4
    rates = [0.1, 0.1, 0.05, 0.0]

    def losses(stepping: object) -> list[float]:
        steps = train(NETWORK, weights, IMAGES, LABELS, batches, stepping)  # type: ignore[arg-type]
        return [step.loss for step in steps]

    constant = losses(SGD(0.1, momentum=0.9))
    falling = losses(lambda step: SGD(rates[step], momentum=0.9))
    assert falling[:3] == constant[:3]
    assert falling[3] != constant[3]


def test_prediction_does_not_depend_on_how_many_at_once() -> None:
    weights = initial_weights(NETWORK, seed=0)
    whole = predict(NETWORK, weights, IMAGES)
    assert whole.shape == (64, 10)
    assert np.allclose(predict(NETWORK, weights, IMAGES, at_once=7), whole, rtol=1e-13, atol=1e-13)
    assert predict(NETWORK, weights, IMAGES[:0]).shape == (0, 10)


def test_accuracy() -> None:
    logits = np.eye(4)[[0, 1, 2, 2]]
    assert accuracy(logits, np.arange(4)) == 0.75


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_normalised_images(dtype: str) -> None:
    images = mnist.load("train").images[:3000]
    x = normalised(images, dtype)
    assert x.shape == (3000, 1, 28, 28)
    assert x.dtype == dtype
    expected = ((images[:, None] / 255 - 0.1307) / 0.3081).astype(dtype)
    assert np.array_equal(x, expected)
    assert abs(x.astype("float64").mean()) < 0.02
    assert abs(x.astype("float64").std() - 1) < 0.02


def test_batches_are_shuffled_anew_each_epoch_and_by_the_seed() -> None:
    def all_of(seed: int) -> Array:
        return np.array(list(shuffled_batches(11, 5, seed, epochs=2)))

    first = all_of(0)
    assert first.shape == (4, 5)
    assert all(len(set(epoch.ravel())) == 10 for epoch in (first[:2], first[2:]))
    assert not np.array_equal(first[:2], first[2:])
    assert np.array_equal(first, all_of(0))
    assert not np.array_equal(first, all_of(1))
    assert list(shuffled_batches(4, 5, 0)) == []


def test_shifted_images_are_moved_and_nothing_else() -> None:
    images = np.zeros((6, 1, 9, 9), "float32")
    images[:, 0, 3:6, 4] = np.arange(1, 7)[:, None]
    batch = np.array([5, 0, 3])
    moved = Shifted(images, seed=0)[batch]
    assert moved.shape == (3, 1, 9, 9)
    assert moved.dtype == "float32"
    for image, shifted in zip(images[batch], moved, strict=True):
        steps = [(d, r) for d in range(-2, 3) for r in range(-2, 3)]
        assert any(np.array_equal(np.roll(image, step, (1, 2)), shifted) for step in steps)
    assert len({image.tobytes() for image in np.sign(Shifted(images, 0)[np.arange(6)])}) > 1
