"""What explains a failure never loses it."""

from typing import Any

import hypothesis
import pytest

from adapters.reference_adapter import Reference
from conformance import explain
from conformance.clauses import NotRepeatableError, clauses
from conformance.judge import Disagreement
from conformance.selftest.faults import FAULTS
from conformance.subject import Subject
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
