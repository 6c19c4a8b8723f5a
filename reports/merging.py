"""Results that were split over machines or processes are put together again.

What is merged is a function of the *set* of parts and outcomes: the order and the grouping of the
merges, and a file that is given twice, make no difference.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from reports.lines import as_line, count
from reports.parts import end_of, in_common, runs_of, severity
from reports.records import (
    Backend,
    Clause,
    End,
    Outcome,
    Part,
    Record,
    ResultsError,
    Run,
    brief,
)
from reports.results import Results, Writer, replacing

H = TypeVar("H", bound=Hashable)

# Which of two outcomes stands when runs disagree, the one that stands first. No failure is lost,
# and of failures the one that says more against the backend is kept: that it died, hung, raised,
# or was wrong. A known issue and an opt-out are no pass, though the same held elsewhere. What was
# not run says nothing of the backend, and so gives way to whatever was.
PRECEDENCE = ("crash", "timeout", "error", "fail", "known", "unsupported", "pass", "not run")


def merge(parts: Sequence[Results]) -> Results:
    """The results of all the parts as one; what they lack together is said in `problems`.

    Of two outcomes for one clause, backend and dtype that differ, the worse one stands, as it is.
    Raises `ResultsError` when the parts cannot be of one run of one suite.
    """
    if not parts:
        raise ResultsError("there is nothing to merge")
    merged = _distinct(part for results in parts for part in _parts(results))
    merged.sort(key=lambda part: (part.run.started, part.run.shard or (0, 0), as_line(part)))
    runs = runs_of(merged)
    _same("suite version", {run.suite for run in runs})
    _same("profile", {run.profile for run in runs})
    clauses = _clauses(parts, merged)
    outcomes = _outcomes(outcome for results in parts for outcome in results.outcomes)
    backends = _backends(merged, {outcome.backend for outcome in outcomes})
    return Results(
        _header(runs),
        clauses,
        backends,
        _sorted(outcomes, clauses, backends),
        _end(runs, merged, outcomes),
        parts=tuple(merged),
    )


def write(results: Results, path: str | Path) -> None:
    """Write the results to a file, which is there when all of it is, and not before."""
    with replacing(Path(path)) as new, Writer(new) as writer:
        for record in records(results):
            writer.write(record)


def records(results: Results) -> Iterator[Record]:
    """The records of the results, in the order of a file."""
    yield from (results.run, *results.parts, *results.clauses, *results.backends)
    yield from results.outcomes
    if results.end is not None:
        yield results.end


# -- The parts and their runs ----------------------------------------------------------------------


def _parts(results: Results) -> tuple[Part, ...]:
    """What the results are made of: what they were merged from, or themselves."""
    clauses = tuple(clause.id for clause in results.clauses)
    if not results.parts:
        return (Part(results.run, results.end, clauses, results.backends, results.damage),)
    known = {name for part in results.parts for name in part.clauses}
    named = {backend.name for part in results.parts for backend in part.backends}
    if results.damage or not known.issuperset(clauses) or not named.issuperset(_names(results)):
        # With a part also what it lacked would be lost: a run that did not finish, a shard.
        raise ResultsError(
            "a file of merged results is damaged: merge anew the files that it was made of "
            f"({'; '.join(results.damage) or 'it has clauses or backends that no part has'})"
        )
    return results.parts


def _names(results: Results) -> list[str]:
    return [backend.name for backend in results.backends]


def _distinct(parts: Iterable[Part]) -> list[Part]:
    return list({as_line(part): part for part in parts}.values())


def _same(kind: str, values: set[str]) -> None:
    if len(values) > 1:
        found = " and ".join(map(brief, sorted(values)))
        raise ResultsError(f"the runs differ in their {kind} ({found}): merge those of one")


def _header(runs: Sequence[Run]) -> Run:
    """The run itself if there is one, or else what all of them have in common."""
    first, *others = runs
    if not others:
        return first
    return replace(
        first,
        seed=first.seed if all(run.seed == first.seed for run in others) else None,
        environment=in_common([run.environment for run in runs]),
        shard=None,
        id="",
    )


def _end(runs: Sequence[Run], parts: Sequence[Part], outcomes: Sequence[Outcome]) -> End | None:
    ends = [end for run in runs if (end := end_of(run, parts))]
    if len(ends) < len(runs):
        return None
    worst = max((end.exit for end in ends), key=severity)
    return End(max(end.finished for end in ends), worst, count(outcomes))


# -- Clauses and backends --------------------------------------------------------------------------


def _clauses(every: Sequence[Results], parts: Sequence[Part]) -> tuple[Clause, ...]:
    known: dict[str, Clause] = {}
    for clause in (clause for results in every for clause in results.clauses):
        if known.setdefault(clause.id, clause) != clause:
            raise ResultsError(
                f"clause {brief(clause.id)} does not say the same in all runs: "
                "merge those of one version of the specification"
            )
    return tuple(known[name] for name in _woven(part.clauses for part in parts) if name in known)


def _backends(parts: Sequence[Part], tested: set[str]) -> tuple[Backend, ...]:
    """One description of each backend: of where it ran, if it ran anywhere."""
    described: dict[str, list[Backend]] = {}
    for backend in (backend for part in parts for backend in part.backends):
        described.setdefault(backend.name, []).append(backend)
    order = _woven(tuple(backend.name for backend in part.backends) for part in parts)
    backends = [_backend(described[name]) for name in order]
    # A backend that did not run has no name of its own yet, and goes by its spec.
    running = {backend.spec for backend in backends if backend.not_run is None}
    return tuple(
        backend
        for backend in backends
        if backend.not_run is None or backend.name in tested or backend.spec not in running
    )


def _backend(descriptions: Sequence[Backend]) -> Backend:
    ran = [backend for backend in descriptions if backend.not_run is None]
    if not ran:
        reasons = dict.fromkeys(backend.not_run or "" for backend in descriptions)
        return replace(descriptions[0], not_run="; ".join(filter(None, reasons)))
    first = ran[0]
    for field in ("version", "spec", "dtypes", "promises"):
        one = getattr(first, field)
        for other in (getattr(backend, field) for backend in ran):
            if one != other:
                raise ResultsError(
                    f"backend {brief(first.name)} has the {field} {one!r} in one run and {other!r} "
                    "in another: give the two different names, so that each is reported"
                )
    return replace(first, environment=in_common([backend.environment for backend in ran]))


def _woven(orders: Iterable[Sequence[H]]) -> list[H]:
    """Every item of the orders once, as in the first of them, and others behind their neighbour.

    >>> _woven(["ad", "abd", "dxa"])
    ['a', 'b', 'd', 'x']
    """
    woven: list[H] = []
    for order in dict.fromkeys(map(tuple, orders)):
        at = 0
        for item in order:
            if item in woven:
                at = woven.index(item)
            else:
                woven.insert(at, item)
            at += 1
    return woven


# -- Outcomes --------------------------------------------------------------------------------------


def _outcomes(every: Iterable[Outcome]) -> list[Outcome]:
    """One outcome for each clause, backend and dtype."""
    standing: dict[tuple[str, str, str], Outcome] = {}
    for outcome in every:
        other = standing.setdefault(outcome.key, outcome)
        standing[outcome.key] = max(outcome, other, key=_weight)
    return list(standing.values())


def _weight(outcome: Outcome) -> tuple[int, bool, bool, bool, bool, float, int, bytes]:
    """What is the greatest for the outcome that stands: the worst, and then what shows more.

    Last come the bytes, so that no two that differ weigh the same.
    """
    case = outcome.case
    return (
        -PRECEDENCE.index(outcome.outcome),
        case is not None,
        case is not None and bool(case.diagnosis),
        case is not None and bool(case.script),
        bool(outcome.facts),
        -1.0 if outcome.worst is None else outcome.worst,
        outcome.examples,
        as_line(outcome),
    )


def _sorted(
    outcomes: Iterable[Outcome], clauses: Iterable[Clause], backends: Iterable[Backend]
) -> tuple[Outcome, ...]:
    clause = {clause.id: at for at, clause in enumerate(clauses)}
    backend = {backend.name: at for at, backend in enumerate(backends)}
    return tuple(sorted(outcomes, key=lambda o: (clause[o.clause], backend[o.backend], o.dtype)))
