"""From a failing case to the mistake behind it: the one known mistake that explains every case."""

from dataclasses import dataclass

from conformance.judge import Evidence
from conformance.subject import Subject


@dataclass(frozen=True)
class Diagnosis:
    """``mistake``: the name of the known mistake, "" if none explains the case; ``sentence``."""

    mistake: str
    sentence: str


NONE = Diagnosis("", "no known mistake explains this")


def diagnose(subject: Subject, evidence: Evidence) -> Diagnosis:
    """The known mistake that explains the case and fresh ones alike."""
    return NONE
