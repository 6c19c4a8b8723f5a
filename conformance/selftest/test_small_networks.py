"""Drawn networks are possible, of every kind of layer, and exact on integers."""

from collections import Counter

import numpy as np
import pytest

from adapters.operations import weights_of
from conformance.answers import answer
from conformance.requests import Request
from conformance.small_networks import EXACT, any_network
from conformance.strategies import DRAWN_BYTES, Dice
from conformance.training_requests import any_prediction, any_step
from reference.correlation import cross_correlate
from reference.formats import FORMATS
from reference.network import Activate, AveragePool, Convolution, described, forward, of_layer


def predictions(dtype: str, count: int = 200) -> list[Request]:
    rng = np.random.default_rng(0)
    return [any_prediction(Dice(rng.bytes(DRAWN_BYTES)), dtype, (2,)) for _ in range(count)]


@pytest.mark.parametrize("dtype", FORMATS)
def test_integers_are_exact_in_every_order_of_sums(dtype: str) -> None:
    drawn = [request for request in predictions(dtype) if request.data in EXACT]
    assert len(drawn) > 20
    dull = 0
    for request in drawn:
        network, weights = described(request.parameters["network"]), weights_of(request.arrays)
        wide = {name: w.astype("float64") for name, w in weights.items()}
        values = forward(network, wide, request.arrays["images"].astype("float64"))
        for place, layer in enumerate(network):
            absolute = {name: np.abs(w) for name, w in of_layer(wide, place).items()}
            sums = layer.forward(np.abs(values[place]), absolute, cross_correlate)
            assert sums.max() <= FORMATS[dtype].exact_below
        assert (values[-1] == np.rint(values[-1])).all()
        dull += len(np.unique(values[-1])) == 1
    assert dull < len(drawn) / 10


def test_every_kind_of_layer_comes_up() -> None:
    seen: Counter[str] = Counter()
    for request in predictions("float32"):
        for layer in described(request.parameters["network"]):
            seen[layer.kind] += 1
            match layer:
                case Convolution(groups=groups) if groups > 1:
                    seen["depthwise" if groups == layer.channels else "grouped"] += 1
                case Activate(function=function):
                    seen[function] += 1
                case AveragePool(kernel=kernel) if max(kernel) > 1:
                    seen["mean of several"] += 1
    wanted = ("convolution", "depthwise", "grouped", "max pool", "mean of several", "dense")
    functions = ("relu", "leaky_relu", "sigmoid", "tanh", "gelu", "gelu_tanh")
    assert min(seen[kind] for kind in (*wanted, *functions)) > 10


def test_bytes_of_zero_make_the_plainest_network() -> None:
    drawn = any_network(Dice(bytes(DRAWN_BYTES)), "float32")
    kinds = [layer.kind for layer in drawn.network]
    assert drawn.images == (1, 1, 6, 6)
    assert kinds == ["convolution", "flatten", "dense"]


def test_bounds_tell_a_thousandth() -> None:
    """In float32, for most networks: the bound is far smaller than the logits."""
    shares = []
    for request in predictions("float32", 100):
        reading = answer(request)["result"]
        size = np.abs(reading.value).max()
        shares.append(float(np.median(np.broadcast_to(reading.bound, reading.value.shape)) / size))
    assert np.quantile(shares, 0.9) < 1e-3


def test_steps_are_bounded() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        request = any_step(Dice(rng.bytes(DRAWN_BYTES)), "float32", (2,))
        readings = answer(request)
        assert set(readings) == {"losses"} | {n for n in request.arrays if n.startswith("weights/")}
        assert all(np.isfinite(reading.bound).all() for reading in readings.values())
