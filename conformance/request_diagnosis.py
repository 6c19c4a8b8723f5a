"""The diagnosis of what is no plain cross-correlation: which known mistake explains a failure?

The backend is asked again, for the failing case and for fresh ones. A mistake explains them if it
predicts every wrong answer, at least two of them, and every right one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adapters import Unsupported
from conformance.answers import answer
from conformance.diagnosis import NONE, Diagnosis
from conformance.judge import Evidence, Reading, error_ratios
from conformance.makers import maker
from conformance.mistakes.learning import Wrong, wrong_ways
from conformance.requests import Request
from conformance.strategies import DRAWN_BYTES, Dice
from conformance.subject import BackendFailure, NotTried, Subject
from conformance.witnesses import same
from reference.geometry import Array

Answers = dict[str, Array]

_FRESH = 40
_LARGE = 200_000  # values: a case on which no hypotheses are tried
_FEWEST_WRONG = 2
_NOT_REPEATABLE = Diagnosis("not_repeatable", "equal requests are answered differently")


@dataclass(frozen=True, eq=False)
class _Witness:
    """An answer of the backend, and what is right."""

    request: Request
    got: Answers
    right: dict[str, Reading]

    @property
    def wrong(self) -> bool:
        return not self.fits({name: reading.value for name, reading in self.right.items()})

    def fits(self, predicted: Answers | None) -> bool:
        """Whether the backend gave what was predicted, but for rounding."""
        if predicted is None or not set(self.right) <= set(predicted):
            return False
        return all(
            _close(self.got.get(name), predicted[name], reading)
            for name, reading in self.right.items()
        )


def _close(got: Array | None, predicted: Array, right: Reading) -> bool:
    if got is None or got.shape != predicted.shape:
        return False
    wide = predicted.astype("float64")
    rounding = 2.0**-40 * np.abs(wide).max(initial=0.0) if not right.bound.any() else 0.0
    bound = 2 * right.bound.max(initial=0.0) if got.shape != right.value.shape else 2 * right.bound
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.where(wide == got, 0.0, got - wide)
    both_nan = np.isnan(wide) & np.isnan(got.astype("float64"))
    ratios = error_ratios(np.where(both_nan, 0.0, difference), np.asarray(bound + rounding))
    return bool((ratios <= 1).all())


def diagnose_request(subject: Subject, evidence: Evidence) -> Diagnosis:
    """The known mistake that explains the case and fresh ones alike, or NONE."""
    request = evidence.asked
    assert isinstance(request, Request)
    bench = Subject(subject.adapter, subject.dtype)
    twice = [list(_witnesses(bench, [request])) for _ in range(2)]
    if not _repeated(*twice):
        return _NOT_REPEATABLE
    shown = twice[0] if _size(request) <= _LARGE else []
    witnesses = [*shown, *_witnesses(bench, _fresh(bench, request))]
    wrong = [witness for witness in witnesses if witness.wrong]
    if len(wrong) < _FEWEST_WRONG:
        return NONE
    for mistake in wrong_ways(request.operation):
        if all(witness.fits(_predicted(mistake, witness.request)) for witness in witnesses):
            return Diagnosis(mistake.name, mistake.sentence)
    for mistake in wrong_ways(request.operation):
        if all(witness.fits(_predicted(mistake, witness.request)) for witness in wrong):
            return Diagnosis(mistake.name, f"{mistake.sentence}, in some cases")
    return NONE


def _size(request: Request) -> int:
    return sum(array.size for array in request.arrays.values())


def _repeated(first: list[_Witness], second: list[_Witness]) -> bool:
    """Whether the same request had the same answer, if any."""
    if not (first and second):
        return len(first) == len(second)
    one, other = first[0].got, second[0].got
    return set(one) == set(other) and all(same(one[name], other[name]) for name in one)


def _predicted(mistake: Wrong, request: Request) -> Answers | None:
    arrays = {
        name: array.astype("float64") if array.dtype.name == request.dtype else array
        for name, array in request.arrays.items()
    }
    return mistake.answer(arrays, request.parameters)


def _fresh(subject: Subject, request: Request) -> Iterator[Request]:
    rng = np.random.default_rng(0)
    make, axes = maker(request.operation), subject.capabilities.spatial_axes
    for _ in range(_FRESH):
        yield make(Dice(rng.bytes(DRAWN_BYTES)), subject.dtype, axes)


def _witnesses(
    subject: Subject, requests: "Iterator[Request] | list[Request]"
) -> Iterator[_Witness]:
    for request in requests:
        try:
            got = subject.perform(request)
        except (BackendFailure, Unsupported, NotTried):
            continue
        yield _Witness(request, got, answer(request, subject.promise))
