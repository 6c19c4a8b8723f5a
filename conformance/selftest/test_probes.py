"""Probes measure what was put in."""

from typing import Any

import numpy as np
import pytest

from conformance import probes
from conformance.clauses import clauses
from conformance.judge import Disagreement
from conformance.probes import Regime
from conformance.selftest.test_faults import DEFAULT
from conformance.selftest.test_grades import Simulated, summed_in, with_inputs_of
from conformance.subject import Subject
from reference import cross_correlate
from reference.formats import FORMATS, rounded
from reference.geometry import Array

REGIME = Regime(2, 2, 8, 3)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_all_bits_are_seen(dtype: str) -> None:
    subject = Subject(Simulated(cross_correlate), dtype)
    for probe in (probes.input_width, probes.filter_width):
        assert probe(subject, REGIME, rng()).bits == FORMATS[dtype].precision
    assert probes.accumulator(subject, REGIME, rng()) is not None


@pytest.mark.parametrize("bits", [2, 8, 11, 20, 23])
@pytest.mark.parametrize("regime", [REGIME, Regime(1, 1, 32, 7), Regime(3, 1, 8, 1)], ids=str)
def test_bits_are_counted_whatever_the_number_of_terms(bits: int, regime: Regime) -> None:
    subject = Subject(Simulated(with_inputs_of(bits)), "float32")
    for seed in range(3):
        assert probes.input_width(subject, regime, rng(seed)).bits == bits
        assert probes.filter_width(subject, regime, rng(seed)).bits == bits


def test_inputs_and_filters_are_told_apart() -> None:
    def convolve(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        return cross_correlate(x, rounded(filters, 11), bias, **p)

    subject = Subject(Simulated(convolve), "float32")
    assert probes.input_width(subject, REGIME, rng()).bits == 24
    assert probes.filter_width(subject, REGIME, rng()).bits == 11


@pytest.mark.parametrize(
    ("dtype", "sums", "found"),
    [
        ("float16", "float16", "float16"),
        ("float16", "float32", "float32"),
        ("float16", "float64", "float32"),
        ("float32", "float16", None),
        ("float64", "float32", None),
    ],
)
def test_the_width_of_sums(dtype: str, sums: str, found: str | None) -> None:
    subject = Subject(Simulated(summed_in(sums)), dtype)
    for seed in range(3):
        format_ = probes.accumulator(subject, REGIME, rng(seed))
        assert (format_.name if format_ else None) == found


def flushing(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    normal = FORMATS[x.dtype.name].smallest_normal
    x, filters = (np.where(np.abs(a) < normal, 0, a).astype(a.dtype) for a in (x, filters))
    result = cross_correlate(x, filters, bias, **p)
    return np.where(np.abs(result) < normal, 0, result).astype(x.dtype)


@pytest.mark.parametrize(
    ("convolve", "said"), [(cross_correlate, "kept"), (flushing, "taken as zero")]
)
def test_subnormals_are_kept_or_flushed(convolve: Any, said: str) -> None:
    subject = Subject(Simulated(convolve), "float32")
    clauses()["PROBE-3"].hold(subject, DEFAULT, seed=0)
    assert subject.facts == dict.fromkeys(
        ["subnormal inputs", "subnormal filters", "subnormal results"], said
    )


def test_a_backend_that_flushes_is_not_blamed_anywhere() -> None:
    for clause in ("TYPE-3", "SPEC-3", "SPEC-4", "GRADE-3", "CORR-12"):
        for dtype in ("float32", "float16"):
            clauses()[clause].hold(Subject(Simulated(flushing), dtype), DEFAULT, seed=0)


def test_a_nan_is_traced() -> None:
    def spread(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        result = cross_correlate(x, filters, bias, **p)
        return np.where(np.isnan(x).any(), np.nan, result).astype(x.dtype)

    subject = Subject(Simulated(spread), "float32")
    with pytest.raises(Disagreement, match="felt outside its windows"):
        clauses()["PROBE-4"].hold(subject, DEFAULT, seed=0)
    assert subject.facts["NaN in the input"] == "reaches other results, or gets lost"
    assert subject.facts["infinity in the input"] == "stays in its windows"
