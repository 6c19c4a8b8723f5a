"""Probes: what a backend does inside, measured from outside on integers that leave no doubt."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from conformance.calls import Call
from conformance.judge import Disagreement, Evidence, compare_shapes, expected
from conformance.subject import Subject
from reference import cross_correlate
from reference.formats import FORMATS, Format
from reference.geometry import Array, Sizes

Rng = np.random.Generator

_SIZES = {1: 24, 2: 8, 3: 4}
_NARROW = ("float16", "bfloat16")


@dataclass(frozen=True)
class Regime:
    """A size of problem, by which backends choose their algorithm: as many filters as channels
    (but no more than 16), cubes of ``kernel`` taps, stride 1, and so much padding that sizes stay
    as they are.
    """

    axes: int
    batch: int
    channels: int
    kernel: int

    @property
    def terms(self) -> int:
        return int(self.channels * self.kernel**self.axes)

    @property
    def x(self) -> Sizes:
        return self.batch, self.channels, *[_SIZES[self.axes]] * self.axes

    @property
    def filters(self) -> Sizes:
        return min(16, self.channels), self.channels, *[self.kernel] * self.axes

    def call(self, x: Array, filters: Array, data: str = "integers", padded: bool = True) -> Call:
        margin = self.kernel // 2 if padded else 0
        return Call(
            x,
            filters,
            None,
            stride=(1,) * self.axes,
            padding=((margin, margin),) * self.axes,
            dilation=(1,) * self.axes,
            groups=1,
            data=data,
        )

    def __str__(self) -> str:
        return f"batch {self.batch}, channels {self.channels}, kernel {self.kernel}"


def is_exact(subject: Subject, call: Call) -> bool:
    """Whether every value of the result is right to the last bit."""
    with np.errstate(invalid="ignore", over="ignore"):
        got = subject.result(call).astype("float64")
    return np.array_equal(got, expected(call).value)


# -- How wide are the inputs? -------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Width:
    """How many ``bits`` of each value are used; ``broken`` is a call that needs more of them."""

    bits: int
    broken: Call | None = None

    def __str__(self) -> str:
        return f"{self.bits} bits" if self.bits else "never exact"


def input_width(subject: Subject, regime: Regime, rng: Rng) -> Width:
    """The widest odd integers of an input that come out as they went in, under filters of a
    single 1 or -1.
    """
    ones = _one_in_each(rng, regime.filters)
    return _widest(subject, regime, lambda bits: (_odd(rng, bits, regime.x), ones))


def filter_width(subject: Subject, regime: Regime, rng: Rng) -> Width:
    """The same of filters, under inputs of a single 1 or -1."""
    ones = _one_in_each(rng, regime.x)
    return _widest(subject, regime, lambda bits: (ones, _odd(rng, bits, regime.filters)))


def _widest(
    subject: Subject, regime: Regime, arrays: Callable[[int], tuple[Array, Array]]
) -> Width:
    """All bits of the format in most cases; else found by bisection."""
    exact, broken = 0, FORMATS[subject.dtype].precision + 1
    call: Call | None = None
    while broken - exact > 1:
        bits = broken - 1 if call is None else (exact + broken) // 2
        x, filters = (array.astype(subject.numpy_dtype) for array in arrays(bits))
        asked = regime.call(x, filters)
        if is_exact(subject, asked):
            exact = bits
        else:
            broken, call = bits, asked
    return Width(exact, call)


def _one_in_each(rng: Rng, shape: Sizes) -> Array:
    """A single 1 or -1 in each item, all else 0."""
    flat = np.zeros((shape[0], int(np.prod(shape[1:]))))
    places = rng.integers(flat.shape[1], size=shape[0])
    flat[np.arange(shape[0]), places] = rng.choice([-1, 1], shape[0])
    return flat.reshape(shape)


def _odd(rng: Rng, bits: int, shape: Sizes) -> Array:
    """Odd integers of exactly so many bits, of either sign."""
    low, high = (1 << bits) >> 1, 1 << bits
    values: Array = rng.integers(low, high, shape) | 1
    return np.asarray(values * rng.choice([-1, 1], shape))


# -- How wide are the sums? ---------------------------------------------------------------------


def accumulator(subject: Subject, regime: Regime, rng: Rng) -> Format | None:
    """The widest format whose integers the sums of this dtype hold, out of its own and, for half
    precision, float32; None if not even those of its own.
    """
    own = FORMATS[subject.dtype]
    wider = [FORMATS["float32"]] if own.name in _NARROW else []
    for sums in (*wider, own):
        if is_exact(subject, cancelling_call(subject, regime, rng, sums)):
            return sums
    return None


def cancelling_call(subject: Subject, regime: Regime, rng: Rng, sums: Format) -> Call:
    """Inputs of ones under filters of small integers, and of pairs of large ones that cancel each
    other: the results are small, but the sums pass through integers of the width of ``sums``.
    """
    own = FORMATS[subject.dtype]
    large = 2.0 ** min(sums.precision - 2, own.max_exponent)
    most = min(regime.terms - 4, own.exact_below // 4)
    bank = np.zeros((regime.filters[0], regime.terms))
    for taps in bank:
        places = rng.permutation(regime.terms)
        taps[places[:4]] = large, -large, large, -large
        taps[places[4 : 4 + most]] = rng.choice([-1, 1], most)
    spatial = [max(n, regime.kernel) for n in regime.x[2:]]
    return regime.call(
        np.ones((*regime.x[:2], *spatial), subject.numpy_dtype),
        bank.reshape(regime.filters).astype(subject.numpy_dtype),
        padded=False,
    )


# -- What happens to numbers that are not normal? -----------------------------------------------


def line(values: list[float], subject: Subject) -> Array:
    """An input or a filter of one channel, with these values along its last axis."""
    axes = min(subject.capabilities.spatial_axes)
    array = np.array(values).astype(subject.numpy_dtype)
    return array.reshape(1, 1, *(1,) * (axes - 1), -1)


def plain_call(x: Array, filters: Array, padding: int = 0) -> Call:
    """A call with nothing but padding, on values that are judged by themselves."""
    axes = x.ndim - 2
    return Call(
        x,
        filters,
        None,
        stride=(1,) * axes,
        padding=((padding, padding),) * axes,
        dilation=(1,) * axes,
        groups=1,
        data="special",
    )


def subnormal_calls(subject: Subject) -> dict[str, tuple[Call, Array]]:
    """Each use of subnormal numbers: a call, and the result if they are kept. Every other value
    is 0 or a power of two, so that nothing is rounded.
    """
    normal = FORMATS[subject.dtype].smallest_normal
    small = normal / 2
    uses = {
        "subnormal inputs": (small, 4.0, 2 * normal),
        "subnormal filters": (4.0, small, 2 * normal),
        "subnormal results": (normal, 0.5, small),
    }
    return {
        use: (
            plain_call(line([value, 0, 0, value, 0], subject), line([tap], subject)),
            line([kept, 0, 0, kept, 0], subject).astype("float64"),
        )
        for use, (value, tap, kept) in uses.items()
    }


def windows_that_hold(call: Call, place: tuple[int, ...]) -> Array:
    """Which results have a value of the input under one of their taps."""
    held = np.zeros(call.x.shape)
    held[place] = 1
    counts = cross_correlate(held, np.ones(call.filters.shape), **call.parameters)
    return np.asarray(counts > 0)


def stays_in_its_windows(
    subject: Subject, call: Call, place: tuple[int, ...], value: float
) -> None:
    """Raise Disagreement unless ``value``, put into the input of a call on integers, leaves all
    results alone that do not see it, and shows in those that do: a NaN as NaN, an infinity as
    infinity or NaN.
    """
    x = call.x.copy()
    x[place] = value
    dirty = call.but(x=x)
    seen = windows_that_hold(call, place)
    right = expected(call).value
    got = subject.result(dirty).astype("float64")
    compare_shapes(got, right, dirty, f"the result with {value} in the input")
    lost = seen & (~np.isnan(got) if np.isnan(value) else np.isfinite(got))
    right = np.where(seen, value, right)
    wrong = lost | (~seen & (got != right))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = "lost at" if seen[at] else "felt outside its windows, at"
        message = f"the {value} at {place} of the input is {where} {at} of the result"
        raise Disagreement(message, Evidence(dirty, right, got))


def padded_by_infinity(subject: Subject) -> str:
    """What a zero of the padding makes of an infinite tap: NaN by arithmetic."""
    call = plain_call(line([1, 1, 1], subject), line([1, 1, np.inf], subject), padding=1)
    last = subject.result(call).reshape(-1)[-1]
    return "NaN" if np.isnan(last) else str(float(last))


def sign_of_zero(subject: Subject) -> str:
    """The sign of a product of 0 and -1, which addition to +0 would lose."""
    got = subject.result(plain_call(line([0.0], subject), line([-1.0], subject))).reshape(-1)[0]
    return "-0" if np.signbit(got) else "+0"


def ladder(axes: int, coarse: bool = False) -> list[Regime]:
    """The regimes in which backends are known to change their algorithms; or a third of them, with
    the smallest and the largest.
    """
    kernels = {1: (1, 3, 5, 7), 2: (1, 3, 5, 7), 3: (1, 3)}[axes]
    batches, channels = ((1, 32), (8, 32)) if coarse else ((1, 8, 16, 32), (8, 16, 32))
    return [Regime(axes, *sizes) for sizes in product(batches, channels, kernels)]
