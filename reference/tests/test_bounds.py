"""The lemma holds under attack, and is tight enough to notice what it is there for.

Exact sums are fractions. The formats are simulated through float64, which rounds every sum and
product of two narrower numbers as if directly (Figueroa, When is double rounding innocuous, 1995).
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from reference.bounds import gamma, lemma, magnitude, term_count
from reference.exact import truth
from reference.formats import FORMATS, Format
from reference.tests import literal
from reference.tests.draws import DATA, DTYPES, Rng, Shapes, shapes

Term = float | tuple[float, float]
Factors = list[tuple[float, float]]

# The format of a result, and the one that it is summed in before.
RESULTS = st.sampled_from(
    [
        (result, accumulator)
        for result, accumulator in (
            ("float64", "float64"),
            ("float32", "float32"),
            ("float16", "float16"),
            ("float16", "float32"),
            ("bfloat16", "bfloat16"),
            ("bfloat16", "float32"),
        )
        if result in DTYPES
    ]
)
ORDERS = st.sampled_from(["sequential", "reversed", "pairwise", "random"])


# The formats


def check_format(name: str, info: Any) -> None:
    format_ = FORMATS[name]
    assert format_.name == name
    assert format_.precision == info.nmant + 1
    assert format_.unit_roundoff == float(info.eps) / 2
    assert format_.smallest_normal == float(info.smallest_normal)
    assert format_.largest == float(info.max)


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_formats_are_those_of_numpy(name: str) -> None:
    check_format(name, np.finfo(name))


def test_bfloat16_is_that_of_ml_dtypes() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    check_format("bfloat16", ml_dtypes.finfo("bfloat16"))


@pytest.mark.parametrize("name", DTYPES)
def test_integers_are_exact_up_to_the_limit(name: str) -> None:
    limit, dtype = FORMATS[name].exact_below, DTYPES[name]
    assert all(int(dtype(i)) == i for i in range(max(0, limit - 300), limit + 1))
    assert int(dtype(limit + 1)) != limit + 1


# Terms and magnitudes


@settings(deadline=None)
@given(shapes())
def test_term_count_leaves_out_the_padding(s: Shapes) -> None:
    x, filters, bias = s.integers("float32")
    ones = np.ones((1, *x.shape[1:]), int), np.ones(filters.shape, int)
    bias_too = None if bias is None else np.ones(len(bias), int)
    counts = term_count(x, filters, bias, s.parameters)
    right = literal.cross_correlate(*ones, bias_too, **s.parameters)
    assert counts.shape == (1, 1, *right.shape[2:])
    assert np.array_equal(np.broadcast_to(counts, right.shape), right)


@settings(deadline=None)
@given(shapes(), st.sampled_from(sorted(DTYPES)))
def test_magnitude_is_that_of_absolute_values(s: Shapes, name: str) -> None:
    arrays = s.integers(DTYPES[name])
    x, filters, bias = (None if a is None else np.abs(a.astype(int)) for a in arrays)
    found = magnitude(*arrays, s.parameters)
    assert found.dtype == "float64"
    assert x is not None
    assert filters is not None
    assert np.array_equal(found, literal.cross_correlate(x, filters, bias, **s.parameters))


def test_gamma_is_infinite_once_every_digit_may_be_wrong() -> None:
    grown = gamma(np.array([0, 1, 1024, 2047, 2048, 5000]), 2.0**-11)
    assert grown.tolist() == [0, 1 / 2047, 1, 2047, math.inf, math.inf]


# A sum in a format


@dataclass(frozen=True)
class Machine:
    """Arithmetic in a format, fused or not; with ``flush``, subnormal results become 0."""

    format: Format
    fused: bool = False
    flush: bool = False

    def round(self, value: float) -> float:
        with np.errstate(over="ignore"):
            rounded = float(DTYPES[self.format.name](value))
        return 0.0 if self.flush and abs(rounded) < self.format.smallest_normal else rounded

    def value(self, term: Term) -> float:
        return self.round(term[0] * term[1]) if isinstance(term, tuple) else term

    def add(self, p: Term, q: Term) -> float:
        if self.fused and isinstance(p, tuple):
            return self.round(p[0] * p[1] + self.value(q))
        return self.round(self.value(p) + self.value(q))

    def sum(self, factors: Factors, order: str, rng: Rng) -> float:
        """The sum of the products, in a tree that ``order`` names."""
        terms: list[Any] = factors[::-1] if order == "sequential" else list(factors)
        while len(terms) > 1:
            if order == "random":
                rng.shuffle(terms)
            # Pairwise sums wait for their next turn, running totals are taken up again at once.
            place = 0 if order == "pairwise" else len(terms) - 2
            p, q = terms[place : place + 2]
            terms[place : place + 2] = []
            terms.append(self.add(p, q))
        return self.value(terms[0])


def used(factors: Factors, got: float, result: str, accumulator: str, u_in: float = 0) -> float:
    """The error of a sum of products as a fraction of its bound; 0 where all is allowed."""
    products = [Fraction(a) * Fraction(b) for a, b in factors]
    exact, size = sum(products, Fraction(0)), sum(map(abs, products), Fraction(0))
    bound = lemma(
        np.array(len(factors)),
        np.array(float(size)),
        np.array(float(exact)),
        result=FORMATS[result],
        accumulator=FORMATS[accumulator],
        input_roundoff=u_in,
    )
    if np.isinf(bound):
        return 0.0
    return float(abs(Fraction(got) - exact) / Fraction(float(bound)))


def pairs(kind: str, terms: int, rng: Rng, format_: str, exponent: int = 0) -> Factors:
    """The factors of ``terms`` products, in a format."""
    values = np.ldexp(DATA[kind](rng, (2, terms)), exponent).astype(DTYPES[format_])
    return list(zip(*values.astype(float).tolist(), strict=True))


@st.composite
def numbers(draw: st.DrawFn, format_: Format) -> float:
    """Any significand of the format, of moderate size."""
    significand = draw(st.integers(-format_.exact_below, format_.exact_below))
    return math.ldexp(significand, draw(st.integers(-3, 2)) - format_.precision)


# The lemma is never exceeded


@settings(deadline=None, max_examples=600)
@given(RESULTS, ORDERS, st.booleans(), st.data())
def test_no_sum_of_a_few_terms_exceeds_the_lemma(
    formats: tuple[str, str], order: str, fused: bool, data: st.DataObject
) -> None:
    result, accumulator = formats
    number = numbers(FORMATS[result])
    factors = data.draw(st.lists(st.tuples(number, number), min_size=1, max_size=5))
    machine = Machine(FORMATS[accumulator], fused and accumulator != "float64")
    total = machine.sum(factors, order, np.random.default_rng(0))
    share = used(factors, Machine(FORMATS[result]).round(total), result, accumulator)
    target(share)
    assert share <= 1


@settings(deadline=None, max_examples=600)
@given(
    RESULTS,
    ORDERS,
    st.sampled_from(sorted(DATA)),
    st.integers(1, 60),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_no_sum_of_many_terms_exceeds_the_lemma(
    formats: tuple[str, str],
    order: str,
    kind: str,
    terms: int,
    fused: bool,
    flush: bool,
    tiny: bool,
    seed: int,
) -> None:
    result, accumulator = formats
    rng = np.random.default_rng(seed)
    exponent = FORMATS[result].min_exponent // 2 if tiny else 0
    factors = pairs(kind, terms, rng, result, exponent)
    machine = Machine(FORMATS[accumulator], fused and accumulator != "float64", flush)
    total = machine.sum(factors, order, rng)
    rounded = Machine(FORMATS[result], flush=flush).round(total)
    share = used(factors, rounded, result, accumulator)
    target(share)
    assert share <= 1


@settings(deadline=None)
@given(shapes(), st.sampled_from(sorted(DATA)), st.sampled_from(["float64", "float32"]))
def test_the_literal_definition_in_a_format_stays_within_the_lemma(
    s: Shapes, kind: str, name: str
) -> None:
    arrays = s.floats(kind, name)
    high, low = truth(*arrays, s.parameters)
    bound = lemma(
        term_count(*arrays, s.parameters),
        magnitude(*arrays, s.parameters),
        high,
        result=FORMATS[name],
        accumulator=FORMATS[name],
    )
    got = literal.cross_correlate(*arrays, **s.parameters)
    assert bound.shape == got.shape
    assert np.all(np.abs((got - high) - low) <= bound)


@settings(deadline=None)
@given(st.sampled_from([8, 11]), st.sampled_from(sorted(DATA)), ORDERS, st.integers(0, 2**32 - 1))
def test_rounded_inputs_stay_within_the_lemma_that_allows_them(
    bits: int, kind: str, order: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    factors = pairs(kind, 20, rng, "float32")
    total = Machine(FORMATS["float32"]).sum(shortened(factors, bits), order, rng)
    assert used(factors, total, "float32", "float32", u_in=2.0**-bits) <= 1


# The lemma is tight: a larger error than these sums have is noticed


def shortened(factors: Factors, bits: int) -> Factors:
    """The factors rounded to so many significant bits: TF32 keeps 11 of them, bfloat16 8."""
    significands, exponents = np.frexp(np.array(factors))
    short = np.ldexp(np.rint(significands * 2.0**bits), exponents - bits)
    return [(a, b) for a, b in short.tolist()]


TINY = 2.0**-63
NEXT_BELOW_TINY = TINY * (1 - 2.0**-24)


@pytest.mark.parametrize(
    ("factors", "got", "formats", "u_in"),
    [
        # A product whose error is half a unit.
        ([(1 + 2.0**-12, 1 + 2.0**-12)], 1 + 2.0**-11, ("float32", "float32"), 0.0),
        # Every addition loses half a unit.
        ([(1.0, 1.0), *[(2.0**-24, 1.0)] * 63], 1.0, ("float32", "float32"), 0.0),
        # Exact in the accumulator, half a unit away in the format of the result.
        ([(1024.0, 1.0), (0.5, 1.0)], 1024.0, ("float16", "float32"), 0.0),
        ([(1.0, 1.0), (2.0**-8, 1.0)], 1.0, ("bfloat16", "float32"), 0.0),
        # Both inputs rounded to 11 bits lose half a unit.
        ([(1 + 2.0**-11, 1 + 2.0**-11)], 1.0, ("float32", "float32"), 2.0**-11),
        # Every product is flushed to zero.
        ([(TINY, NEXT_BELOW_TINY)] * 40, 0.0, ("float32", "float32"), 0.0),
    ],
)
def test_some_sums_use_nearly_all_that_the_lemma_allows(
    factors: Factors, got: float, formats: tuple[str, str], u_in: float
) -> None:
    assert 0.97 < used(factors, got, *formats, u_in=u_in) <= 1


@pytest.mark.parametrize("bits", [8, 11])
@pytest.mark.parametrize("kind", sorted(DATA))
def test_rounded_inputs_are_noticed(bits: int, kind: str) -> None:
    rng = np.random.default_rng(0)
    factors = pairs(kind, 27, rng, "float32")
    total = Machine(FORMATS["float32"]).sum(shortened(factors, bits), "sequential", rng)
    assert used(factors, total, "float32", "float32") > 2


@pytest.mark.parametrize("kind", sorted(DATA))
def test_float32_sums_for_float64_are_noticed(kind: str) -> None:
    rng = np.random.default_rng(0)
    factors = pairs(kind, 27, rng, "float32")
    total = Machine(FORMATS["float32"]).sum(factors, "sequential", rng)
    assert used(factors, total, "float64", "float64") > 1e4


def test_narrow_sums_for_a_wide_accumulator_are_noticed() -> None:
    rng = np.random.default_rng(0)
    factors = pairs("positive", 60, rng, "float16")
    total = Machine(FORMATS["float16"]).sum(factors, "sequential", rng)
    assert used(factors, total, "float16", "float32") > 2


# Where the lemma asks for nothing, or for nothing but underflow


def bound_of(terms: int, size: float, result: str, accumulator: str) -> float:
    arrays = np.array(terms), np.array(size), np.array(size)
    formats = FORMATS[result], FORMATS[accumulator]
    return float(lemma(*arrays, result=formats[0], accumulator=formats[1]))


def test_nothing_is_required_where_a_sum_could_overflow() -> None:
    assert math.isinf(bound_of(2, 65504, "float16", "float16"))
    assert math.isinf(bound_of(2, 65490, "float16", "float16"))
    assert math.isinf(bound_of(2, 65504, "float16", "float32"))
    assert math.isinf(bound_of(2, 65504, "float32", "float16"))
    assert math.isinf(bound_of(2, math.inf, "float64", "float64"))
    assert bound_of(2, 65400, "float16", "float16") < 100
    assert bound_of(2, 65504, "float32", "float32") < 1


def test_nothing_is_required_of_sums_longer_than_their_format() -> None:
    assert math.isinf(bound_of(2048, 1.0, "float16", "float16"))
    assert math.isinf(bound_of(2048, 0.0, "float16", "float16"))
    assert bound_of(2048, 1.0, "float16", "float32") < 1e-3


def test_sums_of_zeros_may_be_off_by_underflow_only() -> None:
    assert bound_of(9, 0.0, "float32", "float32") == pytest.approx(10 * 2.0**-126)
    assert bound_of(9, 0.0, "bfloat16", "float32") == pytest.approx(10 * 2.0**-126)
    assert bound_of(9, 0.0, "float16", "float32") == pytest.approx(2.0**-14)
