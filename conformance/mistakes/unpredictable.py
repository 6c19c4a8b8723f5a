"""Mistakes of which nothing can be predicted but where they strike: NaN stands for whatever comes
then. They hang on how arrays lie in memory.
"""

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake
from reference.geometry import Array, Pads, Sizes, output_size

UNPREDICTABLE = "calls of which nothing can be predicted"


def channels_last(array: Array) -> bool:
    """Whether the channels of an image or a volume lie beside each other."""
    beside = array.ndim > 3 and array.shape[1] > 1 and array.strides[1] == array.itemsize
    return beside and not array.flags.c_contiguous


def some_windows_in_padding(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> bool:
    """Whether a window meets no value of the input on some axis."""
    stops = output_size(size, kernel, stride, padding, dilation)
    for n, count, k, s, (low, _), d in zip(
        size, stops, kernel, stride, padding, dilation, strict=True
    ):
        taps = np.add.outer(s * np.arange(count), d * np.arange(k)) - low
        if not ((taps >= 0) & (taps < n)).any(axis=1).all():
            return True
    return False


@mistake(
    "where channels lie last and windows lie in padding alone, foreign memory is used",
    about=UNPREDICTABLE,
)
def foreign_memory_for_padding_channels_last(call: Call) -> Array:
    right = correlate(call)
    p = call.stride, call.padding, call.dilation
    strikes = channels_last(call.x) or channels_last(call.filters)
    if strikes and some_windows_in_padding(call.x.shape[2:], call.filters.shape[2:], *p):
        return right * np.nan
    return right
