"""Arrays written as source come back to the last bit, and can be read."""

from typing import Any

import numpy as np
import pytest

from adapters.dtypes import numpy_dtype
from conformance.literals import assignment

ARRAYS = {
    "integers": np.arange(-3.0, 5).reshape(1, 2, 4),
    "fractions": np.random.default_rng(0).standard_normal((1, 2, 5)),
    "special": np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1.7e308, 2.0**60, -1e22]),
    "empty": np.zeros((0, 3, 2)),
    "equal": np.full((2, 30), -0.1),
    "minus zero": np.full((2, 30), -0.0),
    "sparse": np.eye(1, 900, 7).reshape(1, 30, 30),
    "sparse, minus zero": np.where(np.eye(1, 900, 7) == 1, 1.0, -0.0),
    "many": np.random.default_rng(0).standard_normal((20, 1, 5, 7)),
    "turned": np.random.default_rng(0).standard_normal((20, 30)).T[::-1],
    "one": np.array([[[0.5]]]),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_arrays_come_back_to_the_last_bit(kind: str, dtype: str) -> None:
    array = ARRAYS[kind].astype(numpy_dtype(dtype))
    source = assignment("x", array)
    modules = [name for name in ("base64", "ml_dtypes", "zlib") if f"{name}." in source]
    names: dict[str, Any] = {}
    exec("\n".join(f"import {name}" for name in [*modules, "numpy as np"]), names)
    exec(source, names)
    made = names["x"]
    assert made.dtype == array.dtype
    assert made.shape == array.shape
    assert made.tobytes() == array.tobytes()
    assert made.flags.writeable
    assert max(map(len, source.splitlines())) <= 100


def test_arrays_are_readable() -> None:
    assert assignment("x", np.array([[[0.0, 1]]])) == 'x = np.array([[[0, 1]]], dtype="float64")'
    tenth = assignment("x", np.array([0.1], "float32"))
    assert tenth == 'x = np.array([0.1], dtype="float32")'
    lines = assignment("x", ARRAYS["sparse"]).splitlines()
    assert lines == ['x = np.zeros((1, 30, 30), dtype="float64")', "x[0, 0, 7] = 1"]
