"""The bound on norms holds for the fast algorithms, which the lemma refuses."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st
from scipy import signal

from reference import cross_correlate
from reference.bounds import lemma, magnitude, normwise, term_count
from reference.exact import truth
from reference.formats import FORMATS
from reference.geometry import Array, Parameters
from reference.tests.algorithms import by_scipy, by_winograd
from reference.tests.draws import DATA, Arguments, Shapes, shapes

KINDS = ["uniform", "log-uniform", "spike"]


def plain(axes: int) -> Parameters:
    return Parameters(stride=(1,) * axes, padding=((0, 0),) * axes, dilation=(1,) * axes, groups=1)


def used(got: Array, arrays: Arguments, parameters: Parameters) -> float:
    """The largest error as a fraction of the bound on norms."""
    high, low = truth(*arrays, parameters)
    bound = normwise(*arrays, parameters, FORMATS[got.dtype.name])
    with np.errstate(invalid="ignore"):
        shares = np.abs((got - high) - low) / bound
    return float(shares.max(initial=0))


def share_of_lemma(got: Array, arrays: Arguments, parameters: Parameters) -> float:
    high, low = truth(*arrays, parameters)
    counted = term_count(*arrays, parameters), magnitude(*arrays, parameters), high
    format_ = FORMATS[got.dtype.name]
    bound = lemma(*counted, result=format_, accumulator=format_)
    return float((np.abs((got - high) - low) / bound).max())


def filled(kind: str, seed: int, x: tuple[int, ...], filters: tuple[int, ...]) -> Arguments:
    rng = np.random.default_rng(seed)
    return DATA[kind](rng, x).astype("float32"), DATA[kind](rng, filters).astype("float32"), None


# An FFT


@settings(deadline=None, max_examples=300)
@given(
    shapes(plain=True).filter(lambda s: s.x[0] > 0),
    st.sampled_from(sorted(DATA)),
    st.sampled_from(["float64", "float32"]),
)
def test_an_fft_stays_within_the_bound(s: Shapes, kind: str, dtype: str) -> None:
    arrays = s.floats(kind, dtype)
    got = by_scipy(signal.correlate, s, *arrays, method="fft")
    share = used(got, arrays, s.parameters)
    target(share)
    assert got.dtype == dtype
    assert share <= 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("size", "kernel"),
    [
        ((5000,), (1,)),
        ((5000,), (2,)),
        ((1000,), (700,)),
        ((64, 64), (3, 3)),
        ((20, 9, 14), (4, 1, 5)),
    ],
)
def test_a_long_fft_stays_within_the_bound(
    size: tuple[int, ...], kernel: tuple[int, ...], kind: str, dtype: str
) -> None:
    s = Shapes((1, 3, *size), (2, 3, *kernel), True, plain(len(size)), seed=0)
    arrays = s.floats(kind, dtype)
    got = by_scipy(signal.correlate, s, *arrays, method="fft")
    assert used(got, arrays, s.parameters) <= 1


@pytest.mark.parametrize("kind", ["log-uniform", "spike"])
def test_the_lemma_refuses_an_fft(kind: str) -> None:
    s = Shapes((1, 1, 64, 64), (1, 1, 3, 3), False, plain(2), seed=0)
    arrays = s.floats(kind, "float32")
    got = by_scipy(signal.correlate, s, *arrays, method="fft")
    assert share_of_lemma(got, arrays, s.parameters) > 10


# Winograd's algorithms


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_winograd_is_simulated_rightly(m: int, axes: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, 3, *[2 * m + 2] * axes))
    filters = rng.uniform(-1, 1, (4, 3, *[3] * axes))
    assert np.allclose(by_winograd(m, x, filters), cross_correlate(x, filters), atol=1e-12)


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("channels", [1, 8, 32])
@pytest.mark.parametrize("kind", KINDS)
def test_winograd_stays_within_the_bound(m: int, axes: int, channels: int, kind: str) -> None:
    for seed, tiles in enumerate((1, 1, 1, 4, 4)):
        x, filters = (2, channels, *[m * tiles + 2] * axes), (3, channels, *[3] * axes)
        arrays = filled(kind, seed, x, filters)
        got = by_winograd(m, *arrays[:2])
        assert got.dtype == "float32"
        assert used(got, arrays, plain(axes)) <= 1


@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("kind", ["log-uniform", "spike"])
def test_the_lemma_refuses_winograd(m: int, kind: str) -> None:
    arrays = filled(kind, 0, (2, 4, 4 * m + 2, 4 * m + 2), (3, 4, 3, 3))
    assert share_of_lemma(by_winograd(m, *arrays[:2]), arrays, plain(2)) > 1


# What the bound notices, and what it depends on


def test_float32_results_for_float64_are_noticed() -> None:
    x, filters, _ = filled("uniform", 0, (2, 3, 20, 20), (4, 3, 3, 3))
    got = cross_correlate(x, filters).astype("float64")
    arrays = x.astype("float64"), filters.astype("float64"), None
    assert used(got, arrays, plain(2)) > 1e4


def test_bfloat16_products_are_noticed() -> None:
    x, filters, _ = filled("uniform", 0, (2, 3, 20, 20), (4, 3, 3, 3))
    short = ((a.view("uint32") & 0xFFFF0000).view("float32") for a in (x, filters))
    assert used(cross_correlate(*short), (x, filters, None), plain(2)) > 1


def test_a_group_knows_its_own_channels_and_filters_only() -> None:
    grouped = plain(2)
    grouped["groups"] = 2
    s = Shapes((2, 6, 5, 4), (4, 3, 2, 2), False, grouped, seed=1)
    x, filters, _ = s.floats("spike", "float32")
    bound = normwise(x, filters, None, s.parameters, FORMATS["float32"])
    assert bound.shape == (2, 4, 1, 1)
    for part in (0, 1):
        alone = normwise(
            x[:, 3 * part : 3 * part + 3],
            filters[2 * part : 2 * part + 2],
            None,
            plain(2),
            FORMATS["float32"],
        )
        assert np.array_equal(bound[:, 2 * part : 2 * part + 2], alone)


def test_the_bound_is_never_below_what_grade_b_promises() -> None:
    """2 n u max|x| norm1(filter); a bias is rounded once, and so is the sum with it."""
    u = FORMATS["float64"].unit_roundoff
    # The many equal taps make this part far larger than that of an FFT.
    x, filters, bias = np.zeros((1, 1, 400)), np.ones((1, 1, 300)), np.array([1e6])
    x[..., 7] = -3
    alone = normwise(x, filters, None, plain(1), FORMATS["float64"]).item()
    assert 1 <= alone / (2 * 300 * u * 3 * 300) < 1.1
    both = normwise(x, filters, bias, plain(1), FORMATS["float64"]).item()
    assert both - alone == pytest.approx(2 * u * 1e6)


@pytest.mark.parametrize("zero", [0, 1])
def test_zeros_may_be_off_by_underflow_only(zero: int) -> None:
    arrays = [np.ones((1, 2, 9), "float32"), np.ones((1, 2, 3), "float32")]
    arrays[zero] = arrays[zero] * 0
    bound = normwise(arrays[0], arrays[1], None, plain(1), FORMATS["float32"])
    assert 0 < bound.item() <= 10 * 2.0**-126


def test_an_empty_batch_has_no_bound() -> None:
    arrays = np.ones((0, 2, 9)), np.ones((3, 2, 3))
    assert normwise(*arrays, None, plain(1), FORMATS["float64"]).shape == (0, 3, 1)


def test_without_channels_no_more_may_be_lost_than_is_flushed() -> None:
    arrays = np.ones((2, 0, 9)), np.ones((3, 0, 3))
    bound = normwise(*arrays, None, plain(1), FORMATS["float64"])
    assert np.array_equal(bound, np.full((2, 3, 1), FORMATS["float64"].smallest_normal))


@pytest.mark.parametrize(("dtype", "large"), [("float32", 1e38), ("float64", 1e307)])
def test_nothing_is_required_where_a_transform_could_overflow(dtype: str, large: float) -> None:
    """No result of a window overflows here, but the sum of all values does."""
    x, filters = np.full((1, 1, 20), large, dtype), np.full((1, 1, 2), 0.5, dtype)
    with np.errstate(all="ignore"):
        bound = normwise(x, filters, None, plain(1), FORMATS[dtype])
    assert np.isinf(bound).all()


@pytest.mark.parametrize("scale", [1e-170, 1e-100, 1e100])
def test_the_bound_scales_with_the_values(scale: float) -> None:
    """As the errors do, as long as nothing overflows or underflows."""
    rng = np.random.default_rng(0)
    x, filters = rng.uniform(-1, 1, (1, 1, 40)), rng.uniform(-1, 1, (1, 1, 2)) * 1e10
    bounds: list[Any] = [
        normwise(values, filters, None, plain(1), FORMATS["float64"]).item()
        for values in (x, x * scale)
    ]
    assert bounds[1] == pytest.approx(bounds[0] * scale, rel=1e-6, abs=0)
