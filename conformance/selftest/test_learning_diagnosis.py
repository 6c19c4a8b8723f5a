"""Each known mistake in gradients, layers, losses, optimizers and training is diagnosed as itself,
or as another that gives the same; or not at all, but never as anything else.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from adapters.contract import NAMED_PADDING
from adapters.operations import GRADIENTS_OF
from conformance.answers import answer
from conformance.clauses import NotRepeatableError, clauses, failure_of
from conformance.diagnosis import NONE
from conformance.judge import Disagreement, Evidence
from conformance.makers import maker, transposed_by_name
from conformance.mistakes.learning import WRONG, Wrong
from conformance.request_diagnosis import NOT_REPEATABLE, diagnose_request
from conformance.request_witnesses import RequestWitness, predicted
from conformance.requests import Request
from conformance.selftest.faults import FAULTS
from conformance.selftest.test_faults import DEFAULT
from conformance.strategies import DRAWN_BYTES, Dice
from conformance.subject import BackendFailure, Subject

AXES = (1, 2, 3)
REQUESTS = 60


def broken_by(name: str) -> tuple[Subject, Evidence]:
    """A case in which the fault of that name breaks its clause."""
    fault = FAULTS[name]
    subject = Subject(fault.adapter(), fault.dtype)
    with pytest.raises((Disagreement, BackendFailure, NotRepeatableError)) as caught:
        clauses()[fault.clause].hold(subject, DEFAULT, seed=0)
    failure = failure_of(caught.value)
    assert failure
    return subject, failure.evidence


def other_requests(operation: str) -> Iterator[Request]:
    """Requests that no diagnosis has seen."""
    rng, makers = np.random.default_rng(1), [maker(operation)]
    if operation.endswith("transposed_cross_correlate"):
        backward = operation.startswith(GRADIENTS_OF)
        makers.append(partial(transposed_by_name, names=NAMED_PADDING, backward=backward))
    for make in makers:
        for _ in range(REQUESTS):
            yield make(Dice(rng.bytes(DRAWN_BYTES)), "float64", AXES)


def give_the_same(a: Wrong, b: Wrong) -> bool:
    """Whether two mistakes give the same, but for rounding, wherever both give anything."""
    for request in other_requests(a.operation):
        of_a, of_b = predicted(a, request), predicted(b, request)
        if of_a is None or of_b is None:
            continue
        if not RequestWitness(request, of_a, answer(request)).fits(of_b):
            return False
    return True


@pytest.mark.parametrize("name", [name for name in WRONG if name in FAULTS][::4])
def test_no_mistake_is_taken_for_another(name: str) -> None:
    subject, evidence = broken_by(name)
    if not isinstance(evidence.asked, Request):
        return
    found = diagnose_request(subject, evidence).mistake
    assert found != NOT_REPEATABLE.mistake
    assert found in (name, NONE.mistake) or give_the_same(WRONG[name], WRONG[found])
