"""Arrays as pictures, and numbers as charts: each value where it belongs, whatever it is."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reference import cross_correlate, edge_filters
from reports.pages.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    STYLES,
    TOP,
    Band,
    Curve,
    chart,
    linear_axis,
    log_axis,
    power_of_ten,
    thinned,
)
from reports.pages.pictures import (
    GRAYS,
    LEVELS,
    NOT_FINITE,
    SIGNS,
    ZERO,
    Colour,
    Picture,
    coloured,
    described,
    difference,
    gray,
    largest_of,
    number,
    scale,
    shades,
    signed,
    signed_places,
)
from reports.pages.series import Values
from reports.tests.lesson_samples import coordinates, sevens


def pixels(picture: Picture) -> Any:
    """The colours that a browser would show."""
    assert picture.source.startswith("data:image/png;base64,")
    held = io.BytesIO(base64.b64decode(picture.source.partition(",")[2]))
    image = Image.open(held).convert("RGB")
    assert image.size == (picture.width, picture.height)
    return np.asarray(image).tolist()


def places(picture: Picture, palette: tuple[Colour, ...]) -> list[list[int]]:
    return [[palette.index(tuple(pixel)) for pixel in row] for row in pixels(picture)]


def test_each_value_with_a_sign_has_the_colour_of_its_size() -> None:
    values = np.array([[-2.0, -1.0, 0.0], [1.0, 2.0, 1e-30]])
    assert places(signed(values, ""), SIGNS) == [
        [ZERO - LEVELS, ZERO - 8, ZERO],
        [ZERO + 8, ZERO + LEVELS, ZERO],
    ]


def test_only_what_is_not_finite_has_the_mark_and_of_differences_only_zero_is_neutral() -> None:
    values = np.array([[0.0, -0.0, 5e-324, -5e-324], [np.nan, np.inf, -np.inf, 1.7e308]])
    assert places(signed(values, ""), SIGNS)[0] == [ZERO] * 4
    above, below = places(difference(values, "", largest_of(values)), SIGNS)
    assert above == [ZERO, ZERO, ZERO + 1, ZERO - 1]
    assert below == [NOT_FINITE, NOT_FINITE, NOT_FINITE, ZERO + LEVELS]
    assert len(set(SIGNS)) == len(SIGNS)
    assert len(set(GRAYS)) == len(GRAYS)


def test_beyond_the_largest_there_is_no_brighter_colour() -> None:
    assert signed_places(np.array([[4.0, -4.0]]), 2.0).tolist() == [[ZERO + LEVELS, ZERO - LEVELS]]


def test_images_go_from_black_to_white() -> None:
    image = np.array([[0.0, 127.5, 255.0], [-3.0, 900.0, np.nan]])
    assert places(gray(image, ""), GRAYS) == [[1, 9, 16], [1, 16, NOT_FINITE]]
    assert GRAYS[1] == (0, 0, 0)
    assert GRAYS[16] == (255, 255, 255)


def test_a_coloured_image_keeps_its_colours() -> None:
    image = np.zeros((3, 2, 2))
    image[0, 0, 0] = image[1, 0, 1] = image[2, 1, 0] = 255
    image[1, 1, 1] = np.inf
    red, green, blue = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    assert pixels(coloured(image, "")) == [[[*red], [*green]], [[*blue], [*GRAYS[NOT_FINITE]]]]


def test_an_image_of_more_colours_than_a_palette_holds_keeps_them_too() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 64, 64)).astype(float)
    shown = np.array(pixels(coloured(image, "")))
    assert abs(np.moveaxis(shown, -1, 0) - image).max() <= 255 / LEVELS / 2 + 1


def test_pictures_are_small_and_equal_for_equal_arrays() -> None:
    feature_map = cross_correlate(sevens(1), edge_filters())[0, 0]
    first, second = signed(feature_map, "a"), signed(feature_map.copy(), "b")
    assert first.source == second.source
    assert len(first.source) < 700
    assert len(signed(edge_filters()[0, 0], "").source) < 200


def test_a_matrix_of_numbers_has_the_colours_of_the_picture_and_can_be_read() -> None:
    values = np.array([[-1.0, 0.0, 1.0, np.nan]])
    (row,) = shades(values)
    assert [shade.text for shade in row] == ["\N{MINUS SIGN}1", "0", "1", "nan"]
    ((*colours,),) = pixels(signed(values, ""))
    assert [shade.ground for shade in row] == ["#{:02x}{:02x}{:02x}".format(*c) for c in colours]
    assert [shade.ink for shade in row] == ["#000000", "#ffffff", "#000000", "#000000"]


def test_every_colour_of_the_palettes_can_be_written_on() -> None:
    values = np.arange(-LEVELS, LEVELS + 1.0)[None]
    for shade in shades(values)[0]:
        assert contrast(shade.ground, shade.ink) >= 4.5


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""
    high, low = sorted(map(luminance, (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_scale_shows_each_colour_once() -> None:
    assert [tuple(pixel) for pixel in pixels(scale())[0]] == list(SIGNS[1:])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0, 2.0], "from 1 to 2"),
        ([np.nan, -0.5], "from \N{MINUS SIGN}0.5 to \N{MINUS SIGN}0.5, 1 not finite"),
        ([np.inf, np.nan], "2 not finite"),
        ([], "empty"),
    ],
)
def test_a_picture_is_told_in_words(values: list[float], words: str) -> None:
    assert described(np.array(values)) == words


def test_numbers_are_short() -> None:
    assert number(-0.0) == "0"
    assert number(1e-12) == "1e\N{MINUS SIGN}12"
    assert number(math.inf) == "inf"
    assert largest_of() == largest_of(np.array([np.nan])) == 0


def test_a_linear_axis_begins_at_zero_and_has_round_ticks() -> None:
    axis = linear_axis([np.array([0.3, 2.31, np.nan, np.inf])])
    assert axis.low == 0
    assert 2.31 < axis.high < 2.5
    assert [text for _, text in axis.ticks()] == ["0", "0.5", "1", "1.5", "2"]
    assert axis.share(0.0) == 0
    assert axis.share(math.inf) == 1
    assert axis.share(math.nan) is None


def test_a_logarithmic_axis_keeps_a_place_for_zero() -> None:
    axis = log_axis([np.array([0.0, 1e-12, 3e-3])])
    assert (axis.low, axis.high) == (-12, -2)
    shares = [axis.share(value) for value in (0.0, 1e-12, 1e-2, 1e5)]
    assert shares == [0, pytest.approx(0.12), 1, 1]
    assert [text for _, text in axis.ticks()][:2] == ["0", power_of_ten(-12)]


def test_without_a_zero_the_lowest_power_is_at_the_bottom() -> None:
    axis = log_axis([np.array([1e-12, 3e-3])])
    assert axis.share(1e-12) == 0
    assert all(text != "0" for _, text in axis.ticks())


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0.0],
        [np.nan],
        [np.inf, -np.inf],
        [5e-324],
        [1.7e308, -1.7e308],
        [1e-300, 1e300],
        [-4.0, -4.0],
        [7.0],
    ],
)
def test_any_values_make_a_chart(values: list[float]) -> None:
    array: Values = np.array(values, np.float64)
    for axis in (linear_axis([array]), log_axis([array])):
        drawn = chart(
            "", "", axis, [Curve("", array, 0)], [Band("", array), Band("", array, array)]
        )
        assert 1 <= len(drawn.y_ticks) <= 8
        assert len({tick.label for tick in drawn.y_ticks}) == len(drawn.y_ticks)
        for x, y in coordinates(drawn.lines[0].path):
            assert LEFT <= x <= RIGHT
            assert TOP <= y <= BOTTOM


def test_a_line_goes_through_its_values_and_is_interrupted_where_there_is_none() -> None:
    values = np.array([0.0, 1.0, np.nan, 2.0, 1.0])
    axis = linear_axis([np.array([2.0 / 1.04])])
    (line,) = chart("", "", axis, [Curve("", values, 0)]).lines
    assert line.path.count("M") == 2
    middle, side = (TOP + BOTTOM) / 2, (RIGHT - LEFT) / 4
    assert coordinates(line.path) == [
        (LEFT, BOTTOM),
        (LEFT + side, middle),
        (LEFT + 3 * side, TOP),
        (RIGHT, middle),
    ]


def test_one_value_has_a_mark() -> None:
    (line,) = chart("", "", linear_axis([np.ones(1)]), [Curve("", np.ones(1), 0)]).lines
    assert line.marks


def test_lines_are_told_apart_without_colours() -> None:
    curves = [Curve("", np.ones(40), style) for style in range(STYLES)]
    lines = chart("", "", linear_axis([np.ones(1)]), curves).lines
    assert len({line.dash for line in lines}) == STYLES
    assert len({line.sample for line in lines}) == STYLES
    assert len({line.marks for line in lines}) == STYLES


def test_long_lines_are_thinned_to_what_can_be_seen_and_keep_what_stands_out() -> None:
    values = np.sin(np.arange(100_000.0) / 5000)
    values[54_321] = 9
    values[77_777] = np.nan
    kept = thinned(values)
    assert len(kept) <= 241
    assert {54_321, 77_777} <= set(kept)
    assert kept == sorted(set(kept))
    (line,) = chart("", "", linear_axis([values]), [Curve("", values, 0)]).lines
    assert len(line.path) < 4000


def test_ticks_of_steps_are_whole() -> None:
    for steps in (1, 2, 3, 7, 40, 2811):
        drawn = chart("", "", linear_axis([]), [Curve("", np.ones(steps), 0)])
        assert all(tick.label.isdigit() for tick in drawn.x_ticks)
        assert 1 <= len(drawn.x_ticks) <= 6
