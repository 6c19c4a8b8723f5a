"""The judge is judged: simulated and live algorithms must get their grade, on any seed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Capabilities, load
from conformance.clauses import clauses
from conformance.grades import measure, meets, order, summarize
from conformance.judge import Disagreement
from conformance.probes import Regime, ladder
from conformance.selftest.test_correct_backends import by_fft
from conformance.selftest.test_faults import DEFAULT
from conformance.subject import Subject
from reference import cross_correlate
from reference.formats import rounded
from reference.geometry import Array
from reference.tests.algorithms import by_winograd

Convolve = Callable[..., Array]
SEEDS = range(4)


class Simulated(Adapter):
    name = "simulated"

    def __init__(self, convolve: Convolve, promise: str = "A") -> None:
        dtypes = ("float64", "float32", "float16")
        self.convolve = convolve
        self.capabilities = Capabilities(dtypes=dtypes, promises=dict.fromkeys(dtypes, promise))

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        return self.convolve(x, filters, bias, **parameters)


def winograd(m: int) -> Convolve:
    def convolve(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        if set(filters.shape[2:]) != {3}:
            return cross_correlate(x, filters, bias, **p)
        return by_winograd(m, np.pad(x, ((0, 0), (0, 0), *p["padding"])), filters)

    return convolve


def with_inputs_of(bits: int) -> Convolve:
    """TF32 keeps 11 bits, bfloat16 products 8."""

    def convolve(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        return cross_correlate(rounded(x, bits), rounded(filters, bits), bias, **p)

    return convolve


def cut_to_11_bits(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """As tensor cores do with float32: the last 13 bits are not looked at."""
    x, filters = ((a.view("uint32") & np.uint32(0xFFFFE000)).view("float32") for a in (x, filters))
    return cross_correlate(x, filters, bias, **p)


def summed_in(sums: str) -> Convolve:
    """One product after the other, and a rounding to ``sums`` after each."""

    def convolve(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        total: Any = 0
        with np.errstate(all="ignore"):
            for place in np.ndindex(*filters.shape[1:]):
                tap = np.zeros_like(filters)
                tap[(slice(None), *place)] = filters[(slice(None), *place)]
                product = cross_correlate(x.astype("float64"), tap.astype("float64"), **p)
                total = (total + product.astype(sums)).astype(sums)
            return np.asarray(total).astype(x.dtype)

    return convolve


def mean(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return np.asarray(cross_correlate(x, filters, bias, **p) / filters[0].size)


SMALL = Regime(2, 8, 8, 3)
CONTROLS: dict[str, tuple[Convolve, str, Regime, str]] = {
    "direct float64": (cross_correlate, "float64", SMALL, "A+"),
    "direct float32": (cross_correlate, "float32", SMALL, "A+"),
    "Winograd F(2,3) 1-D": (winograd(2), "float32", Regime(1, 8, 16, 3), "B"),
    "Winograd F(4,3) 1-D": (winograd(4), "float32", Regime(1, 8, 16, 3), "B"),
    "Winograd F(2,3) 2-D": (winograd(2), "float32", SMALL, "B"),
    "Winograd F(4,3) 2-D": (winograd(4), "float32", SMALL, "B"),
    "Winograd F(4,3) 2-D, deep": (winograd(4), "float32", Regime(2, 1, 32, 3), "B"),
    "Winograd F(2,3) in float64": (winograd(2), "float64", SMALL, "B"),
    "Winograd where it does not apply": (winograd(2), "float32", Regime(2, 8, 8, 1), "A+"),
    "FFT": (by_fft, "float32", SMALL, "B"),
    "FFT of one tap": (by_fft, "float64", Regime(2, 8, 8, 1), "B"),
    "TF32": (with_inputs_of(11), "float32", SMALL, "C(11)"),
    "TF32, cut": (cut_to_11_bits, "float32", SMALL, "C(11)"),
    "TF32, many terms": (with_inputs_of(11), "float32", Regime(2, 1, 32, 7), "C(11)"),
    "bfloat16 products": (with_inputs_of(8), "float32", SMALL, "C(8)"),
    "float16 sums of float16": (summed_in("float16"), "float16", Regime(2, 8, 8, 3), "A+n"),
    "float32 sums of float16": (summed_in("float32"), "float16", Regime(2, 8, 8, 3), "A+w"),
    "float16 sums of float32": (summed_in("float16"), "float32", Regime(2, 8, 8, 3), "F"),
    "float32 sums of float64": (summed_in("float32"), "float64", Regime(2, 8, 8, 3), "F"),
    "a mean": (
        lambda x, w, b, **p: cross_correlate(x, w, b, **p) / w[0].size,
        "float64",
        SMALL,
        "F",
    ),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_each_algorithm_gets_its_grade(control: str) -> None:
    convolve, dtype, regime, grade = CONTROLS[control]
    for seed in SEEDS:
        subject = Subject(Simulated(convolve), dtype)
        assert measure(subject, regime, np.random.default_rng(seed)).grade == grade


@pytest.mark.parametrize(("batch", "grade"), [(1, "A+"), (16, "B")])
def test_torch_without_onednn_is_a_live_control(batch: int, grade: str) -> None:
    torch = pytest.importorskip("torch")
    if not torch.backends.nnpack.is_available():
        pytest.skip("no NNPACK on this processor")
    subject = Subject(load("torch-cpu"), "float32")
    with torch.backends.mkldnn.flags(enabled=False):
        for seed, kernel in enumerate((1, 3)):
            found = measure(subject, Regime(2, batch, 16, kernel), np.random.default_rng(seed))
            assert found.grade == grade


def test_scipy_by_fft_is_a_live_control() -> None:
    for seed in SEEDS:
        subject = Subject(load("scipy-fft"), "float32")
        found = measure(subject, Regime(1, 8, 8, 5), np.random.default_rng(seed))
        assert found.grade == "B"


# What is promised, and what is said


def test_a_backend_below_its_promise_fails_with_the_worst_regime() -> None:
    subject = Subject(Simulated(with_inputs_of(11)), "float32")
    with pytest.raises(Disagreement, match=r"grade C\(11\), promised A: batch"):
        clauses()["GRADE-3"].hold(subject, DEFAULT, seed=0)
    assert subject.facts["grade"] == "C(11)"


@pytest.mark.parametrize("promise", ["C(11)", "C(8)"])
def test_a_coarser_promise_is_the_bar(promise: str) -> None:
    subject = Subject(Simulated(with_inputs_of(11), promise), "float32")
    for clause in ("GRADE-3", "PROBE-1", "TYPE-3", "CORR-12", "SPEC-4"):
        clauses()[clause].hold(subject, DEFAULT, seed=0)


def test_a_promise_of_more_bits_than_there_are_fails() -> None:
    subject = Subject(Simulated(with_inputs_of(8), "C(11)"), "float32")
    for clause in ("GRADE-3", "PROBE-1", "TYPE-3"):
        with pytest.raises(Disagreement):
            clauses()[clause].hold(subject, DEFAULT, seed=0)


def test_grades_have_an_order() -> None:
    best_first = ["A+w", "A+n", "A", "B", "C(11)", "C(8)", "C(8)n", "F"]
    places = [order(grade) for grade in best_first]
    assert places == sorted(set(places))


@pytest.mark.parametrize(
    ("grade", "promise", "kept"),
    [
        ("A+", "A", True),
        ("An", "A", True),
        ("A", "C(11)", True),
        ("B", "A", False),
        ("B", "B", True),
        ("C(11)", "B", False),
        ("C(11)", "C(11)", True),
        ("C(11)w", "C(8)", True),
        ("C(8)", "C(11)", False),
        ("B", "C(11)", False),
        ("F", "B", False),
    ],
)
def test_what_meets_a_promise(grade: str, promise: str, kept: bool) -> None:
    assert meets(grade, promise) is kept


def test_regimes_are_summed_up() -> None:
    rungs = ladder(2)
    assert summarize(dict.fromkeys(rungs, "A+")) == {"grade": "A+"}
    mixed = {rung: "B" if rung.batch >= 16 else "A+" for rung in rungs}
    assert summarize(mixed) == {
        "grade": "B",
        "A+": "24 of 48 regimes: batch 1/8, channels 8/16/32, kernel 1/3/5/7",
        "B": "24 of 48 regimes: batch 16/32, channels 8/16/32, kernel 1/3/5/7",
    }
    odd = {rung: "B" if (rung.batch, rung.channels) in ((1, 8), (8, 16)) else "A" for rung in rungs}
    assert "batch 1 channels 8, batch 8 channels 16, kernel 1/3/5/7" in summarize(odd)["B"]
