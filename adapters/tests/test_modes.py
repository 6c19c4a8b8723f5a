"""The options of PyTorch's and TensorFlow's adapters ask for the same in other ways."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unavailable, Unsupported, load
from adapters.dtypes import numpy_dtype
from adapters.options import one_of
from adapters.process.isolation import Isolated, Limits
from adapters.tests.layer_calls import CALLS, check, check_all_ways
from adapters.tests.test_adapters import CASES
from adapters.tests.test_adapters import check as check_case
from adapters.tests.test_scripts import got_by, script_for
from adapters.tests.training_calls import check_training, learned, training
from reference.optimizers import SGD

TORCH = ("module", "channels_last", "no_onednn", "module+channels_last+no_onednn")
TENSORFLOW = ("function", "xla", "raw_ops")
OF_TWO_AXES = ("2 axes, dilation", "2 axes, uneven zeros", "2 axes, depthwise")
# Its constants of float64 have the digits of float32, in every mode.
NOT_EXACT_IN_TENSORFLOW = ("leaky_relu", "gelu", "gelu_tanh")


def torch_in(mode: str) -> Adapter:
    pytest.importorskip("torch")
    return load(f"torch-cpu+{mode}")


def tensorflow_in(mode: str) -> Adapter:
    pytest.importorskip("tensorflow")
    return load(f"tensorflow+{mode}")


# PyTorch


@pytest.mark.parametrize("mode", TORCH)
@pytest.mark.parametrize("case", CASES)
def test_cross_correlations_of_torch(mode: str, case: str) -> None:
    adapter = torch_in(mode)
    for dtype in adapter.capabilities.dtypes:
        check_case(adapter, CASES[case], *CASES[case].arrays(numpy_dtype(dtype)))


@pytest.mark.parametrize("mode", TORCH)
@pytest.mark.parametrize("name", CALLS)
def test_layers_of_torch(mode: str, name: str) -> None:
    check_all_ways(torch_in(mode), CALLS[name], 1e-12)


@pytest.mark.parametrize("mode", TORCH)
@pytest.mark.parametrize("case", CASES)
def test_lines_of_torch(mode: str, case: str) -> None:
    import torch

    adapter, arrays = torch_in(mode), CASES[case].arrays("float32")
    right = adapter.cross_correlate(*arrays, **CASES[case].parameters)
    with torch.backends.mkldnn.flags(None, None, None):  # which the lines may change
        assert np.array_equal(got_by(script_for(adapter, CASES[case], "float32"), *arrays), right)


@pytest.mark.parametrize("mode", TORCH)
def test_training_of_torch(mode: str) -> None:
    check_training(torch_in(mode), training("as usual", SGD(0.1, 0.9)), 1e-14)


def test_torch_compiled() -> None:
    """Few calls, since each takes seconds."""
    adapter, case = torch_in("compile"), CASES["2 axes, uneven zeros"]
    arrays = case.arrays("float32")
    check_case(adapter, case, *arrays)
    right = adapter.cross_correlate(*arrays, **case.parameters)
    assert np.array_equal(got_by(script_for(adapter, case, "float32"), *arrays), right)
    check_all_ways(adapter, CALLS["max_pool, 2, ceil_mode=False"], 1e-12)
    named: dict[str, Any] = {"stride": (2, 2), "padding": "same_upper", "dilation": (1, 1)}
    with pytest.raises(Unsupported, match="stride 1 only"):
        adapter.cross_correlate(*arrays, **named, groups=1)


def test_channels_last_are_of_2_and_3_axes() -> None:
    assert torch_in("channels_last").capabilities.spatial_axes == (2, 3)


def test_onednn_is_on_again() -> None:
    import torch

    case = CASES["2 axes"]
    check_case(torch_in("no_onednn"), case, *case.arrays())
    assert torch.backends.mkldnn.enabled
    assert torch_in("no_onednn").environment()["oneDNN"] == "False"
    assert torch_in("module").environment()["oneDNN"] == str(torch.backends.mkldnn.is_available())


# TensorFlow


@pytest.mark.parametrize("mode", TENSORFLOW)
@pytest.mark.parametrize("case", CASES)
def test_cross_correlations_of_tensorflow(mode: str, case: str) -> None:
    adapter = tensorflow_in(mode)
    if len(CASES[case].stride) not in adapter.capabilities.spatial_axes:
        pytest.skip("this mode does not claim so many axes")
    for dtype in adapter.capabilities.dtypes:
        try:
            check_case(adapter, CASES[case], *CASES[case].arrays(numpy_dtype(dtype)))
        except Unsupported:
            assert mode != "xla"
            assert case not in OF_TWO_AXES or (mode, case) == ("function", "2 axes, depthwise")


@pytest.mark.parametrize("mode", TENSORFLOW)
@pytest.mark.parametrize("name", CALLS)
def test_layers_of_tensorflow(mode: str, name: str) -> None:
    tolerance = 1e-6 if name in NOT_EXACT_IN_TENSORFLOW else 1e-12
    check_all_ways(tensorflow_in(mode), CALLS[name], tolerance)


@pytest.mark.parametrize("mode", TENSORFLOW)
@pytest.mark.parametrize("case", OF_TWO_AXES)
def test_lines_of_tensorflow(mode: str, case: str) -> None:
    adapter, arrays = tensorflow_in(mode), CASES[case].arrays("float32")
    try:
        right = adapter.cross_correlate(*arrays, **CASES[case].parameters)
    except Unsupported:
        pytest.skip("this mode has no such call")
    assert np.array_equal(got_by(script_for(adapter, CASES[case], "float32"), *arrays), right)


def test_xla_has_what_eager_tensorflow_lacks() -> None:
    adapter = tensorflow_in("xla")
    for axes in (1, 2, 3):
        check(adapter, CALLS[f"transposed, {axes}"], 1e-12)


@pytest.mark.parametrize("mode", ["function", "xla"])
def test_a_prediction_is_one_graph(mode: str) -> None:
    network, weights, images = learned()
    expected = load("reference").predict(network, weights, images)
    got = tensorflow_in(mode).predict(network, weights, images)
    assert got == pytest.approx(expected, abs=1e-14)


def test_a_graph_takes_batches_of_any_size() -> None:
    adapter, case = tensorflow_in("function"), CASES["2 axes, uneven zeros"]
    x, filters, bias = case.arrays()
    for count in (2, 1, 0):
        check_case(adapter, case, x[:count], filters, bias)


# oneDNN of TensorFlow is chosen when it is imported: in a process of its own


@pytest.fixture(scope="module")
def without_onednn(tmp_path_factory: Any) -> Iterator[Isolated]:
    pytest.importorskip("tensorflow")
    file = tmp_path_factory.mktemp("worker") / "in-flight.call"
    worker = Isolated("tensorflow+no_onednn", Limits(), file)
    yield worker.ready()
    worker.close()


def test_tensorflow_without_onednn(without_onednn: Isolated) -> None:
    assert without_onednn.environment()["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert without_onednn.name == "tensorflow+no_onednn"
    for case in OF_TWO_AXES:
        check_case(without_onednn, CASES[case], *CASES[case].arrays("float32"))


def test_it_is_too_late_once_tensorflow_is_there() -> None:
    tensorflow_in("function")
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0":
        with pytest.raises(Unavailable, match="imported before"):
            load("tensorflow+no_onednn")


# What is refused


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("torch-cpu", ("module", "compile")),
        ("tensorflow", ("function", "xla")),
        ("tensorflow", ("xla", "raw_ops")),
        ("tensorflow", ("xla", "no_onednn")),
    ],
)
def test_options_that_contradict_each_other(name: str, options: tuple[str, str]) -> None:
    pytest.importorskip(name.partition("-")[0])
    with pytest.raises(Unavailable, match=f"{options[0]} and {options[1]} contradict"):
        load("+".join((name, *options)))


def test_one_of() -> None:
    assert one_of((), "a", "b") is None
    assert one_of(("c", "b"), "a", "b") == "b"
    with pytest.raises(Unavailable, match="a and b contradict each other"):
        one_of(("b", "a"), "a", "b")
