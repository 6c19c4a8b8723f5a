"""What disagrees with the specification, by its explanation: many failures can have one cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.records import Outcome
from reports.words import FAILURES, first_line

_UNEXPLAINED = "no known mistake explains this"


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
            diagnosis = outcome.case.diagnosis if outcome.case else ""
            is_diagnosis = bool(diagnosis) and not diagnosis.startswith(_UNEXPLAINED)
            words = diagnosis if is_diagnosis else first_line(outcome.reason)
            key = (outcome.backend, outcome.outcome, words, is_diagnosis)
            grouped.setdefault(key, []).append(outcome)
    found = [Disagreement(*key, tuple(failures)) for key, failures in grouped.items()]
    return tuple(sorted(found, key=lambda of: -len(of.failures)))
