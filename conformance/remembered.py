"""What the reference computes long, and the same each time, is kept between runs: in the folder for
caches of whoever runs the suite, under a digest of all the code that it comes from.

A file that cannot be read is made anew, and a folder that cannot be written to does no harm.
"""

import contextlib
import functools
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec
from zipfile import BadZipFile

import numpy as np
from platformdirs import user_cache_path

from reference.geometry import Array
from reports.results import replacing

P = ParamSpec("P")
Arrays = dict[str, Array]

_ROOT = Path(__file__).resolve().parent.parent
_SOURCES = ("reference/*.py", "conformance/*.py")


def remembered(function: Callable[P, Arrays]) -> Callable[P, Arrays]:
    """The function, computed once for the same arguments, as their ``repr`` says them."""

    @functools.wraps(function)
    def found(*arguments: P.args, **named: P.kwargs) -> Arrays:
        asked = f"{function.__qualname__} {arguments} {named}"
        file = folder() / f"{hashlib.sha256(asked.encode()).hexdigest()}.npz"
        unreadable = OSError, ValueError, EOFError, BadZipFile
        with contextlib.suppress(*unreadable), np.load(file, allow_pickle=False) as stored:
            return dict(stored)
        computed = function(*arguments, **named)
        with contextlib.suppress(OSError):
            _store(file, computed)
        return computed

    return found


def folder() -> Path:
    """That of this code: it is beside those of other versions, which are removed on a write."""
    return user_cache_path("convspec") / _digest()


@functools.cache
def _digest() -> str:
    digest = hashlib.sha256(np.__version__.encode())
    for pattern in _SOURCES:
        for source in sorted(_ROOT.glob(pattern)):
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _store(file: Path, arrays: Arrays) -> None:
    """All of it or nothing: another run may do the same at this moment."""
    if not file.parent.exists():
        for other in file.parent.parent.glob("*"):
            shutil.rmtree(other, ignore_errors=True)
    with replacing(file) as unfinished, unfinished.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
