"""The picture of the README: a seven, four filters, and what they make of it.

``python -m reports.cover`` draws it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reference import cross_correlate, edge_filters, mnist
from reports.pages.pictures import GRAYS, SIGNS, gray_places, largest_of, signed_places

FILE = Path(__file__).parent / "pictures" / "lesson.png"
_PIXEL = 6  # of a map, in pixels of the picture
_TAP = 18
_GAP = 20
_PAPER = 255


def drawn() -> NDArray[np.uint8]:
    """The pixels (H, W, 3): the seven at the left; each filter above its feature map."""
    seven = mnist.load("test").digits(7)[0].astype("float64")
    filters = edge_filters()
    maps = cross_correlate(seven[None, None], filters)[0]
    largest = largest_of(maps)
    columns = [_column(_enlarged(np.array(GRAYS, np.uint8)[gray_places(seven)], _PIXEL))]
    for taps, feature_map in zip(filters[:, 0], maps, strict=True):
        columns.append(_column(_signed(taps, 1.0, _TAP), _signed(feature_map, largest, _PIXEL)))
    height = max(len(column) for column in columns)
    return np.concatenate([_framed(column, height) for column in columns], axis=1)


def _signed(values: NDArray[np.float64], largest: float, size: int) -> NDArray[np.uint8]:
    return _enlarged(np.array(SIGNS, np.uint8)[signed_places(values, largest)], size)


def _enlarged(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return pixels.repeat(size, axis=0).repeat(size, axis=1)


def _column(*parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The parts under one another, each in the middle."""
    width = max(part.shape[1] for part in parts)
    rows: list[NDArray[np.uint8]] = []
    for part in parts:
        if rows:
            rows.append(np.full((_GAP, width, 3), _PAPER, np.uint8))
        left = (width - part.shape[1]) // 2
        sides = (0, 0), (left, width - part.shape[1] - left), (0, 0)
        rows.append(np.pad(part, sides, constant_values=_PAPER))
    return np.concatenate(rows)


def _framed(column: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """With paper around it; what is lower than the others stands at the bottom."""
    top = height - len(column) + _GAP
    return np.pad(column, ((top, _GAP), (_GAP // 2, _GAP // 2), (0, 0)), constant_values=_PAPER)


def main() -> int:
    """Draw the picture."""
    FILE.parent.mkdir(exist_ok=True)
    Image.fromarray(drawn()).quantize(64).save(FILE, "png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
