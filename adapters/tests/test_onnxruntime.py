"""Every operator of ONNX Runtime that the adapter offers is that of the reference."""

from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import DERIVED, OPERATIONS
from adapters.operations import perform
from adapters.tests.layer_calls import (
    CALLS,
    PLAIN_CALLS,
    ROUNDING,
    changed,
    check,
    check_all_ways,
    random_arrays,
)
from adapters.tests.test_adapters import CASES
from adapters.tests.test_adapters import check as check_case
from adapters.tests.test_scripts import got_by, script_for
from adapters.tests.training_calls import NETWORKS, check_training, learned, training
from reference.optimizers import SGD

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

MODES = ("onnxruntime", "onnxruntime+unoptimized", "onnxruntime+dynamic")


@pytest.fixture(scope="module", params=MODES)
def runtime(request: pytest.FixtureRequest) -> Adapter:
    return load(request.param)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_cross_correlations(runtime: Adapter, case: str, dtype: str) -> None:
    check_case(runtime, CASES[case], *CASES[case].arrays(dtype))


@pytest.mark.parametrize("case", CASES)
def test_lines_make_the_same_call(runtime: Adapter, case: str) -> None:
    arrays = CASES[case].arrays("float32")
    got = got_by(script_for(runtime, CASES[case], "float32"), *arrays)
    assert np.array_equal(got, runtime.cross_correlate(*arrays, **CASES[case].parameters))


@pytest.mark.parametrize("padding", ["valid", "same_upper", "same_lower"])
def test_padding_by_name(runtime: Adapter, padding: str) -> None:
    arrays = random_arrays(x=(1, 2, 6, 7), filters=(3, 2, 4, 3))
    given: dict[str, Any] = {"stride": (2, 1), "dilation": (1, 1), "groups": 1, "padding": padding}
    check(runtime, changed(("cross_correlate", arrays, given), narrow), 1e-5)


@pytest.mark.parametrize("padding", ["valid", "same_upper", "same_lower"])
def test_padding_of_transposes_by_name(runtime: Adapter, padding: str) -> None:
    arrays = random_arrays(x=(1, 2, 6, 7), filters=(2, 3, 4, 3))
    given: dict[str, Any] = {"stride": (1, 2), "dilation": (1, 2), "groups": 1, "padding": padding}
    call = "transposed_cross_correlate", arrays, given | {"output_padding": (0, 0)}
    check(runtime, changed(call, narrow), 1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", CALLS | PLAIN_CALLS)
def test_layers(runtime: Adapter, name: str, dtype: str) -> None:
    call = {**CALLS, **PLAIN_CALLS}[name]
    eighths = changed(call, lambda a: (np.round(a * 8) / 8).astype(dtype))
    if (name, dtype, runtime.name) != ("batch_norm", "float16", "onnxruntime"):
        check_all_ways(runtime, eighths, ROUNDING[dtype])


def test_what_is_offered(runtime: Adapter) -> None:
    for operation in OPERATIONS:
        if operation.startswith("gradients of ") or operation in ("train", "optimize"):
            expected = "derived" if operation in DERIVED else "not offered"
        else:
            expected = "own"
        assert runtime.offers(operation) == expected


def test_named_padding_with_dilation_is_declined(runtime: Adapter) -> None:
    x, filters = np.ones((1, 1, 5), "float32"), np.ones((1, 1, 2), "float32")
    given: dict[str, Any] = {"stride": (1,), "dilation": (2,), "groups": 1}
    with pytest.raises(Unsupported, match="Dilation"):
        runtime.cross_correlate(x, filters, padding="same_upper", **given)


def test_a_dtype_that_it_does_not_have_is_declined(runtime: Adapter) -> None:
    x, filters, bias = CASES["1 axis"].arrays("float64")
    with pytest.raises(Unsupported, match="Could not find an implementation for Conv"):
        runtime.cross_correlate(x, filters, bias, **CASES["1 axis"].parameters)


def test_dropout_has_no_memory(runtime: Adapter) -> None:
    x = np.ones((40, 50), "float32")
    first, again, other = (
        runtime.dropout(x, rate=0.3, seed=seed, training=True) for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(runtime.dropout(x, rate=0.3, seed=5, training=False), x)


def test_equal_shapes_with_other_values(runtime: Adapter) -> None:
    case = CASES["2 axes, groups"]
    x, filters, bias = case.arrays("float32")
    for factor in (1, -2, 3):
        check_case(runtime, case, x, filters * factor, bias)


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions(runtime: Adapter, name: str) -> None:
    network, weights, images = learned(name)
    expected = load("reference").predict(network, weights, images)
    small = {own: narrow(weight) for own, weight in weights.items()}
    got = runtime.predict(network, small, narrow(images))
    assert got.dtype == "float32"
    assert got == pytest.approx(expected, abs=1e-5)


def test_training_is_derived(runtime: Adapter) -> None:
    check_training(runtime, training("as usual", SGD(0.1), dtype="float32"), 1e-5)
    with pytest.raises(Unsupported, match="compiled"):
        perform(runtime, *training("as usual", SGD(0.1), compiled=True))


def narrow(array: Any) -> Any:
    return array.astype("float32")
