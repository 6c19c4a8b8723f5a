"""Mistakes of results that are kept within bounds: a NaN is not."""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import SPECIAL, correlate, mistake
from reference.geometry import Array


@mistake("with 1 or 2 axes, minus infinity stands for a NaN in the result", about=SPECIAL)
def nan_is_minus_infinity(call: Call) -> Array:
    right = correlate(call)
    return np.where(np.isnan(right), -np.inf, right) if call.axes < 3 else right
