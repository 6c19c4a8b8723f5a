"""A failure explains itself: its outcome, the clause it breaks, and the smallest case as arrays."""

import textwrap
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from conformance.calls import Call
from conformance.clauses import Clause, NotRepeatableError, StaleIssueError, failure_of
from conformance.diagnosis import diagnose
from conformance.judge import Disagreement, Evidence
from conformance.known_issues import KnownIssue, concerning
from conformance.request_diagnosis import diagnose_request
from conformance.requests import Request
from conformance.smallest import Failure, reduced
from conformance.standalone import Standalone, standalone
from conformance.subject import BackendCrash, BackendFailure, BackendTimeout, Subject
from reference.geometry import Array
from reports import results
from reports.arrays import as_text

_LARGEST_SHOWN = 200
_FRAMES_SHOWN = 4
_LARGE = 20_000  # values of an input that is not diagnosed as it is


def outcome_of(error: BaseException | None) -> tuple[str, str]:
    """The outcome that an exception stands for, and the reason in words."""
    match error:
        case None:
            return "pass", ""
        case Disagreement():
            return "fail", str(error)
        case BackendFailure():
            return error.outcome, str(error)
        case NotRepeatableError():
            return "fail", str(error)
        case pytest.skip.Exception():
            return "unsupported", str(error)
        case pytest.xfail.Exception():
            return "known", str(error)
        case StaleIssueError():
            return "fail", str(error)
        case _:
            return "error", f"the suite itself failed: {type(error).__name__}: {error}"


@dataclass(frozen=True)
class Explanation:
    """An outcome, the reason in words, and the case behind it; ``text`` is for the terminal."""

    outcome: str
    reason: str
    case: results.Case | None
    text: str


def explain(
    clause: Clause,
    subject: Subject,
    error: BaseException | None,
    known: Sequence[KnownIssue] = (),
) -> Explanation:
    """Whatever came of a check; a failure with its smallest case, a diagnosis and a script."""
    cause = failure_of(error)
    if cause is None:
        outcome, reason = outcome_of(error)
        return Explanation(outcome, reason, None, _text(clause, subject, outcome, reason, error))
    issues = concerning(known, clause.id, subject)
    small: Failure
    small, diagnosis, script = cause, "", Standalone("", None, "")
    try:
        if isinstance(cause.evidence.asked, Call):
            small = reduced(subject, cause, lambda e: _is_known(e, issues, subject))
            diagnosis = _diagnosis(subject, cause, small)
            script = standalone(clause, subject, small)
        elif not isinstance(cause, BackendCrash | BackendTimeout):
            diagnosis = diagnose_request(subject, cause.evidence).sentence
    except Exception as trouble:
        script = Standalone("", None, f"it could not be explained: {trouble!r}")
    outcome, reason = outcome_of(small if error is cause else error)
    case = results.Case(
        parameters=small.evidence.asked.describe(),
        arrays={name: results.Array.of(array) for name, array in _arrays(small.evidence).items()},
        diagnosis=diagnosis,
        script=script.text,
    )
    text = _text(clause, subject, outcome, reason, error, small, diagnosis, script)
    return Explanation(outcome, reason, case, text)


def _is_known(evidence: Evidence, issues: Sequence[KnownIssue], subject: Subject) -> bool:
    return any(issue.covers(evidence, subject.promise) for issue in issues)


def _diagnosis(subject: Subject, cause: Failure, small: Failure) -> str:
    """The sentence; "" for a backend that died, which is not asked any more."""
    if isinstance(cause, BackendCrash | BackendTimeout):
        return ""
    failure = small if cause.evidence.call.x.size > _LARGE else cause
    return diagnose(subject, failure.evidence).sentence


def _text(
    clause: Clause,
    subject: Subject,
    outcome: str,
    reason: str,
    error: BaseException | None,
    failure: Failure | None = None,
    diagnosis: str = "",
    script: Standalone | None = None,
) -> str:
    adapter = subject.adapter
    lines = [
        f"{clause.id}: {clause.sentence}",
        f"{adapter.name} {adapter.version}, {subject.dtype}: {outcome}",
        reason,
    ]
    if diagnosis:
        lines += ["", f"Diagnosis: {diagnosis}."]
    if failure is not None:
        lines += ["", "The smallest case found:", repr(failure.evidence.asked)]
        for name, array in _arrays(failure.evidence).items():
            lines += [f"{name} {array.shape} {array.dtype}", _shown(array)]
    if script is not None:
        lines += ["", *(["A script of it:", script.text] if script.text else [script.remark])]
    if error is not None and error.__cause__ is not None:
        lines += ["", *traceback.format_exception(error.__cause__, limit=-_FRAMES_SHOWN)]
    return "\n".join(lines)


def _arrays(evidence: Evidence) -> dict[str, Array]:
    asked = evidence.asked
    given = asked.arrays if isinstance(asked, Request) else _arguments(asked)
    arrays = {
        **given,
        "expected": evidence.expected,
        "got": evidence.got,
        "difference": evidence.difference,
        "bound": evidence.bound,
    }
    return {name: array for name, array in arrays.items() if array is not None}


def _arguments(call: Call) -> dict[str, Array | None]:
    return {"x": call.x, "filters": call.filters, "bias": call.bias}


def _shown(array: Array) -> str:
    if array.size > _LARGEST_SHOWN:
        return f"  ({array.size} values, too many to show)"
    return textwrap.indent(as_text(results.Array.of(array)), "  ")
