"""Backends that run when they are asked for: each is skipped where its package is not installed."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from adapters import BUILT_IN, Unavailable, Unsupported, load
from adapters.contract import NAMED_PADDING, Adapter, Array
from adapters.dtypes import numpy_dtype
from adapters.operations import perform
from adapters.process.isolation import Isolated, Limits
from reference import pooling
from reference.gradients import transposed_cross_correlate

PACKAGES = {"openvino": "openvino", "ncnn": "ncnn", "tinygrad": "tinygrad", "tfjs": ""}
SPECS = (
    *("openvino", "openvino+dynamic"),
    *("ncnn", "ncnn+winograd", "ncnn+fp16"),
    *("tinygrad", "tinygrad+winograd"),
    *("tfjs", "tfjs+wasm"),
)

Parameters = dict[str, Any]
Load = Callable[[str], Adapter]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Load]:
    """Load an adapter into this process, or start the program that it is."""
    started: list[Isolated] = []

    def loaded(spec: str) -> Adapter:
        name = spec.partition("+")[0]
        if PACKAGES[name]:
            pytest.importorskip(PACKAGES[name])
            if name == "tinygrad" and not shutil.which(os.environ.get("CC", "clang")):
                pytest.skip("no compiler is installed")
            return load(spec)
        try:
            started.append(Isolated(spec, Limits(), tmp_path / "in-flight.call"))
            return started[-1].ready()
        except Unavailable as why:
            pytest.skip(str(why))

    yield loaded
    for worker in started:
        worker.close()


@pytest.fixture(params=SPECS)
def adapter(request: pytest.FixtureRequest, begin: Load) -> Adapter:
    return begin(request.param)


def example(adapter: Adapter, axes: int, groups: int) -> tuple[list[Array], Parameters]:
    """Integers whose sums every dtype holds."""
    rng = np.random.default_rng(axes)
    dtype = numpy_dtype(adapter.capabilities.dtypes[0])
    x = rng.integers(-3, 4, (2, 4, 7, 5, 6)[: axes + 2])
    filters = rng.integers(-3, 4, (8, 4 // groups, 2, 3, 1)[: axes + 2])
    parameters = {
        "stride": (2, 1, 3)[:axes],
        "padding": ((1, 0), (0, 2), (3, 3))[:axes],
        "dilation": (1, 1, 1)[:axes],
        "groups": groups,
    }
    return [a.astype(dtype) for a in (x, filters, np.arange(8))], parameters


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_cross_correlation_and_its_script(adapter: Adapter, axes: int, groups: int) -> None:
    (x, filters, bias), parameters = example(adapter, axes, groups)
    right = reference.cross_correlate(
        *(a.astype("float64") for a in (x, filters, bias)), **parameters
    )
    try:
        got = adapter.cross_correlate(x, filters, bias, **parameters)
    except Unsupported:
        assert adapter.name.startswith("tfjs")
        assert groups > 1
        return
    assert got.dtype == x.dtype
    exact = "winograd" not in adapter.name
    assert np.array_equal(got, right) if exact else np.allclose(got, right, atol=1e-3)
    lines = adapter.script(**parameters, bias=True, dtype=x.dtype.name)
    assert lines is not None
    names: dict[str, Any] = {"np": np, "x": x, "filters": filters, "bias": bias}
    exec(lines, names)
    assert np.array_equal(names["got"], got)


@pytest.mark.parametrize("name", NAMED_PADDING)
def test_padding_of_transposes_by_name(adapter: Adapter, name: str) -> None:
    if name not in adapter.capabilities.named_transposed_padding:
        pytest.skip(f"{adapter.name} does not claim {name}")
    (x, filters, _), parameters = example(adapter, axes=2, groups=1)
    bank = filters[:4]
    given: Parameters = parameters | {"stride": (1, 4), "padding": name, "output_padding": (0, 0)}
    arrays = {"x": x, "filters": bank}
    got = perform(adapter, "transposed_cross_correlate", arrays, given)["result"]
    assert np.array_equal(got, transposed_cross_correlate(x, bank, **given))


def test_max_pool(adapter: Adapter) -> None:
    (x, *_), _ = example(adapter, axes=2, groups=1)
    parameters: Parameters = {
        "kernel": (2, 3),
        "stride": (2, 2),
        "padding": ((0, 0), (0, 0)),
        "dilation": (1, 1),
        "ceil_mode": False,
    }
    got = perform(adapter, "max_pool", {"x": x}, parameters)["result"]
    assert np.array_equal(got, pooling.max_pool(x, **parameters))


@pytest.mark.parametrize("kind", ["relu", "leaky_relu"])
def test_activations(adapter: Adapter, kind: str) -> None:
    (x, *_), _ = example(adapter, axes=1, groups=1)
    got = perform(adapter, "activation", {"x": x}, {"kind": kind})["result"]
    assert np.allclose(got, np.where(x > 0, x, 0 if kind == "relu" else x * 0.01), rtol=1e-3)


def test_dense(adapter: Adapter) -> None:
    (x, *_), _ = example(adapter, axes=1, groups=1)
    arrays = {
        "x": x[:, 0],
        "weights": np.ones((3, 7), x.dtype),
        "bias": np.arange(3, dtype=x.dtype),
    }
    got = perform(adapter, "dense", arrays, {})["result"]
    assert np.array_equal(got, x[:, 0].sum(axis=1)[:, None] + arrays["bias"])


@pytest.mark.parametrize("spec", ["tinygrad", "tfjs"])
def test_gradients(begin: Load, spec: str) -> None:
    adapter = begin(spec)
    (x, filters, bias), parameters = example(adapter, axes=2, groups=1)
    arrays = {"x": x, "filters": filters, "bias": bias}
    gradient = np.ones_like(reference.cross_correlate(x, filters, bias, **parameters))
    operation, arrays = "gradients of cross_correlate", arrays | {"gradient": gradient}
    got = perform(adapter, operation, arrays, parameters)
    right = perform(load("reference"), operation, arrays, parameters)
    assert all(np.array_equal(got[name], right[name]) for name in right)


def test_options_that_contradict_each_other() -> None:
    pytest.importorskip("ncnn")
    with pytest.raises(Unavailable, match="fp16 and bf16 contradict each other"):
        load("ncnn+fp16+bf16")


def test_where_packages_of_node_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NODE_PATH", raising=False)
    if shutil.which("node"):
        with pytest.raises(Unavailable, match="npm install @tensorflow/tfjs, here"):
            load("tfjs")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"node \(Node.js\) is not installed"):
        load("tfjs")


def test_all_of_them_are_built_in() -> None:
    assert set(PACKAGES) <= set(BUILT_IN)
