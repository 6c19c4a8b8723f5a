"""Keras is asked for what the reference means, on each framework that it computes by."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unavailable, Unsupported, load
from adapters.contract import OPERATIONS
from adapters.dtypes import numpy_dtype
from adapters.operations import perform
from adapters.process.isolation import Isolated, Limits
from adapters.tests.layer_calls import (
    CALLS,
    PLAIN_CALLS,
    Call,
    changed,
    check,
    check_all_ways,
    random_arrays,
    with_gradient,
)
from adapters.tests.test_adapters import CASES
from adapters.tests.test_adapters import check as check_case
from adapters.tests.training_calls import NETWORKS, check_training, learned, training
from reference.optimizers import SGD, Adam

pytest.importorskip("keras")

ENGINES = {"keras": "tensorflow", "keras+torch": "torch", "keras+jax": "jax"}


@pytest.fixture(scope="module", params=ENGINES)
def keras(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Adapter]:
    """In a process of its own: Keras computes by one framework in each."""
    pytest.importorskip(ENGINES[request.param])
    worker = Isolated(request.param, Limits(), tmp_path_factory.mktemp("worker") / "in-flight.call")
    yield worker.ready()
    worker.close()


def narrow(call: Call) -> Call:
    return changed(call, lambda a: a.astype("float32"))


@pytest.mark.parametrize("case", CASES)
def test_cross_correlations(keras: Adapter, case: str) -> None:
    if max(CASES[case].stride) > 1 and max(CASES[case].dilation) > 1:
        with pytest.raises(Unsupported):
            check_case(keras, CASES[case], *CASES[case].arrays())
    else:
        check_case(keras, CASES[case], *CASES[case].arrays())


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_other_dtypes(keras: Adapter, dtype: str) -> None:
    for case in ("1 axis, low zeros", "2 axes, uneven zeros", "2 axes, depthwise", "3 axes"):
        check_case(keras, CASES[case], *CASES[case].arrays(numpy_dtype(dtype)))


@pytest.mark.parametrize("padding", ["valid", "same_upper"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_padding_by_name(keras: Adapter, padding: str, axes: int) -> None:
    x = np.random.default_rng(0).standard_normal((1, 2, *(6, 7, 8)[:axes]))
    filters = np.random.default_rng(1).standard_normal((3, 2, *(4, 3, 2)[:axes]))
    given = {"stride": (2,) * axes, "dilation": (1,) * axes, "groups": 1, "padding": padding}
    check(keras, ("cross_correlate", {"x": x, "filters": filters}, given), 1e-12)


@pytest.mark.parametrize("padding", ["valid", "same_upper"])
def test_transposes_of_less_than_the_stride(keras: Adapter, padding: str) -> None:
    arrays = random_arrays(x=(1, 2, 5), filters=(2, 3, 2))
    given = {"stride": (3,), "dilation": (1,), "groups": 1, "output_padding": (0,)}
    call = "transposed_cross_correlate", arrays, given | {"padding": padding}
    declined: Any = pytest.raises(Unsupported) if padding == "valid" else nullcontext()
    with declined:
        check(keras, call, 1e-12)


@pytest.mark.parametrize("name", PLAIN_CALLS)
def test_layers(keras: Adapter, name: str) -> None:
    call = narrow(PLAIN_CALLS[name])
    if keras.name == "keras+torch" and name == "average_pool, 3, same_upper":
        pytest.skip("there Keras pads a pool by repeating values, where the amounts are uneven")
    check(keras, call, 1e-5)
    check(keras, with_gradient(call), 1e-5)


@pytest.mark.parametrize("name", tuple(CALLS)[::3])  # JAX compiles for each
def test_layers_of_every_kind(keras: Adapter, name: str) -> None:
    check_all_ways(keras, narrow(CALLS[name]), 1e-5)


def test_all_is_offered(keras: Adapter) -> None:
    assert {keras.offers(operation) for operation in OPERATIONS} == {"own"}


def test_dropout(keras: Adapter) -> None:
    x = np.ones((40, 50), "float32")

    def drop(seed: int) -> Any:
        parameters = {"rate": 0.3, "seed": seed, "training": True}
        return perform(keras, "dropout", {"x": x}, parameters)["result"]

    assert np.array_equal(drop(5), drop(5))
    assert not np.array_equal(drop(5), drop(6))
    assert (drop(5) != 0).mean() == pytest.approx(0.7, abs=0.05)


def test_mismatched_filters_are_refused(keras: Adapter) -> None:
    x, filters = np.ones((1, 4, 5)), np.ones((2, 3, 2))
    given: dict[str, Any] = {"stride": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}
    with pytest.raises(Exception, match="4 channels do not make 1 groups of 3"):
        keras.cross_correlate(x, filters, **given)


@pytest.mark.parametrize("compiled", [False, True])
def test_training(keras: Adapter, compiled: bool) -> None:
    if compiled and keras.name == "keras+torch":
        pytest.skip("a minute of compiling; torch.compile is tested with the modes of PyTorch")
    call = training("as usual", SGD(0.1, 0.9), dtype="float32", compiled=compiled)
    check_training(keras, call, 1e-5)


def test_training_by_adam(keras: Adapter) -> None:
    optimizer = Adam(0.01, epsilon_hat=True)
    check_training(keras, training("one axis", optimizer, dtype="float32"), 1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions(keras: Adapter, name: str) -> None:
    network, weights, images = learned(name)
    expected = load("reference").predict(network, weights, images)
    _, arrays, parameters = training(name, SGD(0.1), dtype="float32")
    given = {key: a for key, a in arrays.items() if key not in ("labels", "batches")}
    got = perform(keras, "predict", given, {"network": parameters["network"]})["result"]
    assert got == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "padding", "dtype"),
    [
        ("2 axes, groups", ((1, 0), (0, 2)), "float64"),
        ("2 axes, depthwise", "same_upper", "bfloat16"),
    ],
)
def test_lines_make_the_same_call(keras: Adapter, name: str, padding: Any, dtype: str) -> None:
    case = CASES[name]
    made: Any = case.arrays(numpy_dtype(dtype))
    arrays: dict[str, Any] = dict(zip(("x", "filters", "bias"), made, strict=True))
    given: dict[str, Any] = {**case.parameters, "padding": padding}
    lines = keras.script(**given, bias=True, dtype=dtype)
    assert lines is not None
    right = keras.cross_correlate(**arrays, **given)
    assert np.array_equal(_run(lines, arrays), right)


def _run(lines: str, arrays: Any) -> Any:
    """In a process of its own, where Keras computes by what the lines say."""
    with tempfile.TemporaryDirectory() as folder:
        named = {name: a.astype("float64") for name, a in arrays.items()}
        np.savez(f"{folder}/arrays.npz", **named)
        head = f"import ml_dtypes\nimport numpy as np\nfiles = np.load('{folder}/arrays.npz')\n"
        head += "".join(f"{n} = files['{n}'].astype('{a.dtype.name}')\n" for n, a in arrays.items())
        tail = f"\nnp.save('{folder}/got.npy', got.astype('float64'))"
        subprocess.run([sys.executable, "-c", head + lines + tail], check=True, capture_output=True)
        return np.load(f"{folder}/got.npy")


def test_two_frameworks_contradict_each_other() -> None:
    with pytest.raises(Unavailable, match="torch and jax contradict"):
        load("keras+torch+jax")


def test_a_process_has_one_framework() -> None:
    pytest.importorskip("tensorflow")
    pytest.importorskip("torch")
    assert load("keras").name == "keras"
    with pytest.raises(Unavailable, match="Keras computes by tensorflow, and not by torch"):
        load("keras+torch")
