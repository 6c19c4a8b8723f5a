"""How backends fared over many runs: a row for each run, and what changed from the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from reports.differences import Differences, Pair, compare
from reports.lines import as_line
from reports.merging import records
from reports.reading import shortcoming
from reports.records import Backend, Outcome
from reports.results import Results, count
from reports.telling import Source
from reports.words import FAILURES


@dataclass(frozen=True)
class Point:
    """A backend in one run, and what differs from the run before that has it, if there is one.

    `worst` is the largest error of a pass as a fraction of its bound, None if none was measured.
    """

    source: str
    started: str
    suite: str
    profile: str
    shortcoming: str
    version: str
    not_run: str | None
    counts: dict[str, int]
    examples: int
    worst: float | None
    seconds: float
    changed: Differences | None

    @property
    def passes(self) -> int:
        return self.counts.get("pass", 0)

    @property
    def failures(self) -> int:
        return sum(self.counts.get(name, 0) for name in FAILURES)


@dataclass(frozen=True)
class Trend:
    """A backend over the runs that have it, from the first on."""

    backend: str
    points: tuple[Point, ...]


def trends(sources: Iterable[Source]) -> tuple[Trend, ...]:
    """A trend for each backend; the order of the sources, and one given twice, mean nothing."""
    ordered = list(_in_order(sources))
    points: dict[str, list[Point]] = {}
    before: dict[str, tuple[str, Results]] = {}
    names = _names(ordered)
    for source in ordered:
        for backend, results in _narrowed(source.results):
            name = names.get(backend.name, backend.name)
            earlier = before.get(name)
            changed = None
            if earlier is not None:
                changed = compare(earlier[1], results, [Pair(earlier[0], backend.name)])
            points.setdefault(name, []).append(_point(source, backend, results, changed))
            before[name] = backend.name, results
    return tuple(Trend(name, tuple(of_backend)) for name, of_backend in points.items())


def _in_order(sources: Iterable[Source]) -> Iterator[Source]:
    """By their start; what starts together is told apart by all that it holds."""

    def start(source: Source) -> tuple[str, bytes]:
        return source.results.run.started, as_line(source.results.run)

    by_name = sorted(sources, key=lambda source: source.name, reverse=True)
    for _, together in groupby(sorted(by_name, key=start), key=start):
        group = list(together)
        if len(group) > 1:
            distinct = {b"".join(map(as_line, records(s.results))): s for s in group}
            group = [distinct[content] for content in sorted(distinct)]
        yield from group


def _names(sources: Iterable[Source]) -> dict[str, str]:
    """For a backend that never ran under its name the name of the one that it is, by their spec.

    What does not run has no name of its own yet, and goes by its spec.
    """
    backends = [backend for source in sources for backend in source.results.backends]
    ran: dict[str, set[str]] = {}
    for backend in backends:
        if backend.not_run is None:
            ran.setdefault(backend.spec, set()).add(backend.name)
    taken = {name for names in ran.values() for name in names}
    return {
        backend.name: min(ran[backend.spec])
        for backend in backends
        if backend.name not in taken and len(ran.get(backend.spec, ())) == 1
    }


def _narrowed(results: Results) -> Iterator[tuple[Backend, Results]]:
    """Each backend, with the results as if it had been the only one."""
    outcomes: dict[str, list[Outcome]] = {backend.name: [] for backend in results.backends}
    for outcome in results.outcomes:
        outcomes[outcome.backend].append(outcome)
    for backend in results.backends:
        of_it = tuple(outcomes[backend.name])
        yield backend, replace(results, backends=(backend,), outcomes=of_it)


def _point(
    source: Source, backend: Backend, results: Results, changed: Differences | None
) -> Point:
    passes = [o.worst for o in results.outcomes if o.outcome == "pass" and o.worst is not None]
    return Point(
        source=source.name,
        started=results.run.started,
        suite=results.run.suite,
        profile=results.run.profile,
        shortcoming=shortcoming(results),
        version=backend.version,
        not_run=backend.not_run,
        counts=count(results.outcomes),
        examples=sum(outcome.examples for outcome in results.outcomes),
        worst=max(passes, default=None),
        seconds=sum(outcome.seconds for outcome in results.outcomes),
        changed=changed,
    )
