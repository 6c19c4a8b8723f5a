"""Every cell of the page of conventions is what the framework answers today."""

import importlib
import inspect

import pytest

from adapters.conventions.page import FILE, FRAMEWORKS, STANDS, measured, version

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in FILE.read_text("utf-8").splitlines()
    if line.startswith("|")
]


@pytest.mark.parametrize(("title", "framework"), FRAMEWORKS.items())
def test_the_cells_are_measured(title: str, framework: str) -> None:
    try:
        found = measured(framework)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed")
    column = 2 + list(FRAMEWORKS).index(title)
    if ROWS[0][column] != f"{title} {version(framework)}":
        pytest.skip(f"the page is of {ROWS[0][column]}")
    written = {question: row[column] for row in ROWS[2:] for question in [row[0]]}
    assert {STANDS[name][0]: answer for name, answer in found.items()} == {
        question: answer for question, answer in written.items() if answer
    }


def test_every_function_is_a_convention() -> None:
    assert [row[0] for row in ROWS[2:]] == [question for question, _ in STANDS.values()]
    for framework in FRAMEWORKS.values():
        try:
            module = importlib.import_module(f"adapters.conventions.{framework}_conventions")
        except ModuleNotFoundError as error:
            pytest.skip(f"{error.name} is not installed")
        own = [
            name
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_")
        ]
        assert set(own) <= set(STANDS)
