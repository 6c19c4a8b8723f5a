"""Bias: one number for each feature map."""

import numpy as np
from hypothesis import strategies as st

from conformance.clauses import clause
from conformance.judge import Reading
from conformance.strategies import integer_calls
from conformance.subject import Subject

LAYERS = "LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to documents"


@clause(
    "BIAS-1",
    "The bias of a filter is added once to every value of its own feature map.",
    source=LAYERS,
)
def test_added_once_to_its_own_map(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, bias=True))
    assert call.bias is not None
    offset = Reading(call.bias.reshape(-1, *(1,) * call.axes).astype("float64"), np.zeros(()))
    without = subject.ask(call.but(bias=None))
    subject.agree(subject.check(call), without + offset, call, "the result with a bias")


@clause(
    "BIAS-2",
    "A bias of zeros is no bias.",
    source=LAYERS,
)
def test_zero_is_none(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, bias=False))
    zeros = np.zeros(len(call.filters), call.x.dtype)
    got = subject.check(call)
    subject.agree(subject.ask(call.but(bias=zeros)), got, call, "the result with a bias of zeros")
