"""Arrays as small PNG pictures, a pixel for each value, written into the page itself.

Each picture has few colours, so that it stays small. Images are gray, or in colour; arrays with
signs have two colours that part at zero, where they are nearly black, as the ground of a digit is.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEVELS = 15  # steps from zero to the largest value
HIGHEST = 255.0  # the brightest value of an image
NOT_FINITE = 0  # the place in every palette of what is nan or infinite
ZERO = LEVELS + 1  # the place of zero in the palette of signs
_MARK = (255, 0, 200)
_GROUND, _ABOVE, _BELOW = (
    (20, 22, 26),
    ((190, 84, 20), (255, 214, 140)),
    ((30, 96, 190), (170, 220, 255)),
)

Values = NDArray[np.float64]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Picture:
    """A PNG as the address of an image, what it shows in words, and its size in pixels."""

    source: str
    alt: str
    width: int
    height: int


def _between(start: Colour, end: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    return red, green, blue


def _ramp(colours: tuple[Colour, Colour]) -> tuple[Colour, ...]:
    """From the ground through the first of the colours, halfway, to the second."""
    shares = [2 * step / LEVELS for step in range(1, LEVELS + 1)]
    return tuple(
        _between(_GROUND, colours[0], share) if share <= 1 else _between(*colours, share - 1)
        for share in shares
    )


SIGNS: tuple[Colour, ...] = (_MARK, *_ramp(_BELOW)[::-1], _GROUND, *_ramp(_ABOVE))
GRAYS: tuple[Colour, ...] = (
    _MARK,
    *((level, level, level) for level in (round(255 * at / LEVELS) for at in range(LEVELS + 1))),
)


def signed_places(
    values: Values, largest: float, *, shows_least: bool = False
) -> NDArray[np.uint8]:
    """The place in `SIGNS` of each value: the farther from zero, up to `largest`, the farther from
    `ZERO`. What is near zero has its place too, or not if it `shows_least`.
    """
    size = np.abs(_share(values, largest)) * LEVELS
    size = np.ceil(size).clip(1, LEVELS) if shows_least else np.rint(size).clip(0, LEVELS)
    steps = np.sign(np.nan_to_num(values)) * size
    return np.where(np.isfinite(values), ZERO + steps, NOT_FINITE).astype(np.uint8)


def gray_places(values: Values, highest: float = HIGHEST) -> NDArray[np.uint8]:
    """The place in `GRAYS` of each value, black at 0 and below it."""
    steps = np.rint(_share(values, highest).clip(0, 1) * LEVELS)
    return np.where(np.isfinite(values), 1 + steps, NOT_FINITE).astype(np.uint8)


def _share(values: Values, largest: float) -> Values:
    finite = np.where(np.isfinite(values), values, 0.0)
    with np.errstate(over="ignore"):
        return np.asarray(finite / largest if largest > 0 else np.sign(finite))


def largest_of(*arrays: Values) -> float:
    """The largest absolute value that is finite, 0 where there is none.

    >>> largest_of(np.array([1.0, -3.0, np.inf]))
    3.0
    """
    return max((float(np.abs(a[np.isfinite(a)]).max(initial=0.0)) for a in arrays), default=0.0)


def gray(image: Values, alt: str, highest: float = HIGHEST) -> Picture:
    """An image (H, W), black at 0 and white at `highest`."""
    return _picture(gray_places(image, highest), GRAYS, alt)


def signed(values: Values, alt: str, largest: float | None = None) -> Picture:
    """An array (H, W) whose values have signs; `largest` has the brightest colours."""
    largest = largest_of(values) if largest is None else largest
    return _picture(signed_places(values, largest), SIGNS, alt)


def difference(values: Values, alt: str, largest: float) -> Picture:
    """As `signed`, but even the least that is not zero can be seen."""
    return _picture(signed_places(values, largest, shows_least=True), SIGNS, alt)


def coloured(image: Values, alt: str) -> Picture:
    """An image (3, H, W) of red, green and blue, each from 0 to `HIGHEST`."""
    places = np.moveaxis(gray_places(image), 0, -1)
    broken = (places == NOT_FINITE).any(axis=-1, keepdims=True)
    levels = np.array([gray[0] for gray in GRAYS], np.uint8)[places]
    pixels = np.where(broken, np.array(_MARK, np.uint8), levels)
    palette, flat = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    if len(palette) > 256:
        return _encoded(Image.fromarray(pixels), alt)
    indices = flat.reshape(image.shape[1:]).astype(np.uint8)
    return _picture(indices, tuple(map(tuple, palette.tolist())), alt)


def _picture(places: NDArray[np.uint8], palette: Sequence[Any], alt: str) -> Picture:
    used, flat = np.unique(places, return_inverse=True)
    image = Image.fromarray(flat.reshape(places.shape).astype(np.uint8))
    image.putpalette(bytes(part for place in used.tolist() for part in palette[place]))
    return _encoded(image, alt)


def _encoded(image: Image.Image, alt: str) -> Picture:
    held = io.BytesIO()
    image.save(held, "png", optimize=True)
    source = "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
    return Picture(source, alt, *image.size)


@dataclass(frozen=True)
class Shade:
    """A number on its colour, and black or white to write it in."""

    text: str
    ground: str
    ink: str


def shades(values: Values, largest: float | None = None) -> tuple[tuple[Shade, ...], ...]:
    """A matrix as numbers, on the colours that `signed` gives them."""
    largest = largest_of(values) if largest is None else largest
    return _shaded(values, signed_places(values, largest), SIGNS)


def gray_shades(values: Values) -> tuple[tuple[Shade, ...], ...]:
    """A matrix as numbers, on the colours that `gray` gives them."""
    return _shaded(values, gray_places(values), GRAYS)


def _shaded(
    values: Values, places: NDArray[np.uint8], palette: Sequence[Colour]
) -> tuple[tuple[Shade, ...], ...]:
    return tuple(
        tuple(_shade(value, palette[place]) for value, place in zip(row, of_row, strict=True))
        for row, of_row in zip(values.tolist(), places.tolist(), strict=True)
    )


def _shade(value: float, colour: Colour) -> Shade:
    return Shade(number(value), "#{:02x}{:02x}{:02x}".format(*colour), _ink(colour))


def _ink(colour: Colour) -> str:
    """Black or white, whichever is told apart better: as WCAG 2.2 defines relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _unit(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def _unit(colour: Colour) -> list[float]:
    return [part / 255 for part in colour]


def number(value: float, digits: int = 6) -> str:
    """A number for people, with a minus as long as a plus.

    >>> number(1.0), number(0.00012345, 3)
    ('1', '0.000123')
    """
    if math.isfinite(value) and value == 0:
        return "0"
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")


def described(values: Values) -> str:
    """The range of the values, and how many of them are not finite.

    >>> described(np.array([1.0, 2.0, np.nan]))
    'from 1 to 2, 1 not finite'
    """
    finite = values[np.isfinite(values)]
    lost = values.size - finite.size
    words = (
        f"from {number(float(finite.min()), 3)} to {number(float(finite.max()), 3)}"
        if finite.size
        else ""
    )
    return ", ".join(filter(None, [words, f"{lost} not finite" if lost else ""])) or "empty"


def scale() -> Picture:
    """The colours of `signed`, from the lowest to the highest."""
    places = np.arange(1, len(SIGNS), dtype=np.uint8)[None]
    return _picture(places, SIGNS, "")
