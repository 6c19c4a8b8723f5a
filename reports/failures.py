"""The failures of a page, each with its smallest case, and the remarks."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from reports.arrays import Block, blocks, wrong_positions
from reports.matrix import measured
from reports.records import OUTCOMES, Array, Backend, Case, Clause, Outcome
from reports.results import Results
from reports.words import FAILURES, dtype_order


@dataclass(frozen=True)
class Shown:
    """An array of a case, as blocks; `note` says why there is none."""

    name: str
    dtype: str
    shape: str
    blocks: tuple[Block, ...]
    note: str


@dataclass(frozen=True)
class ShownCase:
    """A case as a page shows it; `marks` tells whether anything in its arrays is marked."""

    parameters: tuple[tuple[str, str], ...]
    arrays: tuple[Shown, ...]
    marks: bool
    diagnosis: str
    script: str


@dataclass(frozen=True)
class Failure:
    number: int
    outcome: Outcome
    clause: Clause
    backend: Backend
    measured: tuple[str, ...]
    case: ShownCase | None


@dataclass(frozen=True)
class OfRemark:
    """The case that a clause came to for a dtype."""

    clause: str
    dtype: str
    case: ShownCase


@dataclass(frozen=True)
class Remark:
    """Clauses of one backend that came to one outcome for one reason, on the same dtypes."""

    backend: str
    outcome: str
    dtypes: tuple[str, ...]
    clauses: tuple[str, ...]
    reason: str
    cases: tuple[OfRemark, ...]


def failures_of(results: Results) -> tuple[Failure, ...]:
    """The failures, numbered in the order in which they are read."""
    clauses = {clause.id: clause for clause in results.clauses}
    backends = {backend.name: backend for backend in results.backends}
    failed = [outcome for outcome in _in_order(results) if outcome.outcome in FAILURES]
    return tuple(
        Failure(
            number,
            outcome,
            clauses[outcome.clause],
            backends[outcome.backend],
            measured(outcome.outcome, [outcome]),
            _case(outcome.case) if outcome.case else None,
        )
        for number, outcome in enumerate(failed, start=1)
    )


def _in_order(results: Results) -> list[Outcome]:
    clauses = {clause.id: at for at, clause in enumerate(results.clauses)}
    backends = {backend.name: at for at, backend in enumerate(results.backends)}
    return sorted(
        results.outcomes,
        key=lambda o: (clauses[o.clause], backends[o.backend], dtype_order(o.dtype)),
    )


def _case(case: Case) -> ShownCase:
    wrong = wrong_positions(case)
    return ShownCase(
        tuple(
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in case.parameters.items()
        ),
        tuple(_shown(name, array, wrong) for name, array in case.arrays.items()),
        bool(wrong),
        case.diagnosis,
        case.script,
    )


def _shown(name: str, array: Array, wrong: frozenset[int]) -> Shown:
    shape = " \N{MULTIPLICATION SIGN} ".join(map(str, array.shape)) or "a single number"
    note = ""
    if array.values is None:
        note = f"too large to show: {math.prod(array.shape):,} values"
    elif not array.values:
        note = "empty: it has no values"
    marked = wrong if name in ("got", "difference") else frozenset()
    # How far off it is can be read from a few digits; every other array is shown in full.
    digits = 3 if name in ("difference", "bound") else None
    return Shown(name, array.dtype, shape, blocks(array, marked, digits), note)


def remarks_of(results: Results) -> list[Remark]:
    """All that is no failure and has something said about it, or that is no pass."""
    same: dict[tuple[str, str, str, str], list[Outcome]] = {}
    for outcome in _in_order(results):
        if outcome.outcome in FAILURES or (outcome.outcome == "pass" and not outcome.reason):
            continue
        key = (outcome.backend, outcome.outcome, outcome.reason, outcome.clause)
        same.setdefault(key, []).append(outcome)
    grouped: dict[tuple[str, str, str, tuple[str, ...]], list[Outcome]] = {}
    for (backend, name, reason, _), of_clause in same.items():
        dtypes = tuple(outcome.dtype for outcome in of_clause)
        grouped.setdefault((backend, name, reason, dtypes), []).extend(of_clause)
    remarks = [
        Remark(
            backend,
            name,
            dtypes,
            tuple(dict.fromkeys(outcome.clause for outcome in outcomes)),
            reason,
            tuple(OfRemark(o.clause, o.dtype, _case(o.case)) for o in outcomes if o.case),
        )
        for (backend, name, reason, dtypes), outcomes in grouped.items()
    ]
    backends = [backend.name for backend in results.backends]
    return sorted(remarks, key=lambda r: (backends.index(r.backend), OUTCOMES.index(r.outcome)))
