"""The catalogue of known mistakes: a sentence, and what a backend that makes it would answer."""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np

from conformance.calls import Call
from reference import ParameterError, ShapeError, SizeError, cross_correlate
from reference.geometry import Array, Pads, Sizes, effective_kernel

Predict = Callable[[Call], Array]


@dataclass(frozen=True)
class Mistake:
    """``predict`` gives the result in float64 that the mistake leads to, which is the right one
    for calls that it does not concern; ``about``: the calls that it may explain.
    """

    name: str
    sentence: str
    predict: Predict
    about: str

    def answer(self, call: Call) -> Array | None:
        """What a backend with this mistake gives; None if the mistake leads to no result."""
        try:
            with np.errstate(all="ignore"):
                return self.predict(call)
        except (SizeError, ShapeError, ParameterError, ValueError, IndexError):
            return None


MISTAKES: dict[str, Mistake] = {}


POSSIBLE = "calls on finite values"
IMPOSSIBLE = "calls that must be refused"
SPECIAL = "calls with NaN or infinity"


def mistake(sentence: str, name: str = "", about: str = POSSIBLE) -> Callable[[Predict], Predict]:
    """Enter the decorated prediction into the catalogue."""

    def enter(predict: Predict) -> Predict:
        entry = Mistake(name or predict.__name__, sentence, predict, about)
        assert entry.name not in MISTAKES, f"two mistakes are called {entry.name}"
        MISTAKES[entry.name] = entry
        return predict

    return enter


def correlate(call: Call, **changes: Any) -> Array:
    """The reference's result of the call with some of its arguments changed, in float64."""
    parameters: dict[str, Any] = {**call.parameters}
    x, filters, bias = (changes.pop(name, getattr(call, name)) for name in ("x", "filters", "bias"))
    return cross_correlate(
        np.asarray(x, "float64"),
        np.asarray(filters, "float64"),
        None if bias is None else np.asarray(bias, "float64"),
        **(parameters | changes),
    )


def offset(call: Call, bias: Array | None = None) -> Array:
    """A bias (that of the call) as it is added to the result."""
    values = call.bias if bias is None else bias
    if values is None:
        return np.zeros(())
    return np.asarray(values, "float64").reshape(-1, *(1,) * call.axes)


def slices(*parts: slice) -> Any:
    """The index that takes these parts of the last axes."""
    return (..., *parts)


def excess(size: Sizes, extents: Sizes, stride: Sizes) -> list[int]:
    """How much of the input is left on each axis, by "same", where the stride is so large that
    padding would have to be negative.
    """
    return [
        max(n - extent - (-(-n // step) - 1) * step, 0)
        for n, extent, step in zip(size, extents, stride, strict=True)
    ]


def sizes_by_formula(
    size: Sizes,
    kernel: Sizes,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    rounded: Callable[[float], int] = floor,
) -> list[int]:
    """The formula of the output size, whatever comes out: below 1 for windows that do not fit."""
    return [
        rounded((n + low + high - extent) / step) + 1
        for n, (low, high), extent, step in zip(
            size, padding, effective_kernel(kernel, dilation), stride, strict=True
        )
    ]


def spatial(call: Call) -> tuple[int, ...]:
    """The spatial axes of an array of the call."""
    return tuple(range(2, 2 + call.axes))
