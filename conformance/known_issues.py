"""Released backends that are known to break a clause: where, why, and the case that shows it.

A known issue covers only what it describes: any other failure of the same clause still fails, and
so does a case that no longer shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adapters import Unsupported
from adapters.dtypes import numpy_dtype
from conformance.calls import Call
from conformance.judge import Disagreement, Evidence, expected
from conformance.subject import BackendFailure, Subject
from reference import effective_kernel


@dataclass(frozen=True)
class KnownIssue:
    """``versions``: the beginnings of the versions concerned; ``case`` makes the stored case in a
    dtype, and ``judge`` fails on it; ``covers`` tells whether a failure is this one;
    ``sometimes``: the dtypes in which it shows on some processors only.
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
    sometimes: tuple[str, ...] = ()

    def concerns(self, clause: str, subject: Subject) -> bool:
        adapter = subject.adapter
        name = adapter.name.partition("@")[0]  # without the version of another interpreter
        same = (clause, name) == (self.clause, self.backend)
        return same and str(adapter.version).startswith(self.versions)

    def shows(self, subject: Subject) -> bool:
        """Whether the stored case still fails, in the way that is known."""
        replay = Subject(subject.adapter, subject.dtype)
        try:
            self.judge(replay, self.case(subject.dtype))
        except Disagreement as failure:
            return self.covers(failure.evidence)
        except (BackendFailure, Unsupported):
            return False
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


def _stride_of_three_over_three(dtype: str) -> Call:
    return Call(
        np.array([3, -4, -9]).reshape(1, 1, 1, 1, 3).astype(numpy_dtype(dtype)),
        np.ones((1, 1, 1, 1, 1), numpy_dtype(dtype)),
        None,
        stride=(1, 1, 3),
        padding=((0, 0),) * 3,
        dilation=(1, 1, 1),
        groups=1,
        named_padding="same_upper",
    )


def _is_cropped_by_same(evidence: Evidence) -> bool:
    """Whether the result is that of an input that half of the excess stride is taken off from."""
    call, got = evidence.call, evidence.got
    if call.named_padding != "same_upper" or call.axes != 3 or got is None:
        return False
    extents = effective_kernel(call.filters.shape[2:], call.dilation)
    excess = [
        max(n - extent - (-(-n // step) - 1) * step, 0)
        for n, extent, step in zip(call.x.shape[2:], extents, call.stride, strict=True)
    ]
    cropped: Any = (..., *(slice(e // 2, None) for e in excess))
    wrong = expected(call.but(x=call.x[cropped], named_padding=None)).value
    return max(excess) > 1 and np.array_equal(got, wrong)


KNOWN_ISSUES = (
    KnownIssue(
        clause="GEOM-7",
        backend="tensorflow",
        versions=("2.21.",),
        reason="conv3d with SAME takes values off the front where the stride exceeds the filter",
        link="https://github.com/tensorflow/tensorflow/issues/14601",
        script="conformance/findings/tensorflow_conv3d_same.py",
        case=_stride_of_three_over_three,
        judge=Subject.check,
        covers=_is_cropped_by_same,
        sometimes=("float32", "bfloat16"),
    ),
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
