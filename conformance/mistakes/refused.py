"""Mistakes with calls that are possible, and that a backend refuses or does not survive."""

from math import prod

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake
from reference import SizeError
from reference.geometry import Array, Sizes


def moves_nothing(shape: Sizes) -> bool:
    """Whether an array without items has axes whose order would matter if it had any."""
    return not shape[0] and shape[1] > 1 and prod(shape[2:]) > 1


@mistake("a batch of no items is refused, unless its channels are its last axis as it is")
def no_items_not_transposed(call: Call) -> Array:
    right = correlate(call)
    if moves_nothing(call.x.shape) or moves_nothing(right.shape):
        raise SizeError("there is nothing to transpose")
    return right
