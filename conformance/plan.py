"""What a run is to do: which backends, how many examples, from which seed."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import hypothesis
from hypothesis import Phase

from adapters import PLAIN_RUN, Adapter, Unavailable, load
from adapters.process.isolation import Isolated, Limits
from adapters.process.pipe import Program
from conformance.database import database_of
from conformance.known_issues import KnownIssue, own_issues
from conformance.subject import Subject

_LONGEST_NAME = 100  # of a file; systems allow 255, and the path of an adapter may be longer
EXAMPLES = {"quick": 8, "default": 50, "thorough": 1000}


@dataclass(frozen=True)
class NotRun:
    """A backend that was asked for and cannot be run, and why."""

    spec: str
    reason: str


@dataclass(frozen=True)
class Isolation:
    """How workers are run, and the folder for the calls that they are given."""

    limits: Limits
    calls: Path


@dataclass(frozen=True)
class Plan:
    """``replay``: whether the failing examples of earlier runs, in the ``database``, are tried
    first, which makes a run depend on more than its ``seed``; ``issues``: the user's known ones.
    """

    profile: str
    seed: int
    replay: bool
    database: str
    issues: tuple[KnownIssue, ...]

    @property
    def known_issues(self) -> tuple[KnownIssue, ...]:
        """The project's own, which are read when a check needs them, and the user's."""
        return (*own_issues(), *self.issues)

    def settings(self, subject: Subject) -> hypothesis.settings:
        """Hypothesis's settings for one backend in one dtype."""
        return hypothesis.settings(
            max_examples=EXAMPLES[self.profile],
            deadline=None,
            derandomize=False,
            print_blob=False,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=list(hypothesis.HealthCheck),
            database=database_of(self.database, f"{subject.adapter.name} {subject.dtype}")
            if self.replay
            else None,
        )


def load_backends(specs: list[str], isolation: Isolation | None) -> list[Adapter | NotRun]:
    """Every backend asked for; those of a plain run if none is. A name stands for one backend.

    Each runs in a process of its own, and all of these start at once; with no ``isolation`` they
    are loaded into this one.
    """
    backends: list[Adapter | NotRun] = []
    names: dict[str, str] = {}
    for spec, start in _starting(list(dict.fromkeys(specs or PLAIN_RUN)), isolation):
        try:
            adapter = start()
            if adapter.name in names:
                raise Unavailable(f"its name {adapter.name!r} is taken by {names[adapter.name]}")
        except Unavailable as why:
            backends.append(NotRun(spec, str(why)))
            continue
        names[adapter.name] = spec
        backends.append(adapter)
    return backends


def _starting(
    specs: list[str], isolation: Isolation | None
) -> Iterator[tuple[str, Callable[[], Adapter]]]:
    if isolation is None:
        yield from ((spec, partial(_loaded_here, spec)) for spec in specs)
        return
    started: list[tuple[str, Callable[[], Adapter]]] = []
    for number, spec in enumerate(specs):
        name = f"{os.getpid()}-{number}-{quote(spec, safe='')[:_LONGEST_NAME]}.call"
        file = isolation.calls / name
        try:
            started.append((spec, Isolated(spec, isolation.limits, file).ready))
        except Unavailable as why:
            started.append((spec, partial(_unavailable, why)))
    yield from started


def _loaded_here(spec: str) -> Adapter:
    adapter = load(spec)
    if isinstance(adapter, Program):
        raise Unavailable("a program runs in a process of its own only: leave out --in-process")
    return adapter


def _unavailable(why: Unavailable) -> Adapter:
    raise why
