"""The truth that rounded results are compared with: sums that carry their own rounding errors.

A float64 sum is exact enough to judge float32 and narrower results. To judge float64 itself, the
sum is taken in double-double arithmetic: every product and every addition is split into its
rounded value and its exact error, and the errors are summed beside the values.
"""

import numpy as np

from reference.correlation import cross_correlate
from reference.geometry import Array, Parameters, pad, windows

_SPLITTER = 2.0**27 + 1
_MODERATE = 450  # an exponent: products of two such numbers can be split


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """float64 ``a + b`` as (rounded, error), with rounded + error = a + b exactly.

    Source: Knuth, The Art of Computer Programming, volume 2, theorem 4.2.2 B.
    """
    total = a + b
    b_part = total - a
    return total, (a - (total - b_part)) + (b - b_part)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """float64 ``a * b`` as (rounded, error), with rounded + error = a * b exactly (while nothing
    overflows or underflows: for magnitudes between 1e-140 and 1e140).

    Source: Dekker, A floating-point technique for extending the available precision (1971).
    """
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def dot2(a: Array, b: Array) -> tuple[Array, Array]:
    """The inner product over the last axis, as an unevaluated sum (high, low) of float64 arrays:
    as accurate as if computed in twice the precision and then rounded.

    >>> high, low = dot2(np.array([1e16, 1.0, -1e16]), np.array([1.0, 1.0, 1.0]))
    >>> float(high), float(low)
    (1.0, 0.0)

    Source: Ogita, Rump, Oishi, Accurate sum and dot product (2005), here with a tree of sums.
    """
    values, errors = two_product(a, b)
    while values.shape[-1] > 1:
        if values.shape[-1] % 2:
            values, errors = (_append_zero(part) for part in (values, errors))
        values, lost = two_sum(values[..., ::2], values[..., 1::2])
        errors = errors[..., ::2] + errors[..., 1::2] + lost
    return two_sum(values[..., 0], errors[..., 0])


def exact_cross_correlate(
    x: Array, filters: Array, bias: Array | None, parameters: Parameters
) -> tuple[Array, Array]:
    """:func:`reference.cross_correlate` of float64 arrays as an unevaluated sum (high, low).

    One filter at a time, since the products of all windows with all filters are many.
    """
    seen = windows(
        pad(x, parameters["padding"]),
        filters.shape[2:],
        parameters["stride"],
        parameters["dilation"],
    )
    axes = filters.ndim - 2
    seen = np.moveaxis(seen, 1, -axes - 1)
    groups = parameters["groups"]
    highs, lows = [], []
    for part, bank in zip(
        np.split(seen, groups, axis=-axes - 1), np.split(filters, groups), strict=True
    ):
        flat = part.reshape(*part.shape[: axes + 1], bank[0].size)
        for taps in bank:
            high, low = dot2(flat, np.broadcast_to(taps.ravel(), flat.shape))
            highs.append(high)
            lows.append(low)
    high, low = np.stack(highs, axis=1), np.stack(lows, axis=1)
    if bias is None:
        return high, low
    high, lost = two_sum(high, bias.reshape(-1, *(1 for _ in range(axes))))
    return high, low + lost


def truth(
    x: Array, filters: Array, bias: Array | None, parameters: Parameters
) -> tuple[Array, Array]:
    """What a backend's result is compared with, as (high, low) in float64.

    Double-double for float64 arguments; for narrower ones the plain float64 sum, whose own error
    :func:`reference.bounds.lemma` allows for.
    """
    narrow = x.dtype != "float64"
    x, filters = x.astype("float64", copy=False), filters.astype("float64", copy=False)
    bias = None if bias is None else bias.astype("float64")
    if narrow:
        high = cross_correlate(x, filters, bias, **parameters)
        return high, np.zeros_like(high)
    # A product can be split into two only if neither overflows: powers of two change no digit.
    x, of_x = _moderate(x)
    filters, of_filters = _moderate(filters)
    if bias is not None:
        bias = np.ldexp(bias, -of_x - of_filters)
    high, low = exact_cross_correlate(x, filters, bias, parameters)
    with np.errstate(over="ignore"):
        return np.ldexp(high, of_x + of_filters), np.ldexp(low, of_x + of_filters)


def _moderate(a: Array) -> tuple[Array, int]:
    """``a`` divided by a power of two, and its exponent: no further than it takes to leave the
    largest value near enough to 1, since the smallest ones should not become subnormal.
    """
    exponent = int(np.frexp(np.abs(a).max(initial=0.0))[1])
    shift = exponent - min(max(exponent, -_MODERATE), _MODERATE)
    return np.ldexp(a, -shift), shift


def _split(a: Array) -> tuple[Array, Array]:
    """``a`` as a sum of two halves of at most 26 bits, whose products are exact."""
    shifted = _SPLITTER * a
    high = shifted - (shifted - a)
    return high, a - high


def _append_zero(a: Array) -> Array:
    return np.concatenate([a, np.zeros((*a.shape[:-1], 1))], axis=-1)
