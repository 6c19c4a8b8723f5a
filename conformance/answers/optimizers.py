"""The weights after each step of an optimizer, within the bounds of running error analysis."""

import numpy as np

from adapters.operations import optimizer_of
from conformance.answers.losses import reading_of
from conformance.answers.registry import answers
from conformance.judge import Reading
from conformance.requests import Request
from reference.geometry import Array
from reference.optimizer_bounds import trajectory_within
from reference.optimizers import Adam, Optimizer


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
    bound = np.where(np.isfinite(bound), bound, _least_of_adam(optimizer, gradients))
    return {"result": Reading(value, bound, low)}


def _least_of_adam(optimizer: Optimizer, gradients: Array) -> Array:
    """What is required of Adam even where rounding its numbers to the format would leave nothing:
    without any gradient a weight stays, and the first step along one of 1 or more, whose square is
    a number, is about the learning rate, to half of it.
    """
    bound = np.full(gradients.shape, np.inf)
    if isinstance(optimizer, Adam) and not optimizer.weight_decay:
        sizes = np.abs(gradients.astype("float64"))
        bound[:1][sizes[:1] >= 1] = optimizer.learning_rate / 2
        bound[np.maximum.accumulate(sizes) == 0] = 0
    return bound
