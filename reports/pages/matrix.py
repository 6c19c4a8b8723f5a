"""The matrix: what each clause, and each chapter, came to on each backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.pages.report import Report
from reports.records import OUTCOMES, Backend, Clause, Outcome
from reports.results import count
from reports.words import FAILURES, dtype_order

# Failures are read first.
_ORDER = sorted(OUTCOMES, key=lambda name: name not in FAILURES)


@dataclass(frozen=True)
class Entry:
    """One outcome in a cell, and how often it is there; `dtypes` are named where others are too.

    `is_bare` if it is a pass that rests on no example.
    """

    outcome: str
    number: int
    dtypes: tuple[str, ...] = ()
    is_bare: bool = False

    @property
    def is_failure(self) -> bool:
        return self.outcome in FAILURES


@dataclass(frozen=True)
class Row:
    """A clause and its cells, one for each backend: no two outcomes are folded into one entry."""

    clause: Clause
    cells: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True)
class Chapter:
    """The clauses of a chapter, and what they came to together on each backend."""

    title: str
    totals: tuple[tuple[Entry, ...], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Column:
    """A backend: `grades` are, for each of its dtypes, the grades that it reached."""

    backend: Backend
    device: str
    grades: tuple[tuple[str, str], ...]
    totals: tuple[Entry, ...]


@dataclass(frozen=True)
class Matrix:
    columns: tuple[Column, ...]
    chapters: tuple[Chapter, ...]


def matrix_of(report: Report) -> Matrix:
    """All outcomes, in the order of the results: backends are not ranked."""
    cells: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in report.outcomes:
        cells.setdefault((outcome.clause, outcome.backend), []).append(outcome)

    def row(clause: Clause) -> Row:
        found = (cells.get((clause.id, name), []) for name in report.backends)
        return Row(clause, tuple(map(entries, found)))

    def totals(of: Sequence[Clause]) -> tuple[tuple[Entry, ...], ...]:
        return tuple(
            counted(outcome for clause in of for outcome in cells.get((clause.id, name), []))
            for name in report.backends
        )

    return Matrix(
        tuple(column_of(report, backend) for backend in report.results.backends),
        tuple(
            Chapter(title, totals(clauses), tuple(map(row, clauses)))
            for title, clauses in chapters(report.results.clauses).items()
        ),
    )


def chapters(clauses: Iterable[Clause]) -> dict[str, list[Clause]]:
    """The clauses by their chapters, both in their order."""
    found: dict[str, list[Clause]] = {}
    for clause in clauses:
        found.setdefault(clause.chapter, []).append(clause)
    return found


def entries(outcomes: Sequence[Outcome]) -> tuple[Entry, ...]:
    """What stands in a cell; where outcomes differ, with the dtypes that tell them apart."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome.outcome, []).append(outcome)
    return tuple(
        Entry(
            name,
            len(grouped[name]),
            tuple(outcome.dtype for outcome in grouped[name]) if len(grouped) > 1 else (),
            name == "pass" and not any(outcome.examples for outcome in grouped[name]),
        )
        for name in _ORDER
        if name in grouped
    )


def counted(outcomes: Iterable[Outcome]) -> tuple[Entry, ...]:
    """How often each outcome is there, failures first."""
    number = count(outcomes)
    return tuple(Entry(name, number[name]) for name in _ORDER if name in number)


def column_of(report: Report, backend: Backend) -> Column:
    """What stands at the head of a backend's column."""
    of_backend = report.of_backend[backend.name]
    return Column(
        backend,
        backend.environment.get("device", ""),
        tuple(_grades(of_backend, backend.dtypes).items()),
        counted(of_backend),
    )


def _grades(outcomes: Iterable[Outcome], dtypes: Sequence[str]) -> Mapping[str, str]:
    """The grades of each dtype, in every number of axes: one if they are all the same."""
    found: dict[str, dict[str, None]] = {dtype: {} for dtype in dtypes}
    for outcome in outcomes:
        if grade := outcome.facts.get("grade"):
            found.setdefault(outcome.dtype, {})[grade] = None
    return {dtype: ", ".join(found[dtype]) for dtype in sorted(found, key=dtype_order)}
