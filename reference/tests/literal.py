"""The definition of cross-correlation once more, word for word: one product and one sum at a time.

It shares nothing with the reference, not even padding: a tap that lies outside the input is left
out, which is what a zero there would come to.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def cross_correlate(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    *,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
) -> Array:
    """The arguments of :func:`reference.cross_correlate`, resolved; of any type of numbers, also
    of fractions.Fraction, in which nothing is rounded.
    """
    batch, _, *size = x.shape
    count, depth, *kernel = filters.shape
    axes = range(len(size))
    out = [positions(size[a], kernel[a], stride[a], padding[a], dilation[a]) for a in axes]
    result = np.zeros((batch, count, *map(len, out)), np.result_type(x, filters))
    for n, k, position in product(range(batch), range(count), indices(result.shape[2:])):
        first_channel = k // (count // groups) * depth
        total = result.dtype.type(0)
        for c, tap in product(range(depth), indices(kernel)):
            place = [out[a][position[a]] + dilation[a] * tap[a] for a in axes]
            if all(0 <= place[a] < size[a] for a in axes):
                total += x[(n, first_channel + c, *place)] * filters[(k, c, *tap)]
        if bias is not None:
            total += bias[k]
        result[(n, k, *position)] = total
    return result


def positions(
    size: int, kernel: int, step: int, padding: tuple[int, int], dilation: int
) -> list[int]:
    """Where the first tap of a filter lies on one axis, at each stop: every ``step`` places from
    the first zero of the padding on, while the last tap lies in the padded input too.
    """
    low, high = padding
    last = dilation * (kernel - 1)
    return [start for start in range(-low, size + high, step) if start + last < size + high]


def indices(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return product(*map(range, shape))
