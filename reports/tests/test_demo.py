"""The demo in a real browser: everything that a person can do on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference import edge_filters
from reports.tests.demos import Demo, number, write

START = (7, 10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("site"))


@pytest.fixture
def demo(tab: Any, folder: Path) -> Demo:
    return Demo.open(tab, folder / "demo.html")


def test_it_opens_on_a_stop_that_says_something(demo: Demo) -> None:
    assert demo.place() == START
    assert demo.text("terms") == "-60 - 36 + 0 + 254 + 241 + 198 + 0 + 0 + 0"
    assert demo.text("sum") == "= 597"
    assert demo.seen() == START[0] * 26 + START[1] + 1


@pytest.mark.parametrize(
    ("button", "place"),
    [("Next", (7, 11)), ("Previous", (7, 9)), ("To start", (0, 0)), ("Fill all", START)],
)
def test_a_button_moves_the_window(demo: Demo, button: str, place: tuple[int, int]) -> None:
    demo.press(button)
    assert demo.place() == place
    assert demo.seen() == {"Next": 194, "Previous": 193, "To start": 1, "Fill all": 676}[button]


def test_at_the_ends_there_is_nowhere_to_go(demo: Demo) -> None:
    demo.press("To start")
    demo.press("Previous")
    assert demo.place() == (0, 0)
    demo.tab.get_by_label("Row", exact=True).fill("26")
    demo.tab.get_by_label("Column", exact=True).fill("26")
    demo.press("Next")
    assert demo.place() == (25, 25)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("ArrowUp", (6, 10)),
        ("ArrowDown", (8, 10)),
        ("ArrowLeft", (7, 9)),
        ("ArrowRight", (7, 11)),
        ("Home", (7, 0)),
        ("End", (7, 25)),
    ],
)
def test_a_key_moves_the_window(demo: Demo, key: str, place: tuple[int, int]) -> None:
    demo.part("stage").focus()
    demo.tab.keyboard.press(key)
    assert demo.place() == place


def test_a_key_that_types_does_not_move_it(demo: Demo) -> None:
    demo.part("grids").locator("input").first.focus()
    demo.tab.keyboard.press("ArrowRight")
    assert demo.place() == START


@pytest.mark.parametrize("click", [False, True])
def test_the_pointer_moves_the_window(demo: Demo, click: bool) -> None:
    for name, cells, middle in (("map", 26, 0.5), ("input", 28, 1.5)):
        box = demo.part(name).bounding_box()
        y, x = ((at + middle) / cells for at in (12, 3))
        demo.tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if click:
            demo.tab.mouse.down()
            demo.tab.mouse.up()
            assert demo.part("stage").evaluate("stage => stage === document.activeElement")
        assert demo.place() == (12, 3)
        demo.press("To start")


def test_it_plays_to_the_end_and_then_from_the_start(demo: Demo) -> None:
    demo.stop_time()
    demo.slide("Stride", 4, 4)
    demo.part("speed").select_option("25")
    demo.press("To start")
    demo.press("Play")
    assert demo.button("Pause").is_visible()
    demo.pass_time(1)
    assert demo.place() in {(3, 3), (3, 4)}  # 25 places on, less a frame
    demo.pass_time(2)
    assert demo.button("Play").is_visible()
    assert demo.place() == (6, 6)
    assert demo.seen() == 49
    demo.part("speed").select_option("1")
    demo.press("Play")
    assert demo.place() == (0, 0)


def test_playing_is_silent_and_a_stop_is_said(demo: Demo) -> None:
    said = demo.part("said")
    assert (said.get_attribute("aria-live"), said.get_attribute("role")) == ("polite", "status")
    demo.stop_time()
    demo.part("stage").focus()
    demo.tab.keyboard.press("ArrowRight")
    demo.pass_time(1)
    sentence = "Row 8, column 12 of “top”: 9 products add up to 601."
    assert demo.text("said") == sentence
    demo.press("Play")
    demo.pass_time(1)
    assert demo.text("said") == sentence
    demo.press("Pause")
    demo.pass_time(1)
    row, column = demo.place()
    assert (row, column) > (7, 11)
    start = f"Row {row + 1}, column {column + 1} of “top”: 9 products add up to "
    assert demo.text("said").startswith(start)


def test_less_motion_plays_slowly(chromium: Any, folder: Path) -> None:
    context = chromium.new_context(reduced_motion="reduce")
    demo = Demo.open(context.new_page(), folder / "demo.html")
    assert demo.part("speed").input_value() == "1"
    context.close()


CONTROLS: dict[str, Callable[[Demo], None]] = {
    "digit": lambda demo: demo.digit(4),
    "draw": lambda demo: demo.choose("Draw"),
    "upload": lambda demo: demo.choose("Upload"),
    "colours": lambda demo: demo.choose("three channels: RGB"),
    "Sobel": lambda demo: demo.choose("Sobel"),
    "Learned": lambda demo: demo.choose("Learned"),
    "weight": lambda demo: demo.weights([2.5]),
    "flip": lambda demo: demo.part("flip").check(),
    "shown map": lambda demo: demo.show_map(2),
    "remove": lambda demo: demo.press("Remove it"),
    "kernel": lambda demo: demo.slide("Kernel size", 3, 2),
    "stride": lambda demo: demo.slide("Stride", 1, 3),
    "before": lambda demo: demo.slide("Padding before", 1, 0),
    "after": lambda demo: demo.slide("Padding after", 0, 2),
    "dilation": lambda demo: demo.slide("Dilation", 2, 1),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_changes_the_map(demo: Demo, control: str) -> None:
    before = demo.map()
    CONTROLS[control](demo)
    assert not np.array_equal(demo.map(), before)


@pytest.mark.parametrize(("name", "value"), [("Ink", "#00ff00"), ("Ground", "#ff0000")])
def test_colours_change_the_map(demo: Demo, name: str, value: str) -> None:
    demo.choose("three channels: RGB")
    before = demo.map()
    demo.tab.get_by_label(name, exact=True).fill(value)
    assert not np.array_equal(demo.map(), before)


def test_rows_and_columns_are_set_alike_or_not(demo: Demo) -> None:
    rows, columns = (demo.tab.get_by_label(f"Stride, {axis}") for axis in ("rows", "columns"))
    rows.fill("3")
    assert columns.input_value() == "3"
    demo.part("alike").uncheck()
    rows.fill("2")
    assert columns.input_value() == "3"
    assert demo.text("map-size") == "13 x 9"
    assert demo.text("rest-rows") == "The stride leaves the last 1 of 28 rows out."
    assert demo.text("rest-columns") == "The stride leaves the last 1 of 28 columns out."


def test_there_is_one_map_for_each_filter(demo: Demo) -> None:
    maps = demo.part("maps").locator("label")
    assert maps.all_text_contents() == ["top", "left", "bottom", "right"]
    demo.show_map(1)
    demo.press("Add a copy")
    assert demo.tab.get_by_label("Your own").is_checked()
    assert maps.count() == 5
    assert demo.text("filter-count") == "number 5 of 5"
    for _ in range(3):
        demo.press("Add a copy")
    assert maps.count() == 8
    assert demo.part("add").is_disabled()
    demo.press("Remove it")
    assert maps.count() == 7
    demo.press("Keep only it")
    assert (maps.count(), demo.text("filter-count")) == (1, "the only one")
    assert demo.part("remove").is_disabled()
    left = edge_filters("int64")[1, 0].ravel().tolist()
    values = demo.part("grids").locator("input").evaluate_all("all => all.map(i => i.value)")
    assert [number(value) for value in values] == left


def test_a_filter_has_as_many_channels_as_the_input(demo: Demo) -> None:
    inputs = demo.part("grids").locator("input")
    demo.choose("three channels: RGB")
    assert (inputs.count(), demo.part("products").locator("table").count()) == (27, 3)
    assert demo.part("planes").is_visible()
    demo.choose("one channel: grayscale")
    assert (inputs.count(), demo.part("products").locator("table").count()) == (9, 1)


@pytest.mark.parametrize("text", ["abc", "", "1e9", "--1", "0x1g"])
def test_what_is_no_number_is_said_to_be_none(demo: Demo, text: str) -> None:
    before = demo.map()
    weight = demo.part("grids").locator("input").nth(1)
    weight.fill(text)
    said = f"“{text}”" if text else "Nothing"
    assert demo.text("filter-problem").startswith(f"{said} is no number from -1000 to 1000")
    assert weight.get_attribute("aria-invalid") == "true"
    assert np.array_equal(demo.map(), before)
    weight.fill("\N{MINUS SIGN}0,5")
    assert demo.text("filter-problem") == ""
    assert not np.array_equal(demo.map(), before)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "10", "1e1"])
def test_a_wrong_stride_is_said_to_be_wrong(demo: Demo, text: str) -> None:
    before = demo.map()
    demo.part("alike").uncheck()
    stride = demo.tab.get_by_label("Stride, rows")
    stride.fill(text)
    problem = "Stride, rows: a whole number from 1 to 9, please. Until then the last one is used."
    assert demo.text("sliding-problem") == problem
    assert stride.get_attribute("aria-invalid") == "true"
    assert np.array_equal(demo.map(), before)
    stride.fill("2")
    assert demo.text("sliding-problem") == ""
    assert demo.text("map-size") == "13 x 26"


def test_a_filter_that_does_not_fit_is_said_not_to(demo: Demo) -> None:
    demo.part("alike").uncheck()
    demo.tab.get_by_label("Kernel size, columns").fill("7")
    demo.press("Play")
    demo.tab.get_by_label("Dilation, columns").fill("5")
    assert demo.text("problem").startswith(
        "The filter does not fit: it is 31 values wide, holes included, and the padded input has "
        "only 28 columns."
    )
    assert demo.part("fitting").is_hidden()
    assert demo.text("formula-columns").endswith("+ 1 = none: the filter does not fit")
    for name in ("Next", "Previous", "Fill all", "To start", "Play"):
        assert demo.button(name).is_disabled()
    assert demo.part("values").is_hidden()
    demo.part("stage").press("ArrowDown")
    demo.tab.get_by_label("Padding after, columns").fill("3")
    assert demo.text("problem") == ""
    assert demo.text("map-size") == "26 x 1"
