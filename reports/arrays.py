"""A stored array as text that a person can read: aligned blocks of its last two axes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from reports.records import Array, Case


@dataclass(frozen=True)
class Entry:
    """One value between the spaces that align it; `marked` when it is wrong."""

    before: str
    text: str
    after: str
    marked: bool


@dataclass(frozen=True)
class Block:
    """A matrix of the array; `index` says which, and is empty when it is the only one."""

    index: str
    rows: tuple[tuple[Entry, ...], ...]


def blocks(
    array: Array, marked: Collection[int] = (), digits: int | None = None
) -> tuple[Block, ...]:
    """The stored values as matrices, in C order.

    `marked` are flat positions; `digits` rounds, where None tells each value of the dtype apart.
    """
    if not array.values:
        return ()
    aligned = _aligned([_number(value, array.dtype, digits) for value in array.values])
    entries = (Entry(*spaced, at in marked) for at, spaced in enumerate(aligned))
    *leading, rows, columns = (1, 1, *array.shape)[-max(2, len(array.shape)) :]
    return tuple(
        Block(
            f"[{', '.join(map(str, index))}, :, :]" if leading else "",
            tuple(tuple(itertools.islice(entries, columns)) for _ in range(rows)),
        )
        for index in itertools.product(*map(range, leading))
    )


def as_text(array: Array) -> str:
    """The array as plain text.

    >>> print(as_text(Array("float32", (2, 1, 3), (1.0, -0.5, 10.0, "nan", 0.1, 2.0))))
    [0, :, :]
      1   -0.5  10
    [1, :, :]
    nan    0.1   2
    """
    if array.values is None:
        return "too large to show"
    if not array.values:
        return "empty"
    lines = []
    for block in blocks(array):
        lines += [block.index] if block.index else []
        rows = (("".join((e.before, e.text, e.after)) for e in row) for row in block.rows)
        lines += ["  ".join(row).rstrip() for row in rows]
    return "\n".join(lines)


def wrong_positions(case: Case) -> frozenset[int]:
    """Where `got` is wrong: beyond the bound if there is one, else not what was expected."""
    got, expected, difference, bound = (
        _values(case.arrays.get(name)) for name in ("got", "expected", "difference", "bound")
    )
    if difference and len(difference) == len(bound):
        pairs = zip(difference, bound, strict=True)
        # Written so that a difference of nan, which compares as false with all, is wrong too.
        return frozenset(
            at for at, (d, b) in enumerate(pairs) if not abs(as_float(d)) <= as_float(b)
        )
    if len(got) != len(expected):
        return frozenset()
    return frozenset(at for at, (g, e) in enumerate(zip(got, expected, strict=True)) if g != e)


def as_float(value: float | str) -> float:
    """A stored value as a float, infinite where it is an int that no float holds.

    >>> as_float("nan"), as_float(-(10**400))
    (nan, -inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def _values(array: Array | None) -> tuple[float | str, ...]:
    return (array.values if array else None) or ()


def _number(value: float | str, dtype: str, digits: int | None) -> str:
    if isinstance(value, int | str):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return "-0" if value == 0 and math.copysign(1, value) < 0 else str(int(value))
    if digits is not None or dtype == "bfloat16":
        return f"{value:.{digits or 4}g}"
    if dtype in ("float32", "float16"):
        with np.errstate(over="ignore"):
            narrow = np.dtype(dtype).type(value)
        return str(narrow) if float(narrow) == value else repr(value)
    return repr(value)


def _aligned(texts: list[str]) -> list[tuple[str, str, str]]:
    """The texts between the spaces that bring their decimal points to one place."""
    points = [text.find(".") if "." in text else len(text) for text in texts]
    before = max(points)
    after = max(len(text) - point for text, point in zip(texts, points, strict=True))
    return [
        (" " * (before - point), text, " " * (after - len(text) + point))
        for text, point in zip(texts, points, strict=True)
    ]
