"""The table of how sharp the suite is: it is made rightly, and the published one is not stale."""

from pathlib import Path

import pytest

from adapters import load
from conformance.clauses import clauses
from conformance.selftest import other_suites
from conformance.selftest.faults import FAULTS
from conformance.selftest.sharpness import attempt, is_current, main
from conformance.selftest.test_faults import DEFAULT
from reports import sharpness


def test_the_published_table_is_of_this_catalogue() -> None:
    outdated = [row.name for row in sharpness.read().faults if not is_current(row)]
    assert not outdated, "make it anew: python -m conformance.selftest.sharpness"


def test_examples_are_counted_up_to_the_first_failing_one() -> None:
    fault = FAULTS["every_tenth_call_wrong"]
    trial = attempt(clauses()["CORR-12"], fault, DEFAULT, seed=0)
    assert (trial.examples, trial.evidence is None) == (10, False)


def test_a_clause_that_holds_runs_all_its_examples() -> None:
    trial = attempt(clauses()["CORR-12"], FAULTS["empty_batch_refused"], DEFAULT, seed=0)
    assert (trial.examples, trial.evidence) == (DEFAULT.max_examples, None)


@pytest.fixture
def other_packages() -> None:
    for name in ("torch", "expecttest", "onnx"):
        pytest.importorskip(name)


@pytest.mark.usefixtures("other_packages")
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["bias_ignored", "empty_batch_refused"]
    path = tmp_path / "table.json"
    code = main(["--profile", "quick", "--seed", "3", "--only", *names, "--output", str(path)])
    table = sharpness.read(path)
    assert (code, table.profile, table.seed) == (0, "quick", 3)
    assert table.clauses == tuple(clauses())
    ignored, refused = table.faults
    assert [ignored.name, refused.name] == names
    assert ignored.examples == ignored.catches["BIAS-1"]
    assert list(refused.catches) == ["MEM-5"]
    assert refused.until_caught is not None
    assert refused.until_caught > table.clauses.index("MEM-5")
    assert set(ignored.others) == {other.name for other in table.others}
    assert not refused.others
    assert "2 of 2 faults caught" in capsys.readouterr().out


@pytest.mark.usefixtures("other_packages")
def test_the_cases_of_other_suites_are_replayed_rightly() -> None:
    right = load("reference")
    onnx = other_suites.onnx_backend_tests().without_false_alarms(right)
    torch = other_suites.torch_operator_samples(seed=0).without_false_alarms(right)
    assert len(onnx.cases) > 30
    assert len(torch.cases) > 100
    assert not onnx.failed(right)
    assert onnx.catches(FAULTS["bias_ignored"].adapter())
    assert torch.catches(FAULTS["bias_ignored"].adapter())
