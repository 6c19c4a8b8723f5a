"""The filters of the lesson: made by hand, long before networks learned their own."""

import numpy as np

from reference.geometry import Array

EDGES = ("top", "left", "bottom", "right")


def edge_filters(dtype: str = "float64") -> Array:
    """Four 3 x 3 filters of -1, 0 and 1, shape (4, 1, 3, 3), in the order of ``EDGES``.

    Each finds one kind of edge of bright strokes on a dark ground: where a stroke begins from
    the top, from the left, where it ends at the bottom, at the right.

    >>> edge_filters("int8")[EDGES.index("top"), 0]
    array([[-1, -1, -1],
           [ 1,  1,  1],
           [ 0,  0,  0]], dtype=int8)
    """
    top = np.array([[-1, -1, -1], [1, 1, 1], [0, 0, 0]], dtype)
    left, bottom, right = (np.rot90(top, turns) for turns in (1, 2, 3))
    return np.stack([top, left, bottom, right])[:, None]


def sobel_filters(dtype: str = "float64") -> Array:
    """Sobel's two gradient filters, shape (2, 1, 3, 3): brightness rising to the right, and
    rising downwards.

    >>> sobel_filters("int8")[0, 0]
    array([[-1,  0,  1],
           [-2,  0,  2],
           [-1,  0,  1]], dtype=int8)

    Source: Sobel and Feldman, A 3x3 isotropic gradient operator for image processing (1968).
    """
    smooth, differ = np.array([1, 2, 1], dtype), np.array([-1, 0, 1], dtype)
    rightwards = np.outer(smooth, differ)
    return np.stack([rightwards, rightwards.T])[:, None]
