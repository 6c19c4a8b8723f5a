"""A failure explains itself: its outcome, the clause it breaks, and the smallest case as arrays."""

import textwrap
import traceback

import pytest
from hypothesis.errors import Flaky

from conformance.clauses import Clause, StaleIssueError
from conformance.judge import Disagreement, Evidence
from conformance.subject import BackendFailure, Subject
from reference.geometry import Array
from reports import results
from reports.arrays import as_text

_LARGEST_SHOWN = 200
_FRAMES_SHOWN = 4


def outcome_of(error: BaseException | None) -> tuple[str, str]:
    """The outcome that an exception stands for, and the reason in words."""
    match error:
        case None:
            return "pass", ""
        case Disagreement():
            return "fail", str(error)
        case BackendFailure():
            return error.outcome, str(error)
        case Flaky():
            cause = _of_evidence(error)
            return "fail", f"not repeatable: the same examples gave other results ({cause})"
        case pytest.skip.Exception():
            return "unsupported", str(error)
        case pytest.xfail.Exception():
            return "known", str(error)
        case StaleIssueError():
            return "fail", str(error)
        case _:
            return "error", f"the suite itself failed: {type(error).__name__}: {error}"


def case_of(error: BaseException | None) -> results.Case | None:
    """The case behind a failure, for the results file."""
    cause = _of_evidence(error)
    if cause is None:
        return None
    arrays = _arrays(cause.evidence)
    return results.Case(
        parameters=cause.evidence.call.describe(),
        arrays={name: results.Array.of(array) for name, array in arrays.items()},
    )


def explain(clause: Clause, subject: Subject, error: BaseException | None) -> str:
    """A failure in words and arrays, for the terminal."""
    outcome, reason = outcome_of(error)
    adapter = subject.adapter
    lines = [
        f"{clause.id}: {clause.sentence}",
        f"{adapter.name} {adapter.version}, {subject.dtype}: {outcome}",
        reason,
    ]
    if cause := _of_evidence(error):
        lines += ["", "The smallest case found:", repr(cause.evidence.call)]
        for name, array in _arrays(cause.evidence).items():
            lines += [f"{name} {array.shape} {array.dtype}", _shown(array)]
    if error is not None and error.__cause__ is not None:
        lines += ["", *traceback.format_exception(error.__cause__, limit=-_FRAMES_SHOWN)]
    return "\n".join(lines)


def _of_evidence(error: BaseException | None) -> Disagreement | BackendFailure | None:
    """The exception that holds the case: Hypothesis wraps those that do not repeat in a group."""
    if isinstance(error, Disagreement | BackendFailure):
        return error
    for inner in getattr(error, "exceptions", ()):
        if found := _of_evidence(inner):
            return found
    return None


def _arrays(evidence: Evidence) -> dict[str, Array]:
    call = evidence.call
    arrays = {
        "x": call.x,
        "filters": call.filters,
        "bias": call.bias,
        "expected": evidence.expected,
        "got": evidence.got,
        "difference": evidence.difference,
        "bound": evidence.bound,
    }
    return {name: array for name, array in arrays.items() if array is not None}


def _shown(array: Array) -> str:
    if array.size > _LARGEST_SHOWN:
        return f"  ({array.size} values, too many to show)"
    return textwrap.indent(as_text(results.Array.of(array)), "  ")
