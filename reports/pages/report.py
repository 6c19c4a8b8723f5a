"""What every page of a report is made from: the results, and an address for each thing in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reports.results import Results
from reports.sharpness import Sharpness
from reports.words import FAILURES

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

    def _things(self) -> Iterator[Thing]:
        yield from ((name,) for name in ("index", "lesson", "training", "inputs", "catches"))
        yield from ((name,) for name in ("demo", "meanings"))
        yield from (("clause", clause.id) for clause in self.results.clauses)
        yield from (("backend", backend.name) for backend in self.results.backends)
        for outcome in self.results.outcomes:
            if outcome.outcome in FAILURES:
                yield ("failure", *outcome.key)


@dataclass(frozen=True)
class View:
    """The page of a thing: a template and what it is given, and the scripts that it needs."""

    thing: Thing
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()


def _plain(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", text)[:80].strip("-") or "page"
