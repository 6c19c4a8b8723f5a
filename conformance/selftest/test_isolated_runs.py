"""Runs of backends that die, hang or are one of two versions; runs in parts; runs cut short."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.selftest.running import RIGHT, Finished, command, run, wrong
from reports.results import read

QUICK = ("--profile", "quick", "--backend", "acme_adapter:Acme")
CHAPTERS = ("-m", "geometry or bias or memory")

DIES_ON_THREE_CHANNELS = wrong(
    "import os; filters.shape[1] > 2 and os.abort(); "
    "return reference.cross_correlate(x, filters, bias, **p)"
)
HANGS_ON_THREE_CHANNELS = DIES_ON_THREE_CHANNELS.replace(
    "os.abort()", "__import__('time').sleep(99)"
)


def write(folder: Path, source: str) -> Path:
    (folder / "acme_adapter.py").write_text(source, encoding="utf-8")
    return folder


def test_a_crash_is_an_outcome_with_a_small_case(tmp_path: Path) -> None:
    done = run(write(tmp_path, DIES_ON_THREE_CHANNELS), *QUICK, "-k", "CHAN-3 or CORR-1")
    assert done.code == 1
    outcomes = done.outcomes("acme")
    assert outcomes["CORR-1", "float32"].outcome == "pass"
    crash = outcomes["CHAN-3", "float32"]
    assert crash.outcome == "crash"
    assert "died of SIGABRT" in crash.reason
    assert crash.case is not None
    assert crash.case.arrays["x"].shape[1] == 3
    kept = tmp_path / crash.reason.rpartition("kept in ")[2].rstrip(")")
    assert kept.is_file()


def test_a_hang_is_an_outcome(tmp_path: Path) -> None:
    write(tmp_path, HANGS_ON_THREE_CHANNELS)
    limits = ("--time-limit", "1", "--start-limit", "5")
    done = run(tmp_path, *QUICK, *limits, "-k", "(CHAN-3 or CORR-1) and float64")
    assert done.code == 1
    outcomes = done.outcomes("acme")
    assert outcomes["CORR-1", "float64"].outcome == "pass"
    assert outcomes["CHAN-3", "float64"].outcome == "timeout"
    assert "no answer within 5 s" in outcomes["CHAN-3", "float64"].reason


def test_two_versions_in_one_report(tmp_path: Path) -> None:
    options = ("--backend", "reference", "--backend", f"reference@{sys.executable}")
    done = run(tmp_path, *options, "--profile", "quick", "-k", "CORR-1")
    assert done.code == 0, done.output
    assert [b.name for b in done.read.backends] == [
        "reference",
        f"reference@{done.read.backends[0].version}",
    ]
    assert {o.outcome for o in done.read.outcomes} == {"pass"}


def verdicts(done: Finished) -> dict[tuple[str, str], str]:
    return {key: o.outcome for key, o in done.outcomes("acme").items()}


def test_isolation_changes_no_outcome(tmp_path: Path) -> None:
    write(tmp_path, RIGHT)
    options = (*QUICK, *CHAPTERS, "--seed", "3")
    isolated = run(tmp_path, *options)
    assert verdicts(isolated) == verdicts(run(tmp_path, *options, "--in-process"))
    assert not list(tmp_path.glob("*.calls")), "nothing died, so nothing is kept"


def test_shards_do_everything_exactly_once(tmp_path: Path) -> None:
    write(tmp_path, RIGHT)
    whole = verdicts(run(tmp_path, *QUICK, *CHAPTERS))
    parts = [verdicts(run(tmp_path, *QUICK, *CHAPTERS, "--shard", f"{k}/3")) for k in (1, 2, 3)]
    assert all(parts)
    assert sum(map(len, parts)) == len(whole)
    assert parts[0] | parts[1] | parts[2] == whole
    refused = run(tmp_path, *QUICK, "--shard", "4/3")
    assert refused.code == pytest.ExitCode.USAGE_ERROR
    assert "'4/3' is not K/N" in refused.output


@pytest.mark.parametrize("attempt", range(3))
def test_a_run_that_is_killed_loses_nothing_and_goes_on(tmp_path: Path, attempt: int) -> None:
    write(tmp_path, RIGHT)
    results = tmp_path / "results.jsonl"
    process = subprocess.Popen(
        command(tmp_path, results, *QUICK, *CHAPTERS, "--seed", "5"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while process.poll() is None and not results.exists():
        time.sleep(0.01)
    time.sleep(random.Random(attempt).uniform(0, 1.0))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    cut = read(results)
    assert cut.end is None
    before = {(o.clause, o.dtype): o for o in cut.outcomes}
    done = run(tmp_path, *QUICK, *CHAPTERS, "--resume")
    assert done.code == 0, done.output
    assert done.read.end is not None
    assert done.read.problems == ()
    after = done.outcomes("acme")
    assert before.items() <= after.items()
    assert done.read.run.seed == 5
    results.unlink()
    whole = run(tmp_path, *QUICK, *CHAPTERS, "--seed", "5")
    assert {k: o.outcome for k, o in after.items()} == verdicts(whole)
