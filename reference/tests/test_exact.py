"""The truth is exact: judged with fractions, in which nothing is rounded."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.bounds import gamma
from reference.exact import dot2, exact_cross_correlate, truth, two_product, two_sum
from reference.formats import FORMATS
from reference.geometry import Array
from reference.tests import literal
from reference.tests.draws import DATA, DTYPES, Shapes, shapes

U = FORMATS["float64"].unit_roundoff
KINDS = st.sampled_from(sorted(DATA))
# Where neither a product nor its error overflows or underflows.
MODERATE = st.floats(1e-140, 1e140) | st.floats(-1e140, -1e-140) | st.just(0.0)


def fractions(a: Array) -> Array:
    """The same numbers as fractions."""
    exact: Array = np.vectorize(Fraction, otypes=[object])(np.asarray(a, "float64"))
    return exact


def as_arrays(*values: float) -> list[Array]:
    return [np.array([value]) for value in values]


def pair(high: Array, low: Array) -> Array:
    """The exact value of an unevaluated sum."""
    return np.asarray(fractions(high) + fractions(low))


# Sums and products without loss


@settings(deadline=None)
@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_two_sum_loses_nothing(a: float, b: float) -> None:
    ((total,), (error,)) = two_sum(*as_arrays(a, b))
    assert total == a + b
    assert Fraction(total) + Fraction(error) == Fraction(a) + Fraction(b)


@settings(deadline=None)
@given(MODERATE, MODERATE)
def test_two_product_loses_nothing(a: float, b: float) -> None:
    ((product,), (error,)) = two_product(*as_arrays(a, b))
    assert product == a * b
    assert Fraction(product) + Fraction(error) == Fraction(a) * Fraction(b)


# Inner products


def check_dot2(a: Array, b: Array) -> None:
    """Its derived error: gamma_n^2 sum |a b|, and u |exact| more once the pair is rounded."""
    products = fractions(a) * fractions(b)
    exact, magnitude = products.sum(), np.abs(products).sum()
    high, low = dot2(a, b)
    allowed = Fraction(float(gamma(np.array(len(a)), U))) ** 2 * magnitude
    assert abs(Fraction(float(high)) + Fraction(float(low)) - exact) <= allowed
    assert abs(Fraction(float(high)) - exact) <= Fraction(U) * abs(exact) + allowed
    assert float(high) + float(low) == float(high)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(MODERATE, MODERATE), min_size=1, max_size=9))
def test_dot2_of_a_few_numbers(terms: list[tuple[float, float]]) -> None:
    check_dot2(*np.array(terms).T)


def cancelling(rng: np.random.Generator, terms: int, bits: int) -> tuple[Array, Array]:
    """Factors of products whose sum is about 2^bits times smaller than they are.

    Source: Ogita, Rump, Oishi, Accurate sum and dot product (2005), algorithm 6.1.
    """
    exponents = np.rint(rng.uniform(0, bits / 2, terms))
    exponents[[0, terms // 2 - 1]] = bits / 2 + 1, 0
    exponents[terms // 2 :] = np.rint(np.linspace(bits / 2, 0, terms - terms // 2))
    a, b = rng.uniform(-1, 1, (2, terms)) * np.exp2(exponents)
    for i in range(terms // 2, terms):
        so_far = (fractions(a[:i]) * fractions(b[:i])).sum()
        b[i] = float((Fraction(float(b[i])) - so_far) / Fraction(float(a[i])))
    order = rng.permutation(terms)
    return a[order], b[order]


@pytest.mark.parametrize("terms", [6, 33, 128])
@pytest.mark.parametrize("bits", [20, 50, 75, 100])
def test_dot2_under_cancellation(terms: int, bits: int) -> None:
    for seed in range(5):
        a, b = cancelling(np.random.default_rng(seed), terms, bits)
        products = fractions(a) * fractions(b)
        assert np.abs(products).sum() > 2 ** (bits - 10) * abs(products.sum())
        check_dot2(a, b)


def test_dot2_is_right_where_a_plain_sum_is_not() -> None:
    a, b = cancelling(np.random.default_rng(0), 32, 75)
    exact = (fractions(a) * fractions(b)).sum()
    assert abs(Fraction(float(a @ b)) - exact) > abs(exact)
    assert abs(Fraction(float(dot2(a, b)[0])) - exact) < abs(exact) / 2**20


def test_dot2_takes_the_last_axis() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 3, 4, 7))
    high, low = dot2(a, b)
    assert high.shape == low.shape == (3, 4)
    for place in np.ndindex(3, 4):
        assert (high[place], low[place]) == dot2(a[place], b[place])


# Cross-correlation


def exactly(s: Shapes, x: Array, filters: Array, bias: Array | None) -> tuple[Array, Array]:
    """The cross-correlation and its magnitude A, as fractions."""
    arrays = [None if a is None else fractions(a) for a in (x, filters, bias)]
    sizes = [None if a is None else np.abs(a) for a in arrays]
    exact, magnitude = (
        literal.cross_correlate(*values, **s.parameters) for values in (arrays, sizes)
    )
    return exact, magnitude


@settings(deadline=None)
@given(shapes(), KINDS)
def test_exact_cross_correlate_is_as_good_as_the_bounds_assume(s: Shapes, kind: str) -> None:
    arrays = s.floats(kind)
    exact, magnitude = exactly(s, *arrays)
    high, low = exact_cross_correlate(*arrays, s.parameters)
    growth = Fraction(float(gamma(np.array(np.prod(s.filters[1:]) + s.has_bias), U)))
    assert high.shape == low.shape == exact.shape
    assert np.all(np.abs(pair(high, low) - exact) <= growth**2 * magnitude)


@settings(deadline=None)
@given(shapes())
def test_exact_cross_correlate_of_integers(s: Shapes) -> None:
    arrays = s.integers("float64")
    high, low = exact_cross_correlate(*arrays, s.parameters)
    assert np.array_equal(high, literal.cross_correlate(*arrays, **s.parameters))
    assert not low.any()


@settings(deadline=None)
@given(shapes(), KINDS, st.sampled_from([name for name in DTYPES if name != "float64"]))
def test_truth_of_narrow_formats_is_a_float64_sum(s: Shapes, kind: str, name: str) -> None:
    arrays = s.floats(kind, DTYPES[name])
    exact, magnitude = exactly(s, *arrays)
    high, low = truth(*arrays, s.parameters)
    growth = Fraction(float(gamma(np.array(np.prod(s.filters[1:]) + s.has_bias), U)))
    assert high.dtype == low.dtype == "float64"
    assert not low.any()
    assert low.shape == high.shape
    assert np.all(np.abs(fractions(high) - exact) <= growth * magnitude)


@settings(deadline=None)
@given(shapes(), KINDS)
def test_truth_of_float64_is_a_double_double_sum(s: Shapes, kind: str) -> None:
    arrays = s.floats(kind)
    truths, sums = truth(*arrays, s.parameters), exact_cross_correlate(*arrays, s.parameters)
    assert np.array_equal(truths, sums)
