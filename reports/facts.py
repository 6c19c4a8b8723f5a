"""What a page shows of what was measured: the facts of each clause, and the grades among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reports.records import Backend, Clause, Outcome
from reports.results import Results
from reports.words import dtype_order

GRADE = "grade"
# What a backend is held to unless it promises a coarser one.
_ASKED = "A"
_ORDER = ("A+", "A", "B", "C", "F")
_NAMES = re.compile(r"(A\+|A|B|C|F)(?:\((\d{1,4})\))?[wn]?")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Cell:
    """What one clause came to on a backend for a dtype: `text` is its fact, if it has it.

    `outcome` is "" where there is none, `failure` the number of the one that tells more.
    """

    text: str
    outcome: str
    failure: int | None
    promise: str = ""

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

    number: int
    clause: Clause
    outcomes: tuple[Cell, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Facts:
    """The table of facts; `absent` are the backends, and dtypes of them, that have none."""

    columns: tuple[Column, ...]
    clauses: tuple[MeasuredClause, ...]
    absent: tuple[Column, ...]


@dataclass(frozen=True)
class Graded:
    """A clause that grades, the dtypes that it does it for, and its number among the facts."""

    number: int
    clause: Clause
    dtypes: tuple[str, ...]


@dataclass(frozen=True)
class Grades:
    """The table of grades: for each backend a cell for each clause and dtype."""

    clauses: tuple[Graded, ...]
    rows: tuple[tuple[Backend, tuple[Cell, ...]], ...]


def facts_of(results: Results, failures: Mapping[Key, int]) -> Facts:
    """Every fact of the results."""
    outcomes = {outcome.key: outcome for outcome in results.outcomes}
    measured = [outcome for outcome in results.outcomes if outcome.facts]
    clauses = [c for c in results.clauses if any(o.clause == c.id for o in measured)]
    columns = _columns(results.backends, measured)
    places = [(column.backend, dtype) for column in columns for dtype in column.dtypes]

    def cells(clause: Clause, name: str = "") -> tuple[Cell, ...]:
        keys = ((clause.id, *place) for place in places)
        return tuple(_cell(outcomes.get(key), name, failures.get(key)) for key in keys)

    return Facts(
        columns,
        tuple(
            MeasuredClause(
                number,
                clause,
                came_to if any(cell.outcome != "pass" for cell in came_to) else (),
                tuple((name, cells(clause, name)) for name in _names(clause, measured)),
            )
            for number, clause in enumerate(clauses, start=1)
            for came_to in [cells(clause)]
        ),
        tuple(_without(results, columns, {clause.id for clause in clauses})),
    )


def grades_of(results: Results, facts: Facts, failures: Mapping[Key, int]) -> Grades:
    """The facts that are grades, with what each backend promises."""
    outcomes = {outcome.key: outcome for outcome in results.outcomes}
    clauses = tuple(
        Graded(measured.number, measured.clause, _dtypes(measured.clause, results.outcomes))
        for measured in facts.clauses
        if any(name == GRADE for name, _ in measured.rows)
    )

    def cell(backend: Backend, clause: Clause, dtype: str) -> Cell:
        key = (clause.id, backend.name, dtype)
        promise = backend.promises.get(dtype, _ASKED)
        coarser = promise if _rank(promise) > _rank(_ASKED) else ""
        return _cell(outcomes.get(key), GRADE, failures.get(key), coarser)

    return Grades(
        clauses,
        tuple(
            (backend, tuple(cell(backend, of.clause, d) for of in clauses for d in of.dtypes))
            for backend in results.backends
        ),
    )


def _cell(outcome: Outcome | None, name: str, failure: int | None, promise: str = "") -> Cell:
    if outcome is None:
        return Cell("", "", None, promise)
    return Cell(outcome.facts.get(name, ""), outcome.outcome, failure, promise)


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


def _without(results: Results, columns: Iterable[Column], clauses: set[str]) -> Iterator[Column]:
    """What was to be measured, or did not run, and has no fact."""
    shown = {column.backend: column.dtypes for column in columns}
    asked = {
        column.backend: column.dtypes
        for column in _columns(
            results.backends, (o for o in results.outcomes if o.clause in clauses)
        )
    }
    for backend in results.backends:
        dtypes = shown.get(backend.name, ())
        missing = tuple(dtype for dtype in asked.get(backend.name, ()) if dtype not in dtypes)
        if not dtypes:
            yield Column(backend.name, ())
        elif missing:
            yield Column(backend.name, missing)


def _dtypes(clause: Clause, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    found = {outcome.dtype for outcome in outcomes if outcome.clause == clause.id}
    return tuple(sorted(found, key=dtype_order))


def _names(clause: Clause, outcomes: Iterable[Outcome]) -> list[str]:
    """The names of the facts of a clause as they come, but grades first, the best before others."""
    names = dict.fromkeys(name for o in outcomes if o.clause == clause.id for name in o.facts)
    return sorted(names, key=lambda name: (name != GRADE, _rank(name)))


def _rank(grade: str) -> tuple[int, int]:
    """What sorts grades from the best to the worst, and what is none of them last."""
    found = _NAMES.fullmatch(grade)
    if found is None:
        return (len(_ORDER), 0)
    return (_ORDER.index(found[1]), -int(found[2] or 0))
