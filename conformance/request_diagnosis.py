"""The diagnosis of what is no plain cross-correlation: which known mistake explains a failure?

The backend is asked again, for the failing case and for fresh ones. A mistake explains them if it
predicts every wrong answer, at least two of them, and every right one.
"""

from collections.abc import Iterator

import numpy as np

from conformance.diagnosis import NONE, Diagnosis, is_vast
from conformance.judge import Evidence
from conformance.makers import maker_like
from conformance.mistakes.learning import wrong_ways
from conformance.request_witnesses import RequestWitness, predicted, right_answers, witnesses
from conformance.requests import Request
from conformance.strategies import DRAWN_BYTES, Dice
from conformance.subject import Subject
from conformance.witnesses import same

_FRESH = 40
_LARGE = 200_000  # values: a case on which no hypotheses are tried
_FEWEST_WRONG = 2
NOT_REPEATABLE = Diagnosis("not_repeatable", "equal requests are answered differently")


def diagnose_request(subject: Subject, evidence: Evidence) -> Diagnosis:
    """The known mistake that explains the case and fresh ones alike, or NONE."""
    request = evidence.asked
    assert isinstance(request, Request)
    bench = Subject(subject.adapter, subject.dtype)
    first, second = (list(witnesses(bench, [request])) for _ in range(2))
    if not _repeated(first, second):
        return NOT_REPEATABLE
    arrays = request.arrays.values()
    large = sum(a.size for a in arrays) > _LARGE or is_vast(*arrays)
    shown = [] if large else first
    met = [*shown, *witnesses(bench, _fresh(bench, request))]
    wrong = [witness for witness in met if witness.wrong]
    if len(wrong) < _FEWEST_WRONG:
        return NONE
    for about, more in ((met, ""), (wrong, ", in some cases")):
        for mistake in wrong_ways(request.operation):
            if all(witness.fits(predicted(mistake, witness.request)) for witness in about):
                return Diagnosis(mistake.name, mistake.sentence + more)
    return NONE


def _repeated(first: list[RequestWitness], second: list[RequestWitness]) -> bool:
    """Whether the same request had the same answer, if any."""
    if not (first and second):
        return len(first) == len(second)
    one, other = first[0].got, second[0].got
    return set(one) == set(other) and all(same(one[name], other[name]) for name in one)


def _fresh(subject: Subject, request: Request) -> Iterator[Request]:
    """Any others of the operation; where values are infinite, or NaN, with the same values; and
    others like one that must be refused.
    """
    if right_answers(request, subject.promise) is None:
        for axis, more in ((0, 1), (1, 3)):
            steps = tuple(step + more for step in request.parameters["stride"])
            wider = request.with_arrays(x=request.arrays["x"].repeat(2, axis))
            yield wider
            yield wider.but(parameters={**request.parameters, "stride": steps})
    rng = np.random.default_rng(0)
    claims = subject.capabilities
    make, axes = maker_like(request, claims.named_transposed_padding), claims.spatial_axes
    special = {name: a.ravel() for name, a in request.arrays.items() if not np.isfinite(a).all()}
    for _ in range(_FRESH):
        fresh = make(Dice(rng.bytes(DRAWN_BYTES)), subject.dtype, axes)
        again = {name: rng.choice(a, fresh.arrays[name].shape) for name, a in special.items()}
        yield fresh.with_arrays(**again)
