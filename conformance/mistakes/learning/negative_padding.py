"""Poolings of three axes where the padding that "same" needs, computed without a bound, falls
below zero, as it does where a stride exceeds its window: values are left out instead. It is halved
towards minus infinity, so that more of them go at the front.
"""

from math import prod
from typing import Any

import numpy as np

from conformance.mistakes.learning.catalogue import SELDOM
from conformance.mistakes.learning.pools import (
    average_gradient_wrong,
    average_wrong,
    cropped,
    max_gradient_wrong,
    max_wrong,
    windows_of,
)
from conformance.windows import Windows
from reference.formats import FORMATS
from reference.geometry import Array
from reference.pooling import average_pool, max_pool

_TINY = FORMATS["float32"].smallest_normal


def _seen(x: Array, p: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """What is left of the input, and the parameters for that."""
    return cropped(x, p, odd_in_front=True)


def _windows(x: Array, p: dict[str, Any]) -> tuple[Any, Array, Windows]:
    """Which part of the input is left, that part, and its windows."""
    seen, settings = _seen(x, p)
    return seen, x[seen], windows_of(x[seen], settings)


def _back(x: Array, seen: Any, found: Array) -> dict[str, Array]:
    """The gradient, with zeros for what was left out."""
    result = np.zeros(x.shape)
    result[seen] = found
    return {"x": result}


@max_wrong(
    SELDOM, "the max pool of 3 axes leaves out values where 'same' needs none, the odd one in front"
)
def max_pool_same_leaves_out_values(x: Array, **p: Any) -> Array:
    seen, settings = _seen(x, p)
    return max_pool(x[seen], **settings)


@average_wrong(
    SELDOM,
    "the average pool of 3 axes leaves out values where 'same' needs none, the odd one in front",
)
def average_pool_same_leaves_out_values(x: Array, **p: Any) -> Array:
    seen, settings = _seen(x, p)
    return average_pool(x[seen], **settings)


@max_wrong(
    "LAYER-2",
    "the max pool of 3 axes takes nothing for less than 1.2e-38 (and 'same' leaves out values)",
)
def max_pool_starts_above_zero(x: Array, **p: Any) -> Array:
    found = max_pool_same_leaves_out_values(x, **p)
    return np.asarray(np.maximum(found, _TINY)) if x.ndim == 5 else found


@average_gradient_wrong(
    "LAYER-9",
    "the gradient of an average pool divides by the whole kernel (and 'same' leaves out values)",
)
def average_pool_gradient_of_the_whole_kernel(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    seen, _, windows = _windows(x, p)
    shares = windows.inside * (gradient[..., None] / prod(p["kernel"]))
    return _back(x, seen, windows.back(shares))


@max_gradient_wrong(
    "LAYER-5",
    "the gradient of a max pool of 3 axes counts places in rows as long as the window is high",
)
def max_pool_gradient_in_rows_of_the_height(
    x: Array, gradient: Array, **p: Any
) -> dict[str, Array]:
    if x.ndim < 5:
        windows = Windows.of(x.shape[2:], **p)
        last = _last(windows.winners(x))
        return {"x": windows.back(last * gradient[..., None])}
    seen, part, windows = _windows(x, p)
    _, high, wide = p["kernel"]
    depth, row, column = np.unravel_index(_last(windows.winners(part)).argmax(-1), p["kernel"])
    place = depth * high * wide + row * high + column
    shares = (place[..., None] == np.arange(prod(p["kernel"]))) * gradient[..., None]
    return _back(x, seen, windows.back(shares))


def _last(won: Array) -> Array:
    """Of those that won a window, the last."""
    return np.asarray(won & (won[..., ::-1].cumsum(axis=-1)[..., ::-1] == 1))


@max_gradient_wrong(
    "LAYER-5",
    "the gradient of a max pool is lost where nothing in a window is positive, but in a window of "
    "the first value of all, to which it goes",
)
def max_pool_gradient_of_positives(x: Array, gradient: Array, **p: Any) -> dict[str, Array]:
    seen, part, windows = _windows(x, p)
    values = windows.values(part, -np.inf)
    positive = values.max(axis=-1, keepdims=True) >= _TINY
    won = _last(windows.winners(part)) & positive
    first = np.zeros_like(won)
    if seen is ... or part.shape == x.shape:
        first[0, 0] = windows.inside & (windows.places == 0)
    return _back(x, seen, windows.back((won | (first & ~positive)) * gradient[..., None]))
