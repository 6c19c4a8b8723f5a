"""Differences told: in a sentence, as text, as Markdown, as JSON and as a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reports.differences import FACTOR, Differences, Pair, Shift
from reports.reading import shortcoming
from reports.records import Outcome
from reports.results import Results
from reports.standalone import render
from reports.tables import Table, as_markdown, as_text, escaped, visible
from reports.words import FAILURES, dtype_order, first_line, plural

Row = tuple[str, ...]
# For each kind of change: a title, what they have in common, and how they are counted.
_KINDS = {
    "regression": (
        "Regressions",
        "a failure now, and none or a milder one before",
        ("regression", "regressions"),
    ),
    "lost": (
        "Passes lost",
        "a pass before, and now neither a pass nor a failure",
        ("pass lost", "passes lost"),
    ),
    "eased": (
        "No fixes",
        "a failure before, and now a milder one, or none and yet no pass",
        ("failure eased", "failures eased"),
    ),
    "fix": ("Fixes", "a failure before, and a pass now", ("fix", "fixes")),
    "gained": (
        "Passes gained",
        "a pass now, and before neither that nor a failure",
        ("pass gained", "passes gained"),
    ),
    "other": (
        "Other changes",
        "neither a pass nor a failure, before and now",
        ("other change", "other changes"),
    ),
}


@dataclass(frozen=True)
class Source:
    """Results, and the name that their reader knows them by."""

    name: str
    results: Results

    @property
    def described(self) -> str:
        run = self.results.run
        seed = "no common seed" if run.seed is None else f"seed {run.seed}"
        lacking = f", {shortcoming(self.results)}".rstrip(", ")
        return (
            f"convspec {run.suite}, profile {run.profile}, {seed}, started {run.started}{lacking}"
        )


@dataclass(frozen=True)
class Comparison:
    """Two sources, and what differs."""

    old: Source
    new: Source
    differences: Differences


def sentence(differences: Differences) -> str:
    """What differs, in one sentence."""
    same = differences.same
    verb = "is" if same == 1 else "are"
    changed = changes(differences) or "no outcome changed"
    return f"{changed}; {plural(same, 'outcome')} {verb} the same"


def changes(differences: Differences) -> str:
    """How many changes of each kind there are; "" if there is none."""
    stopped = sum(ran.before for ran in differences.ran_once)
    counted = [
        *((len(differences.of(kind)), words) for kind, (_, _, words) in _KINDS.items()),
        (stopped, ("backend not run any more", "backends not run any more")),
        (len(differences.ran_once) - stopped, ("backend run now", "backends run now")),
        (len(differences.appeared), ("outcome new", "outcomes new")),
        (len(differences.vanished), ("outcome gone", "outcomes gone")),
    ]
    return ", ".join(f"{n:,} {one if n == 1 else several}" for n, (one, several) in counted if n)


def text(comparison: Comparison) -> Iterator[str]:
    """The lines of a report for a terminal."""
    for which, source in (("old", comparison.old), ("new", comparison.new)):
        yield f"{which}: {visible(source.name)} ({visible(source.described)})"
    yield from (f"mind: {visible(caveat)}" for caveat in comparison.differences.caveats)
    yield from ("", _capital(sentence(comparison.differences)) + ".")
    yield from as_text(tables(comparison.differences))


def markdown(comparison: Comparison) -> Iterator[str]:
    """The lines of a report for a job summary on GitHub."""
    yield from ("## What changed", "", f"**{_capital(sentence(comparison.differences))}.**", "")
    for which, source in (("Old", comparison.old), ("New", comparison.new)):
        yield f"- {which}: {escaped(source.name)} ({escaped(source.described)})"
    yield from (f"- Mind: {escaped(caveat)}" for caveat in comparison.differences.caveats)
    yield from as_markdown(tables(comparison.differences))


def page(comparison: Comparison) -> str:
    """The report as a page."""
    return render(
        "differences.html",
        title="What changed",
        summary=_capital(sentence(comparison.differences)) + ".",
        sources=(("old", comparison.old), ("new", comparison.new)),
        differences=comparison.differences,
        tables=tables(comparison.differences),
    )


def plain(comparison: Comparison) -> dict[str, Any]:
    """The report as JSON takes it."""
    found = comparison.differences
    return {
        "format": 1,
        "old": _described(comparison.old),
        "new": _described(comparison.new),
        "regressed": found.regressed,
        "worsened": found.worsened,
        "caveats": list(found.caveats),
        "backends": [_names(pair) for pair in found.pairs],
        "same": found.same,
        "changes": [
            {"kind": change.kind, "clause": change.new.clause, "dtype": change.new.dtype}
            | _names(change.pair)
            | {"old": change.old.outcome, "new": change.new.outcome, "why": _why(change.new)}
            for change in found.changes
        ],
        "ran_once": [
            _names(ran.pair) | {"before": ran.before, "why": ran.reason} for ran in found.ran_once
        ],
        "grades": [_shift(shift) for shift in found.grades],
        "errors": [_shift(shift) for shift in found.errors],
        "examples": [_shift(shift) for shift in found.examples],
        "settings": [vars(setting) for setting in found.settings],
        "new_backends": list(found.new_backends),
        "gone_backends": list(found.gone_backends),
        "new_clauses": list(found.new_clauses),
        "gone_clauses": list(found.gone_clauses),
        "appeared": [_outcome(outcome) for outcome in found.appeared],
        "vanished": [_outcome(outcome) for outcome in found.vanished],
    }


def tables(found: Differences) -> list[Table]:
    """Every table that has a row: what is worse first, and what merely differs last."""
    every = [
        *(_of_kind(found, kind) for kind in ("regression", "lost", "eased")),
        Table(
            "Backends that ran in one of the two",
            "without its outcomes nothing can be said of such a backend",
            ("backend", "ran", "why not in the other"),
            tuple(
                (ran.pair.label, "before" if ran.before else "now", first_line(ran.reason))
                for ran in found.ran_once
            ),
        ),
        *(_of_kind(found, kind) for kind in ("fix", "gained", "other")),
        _shifts("Grades", "what a measured grade became", found.grades, str),
        _shifts(
            "Errors",
            f"the largest error as a fraction of its bound, where that moved by more than a factor "
            f"of {FACTOR}, which it seldom does by chance",
            found.errors,
            lambda error: ratio(float(error)),
        ),
        _shifts(
            "Examples",
            "passes that rest on far fewer examples, or on far more",
            found.examples,
            lambda number: f"{number:,}",
        ),
        Table(
            "New and gone",
            "there was nothing to compare these with",
            ("what", "which", "outcome", "dtypes"),
            tuple(_unmatched(found)),
        ),
        Table(
            "Versions and surroundings",
            "what a change may come from",
            ("where", "what", "was", "is"),
            tuple((s.where, s.name, _or_none(s.old), _or_none(s.new)) for s in found.settings),
        ),
    ]
    return [table for table in every if table.rows]


def ratio(error: float) -> str:
    """An error as a fraction of its bound; what is within the bound looks it, what is not, not.

    >>> ratio(0.0), ratio(0.001), ratio(0.999), ratio(1.001), ratio(float("inf"))
    ('exact', 'under 0.01', '0.99', '1.01', 'no bound')
    """
    if error == 0:
        return "exact"
    if error < 0.01:
        return "under 0.01"
    if math.isinf(error):
        return "no bound"
    if error < 100:
        return f"{(math.floor if error <= 1 else math.ceil)(error * 100) / 100:.2f}"
    return f"{error:.3g}"


# -- Rows ------------------------------------------------------------------------------------------


def _of_kind(found: Differences, kind: str) -> Table:
    title, remark, _ = _KINDS[kind]
    dtypes: dict[Row, list[str]] = {}
    for change in found.of(kind):
        row = (change.new.clause, change.pair.label, change.old.outcome, change.new.outcome)
        dtypes.setdefault((*row, _why(change.new)), []).append(change.new.dtype)
    rows = ((*row[:2], _listed(of_row), *row[2:]) for row, of_row in dtypes.items())
    return Table(title, remark, ("clause", "backend", "dtypes", "was", "is", "why"), tuple(rows))


def _why(outcome: Outcome) -> str:
    """Why the outcome is what it is, on one line; a pass needs no reason."""
    if outcome.outcome == "pass":
        return ""
    case = outcome.case
    diagnosis = f"; diagnosis: {first_line(case.diagnosis)}" if case and case.diagnosis else ""
    return first_line(outcome.reason) + diagnosis


def _shifts(
    title: str, remark: str, shifts: Iterable[Shift], words: Callable[[str | float], str]
) -> Table:
    """What became worse stands before what became better."""
    directions = {True: "worse", False: "better", None: "other"}
    ordered = sorted(shifts, key=lambda shift: list(directions).index(shift.worse))
    rows = (
        (s.clause, s.pair.label, s.dtype, words(s.old), words(s.new), directions[s.worse])
        for s in ordered
    )
    return Table(title, remark, ("clause", "backend", "dtype", "was", "is", ""), tuple(rows))


def _unmatched(found: Differences) -> Iterator[Row]:
    for what, names in (
        ("new backend", found.new_backends),
        ("backend gone", found.gone_backends),
        ("new clause", found.new_clauses),
        ("clause gone", found.gone_clauses),
    ):
        yield from ((what, name, "", "") for name in names)
    for what, outcomes in (("new", found.appeared), ("gone", found.vanished)):
        dtypes: dict[tuple[str, str], list[str]] = {}
        # What fails must not be overlooked.
        for outcome in sorted(outcomes, key=lambda outcome: outcome.outcome not in FAILURES):
            which = f"{outcome.clause} on {outcome.backend}"
            dtypes.setdefault((which, outcome.outcome), []).append(outcome.dtype)
        yield from ((what, *key, _listed(of_key)) for key, of_key in dtypes.items())


def _listed(dtypes: Iterable[str]) -> str:
    return ", ".join(dtype for dtype in sorted(dtypes, key=dtype_order) if dtype)


def _or_none(text: str | None) -> str:
    return "none" if text is None else text


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# -- JSON ------------------------------------------------------------------------------------------


def _described(source: Source) -> dict[str, Any]:
    run = source.results.run
    return {
        "name": source.name,
        "suite": run.suite,
        "profile": run.profile,
        "seed": run.seed,
        "started": run.started,
        "finished": source.results.end is not None,
    }


def _names(pair: Pair) -> dict[str, str]:
    return {"old_backend": pair.old, "new_backend": pair.new}


def _shift(shift: Shift) -> dict[str, Any]:
    moved = {"old": shift.old, "new": shift.new, "worse": shift.worse}
    return {"clause": shift.clause, "dtype": shift.dtype} | _names(shift.pair) | moved


def _outcome(outcome: Outcome) -> dict[str, str]:
    names = ("clause", "backend", "dtype", "outcome")
    return {name: getattr(outcome, name) for name in names}
