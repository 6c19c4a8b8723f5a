"""What explains a failure never loses it."""

import hypothesis
import pytest

from conformance import explain
from conformance.clauses import clauses
from conformance.judge import Disagreement
from conformance.selftest.faults import FAULTS
from conformance.subject import Subject


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
