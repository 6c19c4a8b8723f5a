"""What disagrees with the specification, by its explanation: many failures can have one cause."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reports.records import Outcome
from reports.words import FAILURES, first_line

_UNEXPLAINED = "no known mistake explains this"
# Where a call that killed a process was kept is another file each time.
_KEPT = re.compile(r" \(the call is kept in [^)]*\)")


@dataclass(frozen=True)
class Disagreement:
    """Failures of one backend that came to one outcome and have one explanation.

    `is_diagnosis` tells whether that is a diagnosis, or the first line of the reason.
    """

    backend: str
    outcome: str
    words: str
    is_diagnosis: bool
    failures: tuple[Outcome, ...]

    @property
    def clauses(self) -> tuple[tuple[str, tuple[Outcome, ...]], ...]:
        """The failures by their clauses."""
        found: dict[str, list[Outcome]] = {}
        for failure in self.failures:
            found.setdefault(failure.clause, []).append(failure)
        return tuple((clause, tuple(of_clause)) for clause, of_clause in found.items())


def disagreements(outcomes: Iterable[Outcome]) -> tuple[Disagreement, ...]:
    """The failures among the outcomes of one backend; the explanation of the most comes first."""
    grouped: dict[tuple[str, str, str, bool], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.outcome in FAILURES:
            key = (outcome.backend, outcome.outcome, *_explanation(outcome))
            grouped.setdefault(key, []).append(outcome)
    found = [_of(*key, failures) for key, failures in grouped.items()]
    return tuple(sorted(found, key=lambda of: -len(of.failures)))


def _explanation(outcome: Outcome) -> tuple[str, bool]:
    """The words that failures with one cause have in common, and whether they are a diagnosis.

    What no known mistake explains has none: each reason tells of other numbers.
    """
    diagnosis = outcome.case.diagnosis if outcome.case else ""
    if diagnosis and not diagnosis.startswith(_UNEXPLAINED):
        return diagnosis, True
    if outcome.outcome == "fail":
        return "", False
    return first_line(_KEPT.sub("", outcome.reason)), False


def _of(
    backend: str, outcome: str, words: str, is_diagnosis: bool, failures: list[Outcome]
) -> Disagreement:
    if not words:
        alone = first_line(failures[0].reason)
        words = alone if len(failures) == 1 else "no known mistake explains these"
    return Disagreement(backend, outcome, words, is_diagnosis, tuple(failures))
