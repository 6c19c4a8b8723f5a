"""Do two readings agree? A reading is what was computed, and how far off it may be."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.calls import Call
from conformance.requests import Request
from reference import cross_correlate
from reference.bounds import flushable, lemma, magnitude, normwise, term_count
from reference.exact import truth
from reference.formats import overflowed, rounded
from reference.geometry import Array


@dataclass(frozen=True, eq=False)
class Reading:
    """``value`` + ``low`` (float64), with an error of at most ``bound``, element by element: 0
    where it must be exact, infinite where nothing is required.
    """

    value: Array
    bound: Array
    low: Array | float = 0.0

    def __add__(self, other: "Reading") -> "Reading":
        return Reading(self.value + other.value, self.bound + other.bound)

    def __getitem__(self, index: Any) -> "Reading":
        """A part of it; of a value without such a part (one of a wrong rank) there is nothing."""
        try:
            return Reading(self.value[index], np.broadcast_to(self.bound, self.value.shape)[index])
        except (IndexError, ValueError):
            return Reading(np.zeros(0), np.zeros(()))

    def times(self, factor: float) -> "Reading":
        return Reading(self.value * factor, self.bound * abs(factor))


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a failure was about, as arrays a person can read.

    ``after_refusal``: the call came out right before another one was refused. ``part``: the name
    of the array among several that an operation gives. ``died``: the process ended over it.
    ``unlike``: a request that should have had another answer, and had the same.
    """

    asked: Call | Request
    expected: Array | None = None
    got: Array | None = None
    difference: Array | None = None
    bound: Array | None = None
    after_refusal: bool = False
    part: str = ""
    died: bool = False
    unlike: Request | None = None

    @property
    def call(self) -> Call:
        """What was asked, where it was a cross-correlation."""
        assert isinstance(self.asked, Call)
        return self.asked


class Disagreement(AssertionError):  # noqa: N818
    """A backend broke a clause; ``evidence`` holds the case."""

    def __init__(self, message: str, evidence: Evidence) -> None:
        super().__init__(message)
        self.evidence = evidence


def expected(call: Call) -> Reading:
    """What is right, by the reference: without any rounding for integers, else the truth."""
    arrays = [None if a is None else a.astype("float64") for a in (call.x, call.filters, call.bias)]
    if call.exact:
        x, filters, bias = arrays
        assert x is not None
        assert filters is not None
        value = cross_correlate(x, filters, bias, **call.parameters)
        return Reading(overflowed(value, call.format), np.zeros(()))
    high, low = truth(call.x, call.filters, call.bias, call.parameters)
    return Reading(high, np.zeros(()), low)


def allowance(call: Call, promise: str) -> Array:
    """How far off the results of ``call`` may be for a backend of this promise (a grade).

    Sums of float16 and bfloat16 may be kept in the format itself or in a wider one; the first
    has the larger error. Inputs promised to be rounded may be rounded in any way, also towards
    zero; integers that they leave as they are must still be exact.
    """
    arrays = call.x, call.filters, call.bias, call.parameters
    if promise == "B":
        return normwise(*arrays, call.format)
    bits = bits_of(promise)
    if call.exact and (bits is None or _fit(call, bits)):
        return np.zeros(())
    size = magnitude(*arrays)
    return lemma(
        term_count(*arrays),
        size,
        size,
        result=call.format,
        accumulator=call.format,
        input_roundoff=0.0 if bits is None else 2.0 ** (1 - bits),
        flushable=flushable(*arrays),
    )


def bits_of(grade: str) -> int | None:
    """The bits that a grade C(b) leaves of an input."""
    return int(grade[2:-1]) if grade.startswith("C") else None


def _fit(call: Call, bits: int) -> bool:
    return all(np.array_equal(rounded(a, bits), a) for a in (call.x, call.filters))


def compare(got: Reading, right: Reading, call: "Call | Request", meaning: str) -> float:
    """The largest error, as a fraction of its bound.

    Raises Disagreement if the shapes differ, or values are further apart than their bounds allow;
    ``meaning`` says what was compared.
    """
    compare_shapes(got.value, right.value, call, meaning)
    if not np.any(right.low) and np.array_equal(got.value, right.value):
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        difference = (got.value - right.value) - right.low
    if np.isnan(difference).any():
        both = np.isinf(right.value) & (got.value == right.value)
        difference = np.where(both, 0.0, difference)
    bound = np.broadcast_to(got.bound + right.bound, difference.shape)
    ratios = error_ratios(difference, bound)
    if (ratios > 1).any():
        place = tuple(int(i) for i in np.unravel_index(np.argmax(ratios), ratios.shape))
        raise Disagreement(
            f"{meaning}: {int((ratios > 1).sum())} of {ratios.size} values are wrong; the worst "
            f"at {place}: expected {right.value[place]!s}, got {got.value[place]!s}, allowed "
            f"error {bound[place]:.3g}",
            Evidence(call, right.value, got.value, difference, bound),
        )
    return float(ratios.max(initial=0.0))


def error_ratios(difference: Array, bound: Array) -> Array:
    """|difference| / bound, with 0 / 0 = 0; infinite for a NaN. An infinite bound allows all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.asarray(np.abs(difference) / bound)
    ratios[np.isnan(ratios)] = np.inf
    ratios[(difference == 0) | np.isinf(bound)] = 0.0
    return ratios


def compare_shapes(got: Array, expected: Array, call: "Call | Request", meaning: str) -> None:
    if got.shape != expected.shape:
        message = f"{meaning}: expected the shape {expected.shape}, got {got.shape}"
        raise Disagreement(message, Evidence(call, expected, got))
