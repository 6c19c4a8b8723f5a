"""The script of a failure shows it again, says so truly, and lets nothing out of its quotes."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters import load
from adapters.contract import Array
from adapters.process.isolation import Isolated, Limits
from conformance.clauses import Clause
from conformance.judge import Disagreement, Evidence, expected
from conformance.literals import comment
from conformance.selftest.calls import call_of
from conformance.selftest.faults import FAULTS
from conformance.selftest.test_smallest import everything, failure_of
from conformance.smallest import reduced
from conformance.standalone import Standalone, standalone
from conformance.subject import BackendCrash, BackendError, BackendTimeout, Subject
from conformance.test_lesson import sevens

CLAUSE = Clause("CORR-0", "A sentence.", "a source", lambda subject: None)

Write = Callable[..., str]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes an adapter whose backend is NumPy, wrong in the way of these statements."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(wrong: str, *, version: str = "1.0", more: str = "", name: str = "acme") -> str:
        text = (
            "import os, signal, sys, time\n"
            "import numpy as np\n"
            "from adapters import Adapter, Capabilities, Unsupported\n"
            f"{more}\n"
            "class Acme(Adapter):\n"
            f"    name = 'acme'\n    version = {version!r}\n"
            "    capabilities = Capabilities(dtypes=('float64', 'float32'))\n"
            "    def cross_correlate(self, x, filters, bias=None, **p):\n"
            "        windows = np.lib.stride_tricks.sliding_window_view(x, filters.shape[2:],"
            " axis=tuple(range(2, x.ndim)))\n"
            "        right = np.einsum('nc...w,kcw->nk...', windows, filters)\n"
            f"        {wrong}\n"
            "        return right\n"
        )
        (tmp_path / f"{name}.py").write_text(text)
        return f"{name}:Acme"

    yield write
    for name in [name for name in sys.modules if name.startswith("acme")]:
        del sys.modules[name]


CALL = call_of(np.array([[[1.0, 2, 3]]]), np.array([[[1.0, 5]]]))


def script_for(spec: str, call: Any = CALL, **changes: Any) -> Standalone:
    """That of the failure of a call, made in this process."""
    subject = Subject(load(spec), "float64")
    return standalone(CLAUSE, subject, failure_of(subject, call), **changes)


def run(text: str) -> subprocess.CompletedProcess[str]:
    """As one runs it who has found it."""
    return subprocess.run(
        [sys.executable, "-"], input=text, capture_output=True, text=True, check=False
    )


def test_a_wrong_result_is_shown_again(acme: Write) -> None:
    script = script_for(acme("right = right + 1"))
    assert script.shown
    assert 'x = np.array([[[1, 2, 3]]], dtype="float64")\n' in script.text
    assert "# CORR-0: A sentence.\n# acme 1.0, float64.\n" in script.text
    versions = f"Python {'.'.join(map(str, sys.version_info[:3]))}, NumPy {np.__version__}"
    assert versions in script.remark
    assert script.remark.endswith("and showed the failure.")
    assert script.remark.split()[-1] in script.text
    again = run(script.text)
    assert again.returncode == 1
    assert again.stderr.endswith("FAILED: 2 of 2 values are wrong\n")
    assert "[[[12. 18.]]]" in again.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("right = right[..., :1]", "FAILED: the shape is (1, 1, 1), not (1, 1, 2)"),
        ("right = right * np.nan", "FAILED: 2 of 2 values are wrong"),
        ("right = right.copy(); right[0, 0, 0] += 2.0**-40", "FAILED: 1 of 2"),
        ("raise ArithmeticError('no\\nsuch \\'\\'\\' kernel')", "ArithmeticError: no"),
        ("return right.tolist()", "TypeError: the adapter returned list"),
        ("return right.astype(complex)", "TypeError: the adapter returned ndarray"),
    ],
)
def test_failures_of_every_kind(acme: Write, wrong: str, said: str) -> None:
    script = script_for(acme(wrong))
    assert script.shown, script.remark
    again = run(script.text)
    assert again.returncode == 1
    assert said in again.stderr


def test_a_failure_that_is_gone_is_not_claimed(acme: Write) -> None:
    """The backend is right in the second process."""
    script = script_for(acme("right = right + ('pytest' in sys.modules)"))
    assert script.shown is False
    assert "did NOT show the failure: it ended with 'no failure: every value is right'" in (
        script.remark
    )
    assert "did NOT show" in script.text
    assert run(script.text).returncode == 0


def test_an_exit_code_alone_is_not_believed(acme: Write) -> None:
    """The script cannot even import the backend, and ends with the exit code of a failure."""
    script = script_for(acme("right = right + 1", more="import reference"))
    assert script.shown is False
    assert "No module named 'reference'" in script.remark
    assert "# The adapter imports reference: it needs convspec." in script.text
    raises = script_for(acme("raise OSError", more="import reference", name="acme_raises"))
    assert raises.shown is False


def test_a_result_of_another_dtype(acme: Write) -> None:
    subject = Subject(load(acme("right = right.astype('float32')")), "float64")
    got = subject.result(CALL)
    script = standalone(CLAUSE, subject, Disagreement("dtype", Evidence(CALL, got=got)))
    assert script.shown
    assert "FAILED: the result has the dtype float32" in run(script.text).stderr


TOO_LARGE = call_of(np.ones((1, 1, 1)), np.ones((1, 1, 2)))


@pytest.mark.parametrize("how", ["return np.zeros((1, 1, 0))", "return x"])
def test_an_impossible_call_that_is_answered(acme: Write, how: str) -> None:
    answers = f"if x.shape[2] < filters.shape[2]: {how}"
    spec = acme("pass")
    file = Path(sys.path[0], "acme.py")
    file.write_text(
        file.read_text().replace("        windows", f"        {answers}\n        windows")
    )
    script = script_for(spec, TOO_LARGE)
    assert script.shown, script.remark
    assert "FAILED: an impossible call gives an array" in run(script.text).stderr


def test_an_impossible_call_that_is_refused_after_all(acme: Write) -> None:
    subject = Subject(load(acme("pass")), "float64")
    forged = Disagreement("answered", Evidence(TOO_LARGE, got=np.zeros((1, 1, 0))))
    script = standalone(CLAUSE, subject, forged)
    assert script.shown is False
    assert "no failure: refused, ValueError" in run(script.text).stdout
    subject = Subject(load(acme("pass", more="import reference", name="acme_needs")), "float64")
    script = standalone(CLAUSE, subject, forged)
    assert script.shown is False
    assert "ended with \"ModuleNotFoundError: No module named 'reference'" in script.remark


def test_a_crash(acme: Write) -> None:
    subject = Subject(load(acme("os.kill(os.getpid(), signal.SIGSEGV)")), "float64")
    crash = BackendCrash("the process died of SIGSEGV", Evidence(CALL))
    assert standalone(CLAUSE, subject, crash).shown
    subject = Subject(load(acme("os._exit(0)", name="acme_exits")), "float64")
    assert standalone(CLAUSE, subject, crash).shown
    subject = Subject(load(acme("pass", name="acme_lives")), "float64")
    assert standalone(CLAUSE, subject, crash).shown is False


def test_a_call_that_never_ends(acme: Write, tmp_path: Path) -> None:
    """Nor do the processes that it starts, which are ended with it."""
    started = tmp_path / "started"
    sleeps = f"os.fork(); open({str(started)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(600)"
    subject = Subject(load(acme(sleeps)), "float64")
    late = BackendTimeout("no answer within 30 s", Evidence(CALL))
    script = standalone(CLAUSE, subject, late, limit=3)
    assert script.shown
    processes = [int(word) for word in started.read_text().split()]
    assert len(processes) == 2
    assert not any(map(lives, processes))
    forged = Disagreement("wrong", Evidence(CALL, np.zeros(1), np.ones(1)))
    script = standalone(CLAUSE, subject, forged, limit=3)
    assert script.shown is False
    assert "took more than 3 s" in script.remark


def lives(process: int) -> bool:
    """Whether a process still runs: one that has ended may yet have to be collected."""
    for _ in range(40):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_a_flood_of_words(acme: Write) -> None:
    flood = "[print('x' * 10**5, file=f) for f in (sys.stdout, sys.stderr) for _ in range(999)]"
    script = script_for(acme(f"{flood}; right = right + 1"))
    assert script.shown
    assert len(script.text) < 5000


HOSTILE = "1\n'''\"\"\"\\\nraise SystemExit(3)\r\x00\x85\u2028\ud800{x}%s\x1b[31m é"


def test_hostile_words_stay_in_their_comments(acme: Write) -> None:
    script = script_for(acme("right = right + 1", version=HOSTILE.replace("\ud800", "")))
    assert script.shown, script.remark
    script.text.encode("ascii")
    head = script.text.partition("\nimport numpy")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    for line in comment(HOSTILE * 9).splitlines():
        assert line.startswith("# ")
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 100
    error = script_for(acme(f"raise OSError({HOSTILE!a})", name="acme_raises"))
    assert error.shown, error.remark


def test_lines_that_are_no_python(acme: Write) -> None:
    lines = "    def script(self, **call):\n        return 'got = \\0('"
    spec = acme("right = right + 1")
    with Path(sys.path[0], "acme.py").open("a") as file:
        file.write(lines)
    script = script_for(spec)
    assert (script.text, script.shown) == ("", None)
    assert "no Python" in script.remark


def test_an_adapter_without_lines() -> None:
    subject = Subject(FAULTS["true_convolution"].adapter(), "float64")
    script = standalone(CLAUSE, subject, failure_of(subject, CALL))
    assert script.text == ""
    assert "gives no script" in script.remark


# Real backends


@pytest.mark.parametrize(("dtype", "data"), [("float32", "log-uniform"), ("bfloat16", "integers")])
def test_torch_is_not_accused(dtype: str, data: str) -> None:
    pytest.importorskip("torch")
    subject = Subject(load("torch-cpu"), dtype)
    call = everything(dtype=dtype, data=data, channels=1, filters=1, batch=1)
    forged = Disagreement("forged", Evidence(call, np.zeros(1), np.ones(1)))
    script = standalone(CLAUSE, subject, forged)
    assert script.shown is False
    assert "every value is right" in script.remark


def test_a_real_backend_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that turn the filters round, as a convolution does, and the smallest case of it."""
    torch = pytest.importorskip("torch")
    adapter = load("torch-cpu")
    right, lines = adapter.cross_correlate, adapter.script

    def wrong(x: Array, filters: Array, bias: Any = None, **p: Any) -> Array:
        return right(x, filters[..., ::-1].copy(), bias, **p)

    def script(**call: Any) -> str:
        return f"filters = filters[..., ::-1].copy()\n{lines(**call)}"

    monkeypatch.setattr(adapter, "cross_correlate", wrong)
    monkeypatch.setattr(adapter, "script", script)
    subject = Subject(adapter, "float32")
    small = reduced(subject, failure_of(subject, everything(dtype="float32")))
    found = standalone(CLAUSE, subject, small)
    assert found.shown, found.remark
    assert f"# torch-cpu {torch.__version__}, float32." in found.text
    assert len(found.text.splitlines()) < 40


def test_tensorflows_words_at_its_start_are_no_failure() -> None:
    pytest.importorskip("tensorflow")
    call = everything(channels=1, filters=1, batch=1, stride=(1, 1))
    subject = Subject(load("tensorflow"), "float64")
    error = BackendError("the backend raised InvalidArgumentError: no", Evidence(call))
    script = standalone(CLAUSE, subject, error)
    assert script.shown is False
    assert "no failure: the result has the shape" in script.remark
    impossible = TOO_LARGE.but(filters=np.ones((1, 1, 2)))
    script = standalone(CLAUSE, subject, failure_of(subject, impossible))
    assert script.shown, script.remark


def test_another_interpreter_runs_its_own_script(
    acme: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = acme("right = right + int(os.environ.get('WRONG', 0))")
    command = f"env WRONG=1 {sys.executable}"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker = Isolated(f"{spec}@{command}", Limits(), tmp_path / "x.call").ready()
    try:
        subject = Subject(worker, "float64")
        script = standalone(CLAUSE, subject, failure_of(subject, CALL))
        assert script.shown, script.remark
        assert "# acme@1.0 1.0, float64." in script.text
        worker.spec = f"{spec}@/no/such/python"
        script = standalone(CLAUSE, subject, failure_of(subject, CALL))
        assert script.shown is None
        assert "was not run: its interpreter did not start" in script.text
    finally:
        worker.close()


# What is right


def test_large_arrays_are_packed_and_larger_ones_left_out(acme: Write) -> None:
    subject = Subject(load(acme("right = right + 1")), "float64")
    rng = np.random.default_rng(0)
    large = call_of(rng.integers(-9, 9, (1, 1, 500)).astype("float64"), CALL.filters)
    script = standalone(CLAUSE, subject, failure_of(subject, large))
    assert script.shown
    assert "zlib.decompress" in script.text
    larger = large.but(x=rng.standard_normal((1, 1, 20_000)))
    script = standalone(CLAUSE, subject, failure_of(subject, larger))
    assert (script.text, script.shown) == ("", None)
    assert "characters" in script.remark


def test_what_is_right_is_what_the_reference_says_of_the_call(acme: Write) -> None:
    """Though the evidence compares two results of the backend with each other."""
    subject = Subject(load(acme("right = right + 1")), "float64")
    relation = Evidence(CALL, expected(CALL).value + 7, expected(CALL).value + 1)
    script = standalone(CLAUSE, subject, Disagreement("not linear", relation))
    assert "expected = np.array([[[11, 17]]]" in script.text


def test_nan_is_judged_by_the_clause(acme: Write) -> None:
    call = CALL.but(x=np.array([[[np.inf, 2.0, 3.0]]]))
    call = call.but(filters=np.array([[[0.0, 5]]]))  # inf * 0, which need not be multiplied
    right = np.array([[[np.inf, 15]]])
    for name, wrong, shown in (
        ("acme_e", "right[..., 0] = np.inf", False),
        ("acme_a", "pass", False),
        ("acme_b", "right[..., 0] = np.nan", False),
        ("acme_c", "right[..., 0] = 0", True),
        ("acme_d", "right[..., 1] = np.nan", True),
    ):
        subject = Subject(load(acme(wrong, name=name)), "float64")
        forged = Disagreement("inf", Evidence(call, right, right))
        assert reduced(subject, forged) is forged
        assert standalone(CLAUSE, subject, forged).shown is shown


def test_images(acme: Write) -> None:
    """The smallest case of a fault that needs whole images is still a short script."""
    subject = Subject(load(acme("right = right + (x.shape[-1] == 28)")), "float64")
    rows = sevens(subject)[:50, :, 14]
    failure = failure_of(subject, call_of(rows, np.array([[[-1.0, 1.0]]])))
    script = standalone(CLAUSE, subject, reduced(subject, failure))
    assert script.shown
    assert "np.full((1, 1, 28), 0" in script.text
