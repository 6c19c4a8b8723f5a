"""Wrong convolutions, each of which the suite must catch: that is how the suite is tested."""

from conformance.selftest.faults import (
    accuracy,
    channel_paths,
    channels,
    correlation,
    dispatch,
    everyday,
    geometry,
    layers,
    layouts,
    learning,
    losses,
    memory,
    numerics,
    rounding,
    special,
    stale,
    tiles,
)
from conformance.selftest.faults.catalogue import FAULTS, Fault

__all__ = [
    "FAULTS",
    "Fault",
    "accuracy",
    "channel_paths",
    "channels",
    "correlation",
    "dispatch",
    "everyday",
    "geometry",
    "layers",
    "layouts",
    "learning",
    "losses",
    "memory",
    "numerics",
    "rounding",
    "special",
    "stale",
    "tiles",
]
