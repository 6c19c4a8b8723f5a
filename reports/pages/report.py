"""What every page of a report is made from: the results, and an address for each thing in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reports.records import Backend, Clause, Outcome
from reports.results import Results
from reports.sharpness import Sharpness
from reports.words import FAILURES, dtype_order

Thing = tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Results, and how sharp the suite is if that is known.

    A *thing* has a page: ("index",), ("clause", id), ("backend", name), ("failure", clause,
    backend, dtype), and so on.
    """

    results: Results
    sharpness: Sharpness | None = None

    def has(self, *thing: str) -> bool:
        """Whether the thing has a page."""
        return thing in self.addresses

    @cached_property
    def addresses(self) -> Mapping[Thing, str]:
        """The name of the page of each thing: made of letters, digits and dashes, no two alike."""
        addresses: dict[Thing, str] = {}
        taken: set[str] = set()  # in lower case, as some file systems see them
        for thing in self._things():
            name = stem = _plain("-".join(thing))
            number = 1
            while name.lower() in taken:
                number += 1
                name = f"{stem}-{number}"
            taken.add(name.lower())
            addresses[thing] = name
        return addresses

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses by their ids."""
        return {clause.id: clause for clause in self.results.clauses}

    @cached_property
    def backends(self) -> Mapping[str, Backend]:
        """The backends by their names."""
        return {backend.name: backend for backend in self.results.backends}

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Every outcome in the order of reading: by clause, backend and dtype."""
        clauses = {name: at for at, name in enumerate(self.clauses)}
        backends = {name: at for at, name in enumerate(self.backends)}
        return tuple(
            sorted(
                self.results.outcomes,
                key=lambda o: (clauses[o.clause], backends[o.backend], dtype_order(o.dtype)),
            )
        )

    @cached_property
    def failures(self) -> tuple[Outcome, ...]:
        """The outcomes that disagree with the specification, each of which has a page."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome in FAILURES)

    @cached_property
    def of_clause(self) -> Mapping[str, tuple[Outcome, ...]]:
        """The outcomes of each clause."""
        return _by(self.clauses, self.outcomes, lambda outcome: outcome.clause)

    @cached_property
    def of_backend(self) -> Mapping[str, tuple[Outcome, ...]]:
        """The outcomes of each backend."""
        return _by(self.backends, self.outcomes, lambda outcome: outcome.backend)

    def place(self, backend: str) -> str:
        """What tells a backend's places on the pages of other things apart."""
        return self.addresses["backend", backend].removeprefix("backend-")

    def _things(self) -> Iterator[Thing]:
        yield from ((name,) for name in ("index", "lesson", "training", "inputs", "catches"))
        yield from ((name,) for name in ("demo", "meanings"))
        yield from (("clause", clause.id) for clause in self.results.clauses)
        yield from (("backend", backend.name) for backend in self.results.backends)
        yield from (("failure", *outcome.key) for outcome in self.failures)


@dataclass(frozen=True)
class View:
    """The page of a thing: a template and what it is given, and the scripts that it needs."""

    thing: Thing
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()


def _by(
    names: Iterable[str], outcomes: Iterable[Outcome], of: Callable[[Outcome], str]
) -> Mapping[str, tuple[Outcome, ...]]:
    found: dict[str, list[Outcome]] = {name: [] for name in names}
    for outcome in outcomes:
        found[of(outcome)].append(outcome)
    return {name: tuple(of_name) for name, of_name in found.items()}


def _plain(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", text)[:80].strip("-") or "page"
