"""The table of how sharp the suite is: what it comes to, and what a damaged one says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.records import ResultsError
from reports.sharpness import FORMAT, Fault, Other, Sharpness, SharpnessError, read, write

FLIPPED = Fault(
    name="flipped",
    sentence="Flipped.",
    dtype="float64",
    clause="CORR-2",
    catches={"CORR-1": 3, "CORR-2": 2},
    until_caught=43,
    mistake="convolution",
    diagnosis="a true convolution",
    others=("ACME",),
)
SLOW = replace(FLIPPED, name="slow", catches={"CORR-2": 5}, until_caught=85, mistake="", others=())
MISSED = replace(SLOW, name="missed", catches={}, until_caught=None)

TABLE = Sharpness(
    format=FORMAT,
    suite="0.1.0",
    date="2026-11-22",
    profile="default",
    seed=0,
    versions={"numpy": "2.4"},
    clauses=("CORR-1", "CORR-2"),
    others=(Other("ACME", "1", 6, "All cases, exactly."),),
    faults=(FLIPPED, SLOW, MISSED),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(TABLE, tmp_path / "data" / "table.json")
    assert read(tmp_path / "data" / "table.json") == TABLE


def test_each_fault_is_a_line(tmp_path: Path) -> None:
    write(TABLE, tmp_path / "table.json")
    lines = (tmp_path / "table.json").read_text().splitlines()
    assert [line for line in lines if '"sentence"' in line] == lines[-5:-2]


def test_totals() -> None:
    assert (TABLE.caught, TABLE.caught_as_expected, TABLE.diagnosed) == (2, 2, 1)
    assert (TABLE.median_examples, TABLE.median_until_caught) == (3.5, 64.0)
    assert TABLE.caught_by("ACME") == 1


def test_a_table_of_nothing_has_no_medians() -> None:
    empty = replace(TABLE, faults=())
    assert (empty.median_examples, empty.median_until_caught) == (None, None)


def test_the_published_table_is_whole() -> None:
    assert read().caught > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"faults": (FLIPPED, FLIPPED)}, "two faults are called 'flipped'"),
        ({"clauses": ("CORR-1",)}, "'flipped' names unknown clauses: {'CORR-2'}"),
        ({"others": ()}, "'flipped' names unknown suites: {'ACME'}"),
        ({"format": 3}, "format is 3, but must be 2"),
        ({"seed": "0"}, "seed is '0', but must be of type int"),
    ],
)
def test_what_cannot_be_a_table(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ResultsError) as refused:
        replace(TABLE, **changes)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"format": 2', '"format": 3', "its format is 3, not 2"),
        ('"seed": 0', '"seed": NaN', "NaN is no number of strict JSON"),
        ('"seed": 0,\n', "", "sharpness.seed is missing"),
        ('"seed": 0', '"seed": 0, "sead": 1', "sharpness has a field 'sead', which is unknown"),
        ('"CORR-2": 5', '"CORR-2": 0', "catches.CORR-2 is 0, but must be 1 or more"),
        ("]\n}\n", "", "Expecting"),
        ("{\n", "[[{\n", "Expecting"),
    ],
)
def test_a_damaged_table_says_so(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "table.json"
    write(TABLE, path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(SharpnessError, match="cannot use the table") as refused:
        read(path)
    assert str(path) in str(refused.value)
    assert message in str(refused.value)


@pytest.mark.parametrize("content", [b"[]", b"", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "table.json").write_bytes(content)
    with pytest.raises(SharpnessError, match="cannot use the table"):
        read(tmp_path / "table.json")


def test_a_missing_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(SharpnessError, match="cannot read the table"):
        read(tmp_path / "table.json")
