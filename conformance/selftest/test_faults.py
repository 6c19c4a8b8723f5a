"""Every fault of the catalogue is caught, by the clause that a reader would expect to catch it."""

import hypothesis
import pytest

from conformance.clauses import NotRepeatableError, clauses
from conformance.judge import Disagreement
from conformance.plan import EXAMPLES
from conformance.selftest.faults import FAULTS, Fault
from conformance.subject import BackendError, Subject

DEFAULT = hypothesis.settings(
    max_examples=EXAMPLES["default"],
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_fault_is_caught(fault: Fault) -> None:
    subject = Subject(fault.adapter(), fault.dtype)
    with pytest.raises((Disagreement, BackendError, NotRepeatableError)):
        clauses()[fault.clause].hold(subject, DEFAULT, seed=0)


def test_every_clause_catches_a_fault() -> None:
    assert {fault.clause for fault in FAULTS.values()} == set(clauses())
