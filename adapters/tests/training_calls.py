"""Networks to train, for the tests of all adapters: the reference says what is right."""

import numpy as np
import pytest

from adapters import Adapter, load
from adapters.contract import Array
from adapters.operations import WEIGHTS, perform, plain
from adapters.tests.layer_calls import Arrays, Call, random_arrays
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    describe,
    initial_weights,
)
from reference.optimizers import Optimizer

NETWORKS: dict[str, Network] = {
    "as usual": (
        Convolution(1, 4, (3, 3)),
        Activate(),
        MaxPool(),
        Convolution(4, 6, (3, 2), padding=((1, 1), (0, 0))),
        Activate("tanh"),
        AveragePool(),
        Flatten(),
        Dense(12, 3),
    ),
    "all parameters": (
        Convolution(1, 4, (2, 3), padding=((1, 0), (0, 2)), stride=(2, 1)),
        Activate("leaky_relu"),
        Convolution(4, 6, (2, 2), dilation=(1, 2), groups=2),
        Activate("gelu"),
        Flatten(),
        Dense(192, 5),
        Activate("sigmoid"),
        Dense(5, 3),
    ),
    "one axis": (
        Convolution(1, 4, (3,), (2,), ((0, 1),), (1,)),
        Activate("gelu_tanh"),
        MaxPool((2,)),
        Flatten(),
        Dense(8, 3),
    ),
}


def images_of(network: Network, count: int) -> Array:
    first = network[0]
    assert isinstance(first, Convolution)
    return random_arrays(images=(count, 1, *(10, 10)[: len(first.kernel)]))["images"]


def learned(name: str = "as usual", count: int = 20) -> tuple[Network, Arrays, Array]:
    network = NETWORKS[name]
    return network, initial_weights(network, seed=0), images_of(network, count)


def training(
    name: str, optimizer: Optimizer, *, dtype: str = "float64", compiled: bool = False
) -> Call:
    network, weights, images = learned(name)
    rng = np.random.default_rng(0)
    floats = {WEIGHTS + own: weight for own, weight in weights.items()} | {"images": images}
    ints = {"labels": rng.integers(0, 3, 20), "batches": rng.integers(0, 20, (30, 4))}
    parameters = {
        "network": describe(network),
        "optimizer": plain(optimizer),
        "compiled": compiled,
    }
    return "train", {k: a.astype(dtype) for k, a in floats.items()} | ints, parameters


def check_training(adapter: Adapter, call: Call, tolerance: float) -> None:
    operation, arrays, parameters = call
    expected = perform(load("reference"), operation, arrays, parameters | {"compiled": False})
    copies = {name: array.copy() for name, array in arrays.items()}
    for _ in range(2):  # nothing is left from the first time
        got = perform(adapter, *call)
        assert got.keys() == expected.keys()
        for name, array in got.items():
            assert array.dtype == arrays["images"].dtype
            assert array == pytest.approx(expected[name], rel=0, abs=tolerance)
    assert all(np.array_equal(arrays[name], copy) for name, copy in copies.items())
