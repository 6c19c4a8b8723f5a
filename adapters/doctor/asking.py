"""Asking a backend, whatever comes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adapters.contract import Array, Unsupported
from adapters.doctor.trials import Trial, right
from adapters.process.isolation import CrashError, Isolated, RemoteError

_KEPT = re.compile(r" \(the call is kept in .*\)$")
NO_REASON = "it does not say why"
# Rounding is no matter here: how near an answer must come to integers. bfloat16 has 8 bits.
_NEAR = {"float64": 0.1, "float32": 0.1, "float16": 0.1, "bfloat16": 1.0}


@dataclass(frozen=True)
class Answer:
    """What came of a call: an array, or why there is none: it was ``declined``, or an ``error``."""

    array: Array | None = None
    declined: str = ""
    error: str = ""


@dataclass(frozen=True)
class Asked:
    """A trial and what came of it; ``changed``: the arguments that had other values afterwards."""

    trial: Trial
    answer: Answer
    changed: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        array = self.answer.array
        return array is not None and near(array, right(self.trial.call), self.trial.dtype)

    @property
    def is_wrong(self) -> bool:
        return not (self.is_right or self.answer.declined)


@dataclass(frozen=True)
class Advice:
    """``what`` is wrong, and ``how`` to mend it; ``seen_in`` these trials."""

    what: str
    how: str
    seen_in: tuple[str, ...] = ()


def near(found: Array, expected: Array, dtype: str = "float64") -> bool:
    """Whether an answer is another, but for rounding."""
    if found.shape != expected.shape:
        return False
    return bool(np.all(np.abs(found.astype(float) - expected) <= _NEAR[dtype]))


def ask(adapter: Isolated, arrays: Mapping[str, Any], parameters: Mapping[str, Any]) -> Answer:
    """One call. Raises OverdueError where no answer comes in time."""
    try:
        return Answer(adapter.cross_correlate(**arrays, **parameters))
    except Unsupported as why:
        return Answer(declined=str(why) or NO_REASON)
    except (RemoteError, CrashError) as error:
        return Answer(error=without_the_file(error))


def without_the_file(error: Exception) -> str:
    """What an error says, but for the file of the call: it is gone when this is read."""
    return _KEPT.sub("", str(error))


def tried(adapter: Isolated, trial: Trial) -> Asked:
    """One trial, with arrays of its own."""
    arrays = trial.call.arrays(trial.dtype)
    before = {name: array.copy() for name, array in arrays.items()}
    answer = ask(adapter, arrays, trial.parameters())
    if answer.array is not None:  # it may be what the next call is written to
        answer = replace(answer, array=answer.array.copy())
    changed = (name for name in arrays if not np.array_equal(arrays[name], before[name]))
    return Asked(trial, answer, tuple(changed))
