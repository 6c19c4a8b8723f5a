"""TensorFlow learns as the reference does: operation by operation, and step by step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported
from adapters.contract import Array
from adapters.dtypes import numpy_dtype
from adapters.reference_adapter import Reference
from adapters.registry import load
from reference import training
from reference.activations import ACTIVATIONS
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Network,
    Weights,
    initial_weights,
)
from reference.optimizers import SGD, Adam, Optimizer

pytest.importorskip("tensorflow")

NETWORK: Network = (
    Convolution(2, 4, (3, 3), padding=((1, 1), (1, 0))),
    Activate(),
    MaxPool(),
    Convolution(4, 6, (2, 3)),
    Activate(),
    MaxPool(),
    Flatten(),
    Dense(6, 5),
)
STEPS = 30
NEAR = 1e-12


@pytest.fixture(scope="module")
def tensorflow() -> Adapter:
    return load("tensorflow")


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def near(got: Array, expected: Array, within: float = NEAR) -> bool:
    same = got.shape == expected.shape and got.dtype == expected.dtype
    return same and bool(np.all(np.abs(got - expected) <= within))


def agree(
    adapter: Adapter, operation: str, arrays: Mapping[str, Array], within: float = NEAR, **p: Any
) -> None:
    """The operation and its gradients are those of the reference; the arguments stay."""
    before = {name: array.copy() for name, array in arrays.items()}
    expected = getattr(Reference(), operation)(**arrays, **p)
    got = getattr(adapter, operation)(**arrays, **p)
    results = expected if isinstance(expected, dict) else {"result": expected}
    found = got if isinstance(got, dict) else {"result": got}
    assert all(near(found[name], results[name], within) for name in results)

    gradient = np.asarray(numbers(*results["result"].shape, seed=1))
    by_reference = Reference().gradients(operation, arrays, gradient, p)
    by_tape = adapter.gradients(operation, arrays, gradient, p)
    assert by_tape.keys() == by_reference.keys()
    assert all(near(by_tape[name], by_reference[name], within) for name in by_tape)
    assert all(np.array_equal(arrays[name], before[name]) for name in arrays)


def windows(axes: int, **changes: Any) -> dict[str, Any]:
    own = {name: v[:axes] if isinstance(v, tuple) else v for name, v in changes.items()}
    plain = {"stride": (1,) * axes, "padding": ((0, 0),) * axes, "dilation": (1,) * axes}
    return plain | {"groups": 1} | own


def pools(axes: int, **changes: Any) -> dict[str, Any]:
    plain = {"kernel": (3, 2, 2)[:axes], "stride": (2, 1, 2)[:axes], "padding": "valid"}
    return plain | {"ceil_mode": False} | changes


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stride": (2, 1, 2)},
        {"padding": ((1, 0), (0, 1), (1, 1))},
        {"padding": "same_upper", "stride": (2, 2, 1)},
        {"dilation": (2, 1, 1)},
        {"dilation": (1, 3, 2), "padding": ((2, 0), (0, 1), (3, 1))},
    ],
    ids=str,
)
def test_cross_correlation(
    tensorflow: Adapter, axes: int, bias: bool, changes: dict[str, Any]
) -> None:
    parameters = windows(axes, **changes)
    if axes == 3 and max(parameters["dilation"]) > 1:
        return  # there is no dilated conv3d in float64
    arrays = {
        "x": numbers(2, 2, *(6, 7, 5)[:axes]),
        "filters": numbers(3, 2, *(3, 2, 2)[:axes], seed=2),
    } | ({"bias": numbers(3)} if bias else {})
    agree(tensorflow, "cross_correlate", arrays, **parameters)


TRANSPOSED: list[dict[str, Any]] = [
    {},
    {"stride": (2, 3, 2), "output_padding": (1, 2, 0)},
    {"padding": ((1, 0), (0, 1), (1, 1)), "stride": (2, 1, 2)},
    {"padding": "valid", "stride": (4, 1, 2)},
    {"padding": "same_upper", "stride": (4, 1, 2)},
]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("changes", TRANSPOSED, ids=str)
def test_transposed_cross_correlation(
    tensorflow: Adapter, axes: int, changes: dict[str, Any]
) -> None:
    parameters = windows(axes, **{"output_padding": (0, 0, 0)} | changes)
    arrays = {
        "x": numbers(2, 3, *(4, 3, 4)[:axes]),
        "filters": numbers(3, 2, *(3, 2, 2)[:axes], seed=2),
        "bias": numbers(2),
    }
    agree(tensorflow, "transposed_cross_correlate", arrays, **parameters)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same_upper", ((1, 0), (0, 1))])
def test_max_pool(tensorflow: Adapter, axes: int, padding: Any) -> None:
    amounts = padding if isinstance(padding, str) else padding[:axes]
    arrays = {"x": numbers(2, 3, *(7, 6)[:axes])}
    parameters = pools(axes, padding=amounts, dilation=(1,) * axes)
    agree(tensorflow, "max_pool", arrays, **parameters)
    ties = {"x": np.round(arrays["x"])}
    agree(tensorflow, "max_pool", ties, **parameters)
    agree(tensorflow, "max_pool", arrays, **pools(axes, stride=(1,) * axes, dilation=(2, 3)[:axes]))


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize(
    ("padding", "counted"), [("valid", True), ("valid", False), ("same_upper", False)]
)
def test_average_pool(tensorflow: Adapter, axes: int, padding: str, counted: bool) -> None:
    parameters = pools(axes, padding=padding, count_include_pad=counted)
    agree(tensorflow, "average_pool", {"x": numbers(2, 3, *(7, 6)[:axes])}, **parameters)


def test_pools_of_3_axes_in_float32(tensorflow: Adapter) -> None:
    x = np.random.default_rng(0).permutation(2 * 3 * 7 * 6 * 5).reshape(2, 3, 7, 6, 5)
    image = x.astype("float32")
    largest, mean = pools(3, dilation=(1, 1, 1)), pools(3, kernel=(2,) * 3, count_include_pad=True)
    assert near(tensorflow.max_pool(image, **largest), Reference().max_pool(image, **largest))
    assert near(tensorflow.average_pool(image, **mean), Reference().average_pool(image, **mean))


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations(tensorflow: Adapter, kind: str) -> None:
    """TensorFlow rounds the constants of some to float32, whatever the dtype."""
    within = NEAR if kind in ("relu", "sigmoid", "tanh") else 1e-7
    for shape in ((7,), (3, 4), (2, 3, 4, 5)):
        agree(tensorflow, "activation", {"x": 2 * numbers(*shape)}, within, kind=kind)


def test_dense(tensorflow: Adapter) -> None:
    arrays = {"x": numbers(4, 3), "weights": numbers(5, 3, seed=2)}
    agree(tensorflow, "dense", arrays)
    agree(tensorflow, "dense", arrays | {"bias": numbers(5)})


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 5, 2), (2, 3, 2, 3, 4)])
def test_batch_norm(tensorflow: Adapter, shape: tuple[int, ...], training: bool) -> None:
    kept = dict(zip(("scale", "shift", "mean"), numbers(3, 3, seed=2), strict=True))
    arrays = {"x": numbers(*shape), **kept, "variance": np.array([0.5, 1.0, 2.0])}
    settings: dict[str, Any] = {"momentum": 0.1, "epsilon": 1e-3, "unbiased": False}
    settings["training"] = training
    agree(tensorflow, "batch_norm", arrays, **settings)


def test_dropout(tensorflow: Adapter) -> None:
    x, gradient = np.ones((20, 3, 4, 5)), numbers(20, 3, 4, 5)
    settings: dict[str, Any] = {"rate": 0.25, "seed": 3, "training": True}
    dropped = tensorflow.dropout(x, **settings)
    assert set(np.unique(dropped * 0.75).round(12)) == {0, 1}
    assert 0.2 < (dropped == 0).mean() < 0.3
    assert np.array_equal(dropped, tensorflow.dropout(x, rate=0.25, seed=3, training=True))
    assert not np.array_equal(dropped, tensorflow.dropout(x, rate=0.25, seed=4, training=True))
    assert np.array_equal(x, tensorflow.dropout(x, rate=0.25, seed=3, training=False))
    by_x = tensorflow.gradients("dropout", {"x": x}, gradient, settings)["x"]
    assert near(by_x, gradient * dropped)


@pytest.mark.parametrize("reduction", ["mean", "sum", "weighted mean"])
@pytest.mark.parametrize(("smoothing", "weighted"), [(0.0, False), (0.0, True), (0.1, False)])
def test_loss(tensorflow: Adapter, reduction: str, smoothing: float, weighted: bool) -> None:
    arrays = {"logits": numbers(6, 4), "labels": np.array([0, 3, 1, 1, 2, 3])}
    if weighted:
        arrays["class_weights"] = np.array([0.5, 1.0, 2.0, 3.0])
    settings: dict[str, Any] = {"label_smoothing": smoothing, "reduction": reduction}
    agree(tensorflow, "softmax_cross_entropy", arrays, **settings)


# Momentum, betas and weight decay are powers of two or sums of few: Keras rounds them to float32.
OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": SGD(0.1),
    "Nesterov": SGD(0.1, 0.75, nesterov=True),
    "decay": SGD(0.1, 0.75, weight_decay=1 / 64, decoupled=True),
    "Adam": Adam(0.1, 0.875, 0.9921875, epsilon=1e-3, epsilon_hat=True),
    "AdamW": Adam(0.1, 0.875, 0.9921875, epsilon_hat=True, weight_decay=1 / 64, decoupled=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(tensorflow: Adapter, name: str) -> None:
    weight, gradients = numbers(3, 4), numbers(20, 3, 4, seed=1)
    expected = Reference().optimize(weight, gradients, OPTIMIZERS[name])
    assert near(tensorflow.optimize(weight, gradients, OPTIMIZERS[name]), expected, 1e-14)


# Step by step


def data(dtype: str = "float64") -> tuple[Any, ...]:
    weights = {
        name: array.astype(numpy_dtype(dtype))
        for name, array in initial_weights(NETWORK, seed=1).items()
    }
    rng = np.random.default_rng(2)
    images = rng.standard_normal((40, 2, 8, 10)).astype(numpy_dtype(dtype))
    return weights, images, rng.integers(0, 5, 40), rng.integers(0, 40, (STEPS, 8))


def expected_losses(
    network: Network, weights: Weights, images: Array, labels: Array, batches: Array
) -> Array:
    steps = training.train(network, weights, images, labels, batches, SGD(0.1))
    return np.array([step.loss for step in steps])


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", ["SGD", "Nesterov", "AdamW"])
def test_training(tensorflow: Adapter, name: str, compiled: bool) -> None:
    weights, images, labels, batches = data()
    before = {key: array.copy() for key, array in weights.items()}
    told: list[int] = []
    arguments = (NETWORK, weights, images, labels, batches, OPTIMIZERS[name])
    losses, trained = tensorflow.train(*arguments, compiled=compiled, progress=told.append)
    steps = list(training.train(*arguments))
    within = 1e-12 if name == "AdamW" else 1e-14
    assert near(losses, np.array([step.loss for step in steps]), within)
    assert trained.keys() == weights.keys()
    assert all(near(trained[key], steps[-1].weights[key], within) for key in weights)
    assert all(np.array_equal(weights[key], before[key]) for key in weights)
    assert told == list(range(1, STEPS + 1))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_training_in_narrow_dtypes(tensorflow: Adapter, dtype: str, compiled: bool) -> None:
    weights, images, labels, batches = data(dtype)
    losses, trained = tensorflow.train(
        NETWORK, weights, images, labels, batches[:6], SGD(0.1), compiled=compiled
    )
    assert {a.dtype for a in (losses, *trained.values())} == {numpy_dtype(dtype)}
    weights, images, labels, batches = data()
    expected = expected_losses(NETWORK, weights, images, labels, batches[:6])
    within = {"float32": 1e-5, "float16": 0.01, "bfloat16": 0.1}[dtype]
    assert np.abs(losses.astype("float64") - expected).max() < within


def test_nothing_is_kept_between_two_trainings(tensorflow: Adapter) -> None:
    import tensorflow as tf

    weights, images, labels, batches = data()
    first, second = (
        tensorflow.train(NETWORK, weights, images, labels, batches, OPTIMIZERS["Adam"])
        for _ in range(2)
    )
    assert np.array_equal(first[0], second[0])
    assert all(np.array_equal(first[1][name], second[1][name]) for name in first[1])
    assert tf.keras.config.floatx() == "float32"


LAYERS: dict[str, Network] = {
    "average pool": (AveragePool(), Activate("tanh"), Flatten(), Dense(40, 3)),
    "stride, groups": (
        Convolution(2, 4, (3, 2), stride=(2, 3), groups=2), Flatten(), Dense(36, 3),
    ),
    "one axis": (Convolution(2, 3, (3,), (2,), ((1, 0),), (1,)), Flatten(), Dense(12, 3)),
    "three axes": (
        Convolution(2, 3, (3, 2, 1), (1,) * 3, ((1, 0),) * 3, (1,) * 3), Flatten(), Dense(270, 3),
    ),
    "dense": (Flatten(), Dense(160, 4), Activate("sigmoid"), Dense(4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_other_networks_predict_and_learn(tensorflow: Adapter, name: str) -> None:
    network = LAYERS[name]
    size = {"one axis": (8,), "three axes": (6, 6, 2)}.get(name, (8, 10))
    weights, images = initial_weights(network, seed=1), numbers(6, 2, *size)
    for some in (images, np.repeat(images, 84, axis=0)):  # more than are predicted at once, too
        expected = training.predict(network, weights, some)
        assert near(tensorflow.predict(network, weights, some), expected)
    labels, batches = np.array([0, 1, 2, 0, 1, 2]), np.array([[0, 1], [2, 5], [3, 4]])
    losses, _ = tensorflow.train(network, weights, images, labels, batches, SGD(0.1))
    assert near(losses, expected_losses(network, weights, images, labels, batches))


def test_compiled_training_knows_every_layer(tensorflow: Adapter) -> None:
    network: Network = (
        Convolution(2, 4, (2, 2), dilation=(2, 3), groups=2), Activate("sigmoid"),
        AveragePool(), Flatten(), Dense(36, 5),
    )  # fmt: skip
    weights, (_, images, labels, batches) = initial_weights(network, seed=1), data()
    for compiled in (False, True):
        losses, _ = tensorflow.train(
            network, weights, images, labels, batches[:5], SGD(0.1), compiled=compiled
        )
        assert near(losses, expected_losses(network, weights, images, labels, batches[:5]))


SPREAD = pools(2, dilation=(2, 2), stride=(1, 1), padding="same_upper")
POOLS_DECLINED = [
    ("max_pool", pools(2, dilation=(1, 1), ceil_mode=True), "ceil_mode"),
    ("max_pool", pools(2, dilation=(1, 2)), "without stride"),
    ("max_pool", pools(2, dilation=(1, 1), padding="same_lower"), "same_lower"),
    ("max_pool", SPREAD, "without stride and padding"),
    ("max_pool", pools(3, dilation=(1,) * 3, padding=((1, 0),) * 3), "max_pool3d takes no"),
    ("max_pool", pools(3, dilation=(1,) * 3), "double|MaxPool3D"),
    ("average_pool", pools(2, count_include_pad=False, padding=((1, 0),) * 2), "no amounts"),
    ("average_pool", pools(2, count_include_pad=True, padding="same_upper"), "out of the mean"),
    ("average_pool", pools(3, count_include_pad=True), "AvgPool3D"),
]


@pytest.mark.parametrize(("operation", "parameters", "message"), POOLS_DECLINED)
def test_pools_that_are_declined(
    tensorflow: Adapter, operation: str, parameters: dict[str, Any], message: str
) -> None:
    x = numbers(1, 2, *(6, 7, 5)[: len(parameters["kernel"])])
    with pytest.raises(Unsupported, match=message):
        getattr(tensorflow, operation)(x, **parameters)
    with pytest.raises(Unsupported, match=message):
        tensorflow.gradients(operation, {"x": x}, x, parameters)


@pytest.mark.parametrize("optimizer", [SGD(0.1, weight_decay=0.1), Adam(0.1)])
def test_optimizers_that_are_declined(tensorflow: Adapter, optimizer: Optimizer) -> None:
    with pytest.raises(Unsupported, match=r"decoupled|epsilon-hat"):
        tensorflow.optimize(np.ones(2), np.ones((1, 2)), optimizer)


def test_conventions_that_are_declined(tensorflow: Adapter) -> None:
    x, one, labels = numbers(3, 2), np.ones(2), np.array([0, 1, 1])
    settings: dict[str, Any] = {"momentum": 0.1, "epsilon": 1e-3, "unbiased": True}
    with pytest.raises(Unsupported, match="biased variance"):
        tensorflow.batch_norm(x, one, one, one, one, training=True, **settings)
    settings = {"label_smoothing": 0.1, "reduction": "mean"}
    with pytest.raises(Unsupported, match="weighs items"):
        tensorflow.softmax_cross_entropy(x, labels, one, **settings)
    network: Network = (Convolution(2, 3, (2, 2), (2, 2), dilation=(2, 2)), Flatten())
    with pytest.raises(Unsupported, match="both stride and dilation"):
        tensorflow.predict(network, initial_weights(network, seed=0), numbers(1, 2, 8, 8))


GRADIENTS_DECLINED = [
    (2, {"groups": 2, "dilation": (1, 2)}, "grouped"),
    (2, {"stride": (1, 2), "dilation": (2, 1)}, "dilation rates"),
    (3, {"groups": 2}, "no grouped convolution of 3 axes"),
]


@pytest.mark.parametrize(("axes", "changes", "message"), GRADIENTS_DECLINED)
def test_gradients_that_a_cpu_has_not(
    tensorflow: Adapter, axes: int, changes: dict[str, Any], message: str
) -> None:
    parameters, size = windows(axes, **changes), (4,) * axes
    groups = parameters["groups"]
    x, filters = numbers(2, 2 * groups, *size), numbers(2, 2, *(1,) * axes)
    gradient = Reference().cross_correlate(x, filters, **parameters)
    with pytest.raises(Unsupported, match=message):
        tensorflow.gradients("cross_correlate", {"x": x, "filters": filters}, gradient, parameters)
    parameters["output_padding"] = (0,) * axes
    with pytest.raises(Unsupported, match=r"grouped|dilation rates"):
        tensorflow.transposed_cross_correlate(x[:, :2], filters, **parameters)
