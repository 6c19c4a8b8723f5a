"""Plain calls for tests."""

from conformance.calls import Call
from reference.geometry import Array


def call_of(x: Array, filters: Array) -> Call:
    """Stride and dilation 1, no padding, one group, no bias."""
    axes = x.ndim - 2
    return Call(
        x,
        filters,
        None,
        stride=(1,) * axes,
        padding=((0, 0),) * axes,
        dilation=(1,) * axes,
        groups=1,
    )
