"""The values that arrays are filled with. One kind of data is not enough to judge a backend.

Integers are judged with ``==``: they stay so small that every partial sum, in any order, is an
integer that the format holds exactly. The other kinds are judged by the derived bounds.
"""

from collections.abc import Callable

import numpy as np

from reference.formats import Format
from reference.geometry import Array, Sizes

Rng = np.random.Generator


def fill_integers(
    rng: Rng, x: Sizes, filters: Sizes, bias: Sizes, limit: int, wide: bool
) -> tuple[Array, Array, Array]:
    """x, filters and bias of integers whose magnitude A stays at most ``limit`` in every window.

    Small ones are up to 9; wide ones use the whole width of the format, in x or in the filters.
    Where the limit is too low for every tap to be nonzero, the filters are thinned out.
    """
    terms = max(1, int(np.prod(filters[1:])))
    offset = min(9, limit // 4)
    budget = limit - offset
    small = int(min(9, max(1, np.sqrt(budget / terms))))
    high_x, high_filters = small, small
    if wide:
        high_x = max(1, budget // terms)
        high_filters = 1
        if rng.random() < 0.5:
            high_x, high_filters = high_filters, high_x
    bank = _nonzero_mostly(rng, high_filters, filters).reshape(filters[0], -1)
    spare = terms - budget // (high_x * high_filters)
    if spare > 0:
        for taps in bank:
            taps[rng.choice(terms, spare, replace=False)] = 0
    return (
        _nonzero_mostly(rng, high_x, x),
        bank.reshape(filters),
        rng.integers(-offset, offset + 1, bias),
    )


def _nonzero_mostly(rng: Rng, high: int, shape: Sizes) -> Array:
    values: Array = rng.integers(-high, high + 1, shape)
    values[(values == 0) & (rng.random(shape) < 0.7)] = high
    return values


def _uniform(rng: Rng, shape: Sizes, format_: Format) -> Array:
    return rng.uniform(-1, 1, shape)


def _positive(rng: Rng, shape: Sizes, format_: Format) -> Array:
    return rng.uniform(0, 1, shape)


def _normal(rng: Rng, shape: Sizes, format_: Format) -> Array:
    return rng.standard_normal(shape)


def _log_uniform(rng: Rng, shape: Sizes, format_: Format) -> Array:
    reach = min(24, format_.max_exponent // 3)
    signs: Array = rng.choice([-1.0, 1.0], shape)
    return signs * np.exp2(rng.uniform(-reach, reach, shape))


def _cancelling(rng: Rng, shape: Sizes, format_: Format) -> Array:
    # Runs of two equal signs: on every other window the products alternate in sign.
    signs = np.where(np.indices(shape).sum(axis=0) // 2 % 2, -1.0, 1.0)
    return signs * (1 + rng.uniform(-1, 1, shape) * 16 * format_.unit_roundoff)


def _spike(rng: Rng, shape: Sizes, format_: Format) -> Array:
    values = rng.uniform(-1, 1, shape) / 16
    if values.size:
        values.flat[rng.integers(values.size)] = 2.0 ** min(20, format_.max_exponent // 2)
    return values


def _lone(rng: Rng, shape: Sizes, format_: Format) -> Array:
    values = np.zeros(shape)
    if values.size:
        values.flat[rng.integers(values.size)] = rng.uniform(0.5, 1)
    return values


FLOATS: dict[str, Callable[[Rng, Sizes, Format], Array]] = {
    "uniform": _uniform,
    "positive": _positive,
    "normal": _normal,
    "log-uniform": _log_uniform,
    "cancelling": _cancelling,
    "spike": _spike,
    "lone": _lone,
}
INTEGERS = ("integers", "wide integers")
