"""Operations in float32, whatever the dtype of their arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adapters.dtypes import numpy_dtype
from adapters.operations import GRADIENTS_OF, perform
from adapters.reference_adapter import Reference
from conformance.mistakes.learning.catalogue import WRONG, Operation, Wrong
from reference.geometry import Array


def narrowed(arrays: Mapping[str, Array], dtype: str) -> dict[str, Array]:
    """The numbers among the arrays in another dtype: logits less the largest of their item, which
    changes no loss, and is done before.
    """
    given = dict(arrays)
    if "logits" in given:
        given["logits"] = given["logits"] - given["logits"].max(axis=1, keepdims=True)
    format_ = numpy_dtype(dtype)
    return {name: a if a.dtype.kind in "iu" else a.astype(format_) for name, a in given.items()}


def _in_float32(operation: str) -> Operation:
    def do(**given: Any) -> dict[str, Array]:
        arrays = {name: a for name, a in given.items() if isinstance(a, np.ndarray)}
        parameters = {name: value for name, value in given.items() if name not in arrays}
        found = perform(Reference(), operation, narrowed(arrays, "float32"), parameters)
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
