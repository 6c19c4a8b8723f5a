"""Pooling and its gradients are what their definition says, and what PyTorch says."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference import ParameterError, ShapeError, SizeError
from reference.geometry import Array, Pads, Sizes
from reference.pooling import average_pool, average_pool_gradient, max_pool, max_pool_gradient
from reference.tests import literal_learning
from reference.tests.draws import DTYPES


@dataclass(frozen=True)
class Pooling:
    shape: Sizes
    kernel: Sizes
    stride: Sizes
    padding: Pads
    dilation: Sizes
    ceil_mode: bool
    seed: int

    @property
    def settings(self) -> dict[str, Any]:
        names = ("kernel", "stride", "padding", "dilation", "ceil_mode")
        return {name: getattr(self, name) for name in names}

    @property
    def x(self) -> Array:
        """Few different integers, so that many are equal."""
        return np.random.default_rng(self.seed).integers(-3, 4, self.shape).astype("float64")

    def gradient(self, shape: Sizes) -> Array:
        return np.random.default_rng(self.seed + 1).integers(-9, 10, shape).astype("float64")


@st.composite
def poolings(draw: st.DrawFn, *, dilated: bool = True, symmetric: bool = False) -> Pooling:
    axes = draw(st.integers(1, 3))

    def per_axis(low: int, high: int) -> Sizes:
        return tuple(draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes)))

    kernel = per_axis(1, 4 - (axes == 3))
    lows = [draw(st.integers(0, k // 2 if symmetric else k - 1)) for k in kernel]
    highs = lows if symmetric else [draw(st.integers(0, k - 1)) for k in kernel]
    dilation = per_axis(1, 2) if dilated else (1,) * axes
    size = tuple(
        max(1, d * (k - 1) + 1 - low - high) + more
        for k, d, low, high, more in zip(
            kernel, dilation, lows, highs, per_axis(0, 5 - axes), strict=True
        )
    )
    return Pooling(
        (draw(st.sampled_from([2, 1, 0])), draw(st.integers(1, 2)), *size),
        kernel,
        per_axis(1, 3),
        tuple(zip(lows, highs, strict=True)),
        dilation,
        draw(st.booleans()),
        draw(st.integers(0, 2**32 - 1)),
    )


@settings(deadline=None)
@given(poolings())
def test_max_pool_equals_the_literal_definition(p: Pooling) -> None:
    result = max_pool(p.x, **p.settings)
    gradient = p.gradient(result.shape)
    by_x = max_pool_gradient(p.x, gradient, **p.settings)
    expected = literal_learning.max_pool(p.x, gradient, **p.settings)
    assert np.array_equal(result, expected[0])
    assert np.array_equal(by_x, expected[1])


@settings(deadline=None)
@given(poolings(), st.sampled_from([np.nan, -np.inf, np.inf]))
def test_max_pool_of_nan_and_infinities(p: Pooling, special: float) -> None:
    x = np.where(p.x > 1, special, p.x)
    result = max_pool(x, **p.settings)
    expected, by_x = literal_learning.max_pool(x, None, **p.settings)
    assert np.array_equal(result, expected, equal_nan=True)
    gradient = np.arange(1.0, result.size + 1).reshape(result.shape)
    assert np.array_equal(max_pool_gradient(x, gradient, **p.settings), by_x)


@settings(deadline=None)
@given(poolings(dilated=False), st.booleans())
def test_average_pool_equals_the_literal_definition(p: Pooling, include_pad: bool) -> None:
    arguments = {name: value for name, value in p.settings.items() if name != "dilation"}
    result = average_pool(p.x, **arguments, count_include_pad=include_pad)
    gradient = p.gradient(result.shape)
    by_x = average_pool_gradient(
        gradient, p.x.shape[2:], **arguments, count_include_pad=include_pad
    )
    expected = literal_learning.average_pool(p.x, gradient, include_pad, **arguments)
    assert np.array_equal(result, expected[0])
    assert np.allclose(by_x, expected[1], rtol=0, atol=1e-13)


@settings(deadline=None)
@given(poolings(symmetric=True).filter(lambda p: p.shape[0] > 0))
def test_max_pool_agrees_with_torch(p: Pooling) -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor(p.x, requires_grad=True)
    names = ("max_pool1d", "max_pool2d", "max_pool3d")
    pool = getattr(torch.nn.functional, names[len(p.kernel) - 1])
    pads = [low for low, _ in p.padding]
    expected = pool(x, p.kernel, p.stride, pads, p.dilation, p.ceil_mode)
    result = max_pool(p.x, **p.settings)
    assert np.array_equal(result, expected.detach())
    # With windows that lie in the padding alone, PyTorch writes outside its memory.
    if np.isfinite(result).all():
        gradient = p.gradient(result.shape)
        expected.backward(torch.tensor(gradient))
        assert np.array_equal(max_pool_gradient(p.x, gradient, **p.settings), x.grad)


@settings(deadline=None)
@given(poolings(symmetric=True, dilated=False).filter(lambda p: p.shape[0] > 0), st.booleans())
def test_average_pool_agrees_with_torch(p: Pooling, include_pad: bool) -> None:
    torch = pytest.importorskip("torch")
    # In 3-D it refuses an input that is smaller than the window, whatever the padding.
    assume(len(p.kernel) < 3 or all(np.greater_equal(p.shape[2:], p.kernel)))
    x = torch.tensor(p.x, requires_grad=True)
    names = ("avg_pool1d", "avg_pool2d", "avg_pool3d")
    pool = getattr(torch.nn.functional, names[len(p.kernel) - 1])
    pads = [low for low, _ in p.padding]
    expected = pool(x, p.kernel, p.stride, pads, p.ceil_mode, include_pad)
    arguments = {name: value for name, value in p.settings.items() if name != "dilation"}
    result = average_pool(p.x, **arguments, count_include_pad=include_pad)
    assert np.allclose(result, expected.detach(), rtol=0, atol=1e-14)
    gradient = p.gradient(result.shape)
    expected.backward(torch.tensor(gradient))
    by_x = average_pool_gradient(
        gradient, p.x.shape[2:], **arguments, count_include_pad=include_pad
    )
    assert np.allclose(by_x, x.grad, rtol=0, atol=1e-13)


@settings(deadline=None)
@given(poolings(dilated=False), st.booleans())
def test_the_gradient_of_average_pool_is_its_adjoint(p: Pooling, include_pad: bool) -> None:
    arguments = {name: value for name, value in p.settings.items() if name != "dilation"}
    result = average_pool(p.x, **arguments, count_include_pad=include_pad)
    gradient = p.gradient(result.shape)
    by_x = average_pool_gradient(
        gradient, p.x.shape[2:], **arguments, count_include_pad=include_pad
    )
    assert np.isclose((result * gradient).sum(), (p.x * by_x).sum(), rtol=0, atol=1e-11)


def test_equal_values_give_the_gradient_to_the_first() -> None:
    x, gradient = np.zeros((1, 1, 2, 2)), np.ones((1, 1, 1, 1))
    assert max_pool_gradient(x, gradient, 2).tolist() == [[[[1, 0], [0, 0]]]]


def test_an_infinite_gradient_reaches_one_value() -> None:
    x, gradient = np.array([[[1.0, 2.0]]]), np.array([[[np.inf]]])
    assert max_pool_gradient(x, gradient, 2).tolist() == [[[0, np.inf]]]


@pytest.mark.parametrize("lowest", [np.float64("-inf"), np.int64(np.iinfo("int64").min)])
def test_padding_never_gets_the_gradient(lowest: Any) -> None:
    x = np.full((1, 1, 2), lowest)
    by_x = max_pool_gradient(x, np.ones((1, 1, 3), x.dtype), 2, stride=1, padding=1)
    assert by_x.tolist() == [[[2, 1]]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_keep_the_dtype(dtype: str) -> None:
    x, gradient = np.ones((2, 3, 4), DTYPES[dtype]), np.ones((2, 3, 2), DTYPES[dtype])
    assert max_pool(x, 2).dtype == average_pool(x, 2).dtype == x.dtype
    assert max_pool_gradient(x, gradient, 2).dtype == x.dtype
    assert average_pool_gradient(gradient, (4,), 2).dtype == x.dtype


X = np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: max_pool(X, 0), ParameterError, "kernel must be at least 1"),
        (lambda: max_pool(X, (2, 2)), ParameterError, "kernel needs one value"),
        (lambda: max_pool(X, 2, stride=0), ParameterError, "stride must be"),
        (lambda: max_pool(X, 2, padding=2), ParameterError, "without any of the input"),
        (lambda: max_pool(X, 2, padding=-1), ParameterError, "not be negative"),
        (lambda: max_pool(X, 5), SizeError, "window of 5 values does not fit into 4"),
        (lambda: max_pool(X[0], 2), ShapeError, r"\(N, C, \*size\)"),
        (lambda: max_pool_gradient(X, X, 2), ShapeError, r"must have the shape \(2, 3, 2\)"),
        (lambda: max_pool_gradient(X, X[:1, :, :2], 2), ShapeError, r"the shape \(2, 3, 2\)"),
        (lambda: average_pool_gradient(X, (4,), 2), ShapeError, r"the shape \(2, 3, 2\)"),
        (lambda: average_pool(X, 2, padding="all"), ParameterError, "'all' is unknown"),
    ],
)
def test_refuse_what_does_not_fit(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
