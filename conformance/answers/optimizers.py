"""The weights after each step of an optimizer, within the bounds of running error analysis."""

import numpy as np

from adapters.operations import optimizer_of
from conformance.answers.losses import reading_of
from conformance.answers.registry import answers
from conformance.judge import Reading
from conformance.requests import Request
from reference.optimizer_bounds import trajectory_within


@answers("optimize")
def trajectory(request: Request, promise: str) -> dict[str, Reading]:
    optimizer = optimizer_of(request.parameters["optimizer"])
    weight, gradients = request.arrays["weight"], request.arrays["gradients"]
    steps = [
        reading_of(within)
        for within in trajectory_within(optimizer, weight, gradients, request.format)
    ]
    parts = ([step.value for step in steps], [step.bound for step in steps], [s.low for s in steps])
    value, bound, low = (np.array(part).reshape(gradients.shape) for part in parts)
    return {"result": Reading(value, bound, low)}
