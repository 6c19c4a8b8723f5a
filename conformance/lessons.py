"""What backends are trained on: MNIST, networks, and the reference's own runs to compare with."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from adapters.operations import WEIGHTS, plain
from conformance.remembered import remembered
from conformance.requests import Request
from conformance.subject import Subject
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
    describe,
    initial_weights,
)
from reference.optimizers import SGD
from reference.training import accuracy, normalised, predict, shuffled_batches, train

CNN: Network = (
    Convolution(1, 8, (3, 3)),
    Activate("relu"),
    MaxPool(),
    Convolution(8, 16, (3, 3)),
    Activate("relu"),
    MaxPool(),
    Flatten(),
    Dense(400, 10),
)
MLP: Network = (Flatten(), Dense(784, 16), Activate("relu"), Dense(16, 10))
TINY: Network = (
    Convolution(1, 2, (3, 3)),
    Activate("relu"),
    MaxPool(),
    Flatten(),
    Dense(18, 10),
)
_TINY_PIXELS = slice(10, 18)
_QUIET = 0.1  # the first filters start small, so that what they learn is not what they were
_DITHER = 0.3
_FAINT = 1 / 8  # so that even the errors of bfloat16 leave a bound


@dataclass(frozen=True)
class Course:
    """``steps`` steps of plain batches of ``batch`` images, from the weights of ``seed``."""

    network: Network
    steps: int
    batch: int
    optimizer: SGD
    seed: int = 0
    epochs: int = 1

    @property
    def images(self) -> int:
        return min(60_000, self.steps * self.batch // self.epochs)

    @property
    def batches(self) -> Array:
        drawn = shuffled_batches(self.images, self.batch, self.seed, self.epochs)
        return np.stack(list(drawn)).astype("int64")

    def weights(self, dtype: str = "float64") -> Weights:
        weights = initial_weights(self.network, self.seed)
        if "0.filters" in weights:
            weights["0.filters"] *= _QUIET
        return {name: array.astype(dtype) for name, array in weights.items()}


def course(network: Network, effort: int) -> Course:
    """As long as the profile asks for: ``effort`` is its number of examples."""
    optimizer = SGD(0.05, momentum=0.5, nesterov=True)
    if effort >= 1000:
        return Course(network, 3 * 937, 64, optimizer, epochs=3)
    return Course(network, max(40, 3 * effort), 16, optimizer)


@lru_cache(maxsize=4)
def training_set(dtype: str, count: int) -> tuple[Array, Array]:
    """The first ``count`` images (count, 1, 28, 28) and labels."""
    data = mnist.load("train")
    return normalised(data.images[:count], dtype), data.labels[:count].astype("int64")


@lru_cache(maxsize=2)
def held_out_set(dtype: str) -> tuple[Array, Array]:
    """Images (10000, 1, 28, 28) and labels."""
    data = mnist.load("test")
    return normalised(data.images, dtype), data.labels.astype("int64")


def request_of(
    network: Network,
    weights: Weights,
    images: Array,
    labels: Array,
    batches: Array,
    optimizer: SGD,
    compiled: bool = False,
) -> Request:
    """A request to train."""
    arrays = {"images": images, "labels": labels, "batches": batches}
    parameters = {
        "network": describe(network),
        "optimizer": plain(optimizer),
        "compiled": compiled,
    }
    weights_by_name = {WEIGHTS + name: array for name, array in weights.items()}
    return Request("train", arrays | weights_by_name, parameters, "MNIST")


def asked(lesson: Course, subject: Subject, labels: Array | None = None) -> Request:
    """The training of a course, in the dtype under test."""
    images, right = training_set("float64", lesson.images)
    return request_of(
        lesson.network,
        {name: w.astype(subject.numpy_dtype) for name, w in lesson.weights().items()},
        images.astype(subject.numpy_dtype),
        (right if labels is None else labels)[: lesson.images],
        lesson.batches,
        lesson.optimizer,
    )


def prediction(network: Network, weights: Weights, images: Array) -> Request:
    """A request for the logits of images."""
    arrays = {"images": images} | {WEIGHTS + name: array for name, array in weights.items()}
    return Request("predict", arrays, {"network": describe(network)}, "MNIST")


@dataclass(frozen=True, eq=False)
class Run:
    """The loss before each step, and the weights after the last."""

    losses: Array
    weights: Weights

    @classmethod
    def of(cls, arrays: dict[str, Array]) -> "Run":
        """The run of these :meth:`arrays`."""
        return cls(arrays["losses"], {k: w for k, w in arrays.items() if k != "losses"})

    def arrays(self) -> dict[str, Array]:
        return {"losses": self.losses, **self.weights}


@lru_cache(maxsize=16)
def reference_run(lesson: Course, dtype: str = "float64") -> Run:
    """What the reference makes of a course."""
    return Run.of(_reference_run(lesson, dtype))


@remembered
def _reference_run(lesson: Course, dtype: str) -> dict[str, Array]:
    images, labels = training_set(dtype, lesson.images)
    losses, weights = [], lesson.weights(dtype)
    for step in train(
        lesson.network, weights, images, labels, iter(lesson.batches), lesson.optimizer
    ):
        losses.append(step.loss)
        weights = step.weights
    return Run(np.array(losses), weights).arrays()


def reference_accuracy(lesson: Course) -> float:
    """The share of the test images that the reference, trained so in float32, has right."""
    return float(_reference_accuracy(lesson)["accuracy"])


@remembered
def _reference_accuracy(lesson: Course) -> dict[str, Array]:
    images, labels = held_out_set("float32")
    logits = predict(lesson.network, reference_run(lesson, "float32").weights, images)
    return {"accuracy": np.array(accuracy(logits, labels))}


def dithered(network: Network, count: int, batch: int) -> tuple[Array, Array]:
    """Images with noise, in which no two windows tie by chance of a blank ground, and labels."""
    data = mnist.load("train")
    rng = np.random.default_rng(count)
    some = rng.integers(0, len(data.images), batch)
    noisy = normalised(data.images[some]) + _DITHER * rng.standard_normal((batch, 1, 28, 28))
    if network is TINY:
        noisy = noisy[:, :, _TINY_PIXELS, _TINY_PIXELS] * _FAINT
    return noisy, data.labels[some].astype("int64")
