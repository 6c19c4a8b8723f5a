"""No false alarm: correct backends that compute in other ways than the reference pass."""

from collections.abc import Callable
from itertools import product
from typing import Any

import hypothesis
import numpy as np
import pytest
from scipy import fft

from adapters import Adapter, Capabilities, Unsupported
from conformance import probes, test_grades
from conformance.clauses import clauses
from conformance.selftest.test_faults import DEFAULT
from conformance.subject import Subject
from reference import SizeError, cross_correlate, effective_kernel, every, pad
from reference.geometry import Array

Convolve = Callable[..., Array]


def by_shifted_sums(x: Array, filters: Array, bias: Any, order: int, **p: Any) -> Array:
    """One tap after the other, each rounded in the dtype of the input, last tap first."""
    x = pad(x, p["padding"])
    cross_correlate(x, filters, **p | {"padding": 0})
    extents = effective_kernel(filters.shape[2:], p["dilation"])
    size = [n - k for n, k in zip(x.shape[2:], extents, strict=True)]
    out = [n // step + 1 for n, step in zip(size, p["stride"], strict=True)]
    total: Any = np.zeros((len(x), len(filters), *out), x.dtype)
    if bias is not None:
        total = total + bias.reshape(1, -1, *(1,) * len(size))
    parts = np.split(filters, p["groups"])
    taps = list(product(*map(range, filters.shape[1:])))[::order]
    for c, *tap in taps:
        at = [slice(t * d, t * d + n + 1) for t, d, n in zip(tap, p["dilation"], size, strict=True)]
        seen = x[:, c :: filters.shape[1]][(slice(None), slice(None), *at)][every(p["stride"])]
        here: Any = (slice(None), c, *tap)
        weights = np.stack([part[here] for part in parts])
        products = seen[:, :, None] * weights.reshape(*weights.shape, *(1,) * len(size))
        total = total + products.reshape(len(x), len(filters), *seen.shape[2:])
    return np.asarray(total, x.dtype)


def by_windows_in_float64(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Everything in float64, rounded once at the end."""
    return _in("float64", x, filters, bias, p)


def by_float32_sums(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Narrow formats summed in float32 and rounded once."""
    return _in("float32", x, filters, bias, p)


def _in(dtype: str, x: Array, filters: Array, bias: Any, p: dict[str, Any]) -> Array:
    bias = None if bias is None else bias.astype(dtype)
    with np.errstate(over="ignore"):
        return cross_correlate(x.astype(dtype), filters.astype(dtype), bias, **p).astype(x.dtype)


def by_fft(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """A fast algorithm of another library call: one transform for all channels."""
    if p["groups"] > 1:
        raise Unsupported("no groups")
    cross_correlate(x[:1], filters, **p)
    x = pad(x, p["padding"])
    holed = np.zeros((*filters.shape[:2], *effective_kernel(filters.shape[2:], p["dilation"])))
    holed[every(p["dilation"])] = filters
    axes = tuple(range(2, x.ndim))
    size = [n + k - 1 for n, k in zip(x.shape[2:], holed.shape[2:], strict=True)]
    spectrum = fft.rfftn(x, size, axes)[:, None] * fft.rfftn(
        np.flip(holed, axes).astype(x.dtype), size, axes
    )
    full = fft.irfftn(spectrum.sum(axis=2), size, axes)
    valid = [slice(k - 1, n) for n, k in zip(x.shape[2:], holed.shape[2:], strict=True)]
    result = full[(..., *valid)][every(p["stride"])]
    return np.asarray(
        result if bias is None else result + bias.reshape(-1, *(1,) * len(axes)), x.dtype
    )


class Correct(Adapter):
    name = "correct"

    def __init__(self, convolve: Convolve, grade: str, **options: Any) -> None:
        self.convolve, self.settings = convolve, options
        dtypes = ("float64", "float32") if grade == "B" else ("float64", "float32", "float16")
        self.capabilities = Capabilities(dtypes=dtypes, promises=dict.fromkeys(dtypes, grade))

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        return self.convolve(x, filters, bias, **self.settings, **parameters)


BACKENDS = {
    "first tap first": Correct(by_shifted_sums, "A", order=1),
    "last tap first": Correct(by_shifted_sums, "A", order=-1),
    "in float64": Correct(by_windows_in_float64, "A"),
    "in float32": Correct(by_float32_sums, "A"),
    "by FFT": Correct(by_fft, "B"),
}


OF_GROUPS_AND_NAMES = (
    "GEOM-6",
    "GEOM-7",
    "GEOM-8",
    "GEOM-9",
    "CHAN-4",
    "CHAN-5",
    "GRAD-11",
    "GRAD-16",
    "LESSON-5",
)
TRAINED = ("last tap first", "by FFT")
LONG = [name for name in clauses() if name.startswith(("GRAD", "TRAIN"))]
EXEMPT = ("promises grade B", "not offered", "judged in", "no bound on single values")


@pytest.mark.parametrize("clause", clauses().values(), ids=clauses())
@pytest.mark.parametrize("name", BACKENDS)
def test_no_false_alarm(name: str, clause: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_grades, "ladder", lambda axes, coarse: probes.ladder(axes)[::9])
    backend = BACKENDS[name]
    if clause.id.startswith("TRAIN") and name not in TRAINED:
        pytest.skip("two of them are trained")
    few = hypothesis.settings(DEFAULT, max_examples=8 if clause.id in LONG else 15)
    for dtype in backend.capabilities.dtypes:
        if (name, dtype) == ("in float32", "float64"):
            continue  # that one is a fault
        try:
            clause.hold(Subject(backend, dtype), few, seed=0)
        except Unsupported as why:
            may = clause.id in OF_GROUPS_AND_NAMES
            exempt = any(words in str(why) for words in EXEMPT)
            if not (may or exempt):
                raise


def test_impossible_sizes_reach_the_backends_above() -> None:
    with pytest.raises(SizeError):
        BACKENDS["by FFT"].cross_correlate(
            np.ones((1, 1, 2)),
            np.ones((1, 1, 3)),
            stride=(1,),
            padding=((0, 0),),
            dilation=(1,),
            groups=1,
        )
