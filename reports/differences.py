"""What differs between two results: what broke, what was repaired, and all else that changed.

A *regression* is a failure that was none before, or was a milder one. Read backwards it is a *fix*,
if it ends in a pass, or is *eased*: a known issue, an opt-out and a milder failure are no pass.
A pass that is *lost* became one of these without a failure; read backwards it was *gained*.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from reports.grading import GRADE, rank
from reports.records import Backend, Outcome, ResultsError, brief
from reports.results import Results
from reports.words import dtype_order

# Failures from the mildest on: it was wrong, it raised, it hung, it died.
_SEVERITY = {name: at for at, name in enumerate(("fail", "error", "timeout", "crash"), start=1)}
# Between two runs that differ in their seed alone, the largest error of a clause differed by more
# than a factor of 2 in one case of eight, and by more than 4 in one of 238 (in the profile quick,
# whose few examples make it vary the most); the number of examples never by more than 3.
FACTOR = 4
# An error below this fraction of its bound may vary as it likes: it is far from any that matters.
_SMALL = 0.01


class UnknownBackendError(ResultsError):
    """The results have no backend of the name that was asked for."""


@dataclass(frozen=True)
class Pair:
    """A backend by its names in the old and in the new results."""

    old: str
    new: str

    @property
    def label(self) -> str:
        return self.old if self.old == self.new else f"{self.old} -> {self.new}"


@dataclass(frozen=True)
class Change:
    """A clause, on a backend, for a dtype, that came to something else: see the module."""

    kind: str
    pair: Pair
    old: Outcome
    new: Outcome


@dataclass(frozen=True)
class RanOnce:
    """A backend that ran in only one of the two, and why it did not in the other."""

    pair: Pair
    before: bool
    reason: str


@dataclass(frozen=True)
class Shift:
    """A grade, an error as a fraction of its bound, or a number of examples that moved.

    `worse` is None where neither of them is better.
    """

    pair: Pair
    clause: str
    dtype: str
    old: str | float
    new: str | float
    worse: bool | None


@dataclass(frozen=True)
class Setting:
    """What surrounds a run, or what a backend says of itself, that differs; None: not there."""

    where: str
    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Differences:
    """All that differs; `same` outcomes do not, and `caveats` limit what may be concluded.

    `appeared` and `vanished` are outcomes without a counterpart, of backends that have one.
    """

    pairs: tuple[Pair, ...]
    caveats: tuple[str, ...]
    changes: tuple[Change, ...]
    same: int
    ran_once: tuple[RanOnce, ...]
    grades: tuple[Shift, ...]
    errors: tuple[Shift, ...]
    examples: tuple[Shift, ...]
    settings: tuple[Setting, ...]
    new_backends: tuple[str, ...]
    gone_backends: tuple[str, ...]
    new_clauses: tuple[str, ...]
    gone_clauses: tuple[str, ...]
    appeared: tuple[Outcome, ...]
    vanished: tuple[Outcome, ...]

    def of(self, kind: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == kind)

    @property
    def compared(self) -> bool:
        """Whether anything at all is in both, so that no regression means something."""
        return bool(self.same or self.changes or self.ran_once)

    @property
    def regressed(self) -> bool:
        """Whether something fails that did not, or a backend that ran could not be run."""
        return bool(self.of("regression")) or any(ran.before for ran in self.ran_once)

    @property
    def worsened(self) -> bool:
        """Whether anything is worse: also a pass that is lost or gone, a grade, or examples.

        Errors do not count: with another seed, some of many are larger by chance.
        """
        return (
            self.regressed
            or bool(self.of("lost"))
            or bool(self.gone_backends)
            or any(outcome.outcome == "pass" for outcome in self.vanished)
            or any(shift.worse for shift in (*self.grades, *self.examples))
        )


def compare(old: Results, new: Results, wanted: Sequence[Pair] = ()) -> Differences:
    """What differs from the old results to the new ones; of the wanted backends, if any are given.

    Backends are matched by name. Raises `UnknownBackendError` if a wanted one is not there.
    """
    pairs = tuple(wanted) or tuple(_matched(old.backends, new.backends))
    described = [(pair, backend_of(old, pair.old), backend_of(new, pair.new)) for pair in pairs]
    both = list(_outcomes(old, new, described))
    met = [(pair, was, now) for pair, was, now in both if was and now]
    changes = tuple(
        Change(_kind(was.outcome, now.outcome), pair, was, now)
        for pair, was, now in met
        if was.outcome != now.outcome
    )
    left = {pair.old for pair in pairs}, {pair.new for pair in pairs}
    known = {clause.id for clause in old.clauses}, {clause.id for clause in new.clauses}
    return Differences(
        pairs=pairs,
        caveats=tuple(_caveats(old, new)),
        changes=changes,
        same=len(met) - len(changes),
        ran_once=tuple(
            RanOnce(pair, was.not_run is None, (was.not_run or now.not_run or "").strip())
            for pair, was, now in described
            if (was.not_run is None) != (now.not_run is None)
        ),
        grades=tuple(_grades(met)),
        errors=tuple(_errors(met)),
        # More examples are what another profile is for.
        examples=tuple(_examples(met)) if old.run.profile == new.run.profile else (),
        settings=tuple(_settings(old, new, described)),
        new_backends=() if wanted else _names(new.backends, left[1]),
        gone_backends=() if wanted else _names(old.backends, left[0]),
        new_clauses=tuple(c.id for c in new.clauses if c.id not in known[0]),
        gone_clauses=tuple(c.id for c in old.clauses if c.id not in known[1]),
        appeared=tuple(now for _, was, now in both if now and not was),
        vanished=tuple(was for _, was, now in both if was and not now),
    )


# -- What belongs together -------------------------------------------------------------------------

Described = tuple[Pair, Backend, Backend]
Met = tuple[Pair, Outcome, Outcome]


def backend_of(results: Results, name: str) -> Backend:
    """The backend of this name, or else the only one of this spec."""
    named = [backend for backend in results.backends if backend.name == name]
    found = named or [backend for backend in results.backends if backend.spec == name]
    if len(found) != 1:
        names = ", ".join(brief(backend.name) for backend in results.backends) or "none"
        raise UnknownBackendError(f"there is no backend {brief(name)}, only: {names}")
    return found[0]


def pair_of(text: str, old: Results, new: Results) -> Pair:
    """The pair that `NAME` or `OLD=NEW` means; either may be a spec, and have a `=` of its own."""
    parts = text.split("=")
    splits = [("=".join(parts[:at]), "=".join(parts[at:])) for at in range(1, len(parts))]
    found = []
    for was, now in ((text, text), *splits):
        with suppress(UnknownBackendError):
            found.append(Pair(backend_of(old, was).name, backend_of(new, now).name))
    if len(found) != 1:
        had, has = (", ".join(brief(b.name) for b in of.backends) or "none" for of in (old, new))
        raise UnknownBackendError(
            f"{brief(text)} must be the NAME of a backend of both, or OLD=NEW, and "
            f"{'can be several' if found else 'is none'} (the old ones: {had}; the new: {has})"
        )
    return found[0]


def _matched(old: Sequence[Backend], new: Sequence[Backend]) -> Iterator[Pair]:
    """Backends of one name; one that did not run, and so has no name of its own, by its spec."""
    before, after = {b.name: b for b in old}, {b.name: b for b in new}
    yield from (Pair(name, name) for name in before if name in after)
    for was in (backend for name, backend in before.items() if name not in after):
        for now in (backend for name, backend in after.items() if name not in before):
            if was.spec == now.spec and (was.not_run is None) != (now.not_run is None):
                yield Pair(was.name, now.name)


def _names(backends: Iterable[Backend], matched: set[str]) -> tuple[str, ...]:
    return tuple(backend.name for backend in backends if backend.name not in matched)


def _outcomes(
    old: Results, new: Results, described: Sequence[Described]
) -> Iterator[tuple[Pair, Outcome | None, Outcome | None]]:
    """Outcomes with their counterparts; of a backend that did not run nothing is missing."""
    before, after = _by_backend(old), _by_backend(new)
    order = {clause.id: at for at, clause in enumerate((*old.clauses, *new.clauses))}
    for pair, *backends in described:
        if all(backend.not_run is None for backend in backends):
            was, now = (
                of.get(backend.name, {})
                for of, backend in zip((before, after), backends, strict=True)
            )
            for key in sorted({*was, *now}, key=lambda key: (order[key[0]], dtype_order(key[1]))):
                yield pair, was.get(key), now.get(key)


def _by_backend(results: Results) -> dict[str, dict[tuple[str, str], Outcome]]:
    grouped: dict[str, dict[tuple[str, str], Outcome]] = {}
    for outcome in results.outcomes:
        grouped.setdefault(outcome.backend, {})[outcome.clause, outcome.dtype] = outcome
    return grouped


# -- How they differ -------------------------------------------------------------------------------


def _kind(was: str, now: str) -> str:
    before, after = _SEVERITY.get(was, 0), _SEVERITY.get(now, 0)
    if before < after:
        return "regression"
    if before > after:
        return "fix" if now == "pass" else "eased"
    if was == "pass":
        return "lost"
    return "gained" if now == "pass" else "other"


def _grades(met: Iterable[Met]) -> Iterator[Shift]:
    for pair, was, now in met:
        old, new = was.facts.get(GRADE), now.facts.get(GRADE)
        if old is not None and new is not None and old != new:
            before, after = rank(old), rank(new)
            worse = None
            if before is not None and after is not None and before != after:
                worse = before < after
            yield Shift(pair, was.clause, was.dtype, old, new, worse)


def _errors(met: Iterable[Met]) -> Iterator[Shift]:
    """Of outcomes that are the same: with another outcome, another error is no surprise."""
    for pair, was, now in met:
        old, new = was.worst, now.worst
        if old is None or new is None or was.outcome != now.outcome or math.inf in (old, new):
            continue
        if _grew(old, new) or _grew(new, old):
            yield Shift(pair, was.clause, was.dtype, old, new, old < new)


def _grew(old: float, new: float) -> bool:
    return old <= 1 < new or (new > _SMALL and new > FACTOR * old)


def _examples(met: Iterable[Met]) -> Iterator[Shift]:
    """Passes that rest on far fewer examples, or on far more."""
    for pair, was, now in met:
        fewer, more = sorted((was.examples, now.examples))
        if was.outcome == now.outcome == "pass" and FACTOR * fewer < more:
            fell = now.examples < was.examples
            yield Shift(pair, was.clause, was.dtype, was.examples, now.examples, fell)


def _settings(old: Results, new: Results, described: Iterable[Described]) -> Iterator[Setting]:
    yield from _between("the run", old.run.environment, new.run.environment)
    for pair, was, now in described:
        if was.not_run is None and now.not_run is None:
            yield from _between(pair.label, _said(was), _said(now))


def _said(backend: Backend) -> dict[str, str]:
    return (
        {"version": backend.version, "dtypes": ", ".join(backend.dtypes)}
        | {f"promise in {dtype}": grade for dtype, grade in backend.promises.items()}
        | {f"claim: {name}": text for name, text in backend.claims.items()}
        | backend.environment
    )


def _between(where: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Setting]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Setting(where, name, old.get(name), new.get(name))


# -- What limits the comparison --------------------------------------------------------------------


def _caveats(old: Results, new: Results) -> Iterator[str]:
    for which, results in (("old", old), ("new", new)):
        yield from (f"the {which} results: {problem}" for problem in results.problems)
        if results.end is None and not results.parts:
            yield f"the {which} run did not finish: what it lacks may only be late"
    if old.run.suite != new.run.suite:
        yield (
            f"the suites differ ({old.run.suite}, then {new.run.suite}): "
            "a change may be one of the suite, and not of a backend"
        )
    if old.run.profile != new.run.profile:
        yield (
            f"the profiles differ ({old.run.profile}, then {new.run.profile}): more examples find "
            "more failures and larger errors, fewer find less; numbers of examples are not compared"
        )
    if old.run.shard != new.run.shard:
        yield "the runs are other shards, so that each has outcomes that the other cannot have"
    if old.run.seed != new.run.seed:
        seeds = ("none" if seed is None else str(seed) for seed in (old.run.seed, new.run.seed))
        yield f"the seeds differ ({', then '.join(seeds)}): other examples were tried"
    said = {clause.id: clause.sentence for clause in old.clauses}
    for clause in new.clauses:
        if said.get(clause.id, clause.sentence) != clause.sentence:
            yield f"clause {clause.id} says something else in the two"
