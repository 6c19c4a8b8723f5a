"""A backend that only cross-correlates learns by that alone."""

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import DERIVED, OPERATIONS
from adapters.operations import WEIGHTS, perform, plain
from reference.network import (
    Activate,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    describe,
    initial_weights,
)
from reference.optimizers import SGD

NETWORK = (
    Convolution(1, 2, (3, 3)),
    Activate(),
    MaxPool(),
    Convolution(2, 4, (2, 2), stride=(2, 1), padding=((1, 0), (0, 1)), groups=2),
    Activate(),
    Flatten(),
    Dense(32, 3),
)


@pytest.fixture(params=["scipy-direct", "scipy-fft"])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    pytest.importorskip("scipy")
    return load(request.param)


def test_what_is_derived(adapter: Adapter) -> None:
    derived = {operation for operation in OPERATIONS if adapter.offers(operation) == "derived"}
    assert derived == set(DERIVED)
    with pytest.raises(Unsupported, match="gradients of dense: not offered"):
        adapter.gradients("dense", {}, np.ones(1), {})


def test_gradients(adapter: Adapter) -> None:
    rng = np.random.default_rng(0)
    shapes = {"x": (2, 4, 7, 6), "filters": (6, 2, 2, 3), "bias": (6,), "gradient": (2, 6, 4, 4)}
    arrays = {name: rng.integers(-9, 10, shape).astype("float64") for name, shape in shapes.items()}
    parameters = {"stride": (2, 1), "padding": ((1, 0), (0, 2)), "dilation": (1, 2), "groups": 2}
    call = ("gradients of cross_correlate", arrays, parameters)
    expected, got = perform(load("reference"), *call), perform(adapter, *call)
    assert got.keys() == expected.keys() == {"x", "filters", "bias"}
    # Integers come out of an FFT as integers and a little.
    assert all(np.array_equal(np.rint(got[name]), expected[name]) for name in got)


def test_training_and_prediction(adapter: Adapter) -> None:
    rng = np.random.default_rng(0)
    # A bias of 0 would leave zeros before the relu, which an FFT has as a little more or less.
    weights = {
        WEIGHTS + name: array + 0.01 for name, array in initial_weights(NETWORK, seed=0).items()
    }
    images = {"images": rng.standard_normal((12, 1, 10, 10))}
    numbers = {"labels": rng.integers(0, 3, 12), "batches": rng.integers(0, 12, (5, 4))}
    network = {"network": describe(NETWORK)}
    settings = network | {"optimizer": plain(SGD(0.1, momentum=0.9)), "compiled": False}
    for call in (
        ("train", weights | images | numbers, settings),
        ("predict", weights | images, network),
    ):
        expected, got = perform(load("reference"), *call), perform(adapter, *call)
        assert got.keys() == expected.keys()
        for name, array in got.items():
            assert array == pytest.approx(expected[name], rel=0, abs=1e-13)
    with pytest.raises(Unsupported, match="compiled training"):
        perform(adapter, "train", weights | images | numbers, settings | {"compiled": True})
