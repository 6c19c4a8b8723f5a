"""The smallest case is small and plain, fails as the first one did, and costs few calls."""

from typing import Any

import numpy as np
import pytest

from adapters import Adapter
from adapters.process.isolation import CrashError
from conformance.calls import Call, Recipe
from conformance.judge import Disagreement, Evidence
from conformance.selftest.faults import FAULTS
from conformance.smallest import (
    Failure,
    _channels,
    _filters,
    _groups,
    _items,
    impossibility,
    reduced,
    smallest,
)
from conformance.subject import BackendCrash, BackendError, BackendFailure, Subject
from conformance.test_lesson import layer, sevens
from reference import SizeError, cross_correlate, edge_filters, resolve_padding
from reference.geometry import Array


def everything(**changes: Any) -> Call:
    """A call in which nothing is 1 and no two numbers of a kind agree."""
    settings: dict[str, Any] = {
        "dtype": "float64",
        "batch": 4,
        "groups": 3,
        "channels": 3,
        "filters": 4,
        "size": (11, 14),
        "kernel": (3, 4),
        "stride": (2, 3),
        "padding": ((1, 2), (3, 1)),
        "dilation": (3, 2),
        "bias": True,
        "data": "integers",
        "seed": 1,
    }
    return Recipe(**(settings | changes)).call()


def failure_of(subject: Subject, call: Call) -> Failure:
    with pytest.raises((Disagreement, BackendFailure)) as caught:
        (subject.check if impossibility(call) is None else subject.refuse)(call)
    assert isinstance(caught.value, Disagreement | BackendFailure)
    return caught.value


def subject_of(fault: str) -> Subject:
    return Subject(FAULTS[fault].adapter(), FAULTS[fault].dtype)


def reduced_by(fault: str, call: Call) -> Call:
    subject = subject_of(fault)
    return reduced(subject, failure_of(subject, call)).evidence.call


def flattened(call: Call) -> tuple[list[float], list[float]]:
    return call.x.ravel().tolist(), call.filters.ravel().tolist()


def test_a_flipped_filter_is_two_values_and_two_taps() -> None:
    call = reduced_by("true_convolution", everything())
    assert call.x.shape == call.filters.shape == (1, 1, 2)
    assert sorted(call.x.ravel()) == sorted(call.filters.ravel()) == [0, 1]
    assert call.bias is None
    assert call.parameters == {
        "stride": (1,),
        "padding": ((0, 0),),
        "dilation": (1,),
        "groups": 1,
    }
    assert call.seed is None


@pytest.mark.parametrize(
    ("fault", "x", "filters"),
    [
        ("dilation_ignored", (1, 1, 3), (1, 1, 2)),
        ("pad_sides_swapped", (1, 1, 1), (1, 1, 1)),
        ("stride_starts_late", (1, 1, 2), (1, 1, 1)),
        ("strides_of_axes_swapped", (1, 1, 1, 2), (1, 1, 1, 1)),
        ("groups_interleaved_in_the_input", (1, 4, 1), (2, 2, 1)),
        ("every_group_sees_the_first", (1, 2, 1), (2, 1, 1)),
        ("bias_ignored", (1, 1, 1), (1, 1, 1)),
        ("batch_reversed", (2, 1, 1), (1, 1, 1)),
        ("channels_of_the_filters_reversed", (1, 2, 1), (1, 2, 1)),
    ],
)
def test_only_what_a_fault_needs_is_left(
    fault: str, x: tuple[int, ...], filters: tuple[int, ...]
) -> None:
    call = reduced_by(fault, everything())
    assert sorted(call.x.shape) == sorted(x)
    assert call.filters.shape == filters
    values = np.concatenate([call.x.ravel(), call.filters.ravel()])
    assert set(values) <= {0, 1}


def test_what_a_fault_needs_stays() -> None:
    """One that takes a stride, a dilation and groups together."""
    call = reduced_by("wrong_only_with_stride_dilation_and_groups", everything())
    assert max(call.stride) == 2
    assert max(call.dilation) == 2
    assert call.groups == 2
    assert call.padding == ((0, 0),) * call.axes


def test_numbers_that_matter_stay_and_get_plain() -> None:
    wide = reduced_by("sums_wrap_in_int32", everything(data="wide integers"))
    assert wide.exact
    assert flattened(wide) in (([2.0**32], [1.0]), ([-(2.0**32)], [1.0]))
    negative = reduced_by("negative_results_cut_off", everything())
    assert flattened(negative) in (([-1.0], [1.0]), ([1.0], [-1.0]))


def test_integers_remain_integers_and_exact() -> None:
    """Asked about every candidate on the way, not only the last."""

    def fails(call: Call) -> bool:
        for array in (call.x, call.filters):
            assert np.array_equal(array, np.trunc(array))
        magnitude = np.abs(call.x).max() * np.abs(call.filters).sum(axis=(1, 2, 3)).max()
        assert magnitude <= call.format.exact_below
        return bool((np.abs(call.x) > 100).sum() > 2 and call.filters.shape[2:] == (3, 4))

    call = everything(data="wide integers", seed=1)
    found = smallest(call, fails)
    assert found.x.size < call.x.size / 10


def test_floats_get_few_bits() -> None:
    call = reduced_by("inputs_truncated_to_tf32", everything(dtype="float32", data="uniform"))
    assert call.x.size == call.filters.size == 1
    for value in (call.x.item(), call.filters.item()):
        fraction, _ = np.frexp(value)
        assert (fraction * 2**16).is_integer()
    assert call.x.dtype == "float32"


def test_padding_by_name_is_resolved_anew() -> None:
    call = everything(stride=(1, 1), dilation=(3, 3))
    pads = resolve_padding("same_upper", (11, 14), (3, 4), (1, 1), (3, 3))
    named = call.but(padding=pads, named_padding="same_upper")
    found = reduced_by("same_puts_the_odd_zero_first", named)
    assert found.named_padding == "same_upper"
    assert found.x.size == 1
    assert found.padding == ((0, 1),)


def test_an_impossible_call_stays_impossible() -> None:
    call = everything(size=(6, 6), padding=((0, 0), (0, 0)))
    assert impossibility(call) is SizeError
    found = reduced_by("impossible_sizes_give_zeros", call)
    assert impossibility(found) is SizeError
    assert max(found.x.size, found.filters.size) <= 2
    assert impossibility(smallest(call, lambda candidate: True)) is SizeError
    assert impossibility(smallest(everything(), lambda candidate: True)) is None


def test_what_is_left_out_leaves_the_rest_alone() -> None:
    """A filter keeps its channels and its bias, and sees its own group."""
    call = everything()
    maps = cross_correlate(call.x, call.filters, call.bias, **call.parameters)
    first_and_last = np.array([True, False, True])
    group_of_map, filter_of_map = np.divmod(np.arange(12), 4)
    for keep, kept, chosen in (
        (_items, first_and_last.repeat(2)[:4], np.s_[[0, 1]]),
        (_groups, first_and_last, np.s_[:, group_of_map != 1]),
        (_filters, np.array([False, True, True, False]), np.s_[:, filter_of_map % 3 != 0]),
    ):
        less = keep(call, kept)
        found = cross_correlate(less.x, less.filters, less.bias, **less.parameters)
        assert np.array_equal(found, maps[chosen])
    blank = call.but(x=call.x.copy())
    blank.x[:, 1::3] = 0
    less = _channels(call, first_and_last)
    assert np.array_equal(
        cross_correlate(less.x, less.filters, less.bias, **less.parameters),
        cross_correlate(blank.x, blank.filters, blank.bias, **blank.parameters),
    )


def test_channels_that_fit_no_filter() -> None:
    call = everything()
    found = reduced_by("surplus_channels_are_ignored", call.but(x=call.x.repeat(2, axis=1)))
    assert impossibility(found) is not None
    assert len(found.x) == 1
    assert not found.x.any()


def test_large_images_cost_few_calls() -> None:
    subject = subject_of("images_of_28_by_28_transposed")
    call, asked = layer(subject, sevens(subject), edge_filters()), []

    def fails(candidate: Call) -> bool:
        asked.append(candidate.x.size)
        try:
            subject.check(candidate)
        except Disagreement:
            return True
        return False

    found = smallest(call, fails)
    assert found.x.shape == (1, 1, 28, 28)
    assert np.count_nonzero(found.x) == 1
    assert found.filters.shape == (1, 1, 1, 1)
    assert sum(size > call.x.size / 10 for size in asked) < 10
    assert len(asked) < 250


def test_calls_are_bounded_and_large_ones_count_for_more() -> None:
    def asked(call: Call) -> int:
        calls = []

        def fails(candidate: Call) -> bool:
            """Nothing can be left out: whatever was changed, it no longer fails."""
            calls.append(candidate)
            return candidate is call

        assert smallest(call, fails) is call
        return len(calls)

    assert 200 < asked(everything(size=(20, 25))) <= 300
    assert asked(everything(size=(900, 900), batch=1)) < 40


def test_it_is_the_same_every_time() -> None:
    call = everything(dtype="float32", data="uniform")
    first, second = (reduced_by("filters_quantised_to_int8", call) for _ in range(2))
    assert first.key == second.key


def test_a_call_that_does_not_fail_alone_is_returned_as_it_is() -> None:
    call = everything()
    assert smallest(call, lambda candidate: False) is call
    subject = subject_of("result_cached_by_shape")
    relation = Disagreement("a second call changed the first", failure_evidence(call))
    assert reduced(subject, relation) is relation


def failure_evidence(call: Call) -> Evidence:
    return Evidence(call, np.zeros(1), np.ones(1))


def test_a_known_issue_is_not_what_is_looked_for() -> None:
    """Filters of few taps are known."""
    subject = subject_of("mean_instead_of_sum")
    failure = failure_of(subject, everything())
    found = reduced(subject, failure, lambda evidence: evidence.call.filters.size < 5)
    assert 5 <= found.evidence.call.filters.size <= 6


class Acme(Adapter):
    """Raises, or dies, on what its class says; right on all else."""

    name = "acme"

    def __init__(self) -> None:
        self.asked = 0

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **p: Any
    ) -> Array:
        self.asked += 1
        self.harm(x)
        return cross_correlate(x, filters, bias, **p)

    def harm(self, x: Array) -> None:
        raise NotImplementedError


class Raises(Acme):
    def harm(self, x: Array) -> None:
        if x.shape[1] > 1:
            raise RuntimeError("no kernel for many channels")
        if x.shape[-1] > 3:
            raise TypeError("another failure")


class Dies(Acme):
    dead_since = 0

    def harm(self, x: Array) -> None:
        if len(x) < 4:
            self.dead_since = self.dead_since or self.asked
            raise CrashError("the process died of SIGSEGV")
        raise RuntimeError("no kernel")


def test_an_error_stays_the_same_error() -> None:
    subject = Subject(Raises(), "float64")
    found = reduced(subject, failure_of(subject, everything()))
    assert isinstance(found, BackendError)
    assert "no kernel for many channels" in str(found)
    assert found.evidence.call.x.shape[1] == 2
    assert found.evidence.call.x.size == 2


def test_a_dead_backend_is_never_asked_again() -> None:
    dies = Dies()
    subject = Subject(dies, "float64")
    crash = failure_of(subject, everything(batch=1))
    assert isinstance(crash, BackendCrash)
    assert reduced(subject, crash) is crash
    assert dies.asked == 1
    dies = Dies()
    subject = Subject(dies, "float64")
    found = reduced(subject, failure_of(subject, everything()))
    assert dies.asked == dies.dead_since > 2
    assert isinstance(found, BackendError)
    assert len(found.evidence.call.x) == 4


def test_nothing_is_counted() -> None:
    subject = subject_of("true_convolution")
    failure = failure_of(subject, everything())
    subject.worst, subject.examples = 0.5, 7
    reduced(subject, failure)
    assert (subject.worst, subject.examples) == (0.5, 7)
