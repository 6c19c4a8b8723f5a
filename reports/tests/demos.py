"""The demo as its tests see it: what a person can do on the page, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reference.geometry import Array
from reports.tests.conftest import open_file

_CELLS = "table => [...table.tBodies[0].rows].map(r => [...r.cells].slice(1).map(c => c.innerText))"
_PRODUCTS = """place => [...place.querySelectorAll("table")].map(table => [...table.rows].map(
    row => [...row.cells].map(c => [c.querySelector("small"), c.querySelector("b")].map(
        e => e.textContent))))"""


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("−", "-"))


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
        return str(self.part(name).text_content()).strip()

    def press(self, name: str) -> None:
        self.tab.get_by_role("button", name=name).click()

    def choose(self, name: str) -> None:
        """The radio button, or the box, of this label."""
        self.tab.get_by_label(name, exact=True).check()

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
        return np.array(
            [
                [
                    [[*map(number, terms.removeprefix("pad ").split(" × ")), number(product)]]
                    for row in table
                    for terms, product in row
                ]
                for table in tables
            ]
        ).reshape(len(tables), len(tables[0]), len(tables[0][0]), 3)
