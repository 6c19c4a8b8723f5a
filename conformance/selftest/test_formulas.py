"""Every formula is of a clause, and every clause names a function that there is."""

import pkgutil

import pytest

from conformance.clauses import CHAPTERS, clauses
from conformance.formulas import _entries, formula_of


def test_every_entry_is_of_a_clause_or_a_chapter() -> None:
    assert set(_entries()) - set(clauses()) == set(CHAPTERS)
    assert all(set(entry) <= {"formula", "reference"} for entry in _entries().values())


@pytest.mark.parametrize("clause", clauses())
def test_the_reference_is_a_documented_function(clause: str) -> None:
    found = pkgutil.resolve_name(formula_of(clause).reference)
    assert callable(found)
    assert found.__doc__


def test_the_chapters_of_arithmetic_are_said_in_symbols() -> None:
    for clause in clauses():
        if clause.startswith(("CORR", "CHAN", "BIAS")):
            assert formula_of(clause).symbols, clause
