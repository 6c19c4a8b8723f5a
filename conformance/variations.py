"""Calls around a failing one, and calls at random: what a diagnosis is tried on."""

from collections.abc import Iterator

import numpy as np

from conformance.calls import Call
from conformance.data import FLOATS, fill_integers
from conformance.strategies import DRAWN_BYTES, Dice, recipe_of
from conformance.subject import Subject
from reference.geometry import Array, Sizes

Rng = np.random.Generator

_MOST_ITEMS = 40
_LARGEST = 200_000  # values of an input that is made larger still


def shuffled(call: Call, rng: Rng) -> Call:
    """The same values in other places; those of a filter stay in it."""
    filters = call.filters.reshape(len(call.filters), -1)
    return call.but(
        x=rng.permuted(call.x.reshape(-1)).reshape(call.x.shape),
        filters=rng.permuted(filters, axis=1).reshape(call.filters.shape),
        bias=None if call.bias is None else rng.permuted(call.bias),
        seed=None,
    )


def scaled(call: Call) -> Iterator[Call]:
    """The filters, or the input, times powers of two: what depends on how large they are."""
    given = {"filters": call.filters, "x": call.x}
    nonzero = {name: np.abs(a[a != 0].astype("float64")) for name, a in given.items()}
    for power in range(32, -97, -8):
        for name, sizes in nonzero.items():
            if not sizes.size:
                continue
            shift = power - int(np.frexp(sizes.max())[1])
            least, largest = np.ldexp(sizes.min(), shift), 2.0**power
            if call.format.smallest_normal <= least and largest <= call.format.largest:
                moved = np.ldexp(given[name].astype("float64"), shift)
                yield call.but(**{name: moved.astype(given[name].dtype)}, seed=None)


def refilled(call: Call, rng: Rng, kind: str = "integers") -> Call:
    """The same shapes and parameters on new values of a kind."""
    return _filled(call, rng, kind, call.x.shape, call.filters.shape)


def larger(call: Call, rng: Rng, kind: str = "integers") -> Call:
    """The same parameters on a larger input, which has more items, channels and filters."""
    if call.x.size > _LARGEST:
        return refilled(call, rng, kind)
    groups, per_group = call.groups, len(call.filters) // call.groups
    channels = call.filters.shape[1] + _more(rng, call.filters.shape[1] > 1)
    x = (
        len(call.x) + _more(rng, len(call.x) > 1),
        groups * channels,
        *(size + int(rng.integers(0, 7)) for size in call.x.shape[2:]),
    )
    filters = groups * (per_group + _more(rng, per_group > 1)), channels, *call.filters.shape[2:]
    return _filled(call, rng, kind, x, filters)


def unheard_of(call: Call, rng: Rng, trial: int) -> Call:
    """Shapes that no call had before: what a backend remembers by shape cannot be of these."""
    step = {1: 11, 2: 5, 3: 2}[call.axes]
    sizes = (n + step * (trial + 1) + int(rng.integers(step)) for n in call.x.shape[2:])
    x = (len(call.x), call.x.shape[1], *sizes)
    filters = len(call.filters) + call.groups * (7 * (trial + 1) + int(rng.integers(7)))
    return _filled(call, rng, "integers", x, (filters, *call.filters.shape[1:]))


def elongated(call: Call, rng: Rng, kind: str = "integers") -> Call:
    """The same parameters on a longer kernel, in an input that is longer by as much."""
    if call.x.size > _LARGEST or max(call.filters.shape[2:]) == 1:
        return larger(call, rng, kind)
    more = rng.integers(0, 3, call.axes)
    kernel = tuple(int(k + m) for k, m in zip(call.filters.shape[2:], more, strict=True))
    size = tuple(
        int(n + m * d + rng.integers(0, 4))
        for n, m, d in zip(call.x.shape[2:], more, call.dilation, strict=True)
    )
    return _filled(call, rng, kind, (*call.x.shape[:2], *size), (*call.filters.shape[:2], *kernel))


def doubled(call: Call, rng: Rng) -> Call:
    """Twice as many items, and filters in each group, of small integers; for calls whose shapes
    need not fit.
    """

    def filled(*shape: int) -> Array:
        return np.asarray(rng.integers(-9, 10, shape).astype(call.x.dtype))

    filters = 2 * len(call.filters)
    return call.but(
        x=filled(2 * len(call.x), *call.x.shape[1:]),
        filters=filled(filters, *call.filters.shape[1:]),
        bias=None if call.bias is None else filled(filters),
        seed=None,
    )


def of_full_width(call: Call, rng: Rng) -> Iterator[Call]:
    """Integers as wide as the format, under filters of few ones, and the other way round."""
    if not call.filters.size:
        return
    bits = call.format.precision
    for taps in (1, 1, 2, 2):
        yield _sparse(call, rng, _wide(rng, bits + 1 - taps, call.x.shape), taps)
    for _ in range(2):
        wide = _wide(rng, bits, call.filters.shape).astype(call.filters.dtype)
        x = np.zeros((len(call.x), int(np.prod(call.x.shape[1:]))))
        x[np.arange(len(x)), rng.integers(x.shape[1], size=len(x))] = rng.choice([-1, 1], len(x))
        x = x.reshape(call.x.shape).astype(call.x.dtype)
        yield call.but(x=x, filters=wide, bias=None, data="wide integers", seed=None)


def _wide(rng: Rng, bits: int, shape: Sizes) -> Array:
    return np.asarray(rng.integers(-(1 << bits) + 1, 1 << bits, shape))


def _sparse(call: Call, rng: Rng, x: Array, taps: int) -> Call:
    """Filters of so many ones, of either sign."""
    bank = np.zeros((len(call.filters), call.filters[0].size))
    for row in bank:
        places = rng.permutation(row.size)[:taps]
        row[places] = rng.choice([-1, 1], len(places))
    filters = bank.reshape(call.filters.shape).astype(call.filters.dtype)
    return call.but(
        x=x.astype(call.x.dtype), filters=filters, bias=None, data="wide integers", seed=None
    )


def cancelling(call: Call, rng: Rng, bits: int, in_filters: bool) -> Call:
    """Small integers and pairs of large ones that cancel, on one side, and ones on the other: the
    sums pass through integers of so many bits.
    """
    channels = max(8, call.filters.shape[1])
    x = np.ones((min(4, max(1, len(call.x))), call.groups * channels, *call.x.shape[2:]))
    bank = np.zeros((len(call.filters), channels, *call.filters.shape[2:]))
    large = 2.0 ** (bits - 2)
    for taps in bank.reshape(len(bank), channels, -1):
        taps[:, rng.integers(taps.shape[1])] = (
            _cancelling(rng, channels, large) if in_filters else 1
        )
    if not in_filters:
        rows = [_cancelling(rng, channels, large) for _ in range(len(x) * call.groups)]
        x *= np.concatenate(rows).reshape(*x.shape[:2], *(1,) * call.axes)
    return call.but(
        x=x.astype(call.x.dtype),
        filters=bank.astype(call.filters.dtype),
        bias=None,
        data="wide integers",
        seed=None,
    )


def _cancelling(rng: Rng, count: int, large: float) -> Array:
    values: Array = rng.choice([-1.0, 1.0], count)
    values[rng.permutation(count)[:4]] = large, -large, large, -large
    return values


def spoiled(subject: Subject, call: Call, rng: Rng) -> Iterator[Call]:
    """Calls on integers with one value that is not finite: the one that ``call`` has, in its
    input or in its filters.
    """
    for name in ("x", "filters"):
        found = getattr(call, name).astype("float64")
        bad = found[~np.isfinite(found)]
        for clean in around(subject, call, rng, "integers") if bad.size else ():
            array = getattr(clean, name).copy()
            if array.size:
                array.reshape(-1)[rng.integers(array.size)] = bad[0]
                yield clean.but(**{name: array})


def at_random(subject: Subject, rng: Rng, kind: str = "integers") -> Call:
    """Any call of this dtype."""
    axes = subject.capabilities.spatial_axes
    return recipe_of(Dice(rng.bytes(DRAWN_BYTES)), subject.dtype, axes, (kind,), 1, {}).call()


def around(subject: Subject, call: Call, rng: Rng, kind: str) -> Iterator[Call]:
    """Variations of a call on values of a kind, and between them calls at random."""
    for vary in (refilled, refilled, larger, larger, larger, elongated, elongated, larger):
        yield vary(call, rng, kind)
        yield at_random(subject, rng, kind)
        yield at_random(subject, rng, kind)
    for _ in range(12):
        yield at_random(subject, rng, kind)


def _more(rng: Rng, several: bool) -> int:
    """A few more where there are several already; one alone may be what matters."""
    return int(rng.integers(0, 4)) if several else 0


def _filled(call: Call, rng: Rng, kind: str, x: Sizes, filters: Sizes) -> Call:
    items = min(x[0], _MOST_ITEMS)
    arrays = _values(call, rng, kind, ((items, *x[1:]), filters, filters[:1]))
    made = call.but(
        x=arrays[0],
        filters=arrays[1],
        bias=None if call.bias is None else arrays[2],
        data=kind,
        seed=None,
    )
    return made if call.named_padding is None else made.renamed(call.named_padding)


def _values(
    call: Call, rng: Rng, kind: str, shapes: tuple[Sizes, Sizes, Sizes]
) -> tuple[Array, Array, Array]:
    if kind in FLOATS:
        x, filters, bias = (FLOATS[kind](rng, shape, call.format) for shape in shapes)
    else:
        wide = kind == "wide integers"
        x, filters, bias = fill_integers(rng, *shapes, call.format.exact_below, wide)
    dtype = call.x.dtype
    return x.astype(dtype), filters.astype(dtype), bias.astype(dtype)
