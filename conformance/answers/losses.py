"""The loss and its gradient: computed in extended precision, within the bounds of running error
analysis.
"""

from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.answers.registry import answers
from conformance.judge import Reading
from conformance.requests import Request
from reference.loss_bounds import gradient_within, loss_within
from reference.running_error import Computed

_EVALUATION = 1 + 2.0**-30  # the bounds are rounded, too


@answers("softmax_cross_entropy")
def loss(request: Request, promise: str) -> dict[str, Reading]:
    given: dict[str, Any] = {**request.arrays, **request.parameters}
    return {"result": reading_of(loss_within(**given, format_=request.format))}


@answers(GRADIENTS_OF + "softmax_cross_entropy")
def gradient(request: Request, promise: str) -> dict[str, Reading]:
    given: dict[str, Any] = {**request.arrays, **request.parameters}
    return {"logits": reading_of(gradient_within(**given, format_=request.format))}


def reading_of(computed: Computed) -> Reading:
    """The value as a sum of two float64, and the error as its bound."""
    with np.errstate(over="ignore"):
        high = np.asarray(computed.value, "float64")
        low = np.asarray(computed.value - high, "float64")
        return Reading(high, np.asarray(computed.error * _EVALUATION, "float64"), low)
