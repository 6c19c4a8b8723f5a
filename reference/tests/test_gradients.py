"""The gradients of cross-correlation are what their definition says, and what PyTorch says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import ParameterError, ShapeError, SizeError, cross_correlate
from reference.geometry import Array
from reference.gradients import (
    bias_gradient,
    bias_gradient_as_cross_correlation,
    filter_gradient,
    input_gradient,
    transposed_cross_correlate,
    transposed_size,
)
from reference.tests import literal_learning
from reference.tests.draws import DTYPES, Shapes, shapes

EXACT = st.sampled_from(["int64", "float64", "float32"])


def drawn(s: Shapes, dtype: str = "int64") -> tuple[Array, Array, Array]:
    """An input, filters, and a gradient by the result: integers."""
    x, filters, _ = s.integers(dtype)
    shape = cross_correlate(x, filters, **s.parameters).shape
    gradient = np.random.default_rng(s.seed + 1).integers(-9, 10, shape).astype(dtype)
    return x, filters, gradient


@settings(deadline=None, max_examples=200)
@given(shapes(), EXACT)
def test_equal_the_literal_definition_bit_for_bit(s: Shapes, dtype: str) -> None:
    x, filters, gradient = drawn(s, dtype)
    by_x = input_gradient(gradient, filters, x.shape[2:], **s.parameters)
    by_filters = filter_gradient(x, gradient, filters.shape[2:], **s.parameters)
    expected = literal_learning.gradients(x, filters, gradient, **s.parameters)
    for got, right in zip((by_x, by_filters), expected, strict=True):
        assert got.dtype == dtype
        assert np.array_equal(got, right)


@settings(deadline=None, max_examples=200)
@given(shapes())
def test_are_the_adjoint_maps(s: Shapes) -> None:
    x, filters, gradient = drawn(s)
    product = (cross_correlate(x, filters, **s.parameters) * gradient).sum()
    by_x = input_gradient(gradient, filters, x.shape[2:], **s.parameters)
    assert product == (x * by_x).sum()
    by_filters = filter_gradient(x, gradient, filters.shape[2:], **s.parameters)
    assert product == (filters * by_filters).sum()


@settings(deadline=None)
@given(shapes())
def test_by_the_bias(s: Shapes) -> None:
    _, _, gradient = drawn(s)
    expected = [gradient[:, k].sum() for k in range(gradient.shape[1])]
    assert np.array_equal(bias_gradient(gradient), expected)
    as_one = bias_gradient_as_cross_correlation(gradient).by(cross_correlate)
    assert np.array_equal(as_one, expected)


@settings(deadline=None, max_examples=50)
@given(shapes().filter(lambda s: s.x[0] > 0), st.integers(0, 2))
def test_the_transpose_equals_the_literal_scatter(s: Shapes, more: int) -> None:
    _, filters, x = drawn(s)
    p = s.parameters
    outputs = tuple(min(more, step - 1) for step in p["stride"])
    kernel = filters.shape[2:]
    try:
        size = transposed_size(
            x.shape[2:], kernel, p["stride"], p["padding"], outputs, p["dilation"]
        )
    except SizeError:
        return
    result = transposed_cross_correlate(x, filters, **p, output_padding=outputs)
    nothing = np.zeros((len(x), s.x[1], *size), x.dtype)
    expected, _ = literal_learning.gradients(nothing, filters, x, **p)
    assert np.array_equal(result, expected)


@settings(deadline=None, max_examples=200)
@given(shapes(), st.sampled_from(["valid", "same", "same_upper", "same_lower"]))
def test_padding_by_name_makes_the_transpose_of_that_padding(s: Shapes, name: str) -> None:
    _, filters, x = drawn(s)
    p: dict[str, Any] = {**s.parameters, "padding": name}
    result = transposed_cross_correlate(x, filters, **p)
    if name != "valid":
        whole = (n * step for n, step in zip(x.shape[2:], p["stride"], strict=True))
        assert result.shape[2:] == tuple(whole)
    other = np.asarray(np.random.default_rng(s.seed + 2).integers(-9, 10, result.shape))
    assert (result * other).sum() == (x * cross_correlate(other, filters, **p)).sum()


@settings(deadline=None, max_examples=50)
@given(shapes().filter(lambda s: s.x[0] > 0))
def test_agree_with_torch(s: Shapes) -> None:
    torch = pytest.importorskip("torch")
    x, filters, gradient = drawn(s, "float64")
    p, axes = s.parameters, x.ndim - 2
    tx, tw = (torch.tensor(a, requires_grad=True) for a in (x, filters))
    before = [amount for pair in reversed(p["padding"]) for amount in pair]
    convolve = (torch.conv1d, torch.conv2d, torch.conv3d)[axes - 1]
    result = convolve(
        torch.nn.functional.pad(tx, before),
        tw,
        stride=p["stride"],
        dilation=p["dilation"],
        groups=p["groups"],
    )
    result.backward(torch.tensor(gradient))
    assert np.array_equal(input_gradient(gradient, filters, x.shape[2:], **p), tx.grad)
    assert np.array_equal(filter_gradient(x, gradient, filters.shape[2:], **p), tw.grad)


@pytest.mark.parametrize(
    ("size", "kernel", "settings"),
    [
        ((4,), (3,), {"stride": 2, "padding": 1, "output_padding": 1}),
        ((3, 4), (2, 3), {"stride": (3, 2), "padding": (0, 1), "dilation": (1, 2), "groups": 2}),
        ((2, 3, 2), (2, 1, 3), {"stride": 2, "output_padding": (1, 0, 1)}),
    ],
)
def test_the_transpose_agrees_with_torch(
    size: tuple[int, ...], kernel: tuple[int, ...], settings: dict[str, Any]
) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, bias = rng.integers(-9, 9, (2, 4, *size)), rng.integers(-9, 9, 3 * settings.get("groups", 1))
    filters = rng.integers(-9, 9, (4, 3, *kernel))
    x, filters, bias = (a.astype("float64") for a in (x, filters, bias))
    names = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
    transposed = getattr(torch, names[len(size) - 1])
    expected = transposed(*map(torch.tensor, (x, filters, bias)), **settings)
    assert np.array_equal(transposed_cross_correlate(x, filters, bias, **settings), expected)


def test_windows_that_reach_nothing_leave_zeros() -> None:
    one = np.ones((1, 1, 1), int)
    by_x = input_gradient(one, one, (1,), stride=4, padding=((3, 0),))
    assert np.array_equal(by_x, [[[0]]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_keep_the_dtype(dtype: str) -> None:
    x, filters = np.ones((2, 2, 4, 4), DTYPES[dtype]), np.ones((3, 2, 2, 2), DTYPES[dtype])
    gradient = cross_correlate(x, filters)
    assert input_gradient(gradient, filters, (4, 4)).dtype == x.dtype
    assert filter_gradient(x, gradient, (2, 2)).dtype == x.dtype
    assert bias_gradient(gradient).dtype == x.dtype
    assert transposed_cross_correlate(x, filters[:2]).dtype == x.dtype


X, W, G = np.ones((2, 4, 5)), np.ones((6, 2, 3)), np.ones((2, 6, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: filter_gradient(X, G, (3,), stride=0), ParameterError, "stride must be"),
        (lambda: filter_gradient(X, G, (0,)), ParameterError, "kernel must be"),
        (lambda: filter_gradient(X, G, (3,), groups=0), ParameterError, "groups must be"),
        (lambda: filter_gradient(X, G, (2,)), ShapeError, r"must have the size \(4,\)"),
        (lambda: filter_gradient(X, G, (3,), groups=5), ShapeError, "do not fit 5 group"),
        (lambda: filter_gradient(X, G[:1], (3,)), ShapeError, "do not fit 1 group"),
        (lambda: filter_gradient(X, G, (6,)), SizeError, "spans 6 values"),
        (lambda: filter_gradient(X, G, (3, 3)), ParameterError, "kernel needs one value"),
        (lambda: filter_gradient(X[0, 0], G, ()), ParameterError, "kernel needs one value"),
        (lambda: input_gradient(G, W, (5, 5), groups=2), ShapeError, "equally many spatial"),
        (lambda: input_gradient(G, W, (6,), groups=2), ShapeError, r"must have the size \(4,\)"),
        (lambda: input_gradient(G[:, :5], W, (5,)), ShapeError, "do not fit"),
        (lambda: input_gradient(G, W, (5,), padding="all"), ParameterError, "'all' is unknown"),
        (lambda: transposed_cross_correlate(G, W, padding="all"), ParameterError, "'all' is unk"),
        (
            lambda: transposed_cross_correlate(G, W, padding="same", output_padding=1, stride=2),
            ParameterError,
            "implies the output padding",
        ),
        (lambda: transposed_cross_correlate(G, W, output_padding=1), ParameterError, "below"),
        (lambda: transposed_cross_correlate(G, W, output_padding=-1), ParameterError, "at least 0"),
        (lambda: transposed_cross_correlate(G, W, output_padding=(0, 0)), ParameterError, "one"),
        (lambda: transposed_cross_correlate(G, W, padding=3), SizeError, "leaves nothing"),
        (lambda: transposed_cross_correlate(G, W, np.ones(6)), ShapeError, r"shape \(2,\)"),
        (lambda: transposed_cross_correlate(G[:, :4], W), ShapeError, "do not fit"),
        (lambda: transposed_cross_correlate(G, W, groups=0), ParameterError, "groups must be"),
    ],
)
def test_refuse_what_does_not_fit(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
