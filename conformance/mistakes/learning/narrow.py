"""Operations in float32, whatever the dtype of their arrays."""

from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF, perform
from adapters.reference_adapter import Reference
from conformance.mistakes.learning.catalogue import WRONG, Operation, Wrong
from reference.geometry import Array


def _in_float32(operation: str) -> Operation:
    def do(**given: Any) -> dict[str, Array]:
        arrays = {name: a for name, a in given.items() if isinstance(a, np.ndarray)}
        parameters = {name: value for name, value in given.items() if name not in arrays}
        narrow = {n: a.astype("float32") if a.dtype.kind == "f" else a for n, a in arrays.items()}
        found = perform(Reference(), operation, narrow, parameters)
        return {name: array.astype("float32") for name, array in found.items()}

    return do


for _name, _operation, _clause in (
    ("dense", "dense", "LAYER-12"),
    ("norm", "batch_norm", "LAYER-14"),
    ("loss", "softmax_cross_entropy", "LOSS-2"),
    ("dense_gradients", GRADIENTS_OF + "dense", "LAYER-12"),
    ("norm_gradients", GRADIENTS_OF + "batch_norm", "LAYER-17"),
    ("loss_gradients", GRADIENTS_OF + "softmax_cross_entropy", "LOSS-3"),
):
    WRONG[f"{_name}_in_float32"] = Wrong(
        f"{_name}_in_float32",
        _operation,
        f"{_operation} of any dtype is computed in float32",
        _clause,
        _in_float32(_operation),
        format="float32",
    )
