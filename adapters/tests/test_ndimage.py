"""SciPy's ndimage, cropped to windows that lie wholly in the input, is what the reference says."""

from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import DERIVED, OPERATIONS
from adapters.tests.test_adapters import CASES
from adapters.tests.test_adapters import check as check_case
from adapters.tests.test_scripts import got_by, script_for

pytest.importorskip("scipy")
PLAIN: dict[str, Any] = {"stride": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}


@pytest.fixture(scope="module")
def ndimage() -> Adapter:
    return load("scipy-ndimage")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_cross_correlations(ndimage: Adapter, case: str, dtype: str) -> None:
    check_case(ndimage, CASES[case], *CASES[case].arrays(dtype))


@pytest.mark.parametrize("case", CASES)
def test_lines_make_the_same_call(ndimage: Adapter, case: str) -> None:
    arrays = CASES[case].arrays("float32")
    got = got_by(script_for(ndimage, CASES[case], "float32"), *arrays)
    assert np.array_equal(got, ndimage.cross_correlate(*arrays, **CASES[case].parameters))


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [5, 6])
def test_one_axis_and_one_channel(ndimage: Adapter, kernel: int, size: int) -> None:
    x = np.arange(1.0, size + 1).reshape(1, 1, size)
    filters = np.arange(1.0, kernel + 1).reshape(1, 1, kernel)
    expected = np.correlate(x[0, 0], filters[0, 0], "valid")
    assert np.array_equal(ndimage.cross_correlate(x, filters, **PLAIN)[0, 0], expected)


def test_only_the_valid_padding_has_a_name(ndimage: Adapter) -> None:
    x, filters = np.ones((1, 2, 5)), np.ones((3, 2, 3))
    got = ndimage.cross_correlate(x, filters, **PLAIN | {"padding": "valid"})
    assert np.array_equal(got, np.full((1, 3, 3), 6.0))
    with pytest.raises(Unsupported, match="same_upper"):
        ndimage.cross_correlate(x, filters, **PLAIN | {"padding": "same_upper"})


def test_what_it_does_not_have_is_declined(ndimage: Adapter) -> None:
    ones = np.ones((1, 1, 5))
    with pytest.raises(Unsupported, match="does not compute in float16"):
        ndimage.cross_correlate(ones.astype("float16"), ones.astype("float16"), **PLAIN)
    with pytest.raises(Unsupported, match="filter is larger"):
        ndimage.cross_correlate(ones[..., :3], ones, **PLAIN)


def test_the_rest_is_derived(ndimage: Adapter) -> None:
    for operation in OPERATIONS:
        expected = "derived" if operation in DERIVED else "not offered"
        assert ndimage.offers(operation) == expected
