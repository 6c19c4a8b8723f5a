"""A known issue covers what it describes, hides nothing else, and does not outlive its cause."""

import pathlib

import numpy as np
import pytest

from adapters import Adapter
from conformance.clauses import Known, StaleIssueError, clauses
from conformance.judge import Disagreement
from conformance.known_issues import KNOWN_ISSUES
from conformance.selftest.faults import FAULTS
from conformance.selftest.test_faults import DEFAULT
from conformance.subject import Subject


def in_disguise(fault: str, version: str = "2.21.0") -> Subject:
    """A backend with a fault, under the name that the known issue is listed for."""
    adapter: Adapter = FAULTS[fault].adapter()
    adapter.name, adapter.version = "tensorflow", version
    return Subject(adapter, "float64")


def test_a_known_issue_is_known() -> None:
    subject = in_disguise("impossible_sizes_give_nothing")
    with pytest.raises(Known, match="tensorflow/issues/109175"):
        clauses()["GEOM-4"].hold(subject, DEFAULT, seed=0)
    assert subject.examples > 0


def test_it_hides_no_other_failure_of_the_clause() -> None:
    with pytest.raises(Disagreement, match="an impossible call was answered"):
        clauses()["GEOM-4"].hold(in_disguise("impossible_sizes_give_zeros"), DEFAULT, seed=0)


def test_it_fails_when_it_no_longer_shows() -> None:
    with pytest.raises(StaleIssueError, match="no longer shows"):
        clauses()["GEOM-4"].hold(in_disguise("bias_used_as_accumulator"), DEFAULT, seed=0)


def test_it_concerns_its_versions_only() -> None:
    subject = in_disguise("impossible_sizes_give_nothing", version="2.22.0")
    with pytest.raises(Disagreement):
        clauses()["GEOM-4"].hold(subject, DEFAULT, seed=0)


@pytest.mark.parametrize("issue", KNOWN_ISSUES, ids=lambda issue: f"{issue.backend}-{issue.clause}")
def test_every_entry_has_a_clause_a_link_and_a_script(issue) -> None:  # type: ignore[no-untyped-def]
    assert issue.clause in clauses()
    assert issue.link.startswith("https://")
    assert (pathlib.Path(__file__).parents[2] / issue.script).is_file()
    assert np.isfinite(issue.case("float32").x).all()
