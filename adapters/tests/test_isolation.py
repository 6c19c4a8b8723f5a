"""Whatever a backend does in its process, it is named, and the next call is answered."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

import reference
from adapters import Adapter, Unavailable, load
from adapters.contract import Array
from adapters.process.channel import packed, receive
from adapters.process.isolation import CrashError, Isolated, Limits, OverdueError, RemoteError

PARAMETERS = {"stride": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}
SHORT = Limits(call=2.0, start=5.0, memory=2.0)

Start = Callable[..., Isolated]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Isolated] = []

    def begin(name: str, limits: Limits = Limits(), spec: str = "") -> Isolated:  # noqa: B008
        spec = spec or f"adapters.tests.hostile:{name}"
        started.append(Isolated(spec, limits, tmp_path / "in-flight.call"))
        return started[-1].ready()

    yield begin
    for worker in started:
        worker.close()


def ask(adapter: Adapter, *values: float, size: int = 8) -> Array:
    x = np.zeros((1, 1, size))
    x[0, 0, : len(values)] = values
    return adapter.cross_correlate(x, np.ones((1, 1, 2)), None, **PARAMETERS)  # type: ignore[arg-type]


def is_answered(worker: Isolated) -> None:
    assert ask(worker, 1, 2, 3)[0, 0, :3].tolist() == [3, 5, 3]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Segfault", "died of SIGSEGV"),
        ("Abort", "died of SIGABRT"),
        ("FloatingPointError_", "died of SIGFPE"),
        ("Kill", "died of SIGKILL"),
        ("ExitAtOnce", "ended with exit code 0"),
        ("ClosesEveryDescriptor", "closed the channel"),
    ],
)
def test_deaths(start: Start, name: str, said: str) -> None:
    worker = start(name)
    is_answered(worker)
    with pytest.raises(CrashError, match=said):
        ask(worker, 13)
    is_answered(worker)
    assert worker.deaths == 1


def test_a_death_leaves_its_last_words_and_the_call(start: Start) -> None:
    worker = start("Segfault")
    with pytest.raises(CrashError, match="about to read address 0") as death:
        ask(worker, 13, 7)
    kept = Path(str(death.value).rpartition("kept in ")[2].rstrip(")"))
    call = receive(Connection(os.open(kept, os.O_RDONLY), writable=False))
    assert call.header["parameters"]["stride"] == [1]
    assert call.arrays["x"][0, 0, :2].tolist() == [13, 7]


@pytest.mark.parametrize("name", ["EndlessLoop", "StopsReading"])
def test_calls_that_never_end(start: Start, name: str) -> None:
    worker = start(name, SHORT)
    is_answered(worker)
    with pytest.raises(OverdueError, match="no answer within 2 s"):
        ask(worker, 13)
    is_answered(worker)


def test_a_worker_that_stops_reading_a_large_call(start: Start) -> None:
    worker = start("Kill", SHORT)
    os.kill(worker._process.popen.pid, signal.SIGSTOP)
    with pytest.raises(OverdueError):
        ask(worker, 1, size=10**6)
    is_answered(worker)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SysExit", "SystemExit"),
        ("ReturnsList", "returned list, not a NumPy array"),
        ("ReturnsObjects", "an array of object, not of real numbers"),
        ("ReturnsComplex", "an array of complex128"),
        ("ReturnsHuge", r"shape \(1000000, 1000000\): too large"),
        ("RaisesMegabytes", "ValueError: <script>"),
        ("RaisesWithoutText", "its text cannot be had"),
    ],
)
def test_errors(start: Start, name: str, said: str) -> None:
    worker = start(name)
    with pytest.raises(RemoteError, match=said) as error:
        ask(worker, 13)
    assert len(str(error.value)) < 3000
    is_answered(worker)
    assert worker.deaths == 0


def test_a_garbled_channel(start: Start) -> None:
    worker = start("WritesToEveryDescriptor", SHORT)
    with pytest.raises((RemoteError, CrashError)):
        ask(worker, 13)
    is_answered(worker)


def test_memory_is_limited(start: Start) -> None:
    worker = start("EatsMemory", Limits(memory=1.0))
    with pytest.raises((RemoteError, CrashError), match=r"MemoryError|died of"):
        ask(worker, 13)
    is_answered(worker)


@pytest.mark.parametrize(
    "name", ["FloodsStdout", "LeavesThreads", "LeavesProcesses", "ChangesGlobalState"]
)
def test_what_does_no_harm(start: Start, name: str) -> None:
    worker = start(name)
    assert ask(worker, 13)[0, 0, 0] == 13
    is_answered(worker)
    worker.close()
    assert np.geterr()["divide"] == "warn"


def test_memory_that_was_never_written_shows(start: Start) -> None:
    worker = start("NeverWrites")
    for size in (10, 200, 5000):
        results = [ask(worker, 13, size=size) for _ in range(2)]
        right = reference.cross_correlate(np.zeros((1, 1, size)), np.ones((1, 1, 2)))
        assert not all(np.array_equal(result, right) for result in results)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DoesNotStart", "died of SIGABRT"),
        ("StartsForever", "no answer within 5 s"),
        ("NoSuchClass", "the module has no class .NoSuchClass., but "),
    ],
)
def test_workers_that_cannot_start(start: Start, name: str, said: str) -> None:
    with pytest.raises(Unavailable, match=said):
        start(name, SHORT)


def test_interpreters_that_cannot_start(start: Start, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be started"):
        start("", spec="reference@/no/such/python")
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho no convspec here >&2\nexit 3\n")
    bare.chmod(0o755)
    with pytest.raises(Unavailable, match=r"exit code 3.*\n.*no convspec here"):
        start("", spec=f"reference@{bare}")


def test_another_interpreter_is_another_column(start: Start) -> None:
    worker = start("", spec=f"reference@{sys.executable}")
    assert worker.name == f"reference@{worker.version}"
    is_answered(worker)
    through_a_command = start("", spec=f"reference@env SOME=thing {sys.executable}")
    is_answered(through_a_command)


def test_the_adapter_does_not_know_the_difference(start: Start) -> None:
    isolated, direct = start("", spec="reference"), load("reference")
    assert (isolated.name, isolated.version) == (direct.name, direct.version)
    assert isolated.capabilities == direct.capabilities
    rng = np.random.default_rng(0)
    x, filters = (
        rng.integers(-9, 9, (2, 4, 6, 7)).astype("float32"),
        np.ones((2, 2, 2, 3), "float32"),
    )
    parameters = {"stride": (2, 1), "padding": ((1, 0), (0, 2)), "dilation": (1, 2), "groups": 2}
    for lay in (np.asfortranarray, lambda a: np.flip(np.flip(a).copy()), lambda a: a[::-1]):
        here = direct.cross_correlate(lay(x), lay(filters), None, **parameters)  # type: ignore[arg-type]
        there = isolated.cross_correlate(lay(x), lay(filters), None, **parameters)  # type: ignore[arg-type]
        assert there.dtype == here.dtype
        assert np.array_equal(here, there)


def test_no_worker_outlives_the_suite(tmp_path: Path) -> None:
    source = (
        "import os, signal, sys; from pathlib import Path\n"
        "from adapters.process.isolation import Isolated, Limits\n"
        "worker = Isolated('reference', Limits(), Path(sys.argv[1])).ready()\n"
        "print(worker._process.popen.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", source, str(tmp_path / "x.call")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"the worker {pid} lives on")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0).reshape(3, 4)[::-1, ::-2],
        np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 4), (0, 8)),
        np.lib.stride_tricks.as_strided(np.ones(1), (3, 4), (0, 0)),
    ],
    ids=["Fortran order", "backwards, with gaps", "one row for all", "one number for all"],
)
def test_arrays_arrive_as_they_lie(array: Array) -> None:
    reading, writing = os.pipe()
    with Connection(reading, writable=False) as end, Connection(writing, readable=False) as start:
        start.send_bytes(packed({}, {"x": (array, array.tobytes())}))
        arrived = receive(end).arrays["x"]
    assert np.array_equal(arrived, array)
    assert arrived.strides == array.strides
    assert arrived.flags.writeable
