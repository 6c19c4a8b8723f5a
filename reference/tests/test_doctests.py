"""The examples in the docstrings are right."""

import doctest
import importlib
import pkgutil

import pytest

import reference

MODULES = [m.name for m in pkgutil.iter_modules(reference.__path__, "reference.") if not m.ispkg]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


def test_there_are_examples() -> None:
    counts = [doctest.testmod(importlib.import_module(name)).attempted for name in MODULES]
    assert sum(counts) > 20
