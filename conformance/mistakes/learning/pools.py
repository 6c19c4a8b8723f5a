"""What mistakes of pools share: how they are entered, and what a negative padding leaves out."""

from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.mistakes.catalogue import excess, slices
from conformance.mistakes.learning.catalogue import wrong
from conformance.windows import Windows
from reference.geometry import Array, resolve_padding

max_wrong = partial(wrong, "max_pool")
average_wrong = partial(wrong, "average_pool")
max_gradient_wrong = partial(wrong, GRADIENTS_OF + "max_pool")
average_gradient_wrong = partial(wrong, GRADIENTS_OF + "average_pool")


def windows_of(x: Array, p: dict[str, Any]) -> Windows:
    """Where the windows of a pooling lie."""
    settings = {name: value for name, value in p.items() if name != "count_include_pad"}
    return Windows.of(x.shape[2:], **settings)


def pooled_with(padding: float, x: Array, p: dict[str, Any]) -> Array:
    """The max pool of the input and of such values around it."""
    return np.asarray(windows_of(x, p).values(x, padding).max(axis=-1))


def cropped(x: Array, p: dict[str, Any], odd_in_front: bool = False) -> tuple[Any, dict[str, Any]]:
    """What "same" leaves of an input of three axes, where a stride exceeds the window, if the
    padding that it needs is taken for a number below zero; and the parameters for that.
    """
    size = x.shape[2:]
    if p["padding"] != "same_upper" or len(size) < 3:
        return ..., p
    ones = (1,) * len(size)
    pads = resolve_padding("same_upper", size, p["kernel"], p["stride"], ones)
    left = (e + odd_in_front for e in excess(size, p["kernel"], p["stride"]))
    return slices(*(slice(e // 2, None) for e in left)), p | {"padding": pads}
