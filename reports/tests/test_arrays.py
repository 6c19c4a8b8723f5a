"""Arrays as text: every value there, aligned, told apart, and the wrong ones found."""

from __future__ import annotations

import numpy as np
import pytest

from reports.arrays import as_text, blocks, wrong_positions
from reports.records import Array, Case


def test_the_last_two_axes_are_blocks_under_their_index() -> None:
    array = Array.of(np.arange(8).reshape(2, 1, 2, 2))
    assert as_text(array) == "[0, 0, :, :]\n0  1\n2  3\n[1, 0, :, :]\n4  5\n6  7"


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array(7.0), "7"),
        (np.array([1, -20, 300]), "  1  -20  300"),
        (np.array([[0.5], [-10.0], [1e-8], [np.inf]]), "    0.5\n  -10\n1e-08\n  inf"),
        (np.array([0.1, -0.0], np.float32), " 0.1  -0"),
        (np.array([[1.0, 2.0]]), "1  2"),
        (np.empty((0, 2)), "empty"),
        (np.zeros((30, 30)), "too large to show"),
    ],
)
def test_how_an_array_reads(
    array: np.ndarray[tuple[int, ...], np.dtype[np.float64]], text: str
) -> None:
    assert as_text(Array.of(array)) == text


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_neighbours_look_different(dtype: str) -> None:
    if dtype == "bfloat16":
        values = (np.arange(16000, 16500, dtype=np.uint32) << 16).view(np.float32)
    else:
        bits = np.array([0.1], dtype).view(f"uint{np.dtype(dtype).itemsize * 8}")
        values = np.arange(bits[0], bits[0] + 500, dtype=bits.dtype).view(dtype)
    array = Array(dtype, (500,), tuple(values.tolist()))
    assert len(set(as_text(array).split())) == 500


def test_a_number_of_digits_is_kept_on_request() -> None:
    ((row,),) = (block.rows for block in blocks(Array("float64", (2,), (1 / 3, 1e-9)), digits=3))
    assert [entry.text for entry in row] == ["0.333", "1e-09"]


@pytest.mark.parametrize(
    ("arrays", "wrong"),
    [
        ({"got": [1.0, 2.0, np.nan], "expected": [1.0, 3.0, np.nan]}, {1}),
        ({"got": [2**60 + 1], "expected": [2**60]}, {0}),
        ({"difference": [0.1, -0.3, np.nan, 0.2], "bound": [0.2] * 4}, {1, 2}),
        ({"difference": [np.inf, 5.0], "bound": [1.0, np.inf]}, {0}),
        ({"got": [1.0, 2.0], "expected": [1.0]}, set()),
        ({"got": [1.0]}, set()),
        ({}, set()),
    ],
)
def test_the_wrong_values_are_found(arrays: dict[str, list[float]], wrong: set[int]) -> None:
    case = Case({}, {name: Array.of(np.array(values)) for name, values in arrays.items()})
    assert wrong_positions(case) == wrong
