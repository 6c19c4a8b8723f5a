"""The process that a backend runs in, ``python -m adapters.process.worker SPEC``; see isolation.py.

It reads calls from its standard input and writes answers to its standard output, as channel.py
describes. The adapter finds neither: what it prints goes to standard error.
"""

import argparse
import ctypes
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from adapters.contract import (
    CONTRACT,
    OPERATIONS,
    Adapter,
    Array,
    Unavailable,
    Unsupported,
    checked,
    text_of,
)
from adapters.operations import perform
from adapters.process.channel import RESULT, Message, packed, receive
from adapters.process.pipe import Program
from adapters.registry import load
from adapters.scripts import script_of

_PR_SET_PDEATHSIG = 1
_SECONDS_BETWEEN = 0.5  # two reports of progress


class Worker:
    """Answers calls to one adapter, and watches what it does to arrays that are not its own."""

    def __init__(self, adapter: Adapter, answers: Connection) -> None:
        self.adapter, self.answers = adapter, answers
        self.heap = DirtyHeap()
        self.last: tuple[Array, bytes] | None = None

    def hello(self) -> None:
        claims = self.adapter.capabilities
        self._send(
            status="ready",
            contract=CONTRACT,
            name=self.adapter.name,
            version=str(self.adapter.version),
            dtypes=claims.dtypes,
            spatial_axes=claims.spatial_axes,
            named_padding=claims.named_padding,
            promises=dict(claims.promises),
            compiles=claims.compiles,
            named_transposed_padding=claims.named_transposed_padding,
            options=dict(type(self.adapter).options),
            offers={name: self.adapter.offers(name) for name in OPERATIONS},
            environment={str(k): str(v) for k, v in self.adapter.environment().items()},
        )

    def answer(self, message: Message) -> None:
        """Answer a call, or a request for the script of one."""
        if "script" in message.header:
            self.write_script(message.header["script"])
        elif message.header["operation"] == "cross_correlate":
            self.call(message)
        else:
            self.perform(message)

    def write_script(self, call: dict[str, Any]) -> None:
        try:
            text = script_of(self.adapter, **_tuples(call))
        except BaseException:  # an adapter that cannot write one has none
            text = None
        self._send(status="script", text=text)

    def call(self, call: Message) -> None:
        """Make one call, and send back its result, and every array that changed meanwhile."""
        arrays: dict[str, Any] = call.arrays
        self.heap.dirty(sum(map(len, call.contents.values())))
        try:
            result = checked(
                self.adapter.cross_correlate(**arrays, **_tuples(call.header["parameters"]))
            )
        except Unsupported as why:
            self._send(status="unsupported", message=text_of(why))
            return
        except BaseException as error:
            self._send(status="error", type=type(error).__name__, message=text_of(error))
            return
        sent = {"result": (result, result.tobytes())}
        watched: dict[str, tuple[Array, bytes | memoryview]] = {
            name: (array, call.contents[name]) for name, array in arrays.items()
        }
        if self.last is not None:
            watched["last result"] = self.last
        for name, (array, before) in watched.items():
            if not holds(array, before):
                sent[name] = array, array.tobytes()
        self.last = sent["result"]
        self.answers.send_bytes(packed({"status": "result"}, sent))

    def perform(self, request: Message) -> None:
        """Any other operation: what came out, and the arguments that it changed."""
        arrays, header = dict(request.arrays), request.header
        self.heap.dirty(sum(map(len, request.contents.values())))
        told = time.monotonic()

        def progress(step: int) -> None:
            nonlocal told
            if time.monotonic() > told + _SECONDS_BETWEEN:
                self._send(status="progress", step=int(step))
                told = time.monotonic()

        try:
            found = perform(
                self.adapter, header["operation"], arrays, _tuples(header["parameters"]), progress
            )
        except Unsupported as why:
            self._send(status="unsupported", message=text_of(why))
            return
        except BaseException as error:
            self._send(status="error", type=type(error).__name__, message=text_of(error))
            return
        sent = {f"{RESULT}{name}": (array, array.tobytes()) for name, array in found.items()}
        for name, array in arrays.items():
            if not holds(array, request.contents[name]):
                sent[name] = array, array.tobytes()
        self.answers.send_bytes(packed({"status": "result"}, sent))

    def _send(self, **header: Any) -> None:
        self.answers.send_bytes(packed(header, {}))


def holds(array: Array, before: bytes | memoryview) -> bool:
    """Whether an array still has the values that these bytes are."""
    if not array.flags.c_contiguous:
        return array.tobytes() == bytes(before)
    # NumPy compares memory where it lies, and many values at once.
    return np.array_equal(array.reshape(-1).view("uint8"), np.frombuffer(before, "uint8"))


class DirtyHeap:
    """Fills memory that a call is about to be given, so that values never written show."""

    _PATTERNS = (0xFF, 0x55)  # NaN in every format, and a large number

    def __init__(self) -> None:
        self.calls = 0
        self.c: ctypes.CDLL | None = None
        if os.name == "posix":
            self.c = ctypes.CDLL(None)
            self.c.malloc.restype = ctypes.c_void_p

    def dirty(self, most: int) -> None:
        """Fill and free blocks of several sizes up to about ``most`` bytes."""
        self.calls += 1
        pattern = self._PATTERNS[self.calls % len(self._PATTERNS)]
        sizes = [64, 256, 1024, 4096, most // 2, most, 2 * most]
        if self.c is None:
            return
        blocks = [(self.c.malloc(ctypes.c_size_t(size)), size) for size in sizes]
        for block, size in blocks:
            if block:
                self.c.memset(ctypes.c_void_p(block), pattern, ctypes.c_size_t(size))
                self.c.free(ctypes.c_void_p(block))


def _tuples(value: Any) -> Any:
    """JSON has lists only; the contract has tuples."""
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def limit_memory(gibibytes: float) -> None:
    """Let allocations fail that would take this process's data beyond the limit."""
    try:
        import resource
    except ModuleNotFoundError:  # not on this system
        return
    limit = int(gibibytes * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def die_with_parent() -> None:
    """Where the system can: a suite that is killed leaves no worker behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m adapters.process.worker", description=__doc__)
    parser.add_argument("spec")
    parser.add_argument("--memory", type=float, default=0.0, help="GiB, 0 for no limit")
    options = parser.parse_args()

    calls, answers = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    die_with_parent()
    if options.memory:
        limit_memory(options.memory)
    try:
        adapter = load(options.spec)
        if isinstance(adapter, Program):
            adapter.take_over(calls, answers)
        worker = Worker(adapter, answers)
        worker.hello()
    except Unavailable as why:
        answers.send_bytes(packed({"status": "unavailable", "message": text_of(why)}, {}))
        return
    try:
        while True:
            worker.answer(receive(calls))
    except (EOFError, BrokenPipeError):
        os._exit(0)  # whatever threads the backend has left behind


if __name__ == "__main__":
    main()
