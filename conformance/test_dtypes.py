"""Dtypes and rounding: in which formats a backend computes, and how closely."""

from dataclasses import replace

from hypothesis import strategies as st

from adapters import Unavailable, Unsupported
from adapters.dtypes import numpy_dtype
from conformance.clauses import clause
from conformance.data import FLOATS
from conformance.judge import Disagreement, Evidence
from conformance.strategies import integer_calls, recipes
from conformance.subject import BackendFailure, Subject


@clause(
    "TYPE-1",
    "The result has the dtype of the input and the filters.",
    source="The adapter contract",
)
def test_result_dtype(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    got = subject.result(call)
    if got.dtype != call.x.dtype:
        message = f"the result of {call.x.dtype} arguments has the dtype {got.dtype}"
        raise Disagreement(message, Evidence(call, got=got))


@clause(
    "TYPE-2",
    "A backend offers the dtypes that its adapter claims.",
    source="The adapter contract",
    every_dtype=True,
)
def test_claimed_dtypes(subject: Subject, data: st.DataObject) -> None:
    try:
        numpy_dtype(subject.dtype)
    except Unavailable as why:
        raise Unsupported(str(why)) from None
    call = data.draw(integer_calls(subject, regimes=("small",)))
    if subject.dtype in subject.capabilities.dtypes:
        subject.check(call)
        return
    try:
        got = subject.check(call)
    except BackendFailure as failure:
        raise Unsupported(f"not claimed, and refused ({failure.outcome})") from None
    except Unsupported:
        raise Unsupported("not claimed, and declined") from None
    except Disagreement:
        raise Unsupported("not claimed, and not answered rightly") from None
    raise Unsupported(f"not claimed, yet it answers rightly ({got.value.dtype})")


@clause(
    "TYPE-3",
    "Every value is within the rounding error that any direct algorithm can make in its dtype.",
    source="Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.1",
)
def test_rounding(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(recipes(subject.dtype, subject.capabilities.spatial_axes))
    for kind in FLOATS:
        subject.check(replace(recipe, data=kind).call(), f"the result of {kind} values")
