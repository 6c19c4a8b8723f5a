"""A known issue covers what it describes, hides nothing else, and does not outlive its cause."""

import pathlib
import subprocess
import sys

import pytest

from adapters import Adapter
from adapters.reference_adapter import Reference
from conformance.calls import Call
from conformance.clauses import Known, StaleIssueError, clauses
from conformance.judge import Disagreement
from conformance.known_issues import (
    FOLDER,
    Finding,
    KnownIssue,
    KnownIssueError,
    findings,
    load,
    own_issues,
)
from conformance.mistakes.learning import WRONG
from conformance.selftest.faults import FAULTS, Fault
from conformance.selftest.test_faults import DEFAULT
from conformance.subject import Subject


def in_disguise(fault: str, version: str = "2.21.0", name: str = "tensorflow") -> Subject:
    """A backend with a fault, under the name that the known issue is listed for."""
    return Subject(disguised(FAULTS[fault].adapter(), version, name), "float64")


def disguised(adapter: Adapter, version: str, name: str) -> Adapter:
    adapter.name, adapter.version = name, version
    adapter.environment = lambda: {"device": "cpu"}  # type: ignore[method-assign]
    return adapter


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


def test_every_mistake_that_an_issue_names_is_listed() -> None:
    command = [sys.executable, "-m", "conformance.mistakes"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for issue in own_issues():
        assert f": {issue.mistake}: " in listed


def test_it_concerns_its_versions_only() -> None:
    subject = in_disguise("impossible_sizes_give_nothing", version="2.22.0")
    with pytest.raises(Disagreement):
        clauses()["GEOM-4"].hold(subject, DEFAULT, seed=0)


def of_mistake(mistake: str) -> list[KnownIssue]:
    return [issue for issue in own_issues() if issue.mistake == mistake]


def test_it_may_be_that_two_requests_have_the_same_answer() -> None:
    issues = of_mistake("dropout_seed_0_is_1")
    known = in_disguise("dropout_seed_0_is_1", "1.32.0", "onnxruntime")
    with pytest.raises(Known, match="seeds 0 and 1"):
        clauses()["LAYER-20"].hold(known, DEFAULT, seed=0, known=issues)
    other = in_disguise("dropout_ignores_the_seed", "1.32.0", "onnxruntime")
    with pytest.raises(Disagreement, match="different seeds drop the same values"):
        clauses()["LAYER-20"].hold(other, DEFAULT, seed=0, known=issues)


def test_what_is_computed_in_a_narrow_format_has_its_rounding_errors_and_no_others() -> None:
    issues = of_mistake("dense_in_float32")
    known = in_disguise("dense_in_float32", "3.15.1", "keras+torch")
    with pytest.raises(Known, match="compute in float32"):
        clauses()["LAYER-12"].hold(known, DEFAULT, seed=0, known=issues)
    other = in_disguise("dense_cut_to_8_bits", "3.15.1", "keras+torch")
    with pytest.raises(Disagreement):
        clauses()["LAYER-12"].hold(other, DEFAULT, seed=0, known=issues)


def test_anything_may_come_where_an_issue_is_unpredictable() -> None:
    name = "batch_norm_gradient_of_the_neighbours_of_the_scale"
    (issue,) = of_mistake(name)
    wrong = Fault(name, "LAYER-23", "float64", lambda: WRONG[name].do, "", WRONG[name].operation)
    known = Subject(disguised(wrong.adapter(), "2.13.0", "torch-cpu"), "float64")
    with pytest.raises(Known, match="weight is not contiguous"):
        clauses()["LAYER-23"].hold(known, DEFAULT, seed=0, known=[issue])
    other = in_disguise("norm_gradient_taken_to_lie_as_the_input", "2.13.0", "torch-cpu")
    with pytest.raises(Disagreement, match="gradients of batch_norm"):
        clauses()["LAYER-23"].hold(other, DEFAULT, seed=0, known=[issue])


def test_an_unpredictable_issue_that_does_not_show_is_none() -> None:
    right = Subject(disguised(Reference(), "2.13.0", "torch-cpu"), "float64")
    issues = of_mistake("batch_norm_gradient_of_the_neighbours_of_the_scale")
    clauses()["LAYER-23"].hold(right, DEFAULT, seed=0, known=issues)
    assert right.examples > 0


@pytest.mark.parametrize("finding", findings(), ids=lambda finding: finding.name)
def test_a_finding_is_whole(finding: Finding) -> None:
    assert finding.title
    assert "exits with 1 where the finding shows" in " ".join(finding.explanation.split())
    assert finding.affected
    assert not finding.on_record or finding.on_record.startswith("https://")
    for issue in finding.issues:
        assert set(issue.clauses) <= set(clauses())
        assert (pathlib.Path(__file__).parents[2] / issue.script).is_file()
        assert issue.unpredictable or issue.asked("float64").describe()


def test_every_script_is_of_a_finding() -> None:
    files = {file for suffix in ("py", "cjs") for file in FOLDER.glob(f"*.{suffix}")}
    assert files == {finding.script.file for finding in findings()}


ENTRY = """
[[issue]]
clauses = ["CORR-2"]
backends = ["true_convolution"]
versions = ""
mistake = "flipped"
reason = "it convolves"
case = { x = [[[1, 2]]], filters = [[[1, 2]]] }
"""


def test_a_file_of_ones_own_is_read(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(ENTRY)
    subject = Subject(FAULTS["true_convolution"].adapter(), "float64")
    with pytest.raises(Known, match="it convolves"):
        clauses()["CORR-2"].hold(subject, DEFAULT, seed=0, known=load(file))


def test_a_case_may_be_without_items(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(ENTRY.replace("case = {", "case = { items = 0,"))
    (issue,) = load(file)
    asked = issue.asked("float32")
    assert isinstance(asked, Call)
    assert asked.x.shape == (0, 1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('mistake = "flipped"', 'mistake = "turned"'), "no mistake called 'turned'"),
        (('versions = ""', 'versions = "2.x"'), "versions"),
        (('reason = "it convolves"', ""), "missing fields: reason"),
        (('reason = "it', 'raison = "it'), "unknown fields: raison"),
        (("x = [[[1, 2]]]", 'x = "one"'), "issue 1"),
        (("[[issue]]", "[[issues]]"), "nothing else"),
        (("[[issue]]", "[[issue"), "mine.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    change: tuple[str, str], said: str, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(ENTRY.replace(*change))
    with pytest.raises(KnownIssueError, match=said):
        load(file)


def test_a_device_is_told_apart() -> None:
    issue = next(i for i in own_issues() if i.mistake == "same_crops_the_front")
    subject = in_disguise("impossible_sizes_give_nothing")
    subject.adapter.environment = lambda: {"device": "GPU:0"}  # type: ignore[method-assign]
    assert not issue.concerns("GEOM-7", subject)
