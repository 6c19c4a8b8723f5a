"""Adapters that do harm, each on the call whose input holds a 13, and are right on any other."""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from typing import Any

import numpy as np

import reference
from adapters import Adapter
from adapters.contract import Array


class Hostile(Adapter):
    name = "hostile"

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        right = reference.cross_correlate(x, filters, bias, **parameters)
        return self.harm(right) if (x == 13).any() else right

    def harm(self, right: Array) -> Any:
        raise NotImplementedError


class Segfault(Hostile):
    def harm(self, right: Array) -> Any:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        print("about to read address 0", file=sys.stderr, flush=True)
        ctypes.string_at(0)


class Abort(Hostile):
    def harm(self, right: Array) -> Any:
        os.abort()


class FloatingPointError_(Hostile):  # noqa: N801
    def harm(self, right: Array) -> Any:
        os.kill(os.getpid(), signal.SIGFPE)
        time.sleep(60)


class Kill(Hostile):
    def harm(self, right: Array) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


class ExitAtOnce(Hostile):
    def harm(self, right: Array) -> Any:
        os._exit(0)


class SysExit(Hostile):
    def harm(self, right: Array) -> Any:
        sys.exit(0)


class EndlessLoop(Hostile):
    def harm(self, right: Array) -> Any:
        while True:
            pass


class StopsReading(Hostile):
    """Stops the whole process, so that a large call fills the pipe."""

    def harm(self, right: Array) -> Any:
        os.kill(os.getpid(), signal.SIGSTOP)


class FloodsStdout(Hostile):
    def harm(self, right: Array) -> Any:
        for _ in range(2000):
            print("x" * 10_000)
            sys.stdout.flush()
        return right


class WritesToEveryDescriptor(Hostile):
    """Garbles the channel itself."""

    def harm(self, right: Array) -> Any:
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b"\xff" * 64)
            except OSError:
                continue
        return right


class ClosesEveryDescriptor(Hostile):
    def harm(self, right: Array) -> Any:
        os.closerange(0, 64)
        time.sleep(60)


class EatsMemory(Hostile):
    def harm(self, right: Array) -> Any:
        hoard = []
        while True:
            hoard.append(np.ones(2**24))


class ReturnsList(Hostile):
    def harm(self, right: Array) -> Any:
        return right.tolist()


class ReturnsObjects(Hostile):
    def harm(self, right: Array) -> Any:
        return right.astype(object)


class ReturnsComplex(Hostile):
    def harm(self, right: Array) -> Any:
        return right.astype(complex)


class ReturnsHuge(Hostile):
    """Claims a shape of terabytes, all of them one value in memory."""

    def harm(self, right: Array) -> Any:
        return np.broadcast_to(right.ravel()[:1], (10**6, 10**6))


class RaisesMegabytes(Hostile):
    def harm(self, right: Array) -> Any:
        raise ValueError("<script>\0\ud800" + "x" * 10_000_000)


class RaisesWithoutText(Hostile):
    def harm(self, right: Array) -> Any:
        class Mute(Exception):  # noqa: N818
            def __str__(self) -> str:
                raise RuntimeError

        raise Mute


class LeavesThreads(Hostile):
    def harm(self, right: Array) -> Any:
        for _ in range(10):
            threading.Thread(target=time.sleep, args=(3600,)).start()
        return right


class LeavesProcesses(Hostile):
    def harm(self, right: Array) -> Any:
        if os.fork() == 0:
            time.sleep(3600)
        return right


class ChangesGlobalState(Hostile):
    def harm(self, right: Array) -> Any:
        np.seterr(all="raise")
        os.chdir("/")
        os.environ.clear()
        sys.path.clear()
        return right


class NeverWrites(Hostile):
    """Returns memory as the allocator gave it."""

    def harm(self, right: Array) -> Any:
        return np.empty(right.shape, right.dtype)


class DoesNotStart(Hostile):
    def __init__(self) -> None:
        os.abort()


class StartsForever(Hostile):
    def __init__(self) -> None:
        time.sleep(3600)
