"""What a report tells of a check: what was asked, how near answers came, what was thrown away."""

from typing import Any

import numpy as np
from hypothesis import assume, settings
from hypothesis import strategies as st

from adapters import Adapter, Unsupported, load
from conformance.calls import Call
from conformance.clauses import Clause
from conformance.requests import Request
from conformance.subject import Subject
from conformance.tally import Tally
from reports.records import INPUTS, RATIOS, SIZES

CALL = Call(
    np.ones((2, 6, 40, 5)), np.ones((9, 2, 3, 1)), None,
    stride=(1, 2), padding=((0, 1), (2, 0)), dilation=(1, 1), groups=3,
)  # fmt: skip


def counted(tally: Tally, name: str) -> dict[str, int]:
    ends = [*map(str, SIZES), "more"]
    return {end: count for end, count in zip(ends, tally.inputs[name], strict=True) if count}


def test_a_call_is_counted_by_each_of_its_measures() -> None:
    tally = Tally()
    tally.asked(CALL)
    assert {name: counted(tally, name) for name in tally.inputs} == {
        "axes": {"2": 1},
        "batch": {"2": 1},
        "channels": {"8": 1},
        "filters": {"16": 1},
        "groups": {"3": 1},
        "size": {"8": 1, "64": 1},
        "kernel": {"1": 1, "3": 1},
        "stride": {"1": 1, "2": 1},
        "dilation": {"1": 2},
        "padding": {"0": 2, "1": 1, "2": 1},
    }
    assert list(tally.inputs) == list(INPUTS)


def test_a_request_is_counted_by_what_it_has() -> None:
    tally = Tally()
    tally.asked(Request("max_pool", {"x": np.ones((1, 2, 4))}, {"kernel": (2,), "padding": "same"}))
    tally.asked(Request("softmax_cross_entropy", {"logits": np.ones((3, 4))}))
    assert counted(tally, "kernel") == {"2": 1}
    assert sum(tally.inputs["batch"]) == 1
    assert not tally.inputs.keys() & {"padding", "filters"}


def test_errors_are_counted_by_how_near_they_came() -> None:
    tally = Tally()
    for error in (0.0, 0.5, 1.0, 1.5, np.inf, np.nan):
        tally.judged(error)
    assert tally.ratios == [1, *[0] * (len(RATIOS) - 2), 2, 3]


def test_what_was_thrown_away_and_declined_is_told_apart() -> None:
    class Declines(Adapter):
        name = "declines"

        def cross_correlate(self, x: Any, *others: Any, **parameters: Any) -> Any:
            if len(x) == 1:
                raise Unsupported("one item")
            return load("reference").cross_correlate(x, *others, **parameters)

    def check(subject: Subject, data: st.DataObject) -> None:
        batch = data.draw(st.integers(0, 2))
        data.draw(st.integers(0, 2**30))  # so that there are many different examples
        assume(batch)
        subject.check(CALL.but(x=CALL.x[:batch]))

    subject = Subject(Declines(), "float64")
    Clause("CORR-0", "", "", check).hold(subject, settings(max_examples=30, database=None), 1, [])
    thrown = subject.drawn - subject.examples - subject.declined.total()
    assert subject.examples > 5
    assert subject.declined["one item"] > 0
    assert thrown > 0
    assert sum(subject.tally.ratios) == subject.examples
    assert sum(subject.tally.inputs["axes"]) == subject.examples + subject.declined["one item"]
    assert subject.tally.calling > 0
