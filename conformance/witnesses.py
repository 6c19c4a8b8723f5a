"""What a backend answers, beside what is right and what a mistake would lead to."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from adapters import Unsupported
from conformance.calls import Call
from conformance.judge import allowance
from conformance.mistakes import Mistake
from conformance.mistakes.catalogue import correlate
from conformance.smallest import is_finite
from conformance.subject import BackendFailure, NotTried, Subject
from reference import SpecError
from reference.formats import overflowed
from reference.geometry import Array

_MOST_WRONG = 16


@dataclass(frozen=True, eq=False)
class Witness:
    """A call, what the backend answered, and what is right (None: it must be refused); ``room``
    is how far an answer and a prediction, both rounded, may be apart.
    """

    call: Call
    got: Array
    right: Array | None
    room: Array

    @classmethod
    def of(cls, call: Call, got: Array, promise: str) -> "Witness":
        with np.errstate(all="ignore"):
            try:
                right = overflowed(correlate(call), call.format)
            except SpecError:
                return cls(call, got, None, np.zeros(()))
            finite = is_finite(call)
            room = 2 * allowance(call if finite else call.but(data="integers"), promise)
            if finite and (not call.exact or promise != "A"):
                room = np.maximum(room, 2 * allowance(call.but(data="normal"), "A"))
        return cls(call, got, right, room)

    @property
    def wrong(self) -> bool:
        return self.right is None or not _equal(self.got, self.right, self.room)

    def fits(self, mistake: Mistake) -> bool:
        """Whether this is what the mistake leads to."""
        answer = mistake.answer(self.call)
        if answer is None:
            return False
        whole = bool((answer == np.rint(answer)).all())
        room = self.room if whole or not self.call.exact else _rounding(answer, self.call)
        return _equal(self.got, answer, room)

    def changed_by(self, mistake: Mistake) -> bool:
        """Whether the mistake would lead to something else than what is right."""
        answer = mistake.answer(self.call)
        return answer is None or self.right is None or not _equal(answer, self.right, self.room)


def _rounding(answer: Array, call: Call) -> Array:
    """How far off fractions made of integers may be."""
    largest = np.abs(answer[np.isfinite(answer)]).max(initial=0.0)
    return np.asarray(8 * call.filters[0].size * call.format.unit_roundoff * largest)


def _equal(a: Array, b: Array, room: Array) -> bool:
    if a.shape != b.shape:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if room.ndim == 0 or room.shape[2:] == a.shape[2:] or set(room.shape[2:]) == {1}:
            return bool((same | (np.abs(a - b) <= room)).all())
        return bool((same | (np.abs(a - b) <= room.max(initial=0.0))).all())


def same(a: Array | None, b: Array | None) -> bool:
    """Whether two answers are equal to the last value; None stands for a refusal."""
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b, equal_nan=True)


@dataclass
class Bench:
    """Asks a backend, for as long as it lives."""

    subject: Subject
    rng: np.random.Generator

    def witness(self, call: Call) -> Witness | None:
        """None if the backend gives no answer."""
        got = self._answer(call)
        return Witness.of(call, got, self.subject.promise) if isinstance(got, np.ndarray) else None

    def failure(self, call: Call) -> Exception | None:
        """Why the backend gives no answer; None if it gives one."""
        got = self._answer(call)
        return got if isinstance(got, Exception) else None

    def _answer(self, call: Call) -> Array | Exception:
        try:
            with np.errstate(all="ignore"):
                return self.subject.result(call).astype("float64")
        except (BackendFailure, NotTried, Unsupported) as failure:
            return failure

    def witnesses(self, calls: Iterable[Call], most_wrong: int = _MOST_WRONG) -> list[Witness]:
        """Those that were answered, each once, until enough of them are wrong."""
        found: list[Witness] = []
        known: set[bytes] = set()
        for call in calls:
            if call.key not in known and (witness := self.witness(call)):
                found.append(witness)
                known.add(call.key)
            if sum(w.wrong for w in found) >= most_wrong:
                break
        return found
