"""What flushed inputs cost, what roundings that do not conspire build up, and huge values."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from reference import cross_correlate
from reference.bounds import flushable, gamma, lemma, magnitude, random_walk, term_count
from reference.exact import truth
from reference.formats import FORMATS, rounded
from reference.geometry import Array, Parameters
from reference.tests.draws import DATA, DTYPES, Shapes, shapes
from reference.tests.literal import cross_correlate as by_definition

# Subnormal inputs


def flushed(a: Array | None) -> Any:
    normal = FORMATS["float32"].smallest_normal
    return None if a is None else np.where(np.abs(a) < normal, 0, a).astype(a.dtype)


@settings(deadline=None, max_examples=200)
@given(shapes(), st.integers(-6, 6), st.integers(0, 2**16))
def test_flushed_inputs_stay_within_the_lemma(s: Shapes, above: int, large: int) -> None:
    """Inputs around the smallest normal number, filters of any size: what is flushed may count."""
    tiny = FORMATS["float32"].smallest_normal * 2.0**above
    x, filters, offset = s.floats("log-uniform", "float64")
    x, filters = (x * tiny).astype("float32"), (filters * large).astype("float32")
    bias = None if offset is None else (offset * tiny).astype("float32")
    got = cross_correlate(flushed(x), flushed(filters), flushed(bias), **s.parameters)
    high, low = truth(x, filters, bias, s.parameters)
    size = magnitude(x, filters, bias, s.parameters)
    bound = lemma(
        term_count(x, filters, bias, s.parameters),
        size,
        size,
        result=FORMATS["float32"],
        accumulator=FORMATS["float32"],
        flushable=flushable(x, filters, bias, s.parameters),
    )
    shares = np.abs((got - high) - low) / bound
    target(float(shares.max(initial=0)))
    assert (shares <= 1).all()


def test_flushing_is_allowed_for_what_is_subnormal_only() -> None:
    parameters = Parameters(stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
    small = np.float32(1e-39)
    x = np.array([[[small, 1, 1, 1]]], "float32")
    filters = np.array([[[1e10, 1]]], "float32")
    found = flushable(x, filters, np.array([small]), parameters)
    assert found.ravel() == pytest.approx([1e-29, 1e-39, 1e-39], rel=1e-5)
    assert flushable(np.ones_like(x), filters, None, parameters) == 0
    with_small_filters = flushable(np.ones_like(x), filters * 0 + small, None, parameters)
    assert with_small_filters.ravel() == pytest.approx([2e-39] * 3, rel=1e-5)


# Random walks


def test_a_random_walk_is_shorter_than_the_worst_case() -> None:
    terms = np.array([1.0, 4.0, 100.0, 1e4, 1e6])
    walk = random_walk(1000)(terms, 2.0**-24)
    assert (walk <= gamma(terms, 2.0**-24)).all()
    assert walk[0] == 2.0**-24  # one rounding is one rounding
    factor = walk[-1] / (math.sqrt(1e6) * 2.0**-24)
    assert factor == pytest.approx(math.sqrt(2 * math.log(2 * 1e6 * 1000 / 1e-9)))
    assert 8 < factor < 11


@pytest.mark.parametrize("kind", sorted(DATA))
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_sums_in_order_keep_within_a_random_walk(kind: str, dtype: str) -> None:
    """One product after the other: the longest chain of roundings that there is."""
    rng = np.random.default_rng(0)
    terms, results = 900, 200
    x = DATA[kind](rng, (results, terms)).astype(DTYPES[dtype])
    filters = DATA[kind](rng, (terms,)).astype(DTYPES[dtype])
    total = np.zeros(results, DTYPES[dtype])
    with np.errstate(over="ignore"):
        for column, tap in zip(x.T, filters, strict=True):
            total = total + column * tap
    products = x.astype("float64") * filters.astype("float64")
    size, exact = np.abs(products).sum(axis=1), products.sum(axis=1)
    format_ = FORMATS[dtype]
    bound = lemma(
        np.full(results, terms),
        size,
        exact,
        result=format_,
        accumulator=format_,
        growth=random_walk(results),
    )
    finite = np.isfinite(bound)
    assert (np.abs(total.astype("float64") - exact)[finite] <= bound[finite]).all()


# Huge values


@settings(deadline=None, max_examples=100)
@given(shapes(), st.integers(-150, 250), st.integers(-150, 250))
def test_the_truth_of_huge_and_tiny_values(s: Shapes, of_x: int, of_filters: int) -> None:
    """As of moderate ones: powers of two change no digit."""
    x, filters, bias = s.floats("uniform", "float64")
    scales = 2.0**of_x, 2.0**of_filters
    moderate = truth(x, filters, bias, s.parameters)
    with np.errstate(over="ignore"):
        scaled_bias = None if bias is None else bias * scales[0] * scales[1]
    scaled = truth(x * scales[0], filters * scales[1], scaled_bias, s.parameters)
    for one, other in zip(moderate, scaled, strict=True):
        assert np.array_equal(one * scales[0] * scales[1], other)


def test_the_truth_is_exact_close_to_the_largest_number() -> None:
    parameters = Parameters(stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
    x = np.array([[[1.7e308, 1.3, -1.7e308]]])
    filters = np.array([[[0.5, 0.25, 0.5]]])
    high, low = truth(x, filters, None, parameters)
    pairs = zip(x.ravel().tolist(), filters.ravel().tolist(), strict=True)
    exact = sum(Fraction(a) * Fraction(b) for a, b in pairs)
    assert high.item() + low.item() == float(exact)


@settings(deadline=None)
@given(st.integers(2, 30), st.floats(-1e9, 1e9))
def test_rounding_to_bits_goes_to_the_nearest(bits: int, value: float) -> None:
    short = rounded(np.array([value]), bits).item()
    assert rounded(np.array([short]), bits).item() == short
    assert abs(Fraction(short) - Fraction(value)) <= abs(Fraction(value)) * Fraction(2) ** -bits


def test_the_literal_definition_agrees_on_huge_integers() -> None:
    x, filters = np.array([[[2.0**600, 1, 3]]]), np.array([[[2.0**300, 5.0]]])
    parameters = Parameters(stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
    high, _ = truth(x, filters, None, parameters)
    assert np.array_equal(high, by_definition(x, filters, None, **parameters))
