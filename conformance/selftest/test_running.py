"""The command line, from outside: outcomes, exit codes, reproduction, broken adapters."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.process import isolation
from conformance.selftest.running import CONFORMANCE, RIGHT, run, wrong
from reference import mnist

QUICK = ("--profile", "quick")
ACME = ("--backend", "acme_adapter:Acme")


def write(folder: Path, source: str) -> Path:
    (folder / "acme_adapter.py").write_text(source, encoding="utf-8")
    return folder


def test_an_adapter_of_one_method(tmp_path: Path) -> None:
    # Its training is derived, and slow: two clauses of it are enough.
    some = ("-k", "not TRAIN or TRAIN-1 or TRAIN-5")
    done = run(write(tmp_path, RIGHT), *ACME, *QUICK, *some, "--report", "page.html")
    assert done.code == 0, done.output
    outcomes = done.outcomes("acme")
    assert {outcome.outcome for outcome in outcomes.values()} == {"pass", "unsupported"}
    assert outcomes["CORR-12", "float32"].examples == 8
    assert outcomes["TYPE-3", "float64"].worst is not None
    assert sum(outcomes["CORR-12", "float32"].ratios) == 8
    assert sum(outcomes["CORR-12", "float32"].inputs["axes"]) == 8
    assert 0 < outcomes["CORR-12", "float32"].calling < outcomes["CORR-12", "float32"].seconds
    assert outcomes["LESSON-1", "float32"].series["feature maps"].shape == (2, 4, 26, 26)
    assert outcomes["TRAIN-5", "float32"].series["confusion"].shape == (10, 10)
    assert outcomes["TRAIN-1", "float64"].series["ensemble divergence"].shape == (40,)
    results = done.read
    assert results.backends[0].claims["train"] == "derived"
    assert {c.id: c.reference for c in results.clauses}[
        "GEOM-1"
    ] == "reference.geometry.output_size"
    assert results.problems == ()
    assert results.end is not None
    assert results.end.exit == 0
    assert "acme" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("statement", "clause", "outcome", "reason"),
    [
        ("return [1.0, 2.0]", "CORR-1", "error", "returned list, not a NumPy array"),
        ("return None", "CORR-1", "error", "returned NoneType"),
        ("return np.array(['a'])", "CORR-1", "error", "not of real numbers"),
        ("return np.zeros((2, 2, 2), x.dtype)", "GEOM-1", "fail", "expected the shape"),
        (
            "return reference.cross_correlate(x, filters, bias, **p).astype('float16')",
            "TYPE-1",
            "fail",
            "has the dtype float16",
        ),
        ("raise RuntimeError('no <b>kernel</b>')", "CORR-1", "error", "RuntimeError: no <b>"),
        ("raise SystemExit(0)", "CORR-1", "error", "SystemExit"),
        (
            "return reference.convolve(x, filters, bias, **p)",
            "CORR-2",
            "fail",
            "values are wrong",
        ),
        (
            "return reference.cross_correlate(x, filters, bias, **p) * np.nan",
            "CORR-1",
            "fail",
            "got nan",
        ),
    ],
)
def test_broken_adapters(
    tmp_path: Path, statement: str, clause: str, outcome: str, reason: str
) -> None:
    done = run(write(tmp_path, wrong(statement)), *ACME, *QUICK, "-k", clause, "--report", "p.html")
    assert done.code == 1, done.output
    met = done.outcomes("acme")[clause, "float32"]
    assert met.outcome == outcome
    assert reason in met.reason
    assert met.case is not None
    assert "x" in met.case.arrays
    assert "The smallest case found" in done.output
    assert "<b>kernel<" not in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_backends_that_cannot_run_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "breaks_on_import.py").write_text("1 / 0")
    (tmp_path / "stops_on_import.py").write_text("raise SystemExit('<i>bye</i>')")
    specs = ["breaks_on_import:A", "stops_on_import:A", "nosuch", "no_such_module:A", "reference"]
    asked = [option for spec in specs for option in ("--backend", spec)]
    done = run(tmp_path, *asked, *QUICK, "-k", "CORR-1", "--report", "page.html")
    assert done.code == 1, "a backend that was asked for did not run"
    assert {o.outcome for o in done.read.outcomes} == {"pass"}
    reasons = {b.spec: b.not_run for b in done.read.backends if b.not_run}
    assert list(reasons) == specs[:-1]
    assert "ZeroDivisionError" in reasons["breaks_on_import:A"]
    assert "no backend is called 'nosuch'" in reasons["nosuch"]
    assert "no_such_module is not installed" in reasons["no_such_module:A"]
    for spec, reason in reasons.items():
        assert f"{spec} did not run: {reason}" in done.output
    assert "<i>bye" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_nothing_to_run_is_no_success(tmp_path: Path) -> None:
    done = run(tmp_path, "--backend", "nosuch", *QUICK)
    assert done.code == 1
    assert done.read.outcomes == ()
    assert [b.not_run is None for b in done.read.backends] == [False]


def test_a_hostile_name(tmp_path: Path) -> None:
    name = "<script>alert('x')</script> & \\u202e"
    write(tmp_path, RIGHT.replace('"acme"', repr(name).replace("\\\\", "\\")))
    done = run(tmp_path, *ACME, *QUICK, "-k", "CORR-1 or CORR-2", "--report", "page.html")
    assert "needs a name of 1 to 80 printable characters" in done.output

    write(tmp_path, RIGHT.replace('"acme"', '"<script>a::b[c]/../d"'))
    done = run(tmp_path, *ACME, *QUICK, "-k", "CORR-1 or CORR-2", "--report", "page.html")
    assert done.code == 0, done.output
    assert "<script>a" not in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert done.outcomes("<script>a::b[c]/../d")["CORR-1", "float64"].outcome == "pass"


FLAWED = wrong(
    "return reference.cross_correlate(x, filters, bias, **p) + (x.shape[1] > 3) * x.dtype.type(1)"
)


def test_a_seed_reproduces_a_run_exactly(tmp_path: Path) -> None:
    write(tmp_path, FLAWED)

    def outcomes(*options: str) -> list[str]:
        done = run(tmp_path, *ACME, *QUICK, "-k", "CHAN-4 or TYPE-3", *options)
        return sorted(str(replace(o, seconds=0, calling=0)) for o in done.read.outcomes)

    first = outcomes("--seed", "7")
    assert first == outcomes("--seed", "7")
    assert first == outcomes("--seed", "7", "-n", "2")
    assert first != outcomes("--seed", "8")


def test_a_failing_example_is_tried_first_the_next_time(tmp_path: Path) -> None:
    write(tmp_path, FLAWED)
    run(tmp_path, *ACME, "--profile", "default", "-k", "CORR-12")
    again = run(tmp_path, *ACME, *QUICK, "-k", "CORR-12")
    assert again.outcomes("acme")["CORR-12", "float64"].outcome == "fail"
    assert again.outcomes("acme")["CORR-12", "float64"].examples < 20, "the first one did it"


def test_a_failing_example_is_lent_to_other_backends_and_never_lost(tmp_path: Path) -> None:
    """Rare enough that no other backend would find it by itself in so few examples."""
    rare = "+ (x.shape[0] == 29) * (filters.shape[0] > 2) * x.dtype.type(1)"
    flawed = FLAWED.replace("+ (x.shape[1] > 3) * x.dtype.type(1)", rare)
    write(tmp_path, flawed)
    thorough = (*ACME, "--profile", "thorough", "-k", "CHAN-8 and float64")
    assert any(run(tmp_path, *thorough).code == 1 for _ in range(9))
    stored = tmp_path / ".hypothesis" / "convspec" / "acme%20float64"
    before = sorted(path for path in stored.rglob("*") if path.is_file())
    assert before

    run(tmp_path, "--backend", "reference", *QUICK, "-k", "CHAN-8 and float64")
    assert sorted(path for path in stored.rglob("*") if path.is_file()) == before

    write(tmp_path, flawed.replace('"acme"', '"other"'))
    other = run(tmp_path, *ACME, *QUICK, "-k", "CHAN-8 and float64")
    assert other.outcomes("other")["CHAN-8", "float64"].outcome == "fail"


def test_pytest_options_work(tmp_path: Path) -> None:
    done = run(tmp_path, "--backend", "reference", *QUICK, "-k", "BIAS", "--junitxml", "junit.xml")
    assert done.code == 0, done.output
    assert {o.clause for o in done.read.outcomes} == {"BIAS-1", "BIAS-2"}
    by_marker = run(tmp_path, "--backend", "reference", *QUICK, "-m", "bias")
    assert {o.clause for o in by_marker.read.outcomes} == {"BIAS-1", "BIAS-2"}
    assert 'tests="6"' in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_only_the_backend_that_was_asked_for_is_imported(tmp_path: Path) -> None:
    source = RIGHT + "\nimport sys\nassert not {'torch', 'tensorflow', 'jax'} & set(sys.modules)\n"
    done = run(write(tmp_path, source), *ACME, *QUICK, "-k", "CORR-1")
    assert done.code == 0, done.output


def test_without_the_package_of_bfloat16(tmp_path: Path) -> None:
    (tmp_path / "ml_dtypes.py").write_text("raise ModuleNotFoundError('ml_dtypes')")
    done = run(write(tmp_path, RIGHT), *ACME, *QUICK, "-k", "TYPE-2", PYTHONPATH=str(tmp_path))
    assert done.code == 0, done.output
    reason = done.outcomes("acme")["TYPE-2", "bfloat16"].reason
    assert reason == "bfloat16 arrays need the package ml_dtypes: pip install ml_dtypes"


def test_ones_own_mnist(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(Path(mnist.__file__).parent / "data" / "mnist", own)
    options = ("--backend", "reference", *QUICK, "-k", "LESSON", "--mnist", str(own))
    assert run(tmp_path, *options).code == 0

    images = own / "t10k-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-1000])
    done = run(tmp_path, *options)
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert "t10k-images-idx3-ubyte" in done.output

    through_the_variable = run(tmp_path, *options[:-2], CONVSPEC_MNIST=str(own))
    assert through_the_variable.code == 1
    (reason, *_) = {o.reason for o in through_the_variable.read.outcomes}
    assert "t10k-images-idx3-ubyte" in reason


def test_another_distribution_that_hides_a_package(tmp_path: Path) -> None:
    site, foreign = tmp_path / "site", tmp_path / "foreign"
    for package in ("reference", "adapters", "reports", "conformance"):
        ignored = shutil.ignore_patterns("data", "selftest", "tests", "__pycache__")
        shutil.copytree(CONFORMANCE.parent / package, site / package, ignore=ignored)
    (foreign / "adapters").mkdir(parents=True)
    (foreign / "adapters" / "__init__.py").write_text("'''Adapters of language models.'''")
    suite = site / "conformance"

    early = run(tmp_path, "-p", "adapters", suite=suite, PYTHONPATH=str(foreign))
    assert early.code == pytest.ExitCode.USAGE_ERROR
    assert "'adapters' is hidden by another distribution" in early.output

    shutil.copy(foreign / "adapters" / "__init__.py", site / "adapters" / "__init__.py")
    overwritten = run(tmp_path, suite=suite, PYTHONPATH=str(site))
    assert overwritten.code == pytest.ExitCode.USAGE_ERROR
    assert "'adapters' is hidden by another distribution" in overwritten.output


THREADS = (
    RIGHT
    + """
    @property
    def version(self):
        from threadpoolctl import threadpool_info
        counts = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        return f"{max(counts)} here, {os.environ['OMP_NUM_THREADS']} asked for"
"""
)


@pytest.mark.parametrize(
    ("options", "version"),
    [
        (["--in-process"], "1 here, 1 asked for"),
        (["--in-process", "--threads", "2"], "1 here, 2 asked for"),
        ([], "1 here, 1 asked for"),
    ],
)
def test_nobody_takes_more_threads_than_they_are_given(
    tmp_path: Path, options: list[str], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in isolation.THREADS:
        monkeypatch.delenv(variable, raising=False)
    done = run(write(tmp_path, "import os\n" + THREADS), *ACME, *QUICK, *options, "-k", "CORR-10")
    assert done.code == 0, done.output
    assert done.read.backends[0].version == version
