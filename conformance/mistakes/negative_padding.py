"""Mistakes of "same" where a stride is so much larger than the filter that the padding it needs,
computed without a bound, falls below zero.
"""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake, offset, slices
from conformance.mistakes.padding import left_out
from reference.geometry import Array


def _left_out(call: Call) -> list[int]:
    """The same, where the padding is asked for so."""
    named = call.named_padding in ("same_upper", "same_lower")
    return left_out(call) if named else [0] * call.axes


@mistake("with 3 axes 'same' leaves out values where it needs no padding, the odd one in front")
def same_leaves_out_values_of_three_axes(call: Call) -> Array:
    if call.axes < 3:
        return correlate(call)
    seen = slices(*(slice((e + 1) // 2, None) for e in _left_out(call)))
    return correlate(call, x=call.x[seen])


@mistake("with 1 or 2 axes 'same' gives zeros where a stride leaves values out, but for one tap")
def same_gives_zeros_for_large_strides(call: Call) -> Array:
    right = correlate(call)
    wide = max(call.filters.shape[2:]) > 1
    if call.axes > 2 or not wide or not any(_left_out(call)):
        return right
    return np.asarray(np.zeros(right.shape) + offset(call))
