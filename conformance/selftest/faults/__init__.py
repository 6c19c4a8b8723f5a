"""Wrong convolutions, each of which the suite must catch: that is how the suite is tested."""

from conformance.selftest.faults import channels, correlation, geometry, memory, numerics
from conformance.selftest.faults.catalogue import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "channels", "correlation", "geometry", "memory", "numerics"]
