"""The window behind one value of a cross-correlation: what it sees, the filter, and their products.

The worst wrong value of a failure is looked at. Where the case is no plain cross-correlation, too
large, or adds up to something else than was expected, there is nothing to show.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import reference
from reference.errors import SpecError
from reference.geometry import Parameters, effective_kernel, every, output_size, pad
from reports.arrays import as_float
from reports.pages.cases import worst_position
from reports.records import Array, Case

Floats = NDArray[np.float64]

LARGEST_PADDED = 4000  # values of the padded input
_WIDEST = 14  # columns or rows of a window
_SLICES, _MARGIN = 4, 2


@dataclass(frozen=True)
class Place:
    """A value of the padded input: whether the window sees it, and whether it is padding."""

    text: str
    is_seen: bool
    is_padding: bool


@dataclass(frozen=True)
class Slice:
    """One matrix of the window: the input around it, the filter, and their products.

    `where` says which of them, if there are several.
    """

    where: str
    is_padded: bool
    padded: tuple[tuple[Place, ...], ...]
    taps: tuple[tuple[str, ...], ...]
    products: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Window:
    """How the value at `place` comes about; `hidden` counts the slices that are left out.

    `total` is the sum of the products; with `bias`, if there is any, it is `expected`.
    """

    place: str
    batch: int
    filter: int
    slices: tuple[Slice, ...]
    hidden: int
    total: str
    bias: str
    expected: str
    got: str
    is_padded: bool


def window_of(case: Case | None) -> Window | None:
    """The window of the worst wrong value, if it can be shown."""
    if case is None or "operation" in case.parameters:
        return None
    named = (_floats(case.arrays.get(name)) for name in ("x", "filters", "expected", "got"))
    x, filters, expected, got = named
    bias = _floats(case.arrays.get("bias"))
    if x is None or filters is None or expected is None or got is None:
        return None
    if got.shape != expected.shape or ("bias" in case.arrays and bias is None):
        return None
    parameters = _parameters(case.parameters, x.ndim - 2)
    if parameters is None or not _fits(x, filters, bias, expected, parameters):
        return None
    worst = worst_position(case)
    if worst is None:
        return None
    at = tuple(int(i) for i in np.unravel_index(worst, expected.shape))
    return _window(x, filters, bias, expected[at], got[at], at, parameters)


def _floats(array: Array | None) -> Floats | None:
    if array is None or not array.values:
        return None
    return np.array([as_float(value) for value in array.values]).reshape(array.shape)


def _parameters(given: dict[str, Any], axes: int) -> Parameters | None:
    """The parameters in their resolved form, if they are complete and plain."""
    stride, dilation, groups = given.get("stride"), given.get("dilation"), given.get("groups")
    padding = given.get("padding")
    if not (_ints(stride, axes, 1) and _ints(dilation, axes, 1) and _ints([groups], 1, 1)):
        return None
    if not (isinstance(padding, list) and len(padding) == axes):
        return None
    if not all(_ints(pair, 2, 0) for pair in padding):
        return None
    pads = tuple((low, high) for low, high in padding)
    return Parameters(
        stride=tuple(stride or ()), padding=pads, dilation=tuple(dilation or ()), groups=groups or 1
    )


def _ints(values: Any, number: int, least: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == number
        and all(type(value) is int and least <= value <= LARGEST_PADDED for value in values)
    )


def _fits(
    x: Floats, filters: Floats, bias: Floats | None, expected: Floats, parameters: Parameters
) -> bool:
    """Whether this is a call of the reference, small enough, with a result of this shape."""
    pads = zip(x.shape[2:], parameters["padding"], strict=True)
    padded = [size + low + high for size, (low, high) in pads]
    if x.ndim < 3 or math.prod((*x.shape[:2], *padded)) > LARGEST_PADDED:
        return False
    try:
        reference.correlation.check_shapes(x, filters, bias, parameters["groups"])
        out = output_size(
            x.shape[2:],
            filters.shape[2:],
            parameters["stride"],
            parameters["padding"],
            parameters["dilation"],
        )
    except SpecError:
        return False
    extents = effective_kernel(filters.shape[2:], parameters["dilation"])[-2:]
    return expected.shape == (len(x), len(filters), *out) and max(extents) <= _WIDEST


def _window(
    x: Floats,
    filters: Floats,
    bias: Floats | None,
    expected: float,
    got: float,
    at: tuple[int, ...],
    parameters: Parameters,
) -> Window | None:
    batch, k, *out = at
    depth, kernel = filters.shape[1], filters.shape[2:]
    first = k // (len(filters) // parameters["groups"]) * depth
    padded = pad(x, parameters["padding"])[batch, first : first + depth]
    inside = pad(np.ones((1, 1, *x.shape[2:]), bool), parameters["padding"])[0, 0]
    starts = tuple(step * i for step, i in zip(parameters["stride"], out, strict=True))
    extents = effective_kernel(kernel, parameters["dilation"])
    seen: Any = (..., *(slice(s, s + extent) for s, extent in zip(starts, extents, strict=True)))
    taken = every(parameters["dilation"])
    with np.errstate(all="ignore"):
        products = padded[seen][taken] * filters[k]
        total, added = float(products.sum()), 0.0 if bias is None else float(bias[k])
        rounding = 1e-3 * (float(np.abs(products).sum()) + abs(added))
        is_plain = abs(total + added - expected) <= rounding
    if not is_plain and str(total + added) != str(float(expected)):  # neither near nor both nan
        return None
    of_window = _slices(padded, inside, filters[k], products, starts, parameters["dilation"], first)
    slices = tuple(itertools.islice(of_window, _SLICES))
    return Window(
        f"[{', '.join(map(str, at))}]",
        batch,
        k,
        slices,
        depth * math.prod(kernel[:-2]) - len(slices),
        _text(total),
        "" if bias is None else _text(added),
        _text(float(expected)),
        _text(float(got)),
        not inside[seen][taken].all(),
    )


def _slices(
    padded: Floats,
    inside: NDArray[np.bool_],
    taps: Floats,
    products: Floats,
    starts: tuple[int, ...],
    dilation: tuple[int, ...],
    first: int,
) -> Iterator[Slice]:
    """Each matrix of the window: one for each channel, and for each tap of the leading axes."""
    rows_and_columns = tuple(zip(starts, dilation, taps.shape[1:], strict=True))[-2:]
    for channel, *leading in np.ndindex(*taps.shape[:-2] if taps.ndim > 2 else taps.shape[:1]):
        planes = tuple(s + d * i for s, d, i in zip(starts, dilation, leading, strict=False))
        values, real = padded[(channel, *planes)], inside[planes]
        parts = values, real, taps[(channel, *leading)], products[(channel, *leading)]
        matrix, known, filter_, product = (np.atleast_2d(part) for part in parts)
        places = rows_and_columns if values.ndim == 2 else ((0, 1, 1), *rows_and_columns)
        rows, columns = (_seen(*place) for place in places)
        shown = tuple(
            range(max(0, min(of) - _MARGIN), min(n, max(of) + _MARGIN + 1))
            for of, n in zip((rows, columns), matrix.shape, strict=True)
        )
        where = f"channel {first + channel}" if len(taps) > 1 or first else ""
        if planes:
            where = f"{where}, plane {', '.join(map(str, planes))}".removeprefix(", ")
        yield Slice(
            where,
            not known[np.ix_(*shown)].all(),
            tuple(
                tuple(
                    Place(_text(matrix[i, j]), i in rows and j in columns, not known[i, j])
                    for j in shown[1]
                )
                for i in shown[0]
            ),
            tuple(tuple(map(_text, row)) for row in filter_),
            tuple(tuple(map(_text, row)) for row in product),
        )


def _seen(start: int, step: int, number: int) -> range:
    return range(start, start + step * (number - 1) + 1, step)


def _text(value: float) -> str:
    return f"{value + 0.0:.4g}".replace("-", "\N{MINUS SIGN}")
