"""What has emerged: how much a bank of filters looks for oriented edges."""

from functools import lru_cache

import numpy as np

from reference.geometry import Array

_DIRECTIONS = 16
_BANKS = 2000
_RARE = 0.99


@lru_cache
def step_edges() -> Array:
    """The sixteen 3 x 3 images of one straight step from dark to bright, in any direction and to
    either side of the centre, as vectors of length 1 and mean 0: (16, 9).
    """
    y, x = np.mgrid[-1:2, -1:2]
    edges = {}
    for angle in 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS:
        across = np.cos(angle) * x + np.sin(angle) * y
        for place in (-0.5, 0.5):
            bright = (across > place).ravel()
            edges[bright.tobytes()] = bright - bright.mean()
    return np.array([edge / np.linalg.norm(edge) for edge in edges.values()])


def edge_response(filters: Array) -> float:
    """How well the filters (K, 1, 3, 3), their means taken off, match the step edge that each
    responds to most: the squared response over the square of the filter, of all together. 1 for
    step edges themselves, 3/4 for the four edge filters of the lesson, 2/3 for Sobel's.
    """
    flat = filters.reshape(len(filters), -1).astype("float64")
    flat = flat - flat.mean(axis=1, keepdims=True)
    best = ((flat @ step_edges().T) ** 2).max(axis=1)
    return float(best.sum() / (flat**2).sum())


@lru_cache
def ordinary_response(shape: tuple[int, ...]) -> float:
    """What 99 of 100 banks of random filters do not exceed."""
    rng = np.random.default_rng(0)
    found = [edge_response(rng.standard_normal(shape)) for _ in range(_BANKS)]
    return float(np.quantile(found, _RARE))
