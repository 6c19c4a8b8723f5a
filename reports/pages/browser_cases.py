"""Cases that a reader's browser is held to: arguments, and what the reference makes of them.

The demo computes with a cross-correlation of its own, in JavaScript. A page that shows what is
right must not be wrong itself, so it computes all of these when it is opened, and says what came
of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from reference import SizeError, convolve, cross_correlate, edge_filters
from reference.bounds import lemma, magnitude, term_count
from reference.exact import truth
from reference.formats import FORMATS
from reference.geometry import Array, Pads, Parameters, Sizes

SEED = 20


@dataclass(frozen=True)
class Shape:
    """One case without its values; every axis has its own sizes, so that no two can be mixed up."""

    about: str
    size: Sizes = (5, 6)
    kernel: Sizes = (3, 2)
    channels: int = 1
    filters: int = 1
    stride: Sizes = (1, 1)
    padding: Pads = ((0, 0), (0, 0))
    dilation: Sizes = (1, 1)
    groups: int = 1
    flip: bool = False
    real: bool = False

    @property
    def parameters(self) -> Parameters:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


_EVERYTHING = Shape(
    "everything at once",
    size=(6, 8),
    kernel=(2, 3),
    channels=4,
    filters=6,
    stride=(2, 3),
    padding=((1, 0), (2, 3)),
    dilation=(3, 2),
    groups=2,
)
_INTEGERS = (
    Shape("kernel sizes", (1, 1), (1, 1)),
    Shape("kernel sizes", (5, 7), (3, 3)),
    Shape("kernel sizes", (5, 6), (2, 2)),
    Shape("kernel sizes", (4, 7), (1, 5)),
    Shape("kernel sizes", (8, 5), (6, 3)),
    Shape("kernel sizes", (4, 3), (4, 3)),
    Shape("stride", (7, 6), stride=(2, 1)),
    Shape("stride", (8, 9), stride=(3, 2)),
    Shape("stride", (9, 7), (2, 1), stride=(4, 3)),
    Shape("padding", padding=((1, 1), (1, 1))),
    Shape("padding", padding=((0, 2), (3, 1))),
    Shape("padding", (2, 3), (2, 2), padding=((4, 3), (0, 5))),
    Shape("padding", (2, 1), (3, 3), padding=((1, 0), (0, 2))),
    Shape("dilation", (7, 5), dilation=(2, 1)),
    Shape("dilation", (9, 8), (2, 3), dilation=(5, 3)),
    Shape("dilation", (4, 4), (3, 3), padding=((2, 2), (1, 2)), dilation=(3, 2)),
    Shape("input channels", channels=2),
    Shape("input channels", channels=3),
    Shape("input channels", (3, 4), (2, 3), channels=5, stride=(1, 2)),
    Shape("several filters", filters=2),
    Shape("several filters", (4, 5), (2, 3), channels=3, filters=4),
    Shape("groups", (4, 5), (2, 3), channels=4, filters=2, groups=2),
    Shape("groups", (4, 5), (3, 2), channels=3, filters=6, groups=3),
    Shape("the flip", flip=True),
    Shape("the flip", (5, 7), (2, 3), channels=3, filters=2, flip=True),
    _EVERYTHING,
    replace(_EVERYTHING, flip=True),
    Shape("too large a filter", (3, 5), (4, 2)),
    Shape("too large a filter", (4, 6), (2, 3), padding=((0, 0), (1, 0)), dilation=(1, 4)),
)
_REAL = (
    Shape("real numbers", (4, 5), (3, 2)),
    Shape("real numbers", (4, 4), (3, 3), channels=3),
    Shape("real numbers", (3, 5), (2, 3), filters=2, padding=((1, 0), (0, 2))),
    Shape("real numbers", (6, 7), (2, 2), stride=(2, 3), dilation=(3, 2)),
    Shape("real numbers", (4, 3), (2, 3), channels=2, filters=2, groups=2, flip=True),
    replace(_EVERYTHING, about="real numbers", channels=2, filters=4),
)


@cache
def cases(digit: bytes) -> tuple[dict[str, Any], ...]:
    """Every case as plain JSON: its ``result`` is null where the filter does not fit, and a real
    one has a ``bound`` for each value. The last is the four edge filters on the ``digit``, 28 x 28
    bytes, and has no ``x``: the demo knows the digit.
    """
    rng = np.random.default_rng(SEED)
    shapes = (*_INTEGERS, *(replace(shape, real=True) for shape in _REAL))
    return (*(_drawn(shape, rng) for shape in shapes), _on_digit(digit))


def _drawn(shape: Shape, rng: np.random.Generator) -> dict[str, Any]:
    sizes = (
        (1, shape.channels, *shape.size),
        (shape.filters, shape.channels // shape.groups, *shape.kernel),
    )
    x, filters = (
        rng.uniform(-3, 3, size).round(2) if shape.real else rng.integers(-9, 10, size)
        for size in sizes
    )
    return _case(shape, x, filters)


def _on_digit(digit: bytes) -> dict[str, Any]:
    x = np.frombuffer(digit, "uint8").reshape(1, 1, 28, 28).astype("int64")
    shape = Shape("a real digit", stride=(4, 3), padding=((1, 0), (0, 1)))
    case = _case(shape, x, edge_filters("int64"))
    del case["x"]
    return case


def _case(shape: Shape, x: Array, filters: Array) -> dict[str, Any]:
    parameters = shape.parameters
    case = {
        "about": shape.about,
        "x": x[0].tolist(),
        "filters": filters.tolist(),
        "sliding": {**parameters, "flip": shape.flip},
    }
    try:
        result = (convolve if shape.flip else cross_correlate)(x, filters, **parameters)
    except SizeError:
        return {**case, "result": None}
    if not shape.real:
        return {**case, "result": result[0].tolist()}
    exact, bound = _bounded(x, np.flip(filters, (2, 3)) if shape.flip else filters, parameters)
    return {**case, "result": exact[0].tolist(), "bound": _above(bound[0])}


def _bounded(x: Array, filters: Array, parameters: Parameters) -> tuple[Array, Array]:
    """The exact result, rounded once, and how far float64 arithmetic in any order may be off."""
    exact, _ = truth(x, filters, None, parameters)
    terms = term_count(x, filters, None, parameters)
    sizes = magnitude(x, filters, None, parameters)
    float64 = FORMATS["float64"]
    return exact, lemma(terms, sizes, exact, result=float64, accumulator=float64)


def _above(bounds: Array) -> Any:
    """The bounds with three digits, none of them smaller than it was."""
    return np.vectorize(lambda bound: float(f"{bound * 1.01:.3g}"))(bounds).tolist()
