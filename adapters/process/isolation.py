"""A backend in a process of its own, asked like any other: whatever it does there, the run goes on.

Over the pipes of the process itself, so that its exit code, the signal it died of and the end of
its standard error are known, and so that the same few lines reach another interpreter or, through
``ssh``, another machine.
"""

import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from adapters.contract import (
    Adapter,
    Array,
    Padding,
    Sizes,
    Unavailable,
    Unsupported,
)
from adapters.operations import perform
from adapters.process import hello
from adapters.process.channel import (
    RESULT,
    BrokenOffError,
    ChannelError,
    Message,
    header_of,
    packed,
    receive,
)
from adapters.process.pipe import Derived, script_of_program
from adapters.registry import check
from adapters.specs import parse

_TICK = 0.05
_PIPE_SIZE = 2**20
_STDERR_LINES = 20
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


# Large arrays, too, come from memory that was used before (glibc): what is never written shows.
_ONE_HEAP = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**30)}


class RemoteError(Exception):
    """The backend raised an error, or returned what is no array."""


class GarbledError(RemoteError):
    """What came was no answer, and the process was ended."""


class CrashError(Exception):
    """The process of the backend died during a call."""


class OverdueError(Exception):
    """A call took longer than its limit, and the process was killed."""


@dataclass(frozen=True)
class Limits:
    """Seconds for a call, seconds for a start (and for the first call of new shapes, which may
    compile), GiB of memory for a worker (0: none), threads of a worker.
    """

    call: float = 30.0
    start: float = 120.0
    memory: float = 8.0
    threads: int = 1


class Isolated(Adapter):
    """An adapter whose backend runs in a worker. ``spec`` may end in ``@COMMAND``: the interpreter
    to run it with (``@/path/python``, ``@ssh host python3``), which needs NumPy, the framework and
    this package.

    ``in_flight``: the file that holds the call being made; what was there when the process died
    is kept beside it.
    """

    def __init__(self, spec: str, limits: Limits, in_flight: Path) -> None:
        self.spec, self.limits, self.in_flight = spec, limits, InFlight(in_flight)
        self.deaths = 0
        self._seen: set[bytes] = set()
        self._last: Array | None = None
        self._start()

    def ready(self) -> "Isolated":
        """Wait for the worker. Raises Unavailable, with the reason, if it never is ready."""
        try:
            self.hello = hello.read(self._process.exchange(None, self.limits.start).header)
            self.name, self.version = self.hello.name, self.hello.version
            self.capabilities = self.hello.capabilities
            self.declared_options = dict(self.hello.options)
            check(self, self.spec)
        except (CrashError, OverdueError, ChannelError) as error:
            self.close()
            raise Unavailable(f"its process did not start: {error}") from error
        except Unavailable:
            self.close()
            raise
        if parse(self.spec).command:
            self.name += f"@{self.version}"
        return self

    def cross_correlate(
        self,
        x: Array,
        filters: Array,
        bias: Array | None = None,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        arrays = {"x": x, "filters": filters} | ({} if bias is None else {"bias": bias})
        parameters = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
        }
        header = {"operation": "cross_correlate", "parameters": parameters}
        answer = self._asked(header, arrays)
        return self._result(answer.header, answer.arrays, arrays)

    def perform(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        parameters: Mapping[str, Any],
        progress: Callable[[int], None] = lambda step: None,
    ) -> dict[str, Array]:
        """See :func:`adapters.operations.perform`: what the worker makes of it."""
        if self.hello.leaves(operation):
            return perform(Derived(self), operation, arrays, parameters, progress)
        header = {"operation": operation, "parameters": dict(parameters)}
        answer = self._asked(header, arrays, progress)
        _raise_unless_result(answer.header)
        for name, array in answer.arrays.items():
            if name in arrays and arrays[name].shape == array.shape:
                arrays[name][...] = array
        return {
            name.removeprefix(RESULT): array
            for name, array in answer.arrays.items()
            if name == "result" or name.startswith(RESULT)
        }

    def offers(self, operation: str) -> str:
        return self.hello.offers(operation)

    def _asked(
        self,
        header: dict[str, Any],
        arrays: Mapping[str, Array],
        progress: Callable[[int], None] = lambda step: None,
    ) -> Message:
        """The worker's answer, which may have to be started anew first."""
        if not self._process.alive:
            self._start()
            self.ready()
        message = packed(header, {name: (array, array.tobytes()) for name, array in arrays.items()})
        self.in_flight.save(message)
        shapes = header_of(message)
        limit = self.limits.call if shapes in self._seen else self.limits.start
        try:
            answer = self._process.exchange(message, limit, progress)
        except (CrashError, OverdueError) as error:
            raise type(error)(f"{error} (the call is kept in {self._keep(message)})") from None
        except ChannelError as error:
            self.close()
            raise GarbledError(f"the worker's answer could not be read: {error}") from error
        self._seen.add(shapes)
        return answer

    def script(
        self,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
        bias: bool,
        dtype: str,
    ) -> str | None:
        """The worker's script, be it its adapter's own or one from the adapter's file."""
        call = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
            "bias": bias,
            "dtype": dtype,
        }
        try:
            if not self._process.alive:
                self._start()
                self.ready()
            message = packed({"script": call}, {})
            text = self._process.exchange(message, self.limits.call).header.get("text")
        except (CrashError, OverdueError, ChannelError, Unavailable):
            return None
        return text if isinstance(text, str) else script_of_program(parse(self.spec).target, call)

    def environment(self) -> dict[str, str]:
        return dict(self.hello.environment)

    def close(self) -> None:
        self._process.kill()
        self.in_flight.remove()

    def _start(self) -> None:
        self._process = Process(self.spec, self.limits)

    def _result(
        self, answer: dict[str, Any], changed: dict[str, Array], arrays: dict[str, Array]
    ) -> Array:
        """The result; what the backend did to other arrays is done to ours."""
        _raise_unless_result(answer)
        if "result" not in changed:
            raise RemoteError("the worker sent no result")
        for name, array in changed.items():
            if name in arrays and arrays[name].shape == array.shape:
                arrays[name][...] = array
        if "last result" in changed and self._last is not None:
            self._last[...] = changed["last result"]
        self._last = changed["result"]
        return self._last

    def _keep(self, message: bytes) -> Path:
        self.deaths += 1
        kept = self.in_flight.path.with_suffix(f".{self.deaths}.call")
        kept.write_bytes(stored(message))
        return kept


def stored(message: bytes) -> bytes:
    """A message as a file: what :func:`adapters.process.channel.receive` reads."""
    return len(message).to_bytes(4, "big") + message


class InFlight:
    """The call being made, on disk before it is made, so that it outlives every process here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def save(self, message: bytes) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        # What an earlier, longer call leaves behind it does no harm: a message says its length.
        os.pwrite(self._file, stored(message), 0)

    def remove(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self.path.unlink(missing_ok=True)


class Process:
    """A worker process: started, spoken to, watched, and buried."""

    def __init__(self, spec: str, limits: Limits) -> None:
        parts = parse(spec)
        worker = ["-P", "-m", "adapters.process.worker", parts.local]
        try:
            self.popen = subprocess.Popen(
                [*interpreter(spec), *worker, f"--memory={limits.memory}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(limits.threads, same_interpreter=not parts.command),
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"its process cannot be started: {error}") from error
        assert self.popen.stdin
        assert self.popen.stdout
        self.calls = Connection(os.dup(self.popen.stdin.fileno()), readable=False)
        self.answers = Connection(os.dup(self.popen.stdout.fileno()), writable=False)
        self.popen.stdin.close()
        self.popen.stdout.close()
        _widen(self.calls, self.answers)
        self.stderr: deque[bytes] = deque(maxlen=_STDERR_LINES)
        self.deadline = float("inf")
        self.overdue = False
        self._drainer = threading.Thread(target=self._drain, daemon=True)
        self._drainer.start()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def exchange(
        self,
        message: bytes | None,
        limit: float,
        progress: Callable[[int], None] = lambda step: None,
    ) -> Message:
        """Send a message, if there is one, and get the answer, within ``limit`` seconds after the
        last sign of ``progress``.

        Raises CrashError, OverdueError or ChannelError; the process is dead then.
        """
        self.deadline = time.monotonic() + limit
        try:
            if message is not None:
                self.calls.send_bytes(message)
            while (answer := receive(self.answers)).header.get("status") == "progress":
                self.deadline = time.monotonic() + limit
                progress(_step(answer))
            return answer
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise self._death(limit) from error
        except ChannelError as error:
            # A process that has closed its end by dying may be alive for a moment more.
            if self.overdue or not self.alive or isinstance(error, BrokenOffError):
                raise self._death(limit, f"; {error}") from error
            self.kill()
            raise
        finally:
            self.deadline = float("inf")

    def kill(self) -> None:
        """End the process and all that it has started."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.popen.kill()
        self.popen.wait()
        for end in (self.calls, self.answers):
            if not end.closed:
                end.close()

    def _death(self, limit: float, after: str = "") -> Exception:
        try:
            code = self.popen.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            code = None  # it closed its end, and lives on
        self.kill()
        if self.overdue:
            return OverdueError(f"no answer within {limit:g} s{after}")
        self._drainer.join(timeout=1.0)  # what it wrote last may still be in the pipe
        said = b"".join(self.stderr).decode("utf-8", "replace").strip()
        how = "closed the channel" if code is None else _ended(code)
        return CrashError(
            f"the process {how}{after}" + (f"; it last wrote:\n{said}" if said else "")
        )

    def _drain(self) -> None:
        assert self.popen.stderr
        with self.popen.stderr as stream:
            while line := stream.readline(1000):
                self.stderr.append(line)

    def _watch(self) -> None:
        while self.popen.poll() is None:
            if time.monotonic() > self.deadline:
                self.overdue = True
                os.killpg(self.popen.pid, signal.SIGKILL)
                return
            time.sleep(_TICK)


def _raise_unless_result(answer: dict[str, Any]) -> None:
    status, message = answer.get("status"), str(answer.get("message"))
    if status == "unsupported":
        raise Unsupported(message)
    if status == "error":
        raise RemoteError(f"the backend raised {answer.get('type')}: {message}")
    if status != "result":
        raise RemoteError(f"the worker's answer has the status {status!r}, which is none")


def _step(answer: Message) -> int:
    step = answer.header.get("step")
    if not isinstance(step, int):
        raise ChannelError(f"no message: progress to the step {step!r}")
    return step


def interpreter(spec: str) -> list[str]:
    """The command of the interpreter that a backend is to be run with."""
    command = parse(spec).command
    return shlex.split(command) if command else [sys.executable]


def _widen(*ends: Connection) -> None:
    """Let a pipe hold a whole call where the system can: fewer turns between the processes."""
    if sys.platform == "linux":
        for end in ends:
            with contextlib.suppress(OSError):  # beyond what this user may have
                fcntl.fcntl(end.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_SIZE)


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"died of {signal.Signals(-code).name}"
    except ValueError:
        return f"died of signal {-code}"


def _environment(threads: int, *, same_interpreter: bool) -> dict[str, str]:
    """That of this process, and the same path for modules; another interpreter gets no packages
    of this one, but those of this project if they lie in a checkout.
    """
    home = str(Path(__file__).resolve().parents[2])
    path = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    if same_interpreter:
        path = [entry for entry in sys.path if entry]
    elif not Path(home, "numpy").exists():
        path.insert(0, home)
    return (
        os.environ
        | dict.fromkeys(THREADS, str(threads))
        | _ONE_HEAP
        | {"PYTHONPATH": os.pathsep.join(path)}
    )
