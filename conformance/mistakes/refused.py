"""Mistakes with calls that are possible, and that a backend refuses or does not survive."""

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake
from reference import SizeError
from reference.geometry import Array


@mistake("a batch of no items is refused")
def no_items_refused(call: Call) -> Array:
    if not len(call.x):
        raise SizeError("there is nothing to compute")
    return correlate(call)
