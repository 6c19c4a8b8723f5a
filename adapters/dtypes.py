"""Names of dtypes to NumPy dtypes. NumPy itself has no bfloat16; the package ml_dtypes adds it."""

import importlib.util
from typing import Any

import numpy as np

from adapters.contract import Unavailable


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype called ``name``; raises Unavailable for bfloat16 without ml_dtypes."""
    if name != "bfloat16":
        return np.dtype(name)
    try:
        from ml_dtypes import bfloat16
    except ModuleNotFoundError:
        raise Unavailable(
            "bfloat16 arrays need the package ml_dtypes: pip install ml_dtypes"
        ) from None
    dtype: np.dtype[Any] = np.dtype(bfloat16)
    return dtype


def representable(*names: str) -> tuple[str, ...]:
    """Those of the dtypes that NumPy arrays can have here."""
    has_bfloat16 = importlib.util.find_spec("ml_dtypes") is not None
    return tuple(name for name in names if name != "bfloat16" or has_bfloat16)
