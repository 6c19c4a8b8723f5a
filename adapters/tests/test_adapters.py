"""Every built-in adapter asks its backend for what the reference means."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import reference
from adapters import Adapter, Unsupported, load
from adapters.contract import Array, Padding, Sizes
from adapters.dtypes import numpy_dtype, representable
from reference.bounds import normwise
from reference.exact import truth
from reference.formats import FORMATS
from reference.geometry import Parameters

# torch shares memory with read-only arrays after a mere warning: they must have been copied.
pytestmark = pytest.mark.filterwarnings("error:The given NumPy array is not writ")

PACKAGES = {
    "reference": "numpy",
    "scipy-direct": "scipy",
    "scipy-fft": "scipy",
    "torch-cpu": "torch",
    "tensorflow": "tensorflow",
}
CLAIMS = {
    "reference": ("float64", "float32", "float16"),
    "scipy-direct": ("float64", "float32"),
    "scipy-fft": ("float64", "float32"),
    "torch-cpu": ("float64", "float32", "float16", "bfloat16"),
    "tensorflow": ("float64", "float32", "float16", "bfloat16"),
}
NAMED_PADDING = [
    ("reference", "valid", (1, 2)),
    ("reference", "same_upper", (1, 2)),
    ("reference", "same_lower", (1, 2)),
    ("scipy-direct", "valid", (1, 2)),
    ("scipy-fft", "valid", (1, 2)),
    ("torch-cpu", "valid", (1, 2)),
    ("torch-cpu", "same_upper", (1,)),
    ("tensorflow", "valid", (1, 2)),
    ("tensorflow", "same_upper", (1, 2)),
]


@dataclass(frozen=True)
class Case:
    """Sizes that all differ, so that no two axes can be mistaken for each other."""

    x: Sizes
    filters: Sizes
    stride: Sizes
    padding: tuple[tuple[int, int], ...]
    dilation: Sizes
    groups: int = 1
    bias: bool = True

    @property
    def parameters(self) -> Parameters:
        return Parameters(
            stride=self.stride, padding=self.padding, dilation=self.dilation, groups=self.groups
        )

    def arrays(self, dtype: Any = "float64") -> tuple[Array, Array, Array | None]:
        """Integers so small that every sum is exact in every dtype."""
        rng = np.random.default_rng(sum(self.x) + sum(self.filters))
        x, filters = rng.integers(-3, 4, self.x), rng.integers(-1, 2, self.filters)
        bias = rng.integers(-9, 10, self.filters[0]).astype(dtype) if self.bias else None
        return x.astype(dtype), filters.astype(dtype), bias


CASES = {
    "1 axis": Case((2, 3, 9), (4, 3, 2), (1,), ((0, 0),), (1,), bias=False),
    "1 axis, stride": Case((2, 3, 11), (4, 3, 4), (3,), ((0, 0),), (1,)),
    "1 axis, dilation": Case((2, 3, 11), (4, 3, 3), (1,), ((1, 1),), (4,)),
    "1 axis, low zeros": Case((2, 1, 7), (2, 1, 3), (1,), ((2, 0),), (1,)),
    "1 axis, groups": Case((2, 6, 9), (4, 3, 2), (2,), ((0, 1),), (2,), groups=2),
    "2 axes": Case((2, 3, 6, 7), (4, 3, 2, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), bias=False),
    "2 axes, stride": Case((2, 3, 8, 9), (4, 3, 2, 3), (3, 2), ((1, 1), (0, 0)), (1, 1)),
    "2 axes, dilation": Case((2, 3, 8, 9), (4, 3, 2, 3), (1, 1), ((0, 0), (1, 1)), (3, 2)),
    "2 axes, uneven zeros": Case((2, 1, 5, 6), (2, 1, 2, 3), (1, 2), ((0, 1), (2, 1)), (1, 1)),
    "2 axes, groups": Case((2, 6, 6, 7), (4, 3, 2, 3), (2, 1), ((1, 0), (0, 2)), (1, 1), groups=2),
    "2 axes, depthwise": Case((2, 3, 6, 7), (6, 1, 3, 2), (1, 1), ((1, 1), (0, 0)), (1, 1), 3),
    "2 axes, exact fit": Case((2, 3, 4, 5), (4, 3, 2, 5), (2, 1), ((0, 0), (0, 0)), (3, 1)),
    "3 axes": Case((2, 2, 4, 5, 6), (3, 2, 2, 1, 3), (1,) * 3, ((0, 0),) * 3, (1,) * 3),
    "3 axes, stride": Case(
        (1, 2, 6, 5, 7), (3, 2, 2, 3, 2), (2, 1, 3), ((0, 1), (1, 1), (2, 0)), (1,) * 3
    ),
    "3 axes, dilation": Case(
        (1, 2, 6, 5, 7), (3, 2, 2, 2, 3), (1,) * 3, ((1, 1),) * 3, (2, 3, 1), bias=False
    ),
    "3 axes, groups": Case(
        (1, 4, 4, 5, 3), (6, 2, 2, 2, 2), (1, 2, 1), ((0, 0),) * 3, (1,) * 3, groups=2
    ),
}
ONE_AXIS = CASES["1 axis"]


# TensorFlow dilates conv3d on some processors and in some dtypes only.
MAY_BE_DECLINED = {("tensorflow", "3 axes, groups"), ("tensorflow", "3 axes, dilation")}


def adapter_of(name: str) -> Adapter:
    pytest.importorskip(PACKAGES[name])
    return load(name)


@pytest.fixture(params=PACKAGES)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return adapter_of(request.param)


def dtype_of(name: str) -> np.dtype[Any]:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    return numpy_dtype(name)


def check(adapter: Adapter, case: Case, x: Array, filters: Array, bias: Array | None) -> None:
    """Right to the last bit; of an FFT, as near as its bound says."""
    got = adapter.cross_correlate(x, filters, bias, **case.parameters)
    wide = [None if a is None else a.astype("float64") for a in (x, filters, bias)]
    expected = reference.cross_correlate(*wide, **case.parameters)  # type: ignore[arg-type]
    assert isinstance(got, np.ndarray)
    assert got.dtype == x.dtype
    assert got.shape == expected.shape
    if adapter.name == "scipy-fft":
        allowed = normwise(x, filters, bias, case.parameters, FORMATS[x.dtype.name])
        assert np.all(np.abs(got - expected) <= allowed)
    else:
        assert np.array_equal(got.astype("float64"), expected)


# The results


def test_claims(adapter: Adapter) -> None:
    claims = adapter.capabilities
    named = tuple(padding for name, padding, _ in NAMED_PADDING if name == adapter.name)
    assert claims.dtypes == representable(*CLAIMS[adapter.name])
    assert claims.spatial_axes == (1, 2, 3)
    assert claims.named_padding == named
    if adapter.name == "scipy-fft":
        assert claims.promises == {"float64": "B", "float32": "B"}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "dtype"), [(a, dtype) for a in CLAIMS for dtype in CLAIMS[a]])
def test_results_are_those_of_the_reference(name: str, dtype: str, case: str) -> None:
    try:
        check(adapter_of(name), CASES[case], *CASES[case].arrays(dtype_of(dtype)))
    except Unsupported:
        if (name, case) not in MAY_BE_DECLINED:
            raise


def test_the_arguments_are_exact_in_every_dtype() -> None:
    for case in CASES.values():
        x, filters, bias = (None if a is None else np.abs(a) for a in case.arrays())
        assert x is not None
        assert filters is not None
        largest = reference.cross_correlate(x, filters, bias, **case.parameters).max()
        assert largest <= FORMATS["bfloat16"].exact_below


@pytest.mark.parametrize(
    ("name", "padding", "stride"), [(a, p, s) for a, p, strides in NAMED_PADDING for s in strides]
)
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_padding_by_name(name: str, padding: str, stride: int, axes: int) -> None:
    rng = np.random.default_rng(axes)
    x = rng.integers(-3, 4, (2, 2, *(6, 7, 8)[:axes])).astype("float64")
    filters = rng.integers(-3, 4, (3, 2, *(4, 3, 2)[:axes])).astype("float64")
    expected = reference.cross_correlate(x, filters, stride=stride, padding=padding)
    got = adapter_of(name).cross_correlate(
        x, filters, stride=(stride,) * axes, padding=padding, dilation=(1,) * axes, groups=1
    )
    # Integers come out of an FFT as integers and a little.
    assert np.array_equal(np.rint(got), expected)


def test_scipy_fft_is_one_and_scipy_direct_is_none() -> None:
    """An FFT mixes values that no window shares: only its bound on norms holds."""
    pytest.importorskip("scipy")
    case = CASES["1 axis"]
    x = np.random.default_rng(0).standard_normal((1, 3, 40))
    x[..., 20:] = 0
    filters = np.random.default_rng(1).standard_normal((4, 3, 5))
    high, low = truth(x, filters, None, case.parameters)
    allowed = normwise(x, filters, None, case.parameters, FORMATS["float64"])
    results = {}
    for name in ("scipy-direct", "scipy-fft"):
        results[name] = load(name).cross_correlate(x, filters, **case.parameters)
        assert np.all(np.abs((results[name] - high) - low) <= allowed)
    assert not results["scipy-direct"][..., 20:].any()
    assert results["scipy-fft"][..., 20:].any()


# Arrays of every kind


@pytest.mark.parametrize("name", ["1 axis, stride", "2 axes, groups", "3 axes, stride"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: np.flip(a, axis=-1),
        lambda a: np.flip(a),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: np.broadcast_to(a[..., :1], a.shape),
    ],
    ids=["flipped", "flipped everywhere", "Fortran order", "every second", "repeated"],
)
def test_arrays_may_lie_in_memory_in_any_way(adapter: Adapter, change: Any, name: str) -> None:
    x, filters, bias = CASES[name].arrays()
    check(adapter, CASES[name], change(x), change(filters), change(bias))


@pytest.mark.parametrize("name", ["1 axis, stride", "2 axes", "3 axes, stride"])
def test_read_only_arrays_are_enough_and_none_is_changed(adapter: Adapter, name: str) -> None:
    x, filters, bias = CASES[name].arrays()
    arrays = [a for a in (x, filters, bias) if a is not None]
    copies = [a.copy() for a in arrays]
    for writeable in (True, False):
        for a in arrays:
            a.setflags(write=writeable)
        check(adapter, CASES[name], x, filters, bias)
        assert all(np.array_equal(a, copy) for a, copy in zip(arrays, copies, strict=True))


@pytest.mark.parametrize("name", ["1 axis, stride", "2 axes, groups", "3 axes, stride"])
def test_an_empty_batch_gives_an_empty_result(adapter: Adapter, name: str) -> None:
    x, filters, bias = CASES[name].arrays()
    check(adapter, CASES[name], x[:0], filters, bias)


@pytest.mark.parametrize("name", ["torch-cpu", "tensorflow"])
@pytest.mark.parametrize("step", [1, -1])
def test_bfloat16_comes_back_as_it_went(name: str, step: int) -> None:
    bits = np.arange(0x0080, 0x7F80, dtype="uint16")  # the positive normal numbers
    values = bits.view(dtype_of("bfloat16"))[None, None, ::step]
    one = np.ones((1, 1, 1), values.dtype)
    got = adapter_of(name).cross_correlate(
        values, one, stride=(1,), padding=((0, 0),), dilation=(1,), groups=1
    )
    assert got.dtype == values.dtype
    assert np.array_equal(got, values)


def test_tensorflow_computes_in_full_precision() -> None:
    assert adapter_of("tensorflow").environment()["TF32"] == "False"


def test_the_environment_is_told_in_strings(adapter: Adapter) -> None:
    environment = adapter.environment()
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in environment.items())
    assert adapter.name == "reference" or adapter.name.startswith("scipy") or environment["threads"]


# What is declined


def ask(name: str, x: Array, filters: Array, bias: Array | None = None, **changes: Any) -> Array:
    """With no stride, padding, dilation and groups but ``changes``."""
    axes = x.ndim - 2
    padding: Padding = ((0, 0),) * axes
    plain = {"stride": (1,) * axes, "padding": padding, "dilation": (1,) * axes, "groups": 1}
    return adapter_of(name).cross_correlate(x, filters, bias, **(plain | changes))


def declines(name: str, x: Array, filters: Array, message: str, **changes: Any) -> None:
    adapter_of(name)  # skips where there is no such backend
    with pytest.raises(Unsupported, match=message):
        ask(name, x, filters, **changes)


def test_torch_has_same_padding_for_stride_1_only() -> None:
    x, filters = np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3))
    for stride in ((2, 2), (1, 2)):
        declines("torch-cpu", x, filters, "stride 1 only", stride=stride, padding="same_upper")


def test_tensorflow_has_no_groups_on_3_axes() -> None:
    x, filters = np.ones((1, 4, 3, 3, 3)), np.ones((2, 2, 2, 2, 2))
    declines("tensorflow", x, filters, "no grouped convolution of 3 axes", groups=2)


def test_tensorflow_is_told_when_its_own_guess_of_the_groups_is_another() -> None:
    pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match="4 channels do not make 1 groups of 2"):
        ask("tensorflow", np.ones((1, 4, 5)), np.ones((2, 2, 3)))


@pytest.mark.parametrize("name", ["scipy-direct", "scipy-fft"])
def test_scipy_declines_narrow_dtypes_and_large_filters(name: str) -> None:
    ones = np.ones((1, 1, 5))
    declines(name, ones.astype("float16"), ones[..., :2].astype("float16"), "in float16")
    declines(name, ones[..., :2], ones, "filter is larger")
    declines(name, ones[..., :4], ones[..., :3], "filter is larger", dilation=(2,))


@pytest.mark.parametrize("name", ["scipy-direct", "scipy-fft", "torch-cpu", "tensorflow"])
def test_padding_that_is_not_claimed_is_declined(name: str) -> None:
    declines(name, np.ones((1, 1, 5)), np.ones((1, 1, 3)), "same_lower", padding="same_lower")


@pytest.mark.parametrize(
    ("x", "filters", "bias", "groups"),
    [
        ((1, 3, 5), (2, 2, 3), None, 1),
        ((1, 2, 5), (2, 3, 3), None, 1),
        ((1, 4, 5), (3, 2, 3), None, 2),
        ((1, 1, 3), (1, 1, 5), None, 1),
        ((1, 1, 5), (4, 1, 3), (3,), 1),
        ((1, 1, 5), (4, 1, 3), (1,), 1),
        ((1, 1, 5), (1, 1, 3), (5,), 1),
    ],
)
def test_arguments_that_fit_no_result_are_refused(
    adapter: Adapter, x: Sizes, filters: Sizes, bias: Sizes | None, groups: int
) -> None:
    offset = None if bias is None else np.ones(bias)
    with pytest.raises(Exception, match=r"."):
        ask(adapter.name, np.ones(x), np.ones(filters), offset, groups=groups)


# What an import costs


def test_no_backend_is_imported_before_it_is_asked_for() -> None:
    script = (
        "import sys, adapters, adapters.registry, adapters.dtypes, adapters.contract\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "tensorflow", "scipy", "ml_dtypes"} & set(run.stdout.split())


def test_the_reference_imports_nothing_but_numpy() -> None:
    script = "import sys, reference\nprint(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    others = {"adapters", "conformance", "reports", "scipy", "torch", "tensorflow", "pytest"}
    assert not others & set(run.stdout.split())
