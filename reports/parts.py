"""What merged results say of the runs that they were made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from reports.records import End, Part, Run

_NAMED = 6
# The exit codes of pytest, best first: all held, nothing was there to test, something failed, it
# was interrupted, wrongly started, broken from within. Any other one is worse than these.
_EXITS = (0, 5, 1, 2, 4, 3)


@dataclass(frozen=True)
class Described:
    """A run that was merged, and what it has of its own: facts, and how its surroundings differ."""

    name: str
    facts: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]


def runs_of(parts: Sequence[Part]) -> tuple[Run, ...]:
    """The runs, each of them once: two files can hold less and more of one run."""
    return tuple(
        part.run for at, part in enumerate(parts) if part.run not in [p.run for p in parts[:at]]
    )


def end_of(run: Run, parts: Sequence[Part]) -> End | None:
    """How the run ended: the last time, if it was resumed; None if it never did."""
    ends = [part.end for part in parts if part.run == run and part.end is not None]
    return max(ends, key=lambda end: (end.finished, severity(end.exit)), default=None)


def severity(code: int) -> tuple[int, int]:
    """What sorts exit codes from the best to the worst."""
    return (_EXITS.index(code) if code in _EXITS else len(_EXITS), code)


def problems_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """A sentence on all that the parts lack: shards, an end, what was wrong with a file."""
    runs = runs_of(parts)
    unfinished = [f"{_name(run)} did not finish" for run in runs if end_of(run, parts) is None]
    damage = [f"{_name(part.run)}: {problem}" for part in parts for problem in part.problems]
    return (*_of_shards(runs), *unfinished, *dict.fromkeys(damage))


def describe(parts: Sequence[Part]) -> Iterator[Described]:
    """Each run, without what is the same for all of them."""
    runs = runs_of(parts)
    common = in_common([run.environment for run in runs])
    for run in runs:
        end = end_of(run, parts)
        facts = {
            "started": run.started,
            "finished": end.finished if end else "it did not finish",
            "exit code": str(end.exit) if end else "none",
            "shard": "{} of {}".format(*run.shard) if run.shard else "none, a whole run",
            "seed": "none" if run.seed is None else str(run.seed),
            "id": run.id or "none",
        }
        own = ((name, text) for name, text in run.environment.items() if name not in common)
        environment = dict.fromkeys((*own, *_of_backends(run, parts)))
        yield Described(_name(run), tuple(facts.items()), tuple(environment))


def in_common(environments: Sequence[dict[str, str]]) -> dict[str, str]:
    """The entries that all of them have."""
    first, *others = environments or [{}]
    return {name: text for name, text in first.items() if all(o.get(name) == text for o in others)}


def _of_backends(run: Run, parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """The backends that did not run in this run, and what not every run has around one."""
    ran = [backend for part in parts for backend in part.backends if backend.not_run is None]
    for backend in (backend for part in parts if part.run == run for backend in part.backends):
        if backend.not_run is not None:
            yield backend.name, f"did not run: {backend.not_run or 'no reason was given'}"
            continue
        common = in_common([other.environment for other in ran if other.name == backend.name])
        own = backend.environment.items()
        yield from ((f"{backend.name}: {key}", text) for key, text in own if key not in common)


def _of_shards(runs: Sequence[Run]) -> Iterator[str]:
    shards: dict[int, set[int]] = {}
    for run in runs:
        if run.shard is not None:
            shards.setdefault(run.shard[1], set()).add(run.shard[0])
    if len(shards) > 1:
        sizes = " and ".join(map(str, sorted(shards)))
        yield f"shards of {sizes} were merged, which are not shares of one run"
    for size, present in sorted(shards.items()):
        number = size - len(present)
        absent = islice((at for at in range(1, size + 1) if at not in present), _NAMED)
        names = ", ".join(map(str, absent)) + (", ..." if number > _NAMED else "")
        if number == 1:
            yield f"shard {names} of {size} is missing"
        elif number:
            yield f"shards {names} of {size} are missing"


def _name(run: Run) -> str:
    shard = "shard {} of {}, ".format(*run.shard) if run.shard else ""
    return f"run {run.id[:8]}".rstrip() + f" ({shard}started {run.started})"
