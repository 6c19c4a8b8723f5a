"""Derivatives without any calculus, to hold gradients to."""

from collections.abc import Callable

import numpy as np

from reference.geometry import Array

_H = 1e-6


def central_differences(function: Callable[[Array], Array], x: Array, gradient: Array) -> Array:
    """The gradient by ``x`` of the inner product of ``function(x)`` with ``gradient``."""
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = _H
        change = np.asarray(function(x + step)) - np.asarray(function(x - step))
        found[place] = (change * gradient).sum() / (2 * _H)
    return found


def complex_steps(function: Callable[[Array], Array], x: Array, gradient: Array) -> Array:
    """The same for an analytic function: f(x + ih) = f(x) + i h f'(x) + O(h^2), so that nothing is
    lost to cancellation.

    Source: Squire and Trapp, Using Complex Variables to Estimate Derivatives (1998).
    """
    found, h = np.zeros_like(x), 1e-30
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape, complex)
        step[place] = 1j * h
        found[place] = (np.asarray(function(x + step)).imag * gradient).sum() / h
    return found
