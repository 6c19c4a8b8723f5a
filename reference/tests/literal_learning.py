"""The gradients of cross-correlation and the poolings once more, word for word: one value at a
time. They share nothing with the reference, not even padding.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from reference.tests.literal import Array, indices, positions

Place = tuple[int, ...]


def gradients(
    x: Array,
    filters: Array,
    gradient: Array,
    *,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
) -> tuple[Array, Array]:
    """By the input and by the filters: every product of the definition, once for each of its two
    factors.
    """
    size, (count, depth, *kernel) = x.shape[2:], filters.shape
    axes = range(len(size))
    out = [positions(size[a], kernel[a], stride[a], padding[a], dilation[a]) for a in axes]
    by_x, by_filters = np.zeros_like(x), np.zeros_like(filters)
    for n, k, position in product(range(len(x)), range(count), indices(gradient.shape[2:])):
        first_channel = k // (count // groups) * depth
        for c, tap in product(range(depth), indices(kernel)):
            place = [out[a][position[a]] + dilation[a] * tap[a] for a in axes]
            if all(0 <= place[a] < size[a] for a in axes):
                value: Any = (n, first_channel + c, *place)
                weight: Any = (k, c, *tap)
                by_x[value] += gradient[(n, k, *position)] * filters[weight]
                by_filters[weight] += gradient[(n, k, *position)] * x[value]
    return by_x, by_filters


def pooled_positions(
    size: int, kernel: int, step: int, padding: tuple[int, int], dilation: int, ceil_mode: bool
) -> list[int]:
    """Where the first value of each window lies on one axis. With ``ceil_mode`` one more may
    follow: where the last one did not reach the end, and if it starts before the padding there.
    """
    (low, high), last = padding, dilation * (kernel - 1)
    starts: list[int] = []
    for start in range(-low, size + high, step):
        goes_on = ceil_mode and starts and starts[-1] + last < size + high - 1 and start < size
        if start + last < size + high or goes_on:
            starts.append(start)
    return starts


def pooling_windows(
    size: Sequence[int],
    *,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    ceil_mode: bool,
) -> tuple[Place, Iterator[tuple[Place, list[Place], int]]]:
    """How many windows there are, and each of them: its position, its places in the input, and how
    many of its values lie in the input or the padding.
    """
    axes = range(len(size))
    starts = [
        pooled_positions(size[a], kernel[a], stride[a], padding[a], dilation[a], ceil_mode)
        for a in axes
    ]

    def each() -> Iterator[tuple[Place, list[Place], int]]:
        for position in indices([len(s) for s in starts]):
            taps = [
                tuple(starts[a][position[a]] + dilation[a] * tap[a] for a in axes)
                for tap in indices(kernel)
            ]
            inside = [t for t in taps if all(0 <= t[a] < size[a] for a in axes)]
            padded = [t for t in taps if all(t[a] < size[a] + padding[a][1] for a in axes)]
            yield position, inside, len(padded)

    return tuple(map(len, starts)), each()


def max_pool(x: Array, gradient: Array | None, **settings: Any) -> tuple[Array, Array]:
    """The result, and the gradient by ``x``; that by the result is 1, 2, 3 ... if it is None."""
    out, every_window = pooling_windows(x.shape[2:], **settings)
    result = np.full((*x.shape[:2], *out), -np.inf)
    if gradient is None:
        gradient = np.arange(1, result.size + 1).reshape(result.shape)
    by_x = np.zeros(x.shape)
    for position, inside, _ in every_window:
        for n, c in indices(x.shape[:2]):
            values = [x[(n, c, *place)] for place in inside]
            if not values:
                continue
            # The first NaN if there is one, or the first of the largest.
            winner = max(range(len(values)), key=lambda i: (values[i] != values[i], values[i]))
            result[(n, c, *position)] = values[winner]
            by_x[(n, c, *inside[winner])] += gradient[(n, c, *position)]
    return result, by_x


def average_pool(x: Array, gradient: Array, include_pad: bool, **settings: Any) -> Any:
    """The result, and the gradient by ``x``."""
    out, every_window = pooling_windows(x.shape[2:], dilation=(1,) * (x.ndim - 2), **settings)
    result, by_x = np.zeros((*x.shape[:2], *out)), np.zeros(x.shape)
    for position, inside, padded in every_window:
        count = padded if include_pad else len(inside)
        for n, c in indices(x.shape[:2]):
            for place in inside:
                result[(n, c, *position)] += x[(n, c, *place)]
                by_x[(n, c, *place)] += gradient[(n, c, *position)] / count
            result[(n, c, *position)] /= count
    return result, by_x
