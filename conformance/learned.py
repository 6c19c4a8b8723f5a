"""What has emerged: how much of a bank of filters is oriented edges."""

from functools import lru_cache

import numpy as np

from reference.filters import sobel_filters
from reference.geometry import Array

_BANKS = 2000
_RARE = 0.99


def edge_share(filters: Array) -> float:
    """How much of the filters (K, 1, 3, 3), their means taken off, lies in the plane of Sobel's
    two: 1 for edges of any orientation, 1/4 on average for random filters. The share of a sum of
    squares.
    """
    flat = filters.reshape(len(filters), -1).astype("float64")
    flat = flat - flat.mean(axis=1, keepdims=True)
    sobel = sobel_filters().reshape(2, -1)
    edges = flat @ (sobel / np.linalg.norm(sobel, axis=1, keepdims=True)).T
    return float((edges**2).sum() / (flat**2).sum())


@lru_cache
def ordinary_share(shape: tuple[int, ...]) -> float:
    """What 99 of 100 banks of random filters do not exceed."""
    rng = np.random.default_rng(0)
    shares = [edge_share(rng.standard_normal(shape)) for _ in range(_BANKS)]
    return float(np.quantile(shares, _RARE))
