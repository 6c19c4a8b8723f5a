"""Arrays as tables of shaded numbers: one hue for each sign, deeper where they are larger."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.arrays import Block, as_float
from reports.records import Number

LEVELS = 8


@dataclass(frozen=True)
class Value:
    """A number as it is read; `shade` names the class that colours it, and `worst` is the value
    of its array that is most wrong.
    """

    text: str
    shade: str
    marked: bool = False
    worst: bool = False

    @property
    def classes(self) -> str:
        return " ".join(filter(None, (self.shade, "worst" if self.worst else "")))


@dataclass(frozen=True)
class Plane:
    """A matrix of an array; `index` says which, and is empty when it is the only one."""

    index: str
    rows: tuple[tuple[Value, ...], ...]


def shaded(
    blocks: tuple[Block, ...],
    values: tuple[Number, ...],
    largest: float,
    worst: int | None = None,
) -> tuple[Plane, ...]:
    """The blocks of an array with a shade for each of its values; `worst` is a flat position."""
    shades = ((shade(value, largest), at == worst) for at, value in enumerate(values))
    return tuple(
        Plane(
            block.index,
            tuple(
                tuple(
                    Value(entry.text, shaded_as, entry.marked, is_worst)
                    for entry, (shaded_as, is_worst) in zip(row, shades, strict=False)
                )
                for row in block.rows
            ),
        )
        for block in blocks
    )


def shade(value: float | str, largest: float) -> str:
    """`p` or `n`, for the sign, and how deep; `odd` for what is not finite, "" for zero.

    >>> shade(2.0, 4.0), shade(-4.0, 4.0), shade("nan", 4.0), shade(0, 4.0)
    ('p4', 'n8', 'odd', '')
    """
    number = as_float(value)
    if not math.isfinite(number):
        return "odd"
    level = math.ceil(LEVELS * min(1.0, abs(number) / largest)) if number and largest else 0
    return f"{'p' if number > 0 else 'n'}{level}" if level else ""


def largest_of(values: Iterable[float | str]) -> float:
    """The largest finite magnitude, 0 if there is none."""
    magnitudes = (abs(as_float(value)) for value in values)
    return max((size for size in magnitudes if math.isfinite(size)), default=0.0)
