"""What explains a failure never loses it."""

from typing import Any

import hypothesis
import pytest

from adapters.operations import GRADIENTS_OF
from adapters.process.isolation import CrashError, OverdueError
from adapters.reference_adapter import Reference
from conformance import explain
from conformance.clauses import NotRepeatableError, clauses
from conformance.judge import Disagreement
from conformance.requests import Request
from conformance.selftest.faults import FAULTS
from conformance.subject import BackendCrash, BackendTimeout, Subject
from reference.geometry import Array


@pytest.mark.parametrize("step", ["reduced", "diagnose", "standalone"])
def test_an_error_in_an_explanation_is_told(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no idea")

    subject, clause = Subject(FAULTS["true_convolution"].adapter(), "float64"), clauses()["CORR-1"]
    with pytest.raises(Disagreement) as failure:
        clause.hold(subject, hypothesis.settings(max_examples=20, database=None), seed=0)
    monkeypatch.setattr(explain, step, broken)
    found = explain.explain(clause, subject, failure.value)
    assert found.outcome == "fail"
    assert found.case is not None
    assert "could not be explained: RuntimeError('no idea')" in found.text


class WrongAtTimes(Reference):
    """``wrong``: the numbers of its wrong results."""

    def __init__(self, wrong: range) -> None:
        super().__init__()
        self.calls, self.wrong = 0, wrong

    def cross_correlate(self, *arrays: Any, **parameters: Any) -> Array:
        self.calls += 1
        return super().cross_correlate(*arrays, **parameters) + (self.calls in self.wrong)


@pytest.mark.parametrize("last", [10, 11, 12, 15])
def test_a_failure_that_is_not_repeated_keeps_its_case(last: int) -> None:
    subject, clause = Subject(WrongAtTimes(range(10, last + 1)), "float64"), clauses()["CORR-1"]
    with pytest.raises(NotRepeatableError) as failure:
        clause.hold(subject, hypothesis.settings(max_examples=20, database=None), seed=0)
    found = explain.explain(clause, subject, failure.value)
    assert found.outcome == "fail"
    assert "not repeatable" in found.reason
    assert found.case is not None
    assert {"got", "expected"} <= set(found.case.arrays)


class LateDeath(Reference):
    """Dies by gradients only, which LAYER-4 asks for after a first request that it answers."""

    def __init__(self, death: type[Exception]) -> None:
        super().__init__()
        self.death = death

    def gradients(self, operation: str, *arrays: Any) -> dict[str, Array]:
        if operation == "max_pool":
            raise self.death("it ended")
        return super().gradients(operation, *arrays)


@pytest.mark.parametrize("death", [CrashError, OverdueError])
def test_what_was_answered_before_a_death_is_asked_again(death: type[Exception]) -> None:
    subject = Subject(LateDeath(death), "float64")
    with pytest.raises((BackendCrash, BackendTimeout), match="it ended") as failure:
        clauses()["LAYER-4"].hold(
            subject, hypothesis.settings(max_examples=20, database=None), seed=0
        )
    asked = failure.value.evidence.asked
    assert isinstance(asked, Request)
    assert asked.operation == GRADIENTS_OF + "max_pool"
