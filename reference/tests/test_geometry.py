"""Sizes, padding and windows, each against a count or the definition of its name."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import ParameterError, SizeError, every, output_size, pad, resolve_padding, windows
from reference.geometry import Pads, effective_kernel, per_axis
from reference.tests import literal
from reference.tests.draws import Shapes, shapes

SIZES = st.integers(1, 30)
KERNELS = st.integers(1, 7)
STEPS = st.integers(1, 6)
AMOUNTS = st.integers(0, 9)


# Sizes


@settings(deadline=None)
@given(st.integers(0, 30), KERNELS, STEPS, st.tuples(AMOUNTS, AMOUNTS), STEPS)
def test_output_size_counts_the_stops(
    size: int, kernel: int, step: int, pads: tuple[int, int], dilation: int
) -> None:
    stops = literal.positions(size, kernel, step, pads, dilation)
    if stops:
        assert output_size((size,), (kernel,), (step,), (pads,), (dilation,)) == (len(stops),)
    else:
        with pytest.raises(SizeError, match=f"has only {size + sum(pads)}"):
            output_size((size,), (kernel,), (step,), (pads,), (dilation,))


def test_output_size_keeps_the_axes_apart() -> None:
    sizes = output_size((9, 10, 11), (2, 3, 4), (1, 2, 3), ((0, 1), (2, 0), (1, 1)), (3, 2, 1))
    assert sizes == (7, 4, 4)


def test_a_filter_that_does_not_fit_is_named_with_its_axis() -> None:
    message = (
        r"on spatial axis 1 the filter spans 7 values \(kernel 4, dilation 2\) and the padded "
        r"input has only 6"
    )
    with pytest.raises(SizeError, match=message):
        output_size((9, 3), (2, 4), (1, 1), ((0, 0), (1, 2)), (1, 2))


@settings(deadline=None)
@given(KERNELS, STEPS)
def test_effective_kernel_spans_from_the_first_tap_to_the_last(kernel: int, dilation: int) -> None:
    taps = range(0, kernel * dilation, dilation)
    assert effective_kernel((kernel,), (dilation,)) == (taps[-1] - taps[0] + 1,)


# Padding


@settings(deadline=None)
@given(SIZES, KERNELS, STEPS, STEPS)
def test_same_is_the_least_padding_that_gives_the_size_divided_by_the_stride(
    size: int, kernel: int, step: int, dilation: int
) -> None:
    ((low, high),) = resolve_padding("same_upper", (size,), (kernel,), (step,), (dilation,))
    stops = literal.positions(size, kernel, step, (low, high), dilation)
    assert len(stops) == math.ceil(size / step)
    assert 0 <= low <= high <= low + 1
    if high:
        fewer = literal.positions(size, kernel, step, (low, high - 1), dilation)
        assert len(fewer) < len(stops)


@settings(deadline=None)
@given(SIZES, KERNELS, STEPS, STEPS)
def test_same_lower_mirrors_same_upper(size: int, kernel: int, step: int, dilation: int) -> None:
    axis = (size,), (kernel,), (step,), (dilation,)
    ((low, high),) = resolve_padding("same_upper", *axis)
    assert resolve_padding("same_lower", *axis) == ((high, low),)
    assert resolve_padding("same", *axis) == ((low, high),)


@pytest.mark.parametrize(
    ("name", "pads"),
    [
        ("valid", ((0, 0), (0, 0), (0, 0))),
        ("same", ((0, 1), (1, 1), (1, 2))),
        ("same_upper", ((0, 1), (1, 1), (1, 2))),
        ("same_lower", ((1, 0), (1, 1), (2, 1))),
    ],
)
def test_an_odd_zero_goes_where_the_name_says(name: str, pads: Pads) -> None:
    assert resolve_padding(name, (6, 5, 8), (2, 3, 3), (1, 2, 2), (1, 1, 2)) == pads


@pytest.mark.parametrize(
    ("padding", "pads"),
    [
        (2, ((2, 2), (2, 2))),
        ((0, 3), ((0, 0), (3, 3))),
        ([1, 2], ((1, 1), (2, 2))),
        (((1, 2), (3, 4)), ((1, 2), (3, 4))),
        ([[1, 0], (0, 4)], ((1, 0), (0, 4))),
        (np.int64(1), ((1, 1), (1, 1))),
    ],
)
def test_explicit_padding(padding: Any, pads: Pads) -> None:
    resolved = resolve_padding(padding, (5, 6), (2, 3), (1, 1), (1, 1))
    assert resolved == pads
    assert all(type(amount) is int for pair in resolved for amount in pair)


@pytest.mark.parametrize(
    ("padding", "message"),
    [
        ("SAME", "padding 'SAME' is unknown"),
        (-1, "padding must not be negative, but is -1"),
        ((1, 2, 3), r"padding needs one value for each of 2 spatial axes, but is \(1, 2, 3\)"),
        (
            ((1, 2, 3), (0, 0)),
            r"needs a \(low, high\) pair for each of 2 .* \(\(1, 2, 3\), \(0, 0\)\)",
        ),
        (((0, 0), (0, 0), (0, 0)), r"needs a \(low, high\) pair for each of 2 spatial axes"),
        (((0, 0), (0, "1")), "padding must be made of ints, but holds '1'"),
    ],
)
def test_padding_that_is_none(padding: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        resolve_padding(padding, (5, 6), (2, 3), (1, 1), (1, 1))


@settings(deadline=None)
@given(shapes())
def test_pad_puts_zeros_around_each_spatial_axis(s: Shapes) -> None:
    x, _, _ = s.integers("int16")
    padded = pad(x, s.parameters["padding"])
    inside: Any = (
        ...,
        *(
            slice(low, low + n)
            for n, (low, _) in zip(s.x[2:], s.parameters["padding"], strict=True)
        ),
    )
    assert padded.dtype == x.dtype
    assert padded.shape == (
        *s.x[:2],
        *(n + sum(pads) for n, pads in zip(s.x[2:], s.parameters["padding"], strict=True)),
    )
    assert np.array_equal(padded[inside], x)
    assert np.count_nonzero(padded) == np.count_nonzero(x)


# Windows


@settings(deadline=None)
@given(shapes())
def test_windows_hold_what_lies_under_each_tap(s: Shapes) -> None:
    kernel, stride, dilation = s.filters[2:], s.parameters["stride"], s.parameters["dilation"]
    x = pad(s.integers("int64")[0], s.parameters["padding"])
    seen = windows(x, kernel, stride, dilation)
    out = output_size(s.x[2:], kernel, stride, s.parameters["padding"], dilation)
    assert seen.shape == (*s.x[:2], *out, *kernel)
    for position in literal.indices(out):
        for tap in literal.indices(kernel):
            place = np.multiply(position, stride) + np.multiply(tap, dilation)
            under: Any = (..., *place)
            here: Any = (..., *position, *tap)
            assert np.array_equal(seen[here], x[under])


def test_windows_are_a_read_only_view() -> None:
    x = np.arange(6.0).reshape(1, 1, 6)
    seen = windows(x, (3,), (1,), (1,))
    assert np.shares_memory(seen, x)
    with pytest.raises(ValueError, match="read-only"):
        seen[...] = 0


@settings(deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=3), st.integers(0, 2))
def test_every_keeps_every_step_th_value_of_the_last_axes(steps: list[int], leading: int) -> None:
    shape = (*[2] * leading, *[7] * len(steps))
    a = np.arange(math.prod(shape)).reshape(shape)
    kept = a
    for axis, step in enumerate(steps, start=leading):
        kept = kept.take(range(0, 7, step), axis)
    assert np.array_equal(a[every(tuple(steps))], kept)


# One value for each axis


def test_per_axis() -> None:
    assert per_axis(3, 2, "stride") == (3, 3)
    assert per_axis([3, 4], 2, "stride") == (3, 4)
    assert per_axis(np.int32(5), 1, "stride") == (5,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "at least 1 on every axis, but is 0"),
        ((1, -1), r"at least 1 on every axis, but is \(1, -1\)"),
        ((), r"one value for each of 2 spatial axes, but is \(\)"),
        ((1, 2, 3), r"one value for each of 2 spatial axes, but is \(1, 2, 3\)"),
        (1.0, "made of ints, but holds 1.0"),
        ((1, 2.5), "made of ints, but holds 2.5"),
        ("12", "made of ints, but holds '1'"),
        (None, "made of ints, but holds None"),
    ],
)
def test_per_axis_refuses(value: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=f"^dilation .*{message}"):
        per_axis(value, 2, "dilation")
