"""Cross-correlation is what its definition says, what SciPy says, and refuses everything else."""

from itertools import product
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import reference
from reference import EDGES, ParameterError, ShapeError, SizeError, SpecError, correlation
from reference.geometry import Array
from reference.tests import literal
from reference.tests.algorithms import by_scipy
from reference.tests.draws import Shapes, shapes

# Integers of these dtypes are far below the first one that they cannot hold.
EXACT = st.sampled_from(["int64", "float64", "float32"])
ONES = np.ones((1, 1, 5, 5))
FILTER = np.ones((1, 1, 3, 3))


# The definition


@settings(deadline=None, max_examples=300)
@given(shapes(), EXACT)
def test_equals_the_literal_definition_bit_for_bit(s: Shapes, dtype: str) -> None:
    x, filters, bias = s.integers(dtype)
    result = reference.cross_correlate(x, filters, bias, **s.parameters)
    expected = literal.cross_correlate(x, filters, bias, **s.parameters)
    assert result.dtype == expected.dtype == dtype
    assert result.shape == expected.shape
    assert np.array_equal(result, expected)


@settings(deadline=None)
@given(shapes(), EXACT, st.integers(1, 100))
def test_so_is_what_is_laid_out_in_parts(s: Shapes, dtype: str, most: int) -> None:
    x, filters, bias = s.integers(dtype)
    with mock.patch.object(correlation, "_LAID_OUT", most):
        result = reference.cross_correlate(x, filters, bias, **s.parameters)
    assert np.array_equal(result, literal.cross_correlate(x, filters, bias, **s.parameters))


@settings(deadline=None)
@given(shapes(plain=True), EXACT)
def test_every_value_is_a_frobenius_inner_product(s: Shapes, dtype: str) -> None:
    x, filters, bias = s.integers(dtype)
    result = reference.cross_correlate(x, filters, bias, **s.parameters)
    padded = np.pad(x, ((0, 0), (0, 0), *s.parameters["padding"]))
    for n, k, position in product(range(len(x)), range(len(filters)), np.ndindex(result.shape[2:])):
        corner = np.multiply(position, s.parameters["stride"])
        spans = (slice(c, c + size) for c, size in zip(corner, filters.shape[2:], strict=True))
        window: Any = (n, ..., *spans)
        value: Any = reference.frobenius_inner_product(padded[window], filters[k])
        assert result[(n, k, *position)] == value + (0 if bias is None else bias[k])


def test_frobenius_inner_product() -> None:
    a, b = np.array([[1.0, 2.0, 3.0]]), np.array([[4.0, -5.0, 6.0]])
    assert reference.frobenius_inner_product(a, b) == 12
    with pytest.raises(ShapeError, match=r"window \(1, 3\) and a filter \(3,\)"):
        reference.frobenius_inner_product(a, b[0])


# The same by others


@settings(deadline=None)
@given(shapes(plain=True).filter(lambda s: s.x[0] > 0), EXACT)
def test_agrees_with_scipy_correlate(s: Shapes, dtype: str) -> None:
    arrays = s.integers(dtype)
    result = reference.cross_correlate(*arrays, **s.parameters)
    assert np.array_equal(result, by_scipy(signal.correlate, s, *arrays))


@settings(deadline=None)
@given(shapes(plain=True).filter(lambda s: s.x[0] > 0), EXACT)
def test_convolve_agrees_with_scipy_convolve(s: Shapes, dtype: str) -> None:
    x, filters, bias = s.integers(dtype)
    result = reference.convolve(x, filters, bias, **s.parameters)
    # SciPy turns the axis of the channels round as well: turned before, it comes out unturned.
    assert np.array_equal(result, by_scipy(signal.convolve, s, x, filters[:, ::-1], bias))


@settings(deadline=None)
@given(shapes())
def test_convolve_is_cross_correlation_with_filters_turned_round(s: Shapes) -> None:
    x, filters, bias = s.integers("int64")
    turned = np.flip(filters, tuple(range(2, filters.ndim)))
    expected = literal.cross_correlate(x, turned, bias, **s.parameters)
    assert np.array_equal(reference.convolve(x, filters, bias, **s.parameters), expected)


# Arguments


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(0, 3))
def test_an_int_stands_for_every_axis(axes: int, stride: int, dilation: int, pads: int) -> None:
    rng = np.random.default_rng(axes)
    x, filters = rng.integers(-9, 9, (2, 1, *range(5, 5 + axes))), np.ones((1, 1, *[3] * axes), int)
    short = reference.cross_correlate(x, filters, stride=stride, dilation=dilation, padding=pads)
    for padding in ((pads,) * axes, ((pads, pads),) * axes):
        long = reference.cross_correlate(
            x, filters, stride=(stride,) * axes, dilation=(dilation,) * axes, padding=padding
        )
        assert np.array_equal(short, long)


@pytest.mark.parametrize("name", ["valid", "same", "same_upper", "same_lower"])
def test_padding_by_name(name: str) -> None:
    x, filters = np.arange(35).reshape(1, 1, 5, 7), np.arange(8).reshape(1, 1, 2, 4)
    pads = reference.resolve_padding(name, (5, 7), (2, 4), (1, 2), (2, 1))
    by_name = reference.cross_correlate(x, filters, padding=name, stride=(1, 2), dilation=(2, 1))
    by_amount = reference.cross_correlate(x, filters, padding=pads, stride=(1, 2), dilation=(2, 1))
    assert np.array_equal(by_name, by_amount)


def test_defaults_are_one_step_no_padding_no_holes_one_group() -> None:
    x, filters = np.arange(24).reshape(1, 2, 3, 4), np.arange(8).reshape(1, 2, 2, 2)
    plain = {"stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1}
    expected = literal.cross_correlate(x, filters, **plain)  # type: ignore[arg-type]
    assert np.array_equal(reference.cross_correlate(x, filters), expected)
    assert np.array_equal(reference.convolve(x, filters[..., ::-1, ::-1]), expected)


def test_takes_nested_lists() -> None:
    assert reference.cross_correlate([[[1, 2, 3]]], [[[1, 1]]], [5]).tolist() == [[[8, 10]]]  # type: ignore[arg-type]
    assert reference.convolve([[[1, 2, 3]]], [[[0, 1]]]).tolist() == [[[1, 2]]]  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "float16", "float32", "float64"])
def test_the_dtype_of_the_arguments_is_that_of_the_result(dtype: str) -> None:
    x, filters, bias = (np.ones(shape, dtype) for shape in ((2, 1, 4), (1, 1, 2), (1,)))
    assert reference.cross_correlate(x, filters).dtype == dtype
    assert reference.cross_correlate(x, filters, bias, padding=1).dtype == dtype
    assert reference.cross_correlate(x[:0], filters, bias).dtype == dtype


def test_mixed_dtypes_give_the_wider_one() -> None:
    x, filters = np.ones((1, 1, 4), "float32"), np.ones((1, 1, 2), "float64")
    assert reference.cross_correlate(x, filters).dtype == "float64"
    assert reference.cross_correlate(x, x, np.ones(1)).dtype == "float64"


@settings(deadline=None)
@given(shapes())
def test_read_only_arguments_are_enough_and_stay_as_they_are(s: Shapes) -> None:
    arrays = [a for a in s.integers("int64") if a is not None]
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    result = reference.cross_correlate(*arrays, **s.parameters)
    reference.convolve(*arrays, **s.parameters)
    assert all(np.array_equal(a, copy) for a, copy in zip(arrays, copies, strict=True))
    assert not any(np.shares_memory(result, a) for a in arrays)


def test_without_channels_the_sums_are_empty() -> None:
    x, filters, bias = np.ones((2, 0, 5)), np.ones((3, 0, 2)), np.array([1.0, 2.0, 3.0])
    assert np.array_equal(reference.cross_correlate(x, filters), np.zeros((2, 3, 4)))
    maps = reference.cross_correlate(x, filters, bias, stride=2, padding=1)
    assert np.array_equal(maps, np.broadcast_to(bias[:, None], (2, 3, 3)))


# Refusals


@pytest.mark.parametrize(
    ("x", "filters", "message"),
    [
        ((5, 5), (1, 1, 3, 3), r"\(5, 5\) and \(1, 1, 3, 3\)"),
        ((1, 5), (1, 3), r"at least one.* \(1, 5\) and \(1, 3\)"),
        ((1, 1, 5), (1, 1, 3, 3), r"\(1, 1, 5\) and \(1, 1, 3, 3\)"),
        ((1, 1, 5, 5), (3, 3), r"\(1, 1, 5, 5\) and \(3, 3\)"),
        ((1, 1, 5), (0, 1, 3), r"must be filters.* \(0, 1, 3\)"),
        ((1, 1, 5, 5), (1, 1, 3, 0), r"with taps.* \(1, 1, 3, 0\)"),
        ((1, 2, 5), (1, 3, 3), r"x has 2 channels, .* of 3 channels take 3"),
        ((1, 0, 5), (1, 1, 3), r"x has 0 channels"),
    ],
)
def test_shapes_that_do_not_fit(x: tuple[int], filters: tuple[int], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        reference.cross_correlate(np.ones(x), np.ones(filters))


def test_groups_that_do_not_fit() -> None:
    x = np.ones((1, 4, 5))
    with pytest.raises(ShapeError, match=r"x has 4 channels, but 2 group.* of 4 channels take 8"):
        reference.cross_correlate(x, np.ones((2, 4, 3)), groups=2)
    with pytest.raises(ShapeError, match=r"3 filters cannot be shared evenly among 2 groups"):
        reference.cross_correlate(x, np.ones((3, 2, 3)), groups=2)


@pytest.mark.parametrize("bias", [(), (2,), (1, 1), (0,)])
def test_a_bias_that_does_not_fit(bias: tuple[int]) -> None:
    with pytest.raises(ShapeError) as refusal:
        reference.cross_correlate(ONES, FILTER, np.ones(bias))
    assert str(refusal.value) == f"bias must have the shape (1,), but has {bias}"


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("stride", 0, "stride must be at least 1 .* but is 0"),
        ("stride", (1, -2), r"stride must be at least 1 .* but is \(1, -2\)"),
        ("stride", (1,), r"stride needs one value for each of 2 .* but is \(1,\)"),
        ("stride", (1, 1, 1), r"stride needs one value for each of 2 .* but is \(1, 1, 1\)"),
        ("stride", 1.5, "stride must be made of ints, but holds 1.5"),
        ("stride", "11", "stride must be made of ints, but holds '1'"),
        ("stride", None, "stride must be made of ints, but holds None"),
        ("dilation", 0, "dilation must be at least 1 .* but is 0"),
        ("dilation", (2, 0), r"dilation must be at least 1 .* but is \(2, 0\)"),
        ("dilation", [2], r"dilation needs one value for each of 2 .* but is \[2\]"),
        ("dilation", 2.0, "dilation must be made of ints, but holds 2.0"),
        ("groups", 0, r"groups must be at least 1 .* but is \(?0"),
        ("groups", -1, r"groups must be at least 1 .* but is \(?-1"),
        ("groups", 1.0, "groups must be made of ints, but holds 1.0"),
        ("padding", "full", "padding 'full' is unknown: use 'valid', 'same_upper'"),
        ("padding", -1, "padding must not be negative, but is -1"),
        ("padding", (0, -3), r"padding must not be negative, but is \(0, -3\)"),
        ("padding", ((0, 1), (-2, 5)), r"padding must not be negative, .* \(-2, 5\)"),
        ("padding", (1,), r"padding needs one value for each of 2 .* but is \(1,\)"),
        ("padding", ((1, 2),), r"\(low, high\) pair for each of 2 .* is \(\(1, 2\),\)"),
        ("padding", ((1, 2), (3,)), r"\(low, high\) pair .* is \(\(1, 2\), \(3,\)\)"),
        ("padding", ((1, 2), 3), r"\(low, high\) pair .* is \(\(1, 2\), 3\)"),
        ("padding", ((1, 0.5), (0, 0)), "padding must be made of ints, but holds 0.5"),
        ("padding", 0.5, "padding must be made of ints, but holds 0.5"),
        ("padding", None, "padding must be made of ints, but holds None"),
    ],
)
def test_parameters_that_are_none(argument: str, value: object, message: str) -> None:
    for operation in (reference.cross_correlate, reference.convolve):
        with pytest.raises(ParameterError, match=message):
            operation(ONES, FILTER, **{argument: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("x", "filters", "parameters", "message"),
    [
        ((1, 1, 2), (1, 1, 3), {}, r"axis 0 the filter spans 3 .* has only 2"),
        ((1, 1, 9, 4), (1, 1, 3, 3), {"dilation": 2}, r"axis 1 the filter spans 5 .* only 4"),
        ((1, 1, 2), (1, 1, 5), {"padding": ((1, 1),)}, r"kernel 5, dilation 1.* only 4"),
        ((0, 1, 0), (1, 1, 1), {}, r"spans 1 .* only 0"),
    ],
)
def test_filters_larger_than_the_padded_input(
    x: tuple[int], filters: tuple[int], parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(SizeError, match=message):
        reference.cross_correlate(np.ones(x), np.ones(filters), **parameters)


@pytest.mark.parametrize("error", [ShapeError, ParameterError, SizeError])
def test_every_refusal_is_a_spec_error_and_a_value_error(error: type[Exception]) -> None:
    assert issubclass(error, SpecError)
    assert issubclass(error, ValueError)


# The filters of the lesson


def test_the_edge_filters() -> None:
    filters = reference.edge_filters("int8")
    assert EDGES == ("top", "left", "bottom", "right")
    assert filters.shape == (4, 1, 3, 3)
    assert filters.dtype == "int8"
    assert filters[:, 0].tolist() == [
        [[-1, -1, -1], [1, 1, 1], [0, 0, 0]],
        [[-1, 1, 0], [-1, 1, 0], [-1, 1, 0]],
        [[0, 0, 0], [1, 1, 1], [-1, -1, -1]],
        [[0, 1, -1], [0, 1, -1], [0, 1, -1]],
    ]
    assert reference.edge_filters().dtype == "float64"


def test_the_sobel_filters() -> None:
    filters = reference.sobel_filters("int8")
    assert filters.shape == (2, 1, 3, 3)
    assert filters.dtype == "int8"
    assert filters[:, 0].tolist() == [
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    ]
    assert reference.sobel_filters().dtype == "float64"


def white_square() -> Array:
    """Rows 3 to 7 and columns 2 to 8 are white."""
    image = np.zeros((1, 1, 12, 12))
    image[..., 3:8, 2:9] = 255
    return image


@pytest.mark.parametrize(
    ("edge", "axis", "line"), [("top", 0, 3), ("left", 1, 2), ("bottom", 0, 7), ("right", 1, 8)]
)
def test_each_edge_filter_responds_most_on_its_edge(edge: str, axis: int, line: int) -> None:
    maps = reference.cross_correlate(white_square(), reference.edge_filters(), padding=1)[0]
    response = maps[EDGES.index(edge)]
    places = np.argwhere(response == response.max())
    assert set(places[:, axis]) == {line}


@pytest.mark.parametrize(("direction", "axis", "line"), [("right", 1, 2), ("down", 0, 3)])
def test_sobel_responds_most_where_brightness_rises(direction: str, axis: int, line: int) -> None:
    maps = reference.cross_correlate(white_square(), reference.sobel_filters(), padding=1)[0]
    response = maps[("right", "down").index(direction)]
    places = np.argwhere(response == response.max())
    # The filter straddles the edge: the last dark line and the first white one respond alike.
    assert set(places[:, axis]) == {line - 1, line}


def test_special_values_come_without_a_warning() -> None:
    x = np.array([[[np.inf, 0.0, np.nan]]])
    with np.errstate(all="raise"):
        result = reference.cross_correlate(x, np.array([[[0.0]]]))
    assert np.array_equal(result, [[[np.nan, 0, np.nan]]], equal_nan=True)
