"""A script run in a clean process: by the backend's own interpreter, and without this package."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from adapters.process.isolation import THREADS
from adapters.scripts import OURS

_LINES = 200
_LONGEST_LINE = 1000
_PATIENCE = 5  # seconds for what a process that has ended leaves in its pipes
_HELLO = "convspec: run by "
# What hides this package, and ends a process on another machine that nobody here can kill.
_PROLOGUE = """\
def _prologue():
    import signal
    import sys

    import numpy

    class Hidden:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name in {ours}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    sys.meta_path.insert(0, Hidden)
    signal.alarm({alarm})
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"{hello}Python {{version}}, NumPy {{numpy.__version__}}", flush=True)


_prologue()
del _prologue
"""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative for a signal, None if it was killed for
    overrunning), the versions of Python and NumPy, and the last lines of its two streams.
    """

    code: int | None
    versions: str
    printed: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def last(self) -> str:
        """The last line of what it had to say."""
        said = self.errors if self.code else self.printed
        return next((line for line in reversed(said) if line.strip()), "")


def run_clean(script: str, interpreter: list[str], limit: float) -> Ended:
    """Run a script by this command within so many seconds, with one thread, and wait for its end.

    Raises OSError where the command cannot be started.
    """
    prologue = _PROLOGUE.format(ours=OURS, alarm=int(limit) + 10, hello=_HELLO)
    with tempfile.TemporaryFile() as program, tempfile.TemporaryDirectory() as folder:
        program.write((prologue + script).encode("utf-8", "backslashreplace"))
        program.seek(0)
        process = subprocess.Popen(
            [*interpreter, "-"],
            stdin=program,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=os.environ | dict.fromkeys(THREADS, "1"),
            start_new_session=True,
        )
        assert process.stdout
        assert process.stderr
        printed, errors = _Listener(process.stdout), _Listener(process.stderr)
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _bury(process)
        return Ended(code, printed.versions(), tuple(printed.lines()), tuple(errors.lines()))


def _bury(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Listener(threading.Thread):
    """Reads a stream to its end, however much comes, and keeps the last lines."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream, self._first = stream, b""
        self._last: deque[bytes] = deque(maxlen=_LINES)
        self.start()

    def run(self) -> None:
        with self._stream as stream:
            while line := stream.readline(_LONGEST_LINE):
                self._first = self._first or line
                self._last.append(line)

    def lines(self) -> Iterable[str]:
        self.join(_PATIENCE)
        return [_text(line) for line in list(self._last) if not _text(line).startswith(_HELLO)]

    def versions(self) -> str:
        self.join(_PATIENCE)
        first = _text(self._first)
        return first.removeprefix(_HELLO) if first.startswith(_HELLO) else ""


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip()
