"""Memory: how arrays lie in it, and what a call leaves behind."""

import numpy as np
from hypothesis import strategies as st

from conformance.calls import Call
from conformance.clauses import clause
from conformance.judge import Disagreement, Evidence, expected
from conformance.layouts import (
    Layout,
    backwards,
    channels_last,
    crop,
    fortran,
    gaps,
    laid_out,
    offset,
    read_only,
)
from conformance.strategies import float_calls, integer_calls
from conformance.subject import Subject

CONTRACT = "The adapter contract: a call is a function of the values of its arguments"


@clause(
    "MEM-1",
    "The arguments are left as they were.",
    source=CONTRACT,
)
def test_arguments_are_unchanged(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    names = [name for name in ("x", "filters", "bias") if getattr(call, name) is not None]
    given = {name: getattr(call, name).copy() for name in names}
    subject.result_as_is(call.but(**given))
    for name in names:
        before, after = getattr(call, name), given[name]
        if not np.array_equal(before, after):
            raise Disagreement(f"the call changed its {name}", Evidence(call, before, after))


@clause(
    "MEM-2",
    "Arrays may lie in memory in any order, with gaps, and many values in one place; each array in "
    "a way of its own.",
    source=CONTRACT,
)
def test_any_order_in_memory(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    same_as_contiguous(
        subject, call, data.draw(st.sampled_from((fortran, channels_last, gaps, crop, offset)))
    )
    arrays = {"x": call.x, "filters": call.filters, "bias": call.bias}
    rng = np.random.default_rng((call.seed or 0, 3))
    laid = laid_out(rng, {name: array for name, array in arrays.items() if array is not None})
    read = call.but(**laid.values)
    if not read.in_exact_range:
        read = read.but(data="expanded")
    got = subject.read(subject.result_as_is(call.but(**laid.arrays)), read)
    subject.agree(got, expected(read), read.but(**laid.arrays), f"the result of arrays {laid.how}")


@clause(
    "MEM-3",
    "Arrays may run backwards in memory.",
    source=CONTRACT,
)
def test_negative_strides(subject: Subject, data: st.DataObject) -> None:
    same_as_contiguous(subject, data.draw(integer_calls(subject)), backwards)


@clause(
    "MEM-4",
    "Arrays may be read-only.",
    source=CONTRACT,
)
def test_read_only(subject: Subject, data: st.DataObject) -> None:
    same_as_contiguous(subject, data.draw(integer_calls(subject)), read_only)


@clause(
    "MEM-5",
    "An empty batch gives an empty result of the right shape.",
    source="The definition, for N = 0",
)
def test_empty_batch(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, batch=0))
    subject.check(call)
    got = subject.result(call)
    if got.dtype != call.x.dtype:
        message = f"the result of an empty batch has the dtype {got.dtype}"
        raise Disagreement(message, Evidence(call, got=got))


@clause(
    "MEM-6",
    "The same call twice gives the same result, to the last bit.",
    source=CONTRACT,
)
def test_same_call_twice(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(float_calls(subject))
    first = subject.result(call).astype("float64")
    second = subject.result(call).astype("float64")
    if not np.array_equal(first, second, equal_nan=True):
        evidence = Evidence(call, first, second, second - first)
        raise Disagreement("the same call twice gave two results", evidence)


@clause(
    "MEM-7",
    "Calls do not influence each other: not the results of later ones of the same shapes, and "
    "not those already given.",
    source=CONTRACT,
)
def test_calls_are_independent(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    other = call.but(x=call.x[::-1, ::-1].copy(), filters=-call.filters)
    first = subject.result(call)
    kept = first.copy()
    subject.check(other, "the result of a second call of the same shapes")
    if not np.array_equal(first, kept):
        evidence = Evidence(call, kept, first)
        raise Disagreement("a second call changed the result of the first", evidence)
    subject.check(call, "the result after another call of the same shapes")


@clause(
    "MEM-8",
    "A call with other parameters, or with arrays whose values were changed in place, is another "
    "call.",
    source=CONTRACT,
)
def test_nothing_is_remembered(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    parameters = {
        "padding": tuple((high, low) for low, high in call.padding),
        "stride": tuple(step + 1 for step in call.stride),
        "dilation": (1,) * call.axes,
    }
    name = data.draw(st.sampled_from(sorted(parameters)))
    subject.check(call.but(**{name: parameters[name]}), f"the result with another {name}")
    held = call.but(x=call.x.copy(), filters=call.filters.copy())
    subject.agree(
        subject.read(subject.result_as_is(held), call), expected(call), call, "the result"
    )
    changed = call.but(x=-call.x, filters=call.filters[..., ::-1].copy())
    held.x[...], held.filters[...] = changed.x, changed.filters
    got = subject.read(subject.result_as_is(held), changed)
    subject.agree(got, expected(changed), changed, "the result of arrays changed in place")


def same_as_contiguous(subject: Subject, call: Call, lay: Layout) -> None:
    bias = None if call.bias is None else lay(call.bias)
    laid = call.but(x=lay(call.x), filters=lay(call.filters), bias=bias)
    got = subject.read(subject.result_as_is(laid), call)
    subject.agree(got, expected(call), laid, f"the result of arrays laid out with {lay.__name__}")
