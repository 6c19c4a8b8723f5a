"""What a backend answered to a request, what is right, and which mistake predicts the answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from adapters import Unsupported
from conformance.answers import answer
from conformance.judge import Reading, error_ratios
from conformance.mistakes.learning import Wrong
from conformance.requests import Request
from conformance.subject import BackendFailure, NotTried, Subject
from reference import SpecError
from reference.geometry import Array

Answers = dict[str, Array]

# Of the largest value, where right are integers, and a mistake makes fractions of them.
_NO_ROUNDING = 2.0**-40
_FEW_ROUNDINGS = 8


@dataclass(frozen=True, eq=False)
class RequestWitness:
    """An answer of the backend, and what is right (None: it must be refused)."""

    request: Request
    got: Answers
    right: dict[str, Reading] | None

    @property
    def wrong(self) -> bool:
        """Clearly: by more than what ``fits`` forgives, so that no mistake without effect fits."""
        if self.right is None:
            return True
        return not self.fits({name: reading.value for name, reading in self.right.items()})

    def fits(self, predicted: Answers | None) -> bool:
        """Whether the backend gave what was predicted, but for rounding."""
        if self.right is None:
            return nearly_same(self.got, predicted, self.request)
        if predicted is None or not set(self.right) <= set(predicted):
            return False
        return all(
            close(self.got.get(name), predicted[name], reading, self.request)
            for name, reading in self.right.items()
        )


def right_answers(request: Request, promise: str) -> dict[str, Reading] | None:
    """What is right; None for a request that must be refused."""
    try:
        return answer(request, promise)
    except SpecError:
        return None


def same_answers(a: Answers | None, b: Answers | None) -> bool:
    """Whether two answers, if there are any, are the same to the last value."""
    if a is None or b is None or set(a) != set(b):
        return False
    return all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)


def nearly_same(a: Answers, b: Answers | None, request: Request) -> bool:
    """Whether they are the same but for a few roundings."""
    if b is None or set(a) != set(b) or any(a[name].shape != b[name].shape for name in a):
        return False
    few = _FEW_ROUNDINGS * request.format.unit_roundoff
    return all(np.allclose(a[name], b[name], rtol=few, atol=0, equal_nan=True) for name in a)


def close(got: Array | None, predicted: Array, right: Reading, request: Request) -> bool:
    """Whether two arrays differ by at most twice what rounding does to the right one; or by a few
    roundings, where these are fractions of integers.
    """
    if got is None or got.shape != predicted.shape:
        return False
    got, wide = got.astype("float64"), predicted.astype("float64")
    bound = 2 * (right.bound if got.shape == right.value.shape else right.bound.max(initial=0.0))
    whole = bool((wide == np.rint(wide)).all())
    few = 0.0 if whole else _FEW_ROUNDINGS * request.format.unit_roundoff
    size = np.abs(wide)
    room = max(_NO_ROUNDING, few) * size[size < request.format.largest].max(initial=0.0)
    bound = np.where(request.exact | (bound == 0), np.maximum(bound, room), bound)
    with np.errstate(invalid="ignore", over="ignore"):
        same = (wide == got) | (np.isnan(wide) & np.isnan(got))
        difference = np.where(same, 0.0, got - wide)
    return bool((error_ratios(difference, np.asarray(bound)) <= 1).all())


def predicted(mistake: Wrong, request: Request) -> Answers | None:
    """What a backend that makes the mistake answers, without any rounding."""
    arrays = {
        name: array.astype("float64") if array.dtype.name == request.dtype else array
        for name, array in request.arrays.items()
    }
    found = mistake.answer(arrays, request.parameters)
    return found and {name: _within(array, request.format.largest) for name, array in found.items()}


def _within(array: Array, largest: float) -> Array:
    """Finite numbers beyond the largest of a format are that one."""
    return np.where(np.isfinite(array), np.clip(array, -largest, largest), array)


def witnesses(subject: Subject, requests: Iterable[Request]) -> Iterator[RequestWitness]:
    """The answers to requests, where there are any."""
    for request in requests:
        try:
            got = subject.perform(request)
        except (BackendFailure, Unsupported, NotTried):
            continue
        yield RequestWitness(request, got, right_answers(request, subject.promise))
