"""A network: forward, backward, and its description."""

import json
from typing import Any

import numpy as np
import pytest

from reference import ParameterError, cross_correlate
from reference.geometry import Array
from reference.loss import softmax_cross_entropy, softmax_cross_entropy_gradient
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    backward,
    describe,
    described,
    forward,
    initial_weights,
    of_layer,
)
from reference.tests.differences import central_differences

NETWORK: Network = (
    Convolution(2, 4, (3, 2), stride=(1, 2), padding=((1, 0), (0, 1)), groups=2),
    Activate("tanh"),
    MaxPool(),
    Convolution(4, 3, (2, 1), dilation=(2, 1)),
    Activate("leaky_relu"),
    AveragePool((1, 2)),
    Flatten(),
    Dense(3, 3),
)
ON_A_LINE: Network = (
    Convolution(1, 2, (3,), stride=(1,), padding=((1, 1),), dilation=(1,)),
    Activate(),
    AveragePool((2,)),
    Flatten(),
    Dense(6, 2),
)
RNG = np.random.default_rng(0)
INPUTS = {NETWORK: RNG.normal(size=(2, 2, 7, 8)), ON_A_LINE: RNG.normal(size=(3, 1, 6))}


@pytest.mark.parametrize("network", INPUTS)
def test_backward_gives_the_derivatives_of_the_loss(network: Network) -> None:
    x, weights = INPUTS[network], initial_weights(network, seed=1)
    labels = np.arange(len(x)) % 2
    values = forward(network, weights, x)
    by_logits = softmax_cross_entropy_gradient(values[-1], labels)
    gradients = backward(network, weights, values, by_logits)
    assert gradients.keys() == weights.keys()
    for name, weight in weights.items():

        def loss(weight: Array, name: str = name) -> Array:
            logits = forward(network, weights | {name: weight}, x)[-1]
            return softmax_cross_entropy(logits, labels)

        expected = central_differences(loss, weight, np.ones(()))
        assert np.allclose(gradients[name], expected, rtol=0, atol=1e-8), name


def test_values_are_the_inputs_of_the_layers_and_the_result() -> None:
    x = INPUTS[ON_A_LINE]
    values = forward(ON_A_LINE, initial_weights(ON_A_LINE, seed=0), x)
    assert values[0] is x
    assert [v.shape for v in values[1:]] == [(3, 2, 6), (3, 2, 6), (3, 2, 3), (3, 6), (3, 2)]


def test_another_cross_correlation_does_all_that_are_needed() -> None:
    calls = []

    def counting(*arguments: Any, **parameters: Any) -> Array:
        calls.append(parameters)
        return cross_correlate(*arguments, **parameters)

    weights = initial_weights(NETWORK, seed=0)
    values = forward(NETWORK, weights, INPUTS[NETWORK], counting)
    assert len(calls) == 2
    backward(NETWORK, weights, values, np.ones_like(values[-1]), counting)
    # Two by the filters, and one by the input: none by the images.
    assert len(calls) == 5


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_keep_the_dtype(dtype: str) -> None:
    weights = initial_weights(NETWORK, 0, dtype)
    values = forward(NETWORK, weights, INPUTS[NETWORK].astype(dtype))
    gradients = backward(NETWORK, weights, values, values[-1])
    for array in (*weights.values(), *values, *gradients.values()):
        assert array.dtype == dtype


def test_an_empty_batch() -> None:
    weights = initial_weights(NETWORK, seed=0)
    values = forward(NETWORK, weights, INPUTS[NETWORK][:0])
    assert values[-1].shape == (0, 3)
    gradients = backward(NETWORK, weights, values, values[-1])
    assert not any(gradient.any() for gradient in gradients.values())


def test_initial_weights_come_from_the_seed() -> None:
    network = (Dense(1000, 500),)
    first, again, other = (initial_weights(network, seed) for seed in (0, 0, 1))
    assert np.array_equal(first["0.weights"], again["0.weights"])
    assert not np.array_equal(first["0.weights"], other["0.weights"])
    assert np.isclose(first["0.weights"].var(), 2 / 1000, rtol=0.01)
    assert not first["0.bias"].any()


def test_weights_are_found_by_the_whole_number_of_their_layer() -> None:
    arrays = {"1.bias": np.zeros(1), "11.bias": np.ones(1)}
    assert of_layer(arrays, 1) == {"bias": arrays["1.bias"]}


@pytest.mark.parametrize("network", INPUTS)
def test_a_description_gives_the_same_network(network: Network) -> None:
    assert described(describe(network)) == network
    # Even as JSON, which has no tuples.
    again = described(json.loads(json.dumps(describe(network))))
    assert again == network


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"layer": "attention"}, "no layer 'attention'"),
        ({}, "no layer None"),
        ({"layer": "dense", "inputs": 1, "outputs": 1, "bias": 0}, "'dense'.*'bias'"),
        ({"layer": "dense", "inputs": 1}, "'dense'.*'outputs'"),
    ],
)
def test_refuse_what_is_no_layer(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        described([entry])
