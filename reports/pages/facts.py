"""What was measured, whatever came of it: the facts of clauses, and the grades among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.pages.report import Report
from reports.records import Backend, Clause, Outcome
from reports.words import FAILURES, dtype_order

GRADE = "grade"
# What a backend is held to unless it promises a coarser one.
_ASKED = "A"
_ORDER = ("A+", "A", "B", "C", "F")
_NAMES = re.compile(r"(A\+|A|B|C|F)(?:\((\d{1,4})\))?[wn]?")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Cell:
    """What one clause came to on a backend for a dtype: `text` is its fact, if it has it.

    `outcome` is "" where there is none.
    """

    key: Key
    text: str
    outcome: str
    promise: str = ""

    @property
    def is_failure(self) -> bool:
        return self.outcome in FAILURES

    @property
    def is_wrong(self) -> bool:
        return _rank(self.text) == _rank("F")


@dataclass(frozen=True)
class Column:
    """A backend, and the dtypes for which something was measured on it."""

    backend: str
    dtypes: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.dtypes)


@dataclass(frozen=True)
class MeasuredClause:
    """A clause with facts: a row for each name, with a cell for each backend and dtype.

    `outcomes` are there if not all of them passed.
    """

    clause: Clause
    outcomes: tuple[Cell, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Facts:
    """A table of facts; `absent` are the backends, and dtypes of them, that have none."""

    columns: tuple[Column, ...]
    clauses: tuple[MeasuredClause, ...]
    absent: tuple[Column, ...]


@dataclass(frozen=True)
class Graded:
    """A clause that grades: the grade of each dtype, and what is known of where each was met."""

    clause: Clause
    cells: tuple[Cell, ...]
    regimes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class Grades:
    """The grades of a backend, by dtype, for each clause that grades."""

    dtypes: tuple[str, ...]
    clauses: tuple[Graded, ...]


def facts_of(
    report: Report, clauses: Iterable[Clause], backends: Sequence[Backend] | None = None
) -> Facts:
    """The facts of these clauses on these backends, all of them if none are given."""
    backends = report.results.backends if backends is None else backends
    names = {backend.name for backend in backends}
    of_clause = {
        clause.id: [o for o in report.of_clause[clause.id] if o.backend in names]
        for clause in clauses
    }
    of_clause = {name: found for name, found in of_clause.items() if any(o.facts for o in found)}
    asked = [outcome for found in of_clause.values() for outcome in found]
    measured = [outcome for outcome in asked if outcome.facts]
    columns = _columns(backends, measured)
    places = [(column.backend, dtype) for column in columns for dtype in column.dtypes]
    outcomes = {outcome.key: outcome for outcome in asked}

    def cells(clause: str, name: str = "") -> tuple[Cell, ...]:
        keys = ((clause, *place) for place in places)
        return tuple(_cell(outcomes.get(key), key, name) for key in keys)

    return Facts(
        columns,
        tuple(
            MeasuredClause(
                report.clauses[clause],
                came_to if any(cell.outcome != "pass" for cell in came_to) else (),
                tuple((name, cells(clause, name)) for name in _names(found)),
            )
            for clause, found in of_clause.items()
            for came_to in [cells(clause)]
        ),
        tuple(_without(backends, columns, asked)),
    )


def grades_of(report: Report, backend: Backend) -> Grades:
    """The facts that are grades, with what the backend promises."""
    grading = {outcome.clause for outcome in report.outcomes if GRADE in outcome.facts}
    found = [o for o in report.of_backend[backend.name] if o.clause in grading]
    outcomes = {outcome.key: outcome for outcome in found}
    dtypes = tuple(sorted({outcome.dtype for outcome in found}, key=dtype_order))

    def cell(clause: str, dtype: str) -> Cell:
        key = (clause, backend.name, dtype)
        promise = backend.promises.get(dtype, _ASKED)
        coarser = promise if _rank(promise) > _rank(_ASKED) else ""
        return _cell(outcomes.get(key), key, GRADE, coarser)

    return Grades(
        dtypes,
        tuple(
            Graded(
                report.clauses[clause],
                tuple(cell(clause, dtype) for dtype in dtypes),
                tuple(
                    (outcome.dtype, regimes)
                    for outcome in found
                    if outcome.clause == clause
                    for regimes in [tuple(_regimes(outcome))]
                    if regimes
                ),
            )
            for clause in dict.fromkeys(outcome.clause for outcome in found)
        ),
    )


def is_probe(clause: Clause) -> bool:
    """Whether the clause looks into a backend."""
    return clause.id.startswith("PROBE-")


def _regimes(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Where each grade was met, the best first."""
    for name in _names([outcome]):
        if _rank(name) < (len(_ORDER), 0):
            yield name, outcome.facts[name]


def _cell(outcome: Outcome | None, key: Key, name: str, promise: str = "") -> Cell:
    if outcome is None:
        return Cell(key, "", "", promise)
    return Cell(key, outcome.facts.get(name, ""), outcome.outcome, promise)


def _columns(backends: Iterable[Backend], outcomes: Iterable[Outcome]) -> tuple[Column, ...]:
    """The backends that have outcomes here, each with their dtypes."""
    dtypes: dict[str, set[str]] = {}
    for outcome in outcomes:
        dtypes.setdefault(outcome.backend, set()).add(outcome.dtype)
    return tuple(
        Column(backend.name, tuple(sorted(dtypes[backend.name], key=dtype_order)))
        for backend in backends
        if backend.name in dtypes
    )


def _without(
    backends: Sequence[Backend], columns: Iterable[Column], asked: Iterable[Outcome]
) -> Iterator[Column]:
    """What was to be measured, or did not run, and has no fact."""
    shown = {column.backend: column.dtypes for column in columns}
    wanted = {column.backend: column.dtypes for column in _columns(backends, asked)}
    for backend in backends:
        dtypes = shown.get(backend.name, ())
        missing = tuple(dtype for dtype in wanted.get(backend.name, ()) if dtype not in dtypes)
        if not dtypes:
            yield Column(backend.name, ())
        elif missing:
            yield Column(backend.name, missing)


def _names(outcomes: Iterable[Outcome]) -> list[str]:
    """The names of the facts as they come, but grades first, the best before others."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.facts)
    return sorted(names, key=lambda name: (name != GRADE, _rank(name)))


def _rank(grade: str) -> tuple[int, int]:
    """What sorts grades from the best to the worst, and what is none of them last."""
    found = _NAMES.fullmatch(grade)
    if found is None:
        return (len(_ORDER), 0)
    return (_ORDER.index(found[1]), -int(found[2] or 0))
