"""How sharp the suite is, on the pages of clauses, and what is published with the pages."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from reports.pages import render, site, write_page, write_site
from reports.pages.clause import catches
from reports.sharpness import SharpnessError
from reports.tests.pages import pages, section, seen
from reports.tests.samples import results
from reports.tests.test_sharpness import FLIPPED, TABLE

ASSEMBLING = import_module("reports.pages.site")  # the package has a function of this name


def test_a_clause_names_the_faults_that_it_catches(tmp_path: Path) -> None:
    found = pages(results(tmp_path), TABLE)
    expected = seen(section(found["clause-CORR-2"], "catches"))
    assert "Among the first to catch 2 operations wrong on purpose" in expected
    assert "Flipped. (2) Flipped. (5)" in expected
    other = section(found["clause-CORR-1"], "catches")
    assert "1 fault that other clauses are there for" in seen(other)
    assert "Flipped. (3)" in seen(other)
    assert "It is not among the first to catch" in seen(section(found["clause-POOL-1"], "catches"))


def test_what_is_expected_comes_first_and_soonest() -> None:
    stray = replace(FLIPPED, name="stray", clause="CORR-1", catches={"CORR-2": 1})
    late = replace(FLIPPED, name="late", catches={"CORR-2": 9})
    table = replace(TABLE, faults=(stray, late, FLIPPED))
    found = catches(table, "CORR-2")
    assert [(of.fault.name, of.examples, of.is_expected) for of in found] == [
        ("flipped", 2, True),
        ("late", 9, True),
        ("stray", 1, False),
    ]


def test_many_strays_are_counted(tmp_path: Path) -> None:
    strays = tuple(
        replace(FLIPPED, name=str(at), sentence=f"Wrong {at}.", catches={"CORR-1": at + 1})
        for at in range(15)
    )
    page = pages(results(tmp_path), replace(TABLE, faults=strays))["clause-CORR-1"]
    caught = seen(section(page, "catches"))
    assert "Wrong 9. (10)" in caught
    assert "Wrong 10." not in caught
    assert "5 others" in caught


def test_what_is_written_holds_the_published_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = results(tmp_path)
    monkeypatch.setattr(ASSEMBLING, "read", lambda: TABLE)
    write_page(whole, tmp_path / "new" / "page.html")
    write_site(whole, tmp_path / "site" / "new")
    assert (tmp_path / "new" / "page.html").read_text("utf-8") == render(whole, TABLE)
    written = {file.name: file.read_bytes() for file in (tmp_path / "site" / "new").iterdir()}
    assert written == site(whole, TABLE)


def test_without_the_table_there_are_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise SharpnessError("there is none")

    whole = results(tmp_path)
    monkeypatch.setattr(ASSEMBLING, "read", absent)
    write_page(whole, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == render(whole)
    assert "What it catches" not in pages(whole)["clause-CORR-1"]
