"""The summary: what holds, what disagrees, what did not run; the matrix; the environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.pages.disagreements import Disagreement, disagreements
from reports.pages.matrix import matrix_of
from reports.pages.report import Report, View
from reports.parts import describe
from reports.records import OUTCOMES, Backend
from reports.results import Results, count
from reports.words import FAILURES, first_line, listed, plural

TITLE = "Conformance to the specification of cross-correlation"
# So many are named; the others are counted.
_NAMED, _SHOWN, _BACKENDS_SHOWN = 5, 4, 6


@dataclass(frozen=True)
class Disagreeing:
    """A backend, the explanations of most of its failures, and how many failures have others."""

    backend: Backend
    failures: int
    shown: tuple[Disagreement, ...]
    others: int


def views(report: Report) -> Iterator[View]:
    """The page."""
    found = list(_disagreeing(report))
    context = {
        "summary": summary(report.results),
        "counts": count(report.results.outcomes),
        "outcomes": OUTCOMES,
        "matrix": matrix_of(report),
        "disagreeing": found[:_BACKENDS_SHOWN],
        "not_shown": found[_BACKENDS_SHOWN:],
        "runs": list(describe(report.results.parts)),
    }
    yield View(("index",), TITLE, "index.html", context, ("matrix.js",))


def summary(results: Results) -> str:
    """One sentence: what holds, what disagrees and what did not run."""
    counted = count(results.outcomes)
    checks = sum(counted.values())
    parts = [f"{counted.get('pass', 0):,} of {checks:,} checks hold" if checks else ""]
    failing = [outcome.backend for outcome in results.outcomes if outcome.outcome in FAILURES]
    names = [backend.name for backend in results.backends if backend.name in set(failing)]
    if len(names) > _NAMED:
        parts.append(f"{len(names)} backends disagree with the specification in {len(failing):,}")
    elif names:
        verb = "disagrees" if len(names) == 1 else "disagree"
        parts.append(f"{listed(names)} {verb} with the specification in {len(failing):,}")
    elif checks and not counted.get("known"):
        parts.append("nothing that ran disagrees with the specification")
    if known := counted.get("known"):
        only = "" if names else "nothing disagrees with the specification but "
        parts.append(f"{only}{plural(known, 'known disagreement')} showed again")
    absent = [backend for backend in results.backends if backend.not_run is not None]
    if len(absent) > _NAMED:
        parts.append(f"{len(absent)} backends did not run")
    else:
        parts += [f"{b.name} did not run: {first_line(b.not_run or '')}" for b in absent]
    said = "; ".join(filter(None, parts)) or "there is no outcome"
    return said[0].upper() + said[1:].rstrip(".") + "."


def _disagreeing(report: Report) -> Iterator[Disagreeing]:
    for backend in report.results.backends:
        found = disagreements(report.of_backend[backend.name])
        if found:
            others = sum(len(of.failures) for of in found[_SHOWN:])
            failures = sum(len(of.failures) for of in found)
            yield Disagreeing(backend, failures, found[:_SHOWN], others)
