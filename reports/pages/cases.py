"""A case as a page shows it: how the backend was called, with what, and what it answered."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.arrays import Block, as_float, as_text, blocks, wrong_positions
from reports.pages.heat import Plane, largest_of, shaded
from reports.records import Array, Case, Number

ANSWERS = ("expected", "got", "difference", "bound")
# What is larger is shown as plain text, without shades.
_LARGEST, _WIDEST, _PLANES = 144, 16, 16


@dataclass(frozen=True)
class Shown:
    """An array of a case: as planes of shaded numbers, or as plain blocks where it is large;
    `note` says why there is neither.
    """

    name: str
    dtype: str
    shape: str
    planes: tuple[Plane, ...]
    blocks: tuple[Block, ...]
    note: str


@dataclass(frozen=True)
class ShownCase:
    """The arrays that were given, and the answer beside what it should have been; `marks` tells
    whether anything in them is marked.
    """

    parameters: tuple[tuple[str, str], ...]
    given: tuple[Shown, ...]
    answer: tuple[Shown, ...]
    marks: bool
    diagnosis: str
    script: str


def shown(case: Case | None) -> ShownCase | None:
    """The case in a form to be read, if there is one."""
    if case is None:
        return None
    wrong, worst = wrong_positions(case), worst_position(case)
    # Both are shaded on one scale, so that equal shades are equal numbers.
    scale = largest_of(_values(case.arrays.get(name) for name in ("expected", "got")))
    arrays = {
        name: _shown(name, array, wrong, worst, scale if name in ("expected", "got") else None)
        for name, array in case.arrays.items()
    }
    return ShownCase(
        tuple(
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in case.parameters.items()
        ),
        tuple(array for name, array in arrays.items() if name not in ANSWERS),
        tuple(array for name, array in arrays.items() if name in ANSWERS),
        bool(wrong),
        case.diagnosis,
        case.script,
    )


def worst_position(case: Case) -> int | None:
    """Where `got` is most wrong: by its bound where there is one, else by how far it is off."""
    got, expected, bound = (
        [*_values([case.arrays.get(name)])] for name in ("got", "expected", "bound")
    )
    allowed = [as_float(value) for value in bound] if len(bound) == len(got) else [0.0] * len(got)

    def badness(at: int) -> tuple[float, float]:
        off = abs(as_float(got[at]) - as_float(expected[at]))
        if math.isnan(off):
            return math.inf, math.inf
        return off / allowed[at] if allowed[at] > 0 else math.inf, off

    comparable = len(got) == len(expected)
    return max(sorted(wrong_positions(case)), key=badness, default=None) if comparable else None


def _shown(
    name: str, array: Array, wrong: frozenset[int], worst: int | None, scale: float | None
) -> Shown:
    shape = " \N{MULTIPLICATION SIGN} ".join(map(str, array.shape)) or "a single number"
    note = ""
    if array.values is None:
        note = f"too large to show: {math.prod(array.shape):,} values"
    elif not array.values:
        note = "empty: it has no values"
    elif name == "bound" and len(array.values) > 1 and len({*array.values}) == 1:
        everywhere = as_text(Array(array.dtype, (1,), array.values[:1]))
        return Shown(name, array.dtype, shape, (), (), f"{everywhere} everywhere")
    marked = wrong if name in ("got", "difference") else frozenset()
    # How far off it is can be read from a few digits; every other array is shown in full.
    digits = 3 if name in ("difference", "bound") else None
    found, values = blocks(array, marked, digits), array.values or ()
    is_large = len(values) > _LARGEST or array.shape[-1:] > (_WIDEST,)
    if is_large or len(found) > _PLANES:
        return Shown(name, array.dtype, shape, (), found, note)
    largest = largest_of(values) if scale is None else scale
    planes = shaded(found, values, largest, worst if name in ANSWERS else None)
    return Shown(name, array.dtype, shape, planes, (), note)


def _values(arrays: Iterable[Array | None]) -> Iterable[Number]:
    for array in arrays:
        yield from (array.values if array else None) or ()
