"""The demo as its tests see it: what a person can do on the page, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reference.geometry import Array
from reports.pages.site import render, site
from reports.tests.conftest import open_file
from reports.tests.samples import results

_CELLS = "table => [...table.tBodies[0].rows].map(r => [...r.cells].slice(1).map(c => c.innerText))"
_PRODUCTS = """place => [...place.querySelectorAll("table")].map(table => [...table.rows].map(
    row => [...row.cells].map(c => [c.querySelector("small"), c.querySelector("b")].map(
        e => e.textContent))))"""


# The page writes real minus and times signs; these tests do not.
_PLAIN = str.maketrans({"\N{MINUS SIGN}": "-", "\N{MULTIPLICATION SIGN}": "x"})


def plain(text: str) -> str:
    return text.translate(_PLAIN).strip()


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(plain(text))


def write(folder: Path) -> Path:
    """The site of sample results, in a folder, and all of it as a single page; the folder."""
    found = results(folder)
    for name, content in site(found).items():
        (folder / name).write_bytes(content)
    (folder / "single.html").write_text(render(found), "utf-8")
    return folder


@dataclass(frozen=True)
class Demo:
    tab: Any

    @classmethod
    def open(cls, tab: Any, path: Path, at: str = "") -> Demo:
        open_file(tab, path, at)
        demo = cls(tab)
        demo.part("stage").wait_for()
        return demo

    def part(self, name: str) -> Any:
        return self.tab.locator(f'[data-part="{name}"]')

    def text(self, name: str) -> str:
        return plain(self.part(name).text_content())

    def button(self, name: str) -> Any:
        return self.tab.get_by_role("button", name=name)

    def press(self, name: str) -> None:
        self.button(name).click()

    def stop_time(self) -> None:
        """Load the page again with a clock that stands still, however long the browser takes,
        but for `pass_time`.
        """
        self.tab.clock.install(time=0)
        self.tab.reload()
        self.part("stage").wait_for()
        self.tab.clock.pause_at(3600)

    def pass_time(self, seconds: float) -> None:
        self.tab.clock.run_for(round(seconds * 1000))

    def choose(self, name: str) -> None:
        """The radio button of this label."""
        self.tab.get_by_role("radio", name=name, exact=True).check()

    def digit(self, at: int) -> None:
        self.part("sources").locator("input").nth(at).check()

    def slide(self, name: str, rows: int, columns: int) -> None:
        """Set a number of the table for both axes."""
        self.part("alike").uncheck()
        for axis, value in (("rows", rows), ("columns", columns)):
            self.tab.get_by_label(f"{name}, {axis}").fill(str(value))

    def weights(self, values: Sequence[float]) -> None:
        """Type all the weights of the filter that is shown."""
        inputs = self.part("grids").locator("input")
        for at, value in enumerate(values):
            inputs.nth(at).fill(str(value))

    def show_map(self, number: int) -> None:
        self.part("maps").locator("input").nth(number).check()

    def says(self, sentence: str) -> None:
        """Wait until a screen reader would say it."""
        self.part("said").filter(has_text=sentence).wait_for(state="attached")

    def place(self) -> tuple[int, int]:
        """Where the window stands, counted from 0."""
        row, column = (int(self.part(f"at-{axis}").input_value()) for axis in ("rows", "columns"))
        return row - 1, column - 1

    def cells(self) -> list[list[str]]:
        """The feature map that is shown, as text; a dot where nothing has been computed."""
        if not self.part("values").evaluate("details => details.open"):
            self.tab.get_by_text("This feature map as numbers").click()
            self.part("table").locator("tbody tr").first.wait_for()
        cells: list[list[str]] = self.part("table").evaluate(_CELLS)
        return cells

    def map(self) -> Array:
        """The whole feature map that is shown."""
        self.press("Fill all")
        return np.array([[number(text) for text in row] for row in self.cells()])

    def seen(self) -> int:
        """How many values of the feature map have been computed."""
        return sum(text != "·" for row in self.cells() for text in row)

    def products(self) -> Array:
        """What is shown of one stop: [channel, row, column, (value, weight, product)]."""
        tables = self.part("products").evaluate(_PRODUCTS)
        read = [[[_term(*cell) for cell in row] for row in table] for table in tables]
        return np.array(read)


def _term(factors: str, product: str) -> list[float]:
    """A value (in padding, if so marked), a weight and their product."""
    value, weight = plain(factors).removeprefix("pad ").split(" x ")
    return [number(value), number(weight), number(product)]
