"""The input of the demo: uploaded, or drawn by pointer or keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reference import cross_correlate, edge_filters
from reports.tests.demos import Demo, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("site"))


@pytest.fixture
def demo(tab: Any, folder: Path) -> Demo:
    return Demo.open(tab, folder / "demo.html")


def upload(demo: Demo, path: Path, pixels: np.ndarray[Any, Any]) -> None:
    Image.fromarray(pixels.astype("uint8")).save(path)
    demo.choose("Upload")
    demo.part("file").set_input_files(path)
    demo.part("input-title").get_by_text("your image").wait_for()


def test_an_uploaded_image_is_the_input(demo: Demo, tmp_path: Path) -> None:
    x = np.random.default_rng(1).integers(0, 256, (28, 28))
    upload(demo, tmp_path / "grey.png", x)
    assert np.array_equal(demo.map(), cross_correlate(x[None, None], edge_filters()[:1])[0, 0])


def test_an_uploaded_image_has_its_colours(demo: Demo, tmp_path: Path) -> None:
    demo.choose("three channels: RGB")
    x = np.random.default_rng(2).integers(0, 256, (28, 28, 3))
    upload(demo, tmp_path / "colours.png", x)
    assert demo.part("colours").is_hidden()
    planes, filters = np.moveaxis(x, 2, 0)[None], np.repeat(edge_filters()[:1], 3, axis=1)
    assert np.array_equal(demo.map(), cross_correlate(planes, filters)[0, 0])


def test_of_a_large_image_the_middle_is_scaled(demo: Demo, tmp_path: Path) -> None:
    x = np.zeros((200, 400))
    x[:, 200:300] = 255  # the right half of the middle
    upload(demo, tmp_path / "large.png", x)
    found = demo.map()
    demo.show_map(1)
    left = demo.map()
    assert np.abs(found).max() <= 12
    assert (left[:, 13].min(), left[:, :11].max(), left[:, 16:].max()) > (600, -1, -1)
    assert np.abs(left[:, :11]).max() <= 12


def test_what_is_no_image_is_said_to_be_none(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no image")
    demo.choose("Upload")
    demo.part("file").set_input_files(tmp_path / "notes.png")
    problem = "“notes.png” cannot be read as an image: choose a PNG or JPEG file."
    demo.tab.get_by_text(problem).wait_for()
    assert not demo.map().any()


def test_drawing_with_the_pointer(demo: Demo) -> None:
    demo.choose("Draw")
    assert not demo.map().any()
    demo.part("sheet").scroll_into_view_if_needed()
    box = demo.part("sheet").bounding_box()
    x, y, cell = box["x"], box["y"], box["width"] / 28
    demo.tab.mouse.move(x + 8.5 * cell, y + 14.5 * cell)
    demo.tab.mouse.down()
    demo.tab.mouse.move(x + 20.5 * cell, y + 14.5 * cell)
    demo.tab.mouse.up()
    demo.tab.mouse.move(x + 20.5 * cell, y + 24.5 * cell)  # with the pen lifted
    inked = np.argwhere(demo.map())
    assert (inked[:, 0].min(), inked[:, 0].max()) == (12, 15)
    demo.press("Clear the sheet")
    assert not demo.map().any()


def test_drawing_with_the_keys(demo: Demo) -> None:
    demo.choose("Draw")
    sheet = demo.part("sheet")
    sheet.press("ArrowUp")
    sheet.press("Space")
    found = demo.map()
    assert (found[12, 13], found[13, 13]) == (288, -288)
    sheet.press("Delete")
    demo.says("Pen at row 14, column 15: 0 of 255.")
    assert not np.array_equal(demo.map(), found)
