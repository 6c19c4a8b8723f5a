"""The same results by other algorithms: SciPy's, and Winograd's fast ones."""

from itertools import product
from typing import Any

import numpy as np

from reference import windows
from reference.geometry import Array
from reference.tests.draws import Shapes

# A^T, G and B^T: F(m, 3) takes m + 2 products for m results of a filter of 3 values.
# Source: Lavin and Gray, Fast algorithms for convolutional neural networks (2016), section 4.
WINOGRAD: dict[int, tuple[list[list[float]], ...]] = {
    2: (
        [[1, 1, 1, 0], [0, 1, -1, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    ),
    4: (
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ],
    ),
}


def by_scipy(
    operation: Any, s: Shapes, x: Array, filters: Array, bias: Array | None, method: str = "direct"
) -> Array:
    """SciPy's ``operation`` of each input with each filter. Channels are one more axis, on which
    the filter fits once.
    """
    padded = np.pad(x, ((0, 0), (0, 0), *s.parameters["padding"]))
    maps = np.array(
        [
            operation(padded[n], taps, mode="valid", method=method)[0]
            for n, taps in product(range(len(x)), filters)
        ]
    )
    result = maps.reshape(len(x), len(filters), *maps.shape[1:])
    if bias is not None:
        result = result + bias.reshape(-1, *(1 for _ in s.x[2:]))
    stops: Any = (..., *(slice(None, None, step) for step in s.parameters["stride"]))
    return np.asarray(result[stops])


def by_winograd(m: int, x: Array, filters: Array) -> Array:
    """F(m, 3), nested over the axes, every step in the dtype of ``x``. Along each axis the filter
    has 3 values and the result a multiple of m.
    """
    to_results, of_filter, of_input = (np.array(matrix, x.dtype) for matrix in WINOGRAD[m])
    axes = x.ndim - 2
    tiles = windows(x, (m + 2,) * axes, (m,) * axes, (1,) * axes)
    spectra = _along_last(of_input, tiles, axes)
    bank = _along_last(of_filter, filters, axes)
    letters = "xyz"[:axes], "uvw"[:axes]
    products = np.einsum(
        f"nc{letters[0]}{letters[1]},kc{letters[1]}->nk{''.join(letters)}", spectra, bank
    )
    results = _along_last(to_results, products, axes)
    # (N, K, tile axes, axes in a tile) to (N, K, tile axis, axis in the tile, ...), and flat.
    order = [place for axis in range(axes) for place in (2 + axis, 2 + axes + axis)]
    out = [m * count for count in results.shape[2 : 2 + axes]]
    return results.transpose(0, 1, *order).reshape(*results.shape[:2], *out)


def _along_last(matrix: Array, a: Array, axes: int) -> Array:
    """Multiply each of the last axes by the matrix."""
    for axis in range(-axes, 0):
        a = np.moveaxis(np.tensordot(a, matrix, axes=(axis, 1)), -1, axis)
    return a
