"""The demo: filters slide over a digit, and the reader's browser shows every product and sum."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jinja2.utils import htmlsafe_json_dumps
from PIL import Image

from reference import (
    EDGES,
    cross_correlate,
    edge_filters,
    frobenius_inner_product,
    mnist,
    sobel_filters,
)
from reference.geometry import Array
from reports.pages.browser_cases import cases
from reports.pages.learned import learned
from reports.pages.report import Report, View
from reports.results import Results

SCRIPTS = (
    "correlate.js",
    "demo_paint.js",
    "demo_stage.js",
    "demo_sheet.js",
    "demo_input.js",
    "demo_sliding.js",
    "demo_filters.js",
    "demo_check.js",
    "demo.js",
)
ORDER = (7, 7, 0, 1, 2, 3, 4, 5, 6, 8, 9)  # two sevens: a filter does not know which is which
WORKED = (7, 10)  # of the feature map: where a reader without scripts sees one step


@dataclass(frozen=True)
class Digit:
    """One of MNIST's test images, and where it is among them."""

    label: int
    number: int
    pixels: bytes

    @property
    def image(self) -> Array:
        return np.frombuffer(self.pixels, "uint8").reshape(28, 28).astype("int64")


def views(report: Report) -> Iterator[View]:
    """The page."""
    banks = _banks(report.results)
    context = {
        "digits": _digits(),
        "banks": banks,
        "worked": _worked(_digits()[0]),
        "data": htmlsafe_json_dumps(_data(banks), separators=(",", ":")),
    }
    yield View(("demo",), "Try it", "demo.html", context, SCRIPTS)


def _data(banks: list[dict[str, Any]]) -> dict[str, Any]:
    """What the scripts work with."""
    return {
        "digits": [_packed(digit) for digit in _digits()],
        "banks": banks,
        "cases": cases(_digits()[0].pixels),
    }


def _packed(digit: Digit) -> dict[str, Any]:
    """A digit without the black around it."""
    image = digit.image
    rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
    inside = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype("uint8")
    return {
        "label": digit.label,
        "place": [int(rows[0]), int(columns[0])],
        "width": inside.shape[1],
        "pixels": base64.b64encode(inside.tobytes()).decode(),
    }


@cache
def _digits() -> tuple[Digit, ...]:
    """The first of each label, two of some; from the package, so that they are always the same."""
    test = mnist.load("test", Path(mnist.__file__).parent / "data" / "mnist")
    left = {label: list(np.flatnonzero(test.labels == label)[:2]) for label in range(10)}
    chosen = [(label, int(left[label].pop(0))) for label in ORDER]
    return tuple(Digit(label, at, test.images[at].tobytes()) for label, at in chosen)


def _banks(results: Results) -> list[dict[str, Any]]:
    """The filters to choose from: of one input channel, with a name for each."""
    emerged = learned(results)
    return [
        {
            "name": "Edges",
            "note": "Made by hand: where a bright stroke begins or ends.",
            "names": list(EDGES),
            "filters": edge_filters("int64")[:, 0].tolist(),
        },
        {
            "name": "Sobel",
            "note": "Made by hand in 1968: where it gets brighter to the right, or downwards.",
            "names": ["rightwards", "downwards"],
            "filters": sobel_filters("int64")[:, 0].tolist(),
        },
        {
            "name": "Learned",
            "note": f"Made by nobody: {emerged.source}. Rounded to hundredths.",
            "names": [f"learned {number + 1}" for number in range(len(emerged.filters))],
            "filters": emerged.filters,
        },
    ]


@cache
def _worked(digit: Digit) -> dict[str, Any]:
    """One step in numbers and pictures, for a reader without scripts."""
    image, name = digit.image, EDGES[0]
    filter_ = edge_filters("int64")[0, 0]
    row, column = WORKED
    window = image[row : row + 3, column : column + 3]
    feature_map = cross_correlate(image[None, None], filter_[None, None])[0, 0]
    return {
        "label": digit.label,
        "name": name,
        "row": row,
        "column": column,
        "terms": [
            list(zip(*pair, strict=True))
            for pair in zip(window.tolist(), filter_.tolist(), strict=True)
        ],
        "sum": int(frobenius_inner_product(window, filter_)),
        "image": _picture(image),
        "map": _picture((feature_map + 765) // 6),
        "size": len(feature_map),
    }


def _picture(brightness: Array) -> str:
    """A grey image, 0 black to 255 white, as an address that holds it all."""
    stream = BytesIO()
    Image.fromarray(brightness.astype("uint8")).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
