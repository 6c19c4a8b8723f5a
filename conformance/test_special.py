"""Special values: what NaN, infinities, zeros and the largest numbers may do, and where."""

import math

import numpy as np
from hypothesis import strategies as st

from adapters import Unsupported
from conformance import probes
from conformance.calls import Call
from conformance.clauses import clause
from conformance.judge import Disagreement, Evidence, compare_shapes, expected
from conformance.strategies import float_calls, integer_calls
from conformance.subject import Subject
from reference import cross_correlate
from reference.bounds import magnitude
from reference.geometry import Array

IEEE = "IEEE 754-2019, Standard for Floating-Point Arithmetic, sections 6 and 7"


def direct(subject: Subject) -> None:
    """These clauses are about algorithms that multiply and add what a window holds."""
    if subject.promise == "B":
        raise Unsupported("not required of fast algorithms (the adapter promises grade B)")


def somewhere(data: st.DataObject, array: Array) -> tuple[int, ...]:
    seed = data.draw(st.integers(0, 2**16 - 1), label="place")
    rng = np.random.default_rng(seed)
    return tuple(int(rng.integers(size)) for size in array.shape)


@clause(
    "SPEC-1",
    "An infinity in the input reaches the results whose windows hold it, and no others.",
    source=IEEE,
)
def test_infinity_stays_in_its_windows(subject: Subject, data: st.DataObject) -> None:
    direct(subject)
    call = data.draw(integer_calls(subject))
    value = data.draw(st.sampled_from((np.inf, -np.inf)))
    probes.stays_in_its_windows(subject, call, somewhere(data, call.x), value)


@clause(
    "SPEC-2",
    "A NaN in the input makes NaN of the results whose windows hold it, and of no others.",
    source=IEEE,
)
def test_nan_stays_in_its_windows(subject: Subject, data: st.DataObject) -> None:
    direct(subject)
    call = data.draw(integer_calls(subject))
    probes.stays_in_its_windows(subject, call, somewhere(data, call.x), np.nan)


@clause(
    "SPEC-3",
    "Finite arguments whose sums cannot overflow give finite results, and accurate ones, up to "
    "the largest numbers.",
    source=IEEE,
)
def test_large_values(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(float_calls(subject))
    subject.check(enlarged(call), "the result of large values")


def enlarged(call: Call) -> Call:
    """The call times a power of two: its sums come close to the largest number, in any order."""
    sizes = magnitude(call.x, call.filters, call.bias, call.parameters)
    largest = max(sizes.max(initial=0.0), np.abs(call.x.astype("float64")).max(initial=0.0))
    if not largest:
        return call
    most = call.format.max_exponent - 2
    exponent = min(most, math.floor(most - math.log2(largest)))
    factor = call.x.dtype.type(math.ldexp(1, exponent))
    return call.but(x=call.x * factor, bias=None if call.bias is None else call.bias * factor)


@clause(
    "SPEC-4",
    "Where every product has a factor of zero, the result is zero, or the bias; of either sign.",
    source=IEEE,
)
def test_products_of_zeros(subject: Subject, data: st.DataObject) -> None:
    direct(subject)
    call = data.draw(float_calls(subject))
    rng = np.random.default_rng(call.seed)
    x, filters = call.x.copy(), call.filters.copy()
    for array in (x, filters):
        array[rng.random(array.shape) < rng.choice((0.3, 0.7, 1.0))] *= array.dtype.type(0)
    sparse = call.but(x=x, filters=filters)
    nonzero = cross_correlate(
        (x != 0).astype("float64"), (filters != 0).astype("float64"), **call.parameters
    )
    got = subject.check(sparse).value
    bias = 0.0 if call.bias is None else call.bias.reshape(-1, *(1,) * call.axes)
    right = np.where(nonzero == 0, np.asarray(bias, "float64"), got)
    if not np.array_equal(got, right, equal_nan=True):
        message = "products of zeros do not add up to zero"
        raise Disagreement(message, Evidence(sparse, right, got, got - right))


@clause(
    "SPEC-5",
    "A NaN in a filter reaches the feature map of that filter only, and all of it that is not at "
    "the padding.",
    source=IEEE,
)
def test_nan_in_a_filter(subject: Subject, data: st.DataObject) -> None:
    direct(subject)
    call = data.draw(integer_calls(subject, padding=0))
    place = somewhere(data, call.filters)
    filters = call.filters.copy()
    filters[place] = np.nan
    dirty = call.but(filters=filters)
    right = expected(call).value.copy()
    right[:, place[0]] = np.nan
    got = subject.result(dirty).astype("float64")
    compare_shapes(got, right, dirty, "the result with a NaN in a filter")
    if not np.array_equal(got, right, equal_nan=True):
        message = f"the NaN in filter {place[0]} is felt elsewhere, or is lost"
        raise Disagreement(message, Evidence(dirty, right, got))


@clause(
    "SPEC-6",
    "Filters and input times powers of two give the results times these, also far below 1: no "
    "normal number is too small to count.",
    source=IEEE,
)
def test_small_values(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    most = smallest_exponent(call, subject.promise)
    if most < 1:
        raise Unsupported("the range of exponents is too narrow for the rounding errors")
    below = data.draw(st.one_of(st.integers(1, most), st.just(most)), label="below")
    for of_input in (0, data.draw(st.sampled_from((below // 2, below)), label="of the input")):
        subject.check(diminished(call, of_input, below - of_input), "the result of small values")


@clause(
    "SPEC-7",
    "A sum beyond the largest number is infinite, of its sign: it is neither that number nor NaN.",
    source=IEEE,
)
def test_overflow(subject: Subject, data: st.DataObject) -> None:
    direct(subject)
    subject.check(overflowing(data.draw(integer_calls(subject))), "the result of too large sums")


def overflowing(call: Call) -> Call:
    """The same shapes, filled with one number in every item and every filter, so that no sum has
    terms of both signs: the largest power of two, and twice which is no number any more.
    """
    rng = np.random.default_rng(call.seed)
    largest = math.ldexp(1, call.format.max_exponent)

    def filled(array: Array, numbers: tuple[float, ...]) -> Array:
        first = rng.choice(numbers, (len(array), *(1,) * (array.ndim - 1)))
        return np.broadcast_to(first, array.shape).astype(array.dtype)

    x, filters = filled(call.x, (-largest, largest)), filled(call.filters, (-1, 0, 1))
    return call.but(x=x, filters=filters, bias=None)


def smallest_exponent(call: Call, promise: str) -> int:
    """By how many powers of two integers may be smaller, and all sums of their products still be
    normal numbers, or zero, with a few to spare for algorithms that halve. For a fast one, whose
    values in between are any, so many that what underflows is far below its rounding errors.
    """
    spare = call.format.precision + 40 if promise == "B" else 4
    return -call.format.min_exponent - spare


def diminished(call: Call, of_input: int, of_filters: int) -> Call:
    """The call with its input and its filters divided by these powers of two."""

    def divided(array: Array, exponent: int) -> Array:
        return np.asarray(np.ldexp(array.astype("float64"), -exponent).astype(array.dtype))

    bias = None if call.bias is None else divided(call.bias, of_input + of_filters)
    x, filters = divided(call.x, of_input), divided(call.filters, of_filters)
    return call.but(x=x, filters=filters, bias=bias)
