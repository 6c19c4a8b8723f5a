"""The lesson on real data: feature maps of sevens, of colours, and of a trained network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reference import EDGES, convolve, edge_filters, mnist
from reports.pages.emerged import layers
from reports.pages.exercise import correlated, exercise
from reports.pages.pictures import (
    Picture,
    Shade,
    described,
    gray_shades,
    number,
    scale,
    shades,
    signed,
)
from reports.pages.report import Report, View
from reports.pages.series import SeriesError, Values, measured, of_clause
from reports.results import Results
from reports.words import FAILURES

# The bytes of MNIST that come with the package, whatever the environment says.
_MNIST = Path(mnist.__file__).parent / "data" / "mnist"
_SIDE = 28

Rows = tuple[tuple[Shade, ...], ...]


@dataclass(frozen=True)
class Stop:
    """One stop of a filter: the window under it, the products with it, and their sum."""

    window: Rows
    filter: Rows
    products: Rows
    total: str
    row: int
    column: int


@dataclass(frozen=True)
class Turned:
    """A filter and the same turned round, and the feature maps of both operations."""

    filter: Rows
    turned: Rows
    correlated: Picture
    convolved: Picture


def views(report: Report) -> Iterator[View]:
    """The page."""
    sevens = _sevens(report.results)
    edges = edge_filters()
    coloured = _coloured(sevens[0, 0])
    of_colours = np.eye(3)[:, None, :, None, None] * edges[None]
    context = {
        "stop": _stop(sevens[0, 0], edges[0, 0]),
        "edges": exercise(report, "LESSON-1", sevens, edges),
        "turned": _turned(sevens[:1]),
        "colours": exercise(report, "LESSON-3", coloured, of_colours.reshape(12, 3, 3, 3)),
        "groups": exercise(report, "LESSON-5", coloured, np.tile(edges, (3, 1, 1, 1))),
        "second": exercise(report, "LESSON-4", correlated(sevens[:1], edges), _corners()),
        "layers": layers(report.results, sevens[0, 0]),
        "scale": scale(),
        "failing": FAILURES,
    }
    yield View(("lesson",), "The lesson on real data", "lesson.html", context)


def _sevens(results: Results) -> Values:
    """The sevens that a backend was asked about, or else the first two of the test set."""
    for outcome in of_clause(results, "LESSON-1"):
        try:
            images = measured(outcome, "images", None, 1, _SIDE, _SIDE)
        except SeriesError:
            continue
        if np.isfinite(images).all():
            return images[:2]
    return mnist.load("test", _MNIST).digits(7)[:2, None].astype(np.float64)


def _coloured(seven: Values) -> Values:
    """A seven, (1, 3, H, W), whose upper part is red, and its lower part green, then blue."""
    image = np.zeros((1, 3, *seven.shape))
    for channel, rows in enumerate(np.array_split(np.arange(len(seven)), 3)):
        image[0, channel, rows] = seven[rows]
    return image


def _corners() -> Values:
    """Two filters of a second layer: each adds the maps of the two edges that meet in a corner."""
    filters = np.zeros((2, 4, 3, 3))
    filters[0, [EDGES.index("top"), EDGES.index("left")], 1, 1] = 1
    filters[1, [EDGES.index("bottom"), EDGES.index("right")], 1, 1] = 1
    return filters


def _stop(image: Values, kernel: Values) -> Stop:
    """Where the filter responds most."""
    response = correlated(image[None, None], kernel[None, None])[0, 0]
    row, column = map(int, np.unravel_index(response.argmax(), response.shape))
    window = image[row : row + 3, column : column + 3]
    products = window * kernel + 0.0  # so that no zero has a sign
    total = number(float(products.sum()))
    return Stop(gray_shades(window), shades(kernel), shades(products), total, row, column)


def _turned(images: Values) -> Turned:
    kernel = edge_filters()[:1]
    plain = correlated(images, kernel)[0, 0]
    other = np.asarray(convolve(images, kernel))[0, 0]
    return Turned(
        shades(kernel[0, 0]),
        shades(kernel[0, 0, ::-1, ::-1]),
        signed(plain, f"Cross-correlation with the filter: {described(plain)}"),
        signed(other, f"Convolution with the filter: {described(other)}"),
    )
