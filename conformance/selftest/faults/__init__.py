"""Wrong convolutions, each of which the suite must catch: that is how the suite is tested."""

from conformance.selftest.faults import (
    channel_paths,
    channels,
    correlation,
    dispatch,
    geometry,
    layouts,
    memory,
    numerics,
    rounding,
    stale,
    tiles,
)
from conformance.selftest.faults.catalogue import FAULTS, Fault

__all__ = [
    "FAULTS",
    "Fault",
    "channel_paths",
    "channels",
    "correlation",
    "dispatch",
    "geometry",
    "layouts",
    "memory",
    "numerics",
    "rounding",
    "stale",
    "tiles",
]
