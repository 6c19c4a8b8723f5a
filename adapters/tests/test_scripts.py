"""The lines that an adapter gives for a script make the call that the adapter itself makes."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import Array, Padding
from adapters.process.isolation import Isolated, Limits
from adapters.scripts import script_of
from adapters.tests.test_adapters import CASES, CLAIMS, NAMED_PADDING, Case, adapter_of, dtype_of

OFFERED = ("scipy-direct", "scipy-fft", "torch-cpu", "tensorflow")
CALL: dict[str, Any] = {
    "stride": (2,),
    "padding": ((1, 0),),
    "dilation": (1,),
    "groups": 1,
    "bias": True,
    "dtype": "float32",
}


def got_by(script: str | None, x: Array, filters: Array, bias: Array | None) -> Array:
    """The result of the lines, which see nothing but NumPy and the arrays."""
    assert script is not None
    names: dict[str, Any] = {"np": np, "x": x.copy(), "filters": filters.copy()}
    if bias is not None:
        names["bias"] = bias.copy()
    if x.dtype.name == "bfloat16":
        names["ml_dtypes"] = importlib.import_module("ml_dtypes")
    exec(script, names)
    return np.asarray(names["got"])


def script_for(adapter: Adapter, case: Case, dtype: str, padding: Padding | None = None) -> str:
    parameters: dict[str, Any] = {**case.parameters}
    if padding is not None:
        parameters["padding"] = padding
    script = adapter.script(bias=case.bias, dtype=dtype, **parameters)
    assert script is not None
    return script


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "dtype"), [(a, dtype) for a in OFFERED for dtype in CLAIMS[a]])
def test_lines_make_the_same_call(name: str, dtype: str, case: str) -> None:
    adapter, arrays = adapter_of(name), CASES[case].arrays(dtype_of(dtype))
    try:
        right = adapter.cross_correlate(*arrays, **CASES[case].parameters)
    except Unsupported:
        pytest.skip("this backend has no such call here")
    got = got_by(script_for(adapter, CASES[case], dtype), *arrays)
    assert got.dtype == right.dtype
    assert np.array_equal(got, right)


@pytest.mark.parametrize(
    ("name", "padding"), [(name, padding) for name, padding, _ in NAMED_PADDING if name in OFFERED]
)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_lines_name_the_padding(name: str, padding: str, axes: int) -> None:
    ones = (1,) * axes
    case = Case((2, 2, *(6, 7, 8)[:axes]), (3, 2, *(4, 3, 2)[:axes]), ones, ((0, 0),) * axes, ones)
    adapter, arrays = adapter_of(name), case.arrays()
    script = script_for(adapter, case, "float64", padding)
    plain: dict[str, Any] = {**case.parameters, "padding": padding}
    right = adapter.cross_correlate(*arrays, **plain)
    assert np.array_equal(got_by(script, *arrays), right)


@pytest.mark.parametrize("name", OFFERED)
def test_an_empty_batch(name: str) -> None:
    case = CASES["2 axes, stride"]
    x, filters, bias = case.arrays()
    got = got_by(script_for(adapter_of(name), case, "float64"), x[:0], filters, bias)
    assert got.shape == (0, 4, 3, 4)


@pytest.mark.parametrize("name", OFFERED)
def test_lines_need_no_convspec(name: str) -> None:
    script = script_for(adapter_of(name), CASES["2 axes, uneven zeros"], "float64")
    assert not any(word in script for word in ("adapters", "reference", "conformance"))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_lines_for_cuda_are_those_for_the_processor_elsewhere(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No device is needed to see that nothing else differs."""
    adapter, case = adapter_of("torch-cpu"), CASES["2 axes, uneven zeros"]
    here = script_for(adapter, case, dtype)
    monkeypatch.setattr(adapter, "device", "cuda")
    there = script_for(adapter, case, dtype)
    assert there.count(".cuda()") == 3
    assert there.count("got.cpu()") == 1
    plain = there.replace(".cuda()", "").replace(".cpu()", "")
    plain = plain.replace("torch.backends.cudnn.allow_tf32 = False\n", "")
    assert plain == here.replace(".cpu()", "")


def test_the_reference_has_no_api_outside_convspec() -> None:
    assert script_of(load("reference"), **CALL) is None
    assert script_of(load("adapters.reference_adapter:Reference"), **CALL) is None


# An adapter of somebody else


ACME = """
from adapters import Adapter, Capabilities, Unsupported
from adapters.contract import Array
import numpy as np

class Acme(Adapter):
    name = "acme"
    capabilities = Capabilities(dtypes=("float32",), named_padding=("valid",))

    def cross_correlate(self, x: Array, filters, bias=None, *, stride, padding, dilation, groups):
        self.decline_unclaimed(padding)
        if groups > 1:
            raise Unsupported("one group")
        return x[:, :1, :: stride[0]] * filters[0, 0, 0] + bias[0]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Writes a module of somebody else's, and forgets it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str, name: str = "acme_adapter") -> str:
        file = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
        return name

    before = set(sys.modules)
    yield write
    for name in set(sys.modules) - before:
        if name.startswith("acme"):
            del sys.modules[name]


ARRAYS = (
    np.arange(6, dtype="float32").reshape(1, 1, 6),
    np.full((1, 1, 1), 2, "float32"),
    np.ones(1),
)


NAMED = 'capabilities = Capabilities(dtypes=("float32",), named_padding=("valid",))'
CLAIMED = (NAMED, 'capabilities = Capabilities(("float64",), spatial_axes=(1,))', "")
ACME_READS_ITS_CLAIMS = ACME.replace(
    "if groups > 1:", "if groups > 1 or x.ndim - 2 not in self.capabilities.spatial_axes:"
)


@pytest.mark.parametrize("claims", CLAIMED, ids=["named", "unnamed", "none"])
@pytest.mark.parametrize("name", ["acme_adapter", "acme.adapters.first"])
def test_an_adapter_without_lines_is_taken_from_its_file(
    module: Callable[..., str], tmp_path: Path, name: str, claims: str
) -> None:
    source = ACME_READS_ITS_CLAIMS.replace(NAMED, claims)
    script = script_of(load(f"{module(source, name)}:Acme"), **CALL | {"padding": "valid"})
    assert script is not None
    assert "it needs convspec" not in script
    program = (
        "import sys\n"
        "for name in ('adapters', 'reference'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np\n"
        "x = np.arange(6, dtype='float32').reshape(1, 1, 6)\n"
        "filters = np.full((1, 1, 1), 2, 'float32')\n"
        f"bias = np.ones(1)\n{script}\nprint(got.ravel().tolist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd="/", check=True
    )
    assert run.stdout == "[1.0, 5.0, 9.0]\n"


def test_the_true_package_is_taken_where_there_is_one(module: Callable[..., str]) -> None:
    script = script_of(load(f"{module(ACME)}:Acme"), **CALL | {"padding": "valid"})
    assert got_by(script, *ARRAYS).ravel().tolist() == [1, 5, 9]
    assert sys.modules["adapters"].Adapter is Adapter


@pytest.mark.parametrize(
    "more",
    ["import reference", "from adapters.dtypes import numpy_dtype", "import reference.exact"],
)
def test_an_adapter_that_needs_more_of_convspec_says_so(
    module: Callable[..., str], more: str
) -> None:
    script = script_of(load(f"{module(more + ACME)}:Acme"), **CALL)
    assert script is not None
    assert f"# The adapter imports {more.split()[1]}: it needs convspec." in script


def test_lines_are_not_inherited_by_another_call(module: Callable[..., str]) -> None:
    source = (
        "from adapters.scipy.adapter import SciPyDirect\n"
        "class Same(SciPyDirect):\n    name = 'same'\n"
        "class Other(Same):\n    name = 'other'\n"
        "    def cross_correlate(self, *a, **p):\n"
        "        return -super().cross_correlate(*a, **p)\n"
    )
    name = module(source)
    assert script_of(load(f"{name}:Same"), **CALL) == load("scipy-direct").script(**CALL)
    other = script_of(load(f"{name}:Other"), **CALL)
    assert other is not None
    assert "# The adapter imports adapters.scipy.adapter: it needs convspec." in other


@pytest.mark.parametrize("given", ["3", "'x' * 10**6", "[]"])
def test_lines_that_are_none(module: Callable[..., str], given: str) -> None:
    source = ACME + f"\n    def script(self, **call):\n        return {given}\n"
    assert script_of(load(f"{module(source)}:Acme"), **CALL) is None


# Through a worker


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Isolated]]:
    started: list[Isolated] = []

    def begin(spec: str) -> Isolated:
        started.append(Isolated(spec, Limits(call=5.0), tmp_path / "in-flight.call"))
        return started[-1].ready()

    yield begin
    for worker in started:
        worker.close()


def test_a_worker_gives_the_lines_of_its_adapter(start: Callable[[str], Isolated]) -> None:
    worker = start("scipy-direct")
    assert worker.script(**CALL) == load("scipy-direct").script(**CALL)
    assert worker.script(**CALL | {"padding": "valid", "bias": False}) is not None
    x, filters = np.ones((1, 1, 4)), np.ones((1, 1, 2))
    got = worker.cross_correlate(
        x, filters, stride=(1,), padding=((0, 0),), dilation=(1,), groups=1
    )
    assert got.tolist() == [[[2, 2, 2]]]


def test_a_worker_takes_an_adapter_from_its_file(
    start: Callable[[str], Isolated], module: Callable[..., str]
) -> None:
    script = start(f"{module(ACME)}:Acme").script(**CALL | {"padding": "valid"})
    assert got_by(script, *ARRAYS).ravel().tolist() == [1, 5, 9]


def test_a_worker_gives_none_where_there_are_none(start: Callable[[str], Isolated]) -> None:
    assert start("reference").script(**CALL) is None


@pytest.mark.parametrize(
    "body", ["raise ValueError", "raise SystemExit", "os._exit(3)", "return 3", "return '\\ud800'"]
)
def test_a_worker_outlives_an_adapter_that_cannot_write(
    start: Callable[[str], Isolated], module: Callable[..., str], body: str
) -> None:
    source = "import os" + ACME + f"\n    def script(self, **call):\n        {body}\n"
    worker = start(f"{module(source)}:Acme")
    process = worker._process
    assert worker.script(**CALL) in (None, "\ud800")
    assert process.alive == ("_exit" not in body)
    one = np.ones((1, 1, 1), "float32")
    answer = worker.cross_correlate(
        one, one, np.ones(1), stride=(1,), padding="valid", dilation=(1,), groups=1
    )
    assert answer.tolist() == [[[2]]]


def test_a_worker_of_an_earlier_version_gives_none(start: Callable[[str], Isolated]) -> None:
    """It takes the request for a call, and finds no parameters in it."""
    worker = start("scipy-direct")
    exchange = worker._process.exchange

    def unknown(message: bytes | None, limit: float, progress: Any = None) -> Any:
        assert message is not None
        return exchange(message.replace(b'"script"', b'"novel!"'), limit)

    worker._process.exchange = unknown  # type: ignore[method-assign]
    assert worker.script(**CALL) is None
