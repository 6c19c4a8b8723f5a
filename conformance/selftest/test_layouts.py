"""Layouts: what lies otherwise in memory has the values that it is to have."""

import numpy as np
import pytest

from conformance.layouts import LAYOUTS, Layout, expanded, laid_out
from reference.geometry import Array

ARRAYS = {"x": np.arange(120.0).reshape(2, 3, 4, 5), "bias": np.arange(3.0)}


@pytest.mark.parametrize("lay", {*LAYOUTS} - {expanded}, ids=lambda lay: lay.__name__)
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_a_layout_is_a_copy_of_the_same_values(lay: Layout, array: Array) -> None:
    laid = lay(array)
    assert np.array_equal(laid, array)
    assert not np.shares_memory(laid, array)


@pytest.mark.parametrize("axis", range(4))
def test_expanded_arrays_repeat_their_first_entry(axis: int) -> None:
    array = ARRAYS["x"]
    laid = expanded(array, axis)
    assert laid.strides[axis] == 0
    assert laid.flags.writeable
    assert np.array_equal(laid, array.take([0] * array.shape[axis], axis))


def test_every_pair_of_layouts_is_met() -> None:
    rng = np.random.default_rng(0)
    assert len({laid_out(rng, ARRAYS).how for _ in range(2000)}) == len({*LAYOUTS}) ** 2


def test_distinct_values_stay_distinct_in_each_channel() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = laid_out(rng, ARRAYS, distinct=["x"]).arrays["x"]
        assert all(len(np.unique(plane)) == 20 for item in x for plane in item)
