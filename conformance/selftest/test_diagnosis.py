"""The diagnosis names the right mistake, or none; never a wrong one."""

import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from conformance.clauses import NotRepeatableError, clauses, failure_of
from conformance.diagnosis import NONE, diagnose
from conformance.judge import Disagreement, Evidence
from conformance.mistakes import MISTAKES
from conformance.mistakes.learning import WRONG
from conformance.selftest.calls import call_of
from conformance.selftest.faults import FAULTS
from conformance.selftest.test_faults import DEFAULT
from conformance.selftest.test_grades import Simulated
from conformance.subject import BackendFailure, Subject
from conformance.variations import at_random
from reference import cross_correlate
from reference.geometry import Array
from reports import sharpness

# What a person judged to be right: for each fault the names of mistakes that explain it.
REVIEWED: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_name("diagnoses.toml").read_text("utf-8")
)


def is_right(mistake: str, fault: str) -> bool:
    return mistake in (fault, NONE.mistake, *REVIEWED.get(fault, ()))


SHRUNK = hypothesis.settings(
    DEFAULT, phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink], report_multiple_bugs=False
)


def diagnosis_of(fault: str, seed: int = 0) -> str:
    """As in a run: on the failure that is left after shrinking, of the same backend."""
    entry = FAULTS[fault]
    adapter = entry.adapter()
    with pytest.raises((Disagreement, BackendFailure, NotRepeatableError)) as caught:
        clauses()[entry.clause].hold(Subject(adapter, entry.dtype), SHRUNK, seed)
    failure = failure_of(caught.value)
    assert failure
    return diagnose(Subject(adapter, entry.dtype), failure.evidence).mistake


# Of images a diagnosis takes a minute: those stand in the table below.
IMAGES = "LESSON"
CONVOLUTIONS = [
    name
    for name, fault in FAULTS.items()
    if fault.operation == "cross_correlate" and not fault.clause.startswith(IMAGES)
]


@pytest.mark.parametrize("fault", CONVOLUTIONS[::7])
def test_no_diagnosis_is_wrong(fault: str) -> None:
    assert is_right(diagnosis_of(fault), fault)


def test_no_diagnosis_of_the_table_is_wrong() -> None:
    """Every fault was diagnosed when the table was made."""
    wrong = {
        fault.name: fault.mistake
        for fault in sharpness.read().faults
        if not is_right(fault.mistake, fault.name)
    }
    assert not wrong


def test_the_review_is_of_this_catalogue() -> None:
    assert set(REVIEWED) <= set(FAULTS)
    named = {mistake for mistakes in REVIEWED.values() for mistake in mistakes}
    assert named <= {*MISTAKES, *WRONG, *BEHAVIOURS, "fast_algorithm"}


BEHAVIOURS = {
    "arguments_written_to",
    "bias_forgotten",
    "broken_by_refusal",
    "depends_on_earlier_calls",
    "empty_batch_is_not_empty",
    "empty_batch_misshapen",
    "empty_batch_refused",
    "first_call_differs",
    "first_call_of_shapes",
    "layout_ignored",
    "never_written",
    "no_channels_misread",
    "not_deterministic",
    "not_repeatable",
    "other_dtype",
    "raises",
    "read_only_refused",
    "remembered_by_address",
    "result_buffer_shared",
    "results_pile_up",
    "stale_bias",
    "stale_dilation",
    "stale_padding",
    "stale_stride",
    "stale_filters",
    "stale_results",
    "sums_of_11_bits",
    "sums_of_24_bits",
    "sums_of_8_bits",
}


# What nothing in the catalogue explains


def squares_of_the_input(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    return cross_correlate(x * x, filters, bias, **p)


def a_wave_on_top(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    result = cross_correlate(x, filters, bias, **p)
    return result + np.round(3 * np.sin(np.arange(result.size) + 1)).reshape(result.shape)


def refused(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    raise NotImplementedError


def no_stride_of_three(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    """Beside another mistake, which does not explain it."""
    if 3 in p["stride"]:
        raise RuntimeError("no kernel")
    return cross_correlate(x, filters if p["groups"] == 1 else filters[..., ::-1], bias, **p)


def no_sum_of_three(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if 3 <= x.sum() < 20:
        raise RuntimeError("a bad number")
    return cross_correlate(x, filters, bias, **p)


def no_dilated_groups(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if p["groups"] > 1 and max(p["dilation"]) > 1:
        raise NotImplementedError
    return cross_correlate(x, filters, bias, **p)


def no_unlike_padding(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
    if any(low != high for low, high in p["padding"]):
        raise ValueError("one number for both sides")
    return cross_correlate(x, filters, bias, **p)


@pytest.mark.parametrize(
    ("raising", "asked", "sentence"),
    [
        (
            no_dilated_groups,
            {"groups": 2, "dilation": (2,)},
            "it raises where there are several groups and the dilation is more than 1, and only "
            "there",
        ),
        (
            no_unlike_padding,
            {"padding": ((0, 1),)},
            "it raises where an axis has unlike padding on its sides, and only there",
        ),
    ],
)
def test_where_a_backend_raises_for_a_combination(
    raising: Any, asked: dict[str, Any], sentence: str
) -> None:
    call = call_of(np.full((1, 2, 7), 1.0), np.ones((2, 2 // asked.get("groups", 1), 3)))
    subject = Subject(Simulated(raising), "float64")
    assert diagnose(subject, Evidence(call.but(**asked))).sentence == sentence


@pytest.mark.parametrize(
    ("raising", "sentence"),
    [
        (refused, "it raises for every call: 187 were tried"),
        (no_stride_of_three, "it raises where an axis has stride 3, and only there"),
        (no_sum_of_three, NONE.sentence),
    ],
)
def test_where_a_backend_raises(raising: Any, sentence: str) -> None:
    call = call_of(np.full((1, 1, 7), 1.0), np.ones((1, 1, 1))).but(stride=(3,))
    subject = Subject(Simulated(raising), "float64")
    assert diagnose(subject, Evidence(call)).sentence == sentence


@pytest.mark.parametrize("strange", [squares_of_the_input, a_wave_on_top])
@pytest.mark.parametrize("seed", range(3))
def test_what_no_mistake_explains_is_said_to_be_so(strange: Any, seed: int) -> None:
    subject = Subject(Simulated(strange), "float64")
    with pytest.raises(Disagreement) as caught:
        clauses()["CORR-12"].hold(subject, SHRUNK, seed)
    assert diagnose(subject, caught.value.evidence) == NONE


def test_a_correct_backend_has_no_diagnosis() -> None:
    call = call_of(np.arange(6.0).reshape(1, 1, 6), np.ones((1, 1, 3)))
    subject = Subject(Simulated(cross_correlate), "float64")
    assert diagnose(subject, Evidence(call)) == NONE


# The catalogue of mistakes


@pytest.mark.parametrize("name", list(MISTAKES)[::23])
def test_a_backend_that_makes_a_mistake_is_found_out(name: str) -> None:
    """What is named leads to the same answers everywhere as the mistake that was made."""
    mistake = MISTAKES[name]

    def wrong(x: Array, filters: Array, bias: Any, **p: Any) -> Array:
        right = cross_correlate(x, filters, bias, **p)
        answer = mistake.answer(call_of(x, filters).but(bias=bias, **p))
        return np.asarray(right if answer is None else answer.astype(x.dtype))

    subject = Subject(Simulated(wrong), "float64")
    try:
        clauses()["CORR-12"].hold(subject, SHRUNK, seed=0)
    except Disagreement as failure:
        found = diagnose(subject, failure.evidence)
        if found != NONE:
            rng = np.random.default_rng(0)
            for call in (at_random(subject, rng) for _ in range(40)):
                named, made = MISTAKES[found.mistake].answer(call), mistake.answer(call)
                if made is not None and ";" not in found.sentence:
                    assert named is not None
                    assert np.allclose(named, made, equal_nan=True), found
