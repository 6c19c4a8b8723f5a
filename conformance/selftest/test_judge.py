"""The judge: what agrees, what does not, and what an infinite bound, a zero or a NaN mean."""

import numpy as np
import pytest

from conformance.judge import Disagreement, Reading, compare, error_ratios
from conformance.selftest.calls import call_of
from reference.geometry import Array

CALL = call_of(np.ones((1, 1, 3)), np.ones((1, 1, 1)))


def reading(values: list[float], bound: float = 0.0) -> Reading:
    return Reading(np.array(values), np.array(bound))


def test_ratios() -> None:
    difference = np.array([0.0, 1.0, 1.0, np.nan, np.inf, 2.0, np.nan])
    bound = np.array([0.0, 0.0, 2.0, 1.0, 1.0, np.inf, np.inf])
    ratios: Array = error_ratios(difference, bound)
    assert ratios.tolist() == [0.0, np.inf, 0.5, np.inf, np.inf, 0.0, 0.0]


def test_agreement_is_measured_against_both_bounds() -> None:
    assert compare(reading([1, 2], 0.5), reading([1.75, 2], 1.0), CALL, "it") == 0.5
    with pytest.raises(Disagreement, match=r"it: 1 of 2 values are wrong; the worst at \(0,\)"):
        compare(reading([1, 2], 0.25), reading([1.75, 2], 0.25), CALL, "it")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1 + 2.0**-52])
def test_exact_means_every_bit(wrong: float) -> None:
    with pytest.raises(Disagreement):
        compare(reading([wrong]), reading([1.0]), CALL, "it")


def test_shapes_are_never_broadcast() -> None:
    with pytest.raises(Disagreement, match=r"expected the shape \(2,\), got \(1,\)"):
        compare(reading([1]), reading([1, 1]), CALL, "it")


def test_the_low_part_of_the_truth_counts() -> None:
    truth = Reading(np.array([1.0]), np.array(0.0), np.array([2.0**-54]))
    assert compare(reading([1], 2.0**-53), truth, CALL, "it") == 0.5


def test_readings_add_up_with_their_bounds() -> None:
    total = reading([1, 2], 0.5) + reading([3, 4], 0.25)
    assert total.value.tolist() == [4, 6]
    assert total.bound == 0.75
    assert reading([1, 2], 0.5).times(-2).bound == 1.0
    assert total[1:].bound.tolist() == [0.75]
