"""Released backends that are known to break a clause: where, why, and the case that shows it.

A known issue covers only what it describes: any other failure of the same clause still fails, and
so does a case that no longer shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adapters.dtypes import numpy_dtype
from conformance.calls import Call
from conformance.judge import Disagreement, Evidence
from conformance.subject import Subject


@dataclass(frozen=True)
class KnownIssue:
    """``versions``: the beginnings of the versions concerned; ``case`` makes the stored case in a
    dtype, and ``judge`` fails on it; ``covers`` tells whether a failure is this one.
    """

    clause: str
    backend: str
    versions: tuple[str, ...]
    reason: str
    link: str
    script: str
    case: Callable[[str], Call]
    judge: Callable[[Subject, Call], object]
    covers: Callable[[Evidence], bool]

    def concerns(self, clause: str, subject: Subject) -> bool:
        adapter = subject.adapter
        name = adapter.name.partition("@")[0]  # without the version of another interpreter
        same = (clause, name) == (self.clause, self.backend)
        return same and str(adapter.version).startswith(self.versions)

    def shows(self, subject: Subject) -> bool:
        """Whether the stored case still fails, in the way that is known."""
        try:
            self.judge(subject, self.case(subject.dtype))
        except Disagreement as failure:
            return self.covers(failure.evidence)
        return False

    def __str__(self) -> str:
        return f"{self.reason} ({self.link}; shown by {self.script})"


def _one_value_under_two_taps(dtype: str) -> Call:
    return Call(
        np.ones((1, 1, 1), numpy_dtype(dtype)),
        np.ones((1, 1, 2), numpy_dtype(dtype)),
        None,
        stride=(1,),
        padding=((0, 0),),
        dilation=(1,),
        groups=1,
    )


KNOWN_ISSUES = (
    KnownIssue(
        clause="GEOM-4",
        backend="tensorflow",
        versions=("2.21.",),
        reason="a filter that is too large by no more than the stride gives an empty tensor",
        link="https://github.com/tensorflow/tensorflow/issues/109175",
        script="conformance/findings/tensorflow_empty_result.py",
        case=_one_value_under_two_taps,
        judge=Subject.refuse,
        covers=lambda evidence: evidence.got is not None and evidence.got.size == 0,
    ),
)


def known_issues(clause: str, subject: Subject) -> list[KnownIssue]:
    """Those that concern a clause on a backend of this version."""
    return [issue for issue in KNOWN_ISSUES if issue.concerns(clause, subject)]
