"""Mistakes in stride, dilation and padding where the output has the right size all the same."""

from conformance.calls import Call
from conformance.mistakes import padding, steps
from conformance.mistakes.catalogue import MISTAKES, Mistake, correlate, mistake
from reference.geometry import Array


def _in_the_right_size(entry: Mistake) -> None:
    """As when the size is computed rightly, and the values then are not."""

    @mistake(f"{entry.sentence} (in an output of the right size)", f"{entry.name}_in_place")
    def sized(call: Call) -> Array:
        return steps.into(entry.predict(call), correlate(call).shape)


for _entry in list(MISTAKES.values()):
    if _entry.predict.__module__ in (steps.__name__, padding.__name__):
        _in_the_right_size(_entry)
