"""What a worker says of itself before anything else: PROTOCOL.md lists its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.contract import CONTRACT, DERIVED, OPERATIONS, Capabilities, Unavailable

_KNOWN = ("cross_correlate", *OPERATIONS)
_WAYS = ("own", "derived", "not offered")


@dataclass(frozen=True)
class Hello:
    """``offered``: operation -> how the worker comes to have it; what follows from
    cross-correlations and is not in it, the suite derives itself.
    """

    name: Any
    version: str
    capabilities: Capabilities
    offered: Mapping[str, str]
    environment: Mapping[str, str]
    options: Mapping[str, str]

    def offers(self, operation: str) -> str:
        """See :meth:`adapters.Adapter.offers`."""
        derived = "derived" if self.leaves(operation) else "not offered"
        return self.offered.get(operation, derived)

    def leaves(self, operation: str) -> bool:
        """Whether the worker leaves it to the suite to derive an operation."""
        return operation in DERIVED and operation not in self.offered


def read(header: Mapping[str, Any]) -> Hello:
    """A worker's first message. Raises Unavailable, with the reason, for one that is not ready,
    or not understood; its claims are checked by the registry, as everyone's are.
    """
    status, contract = header.get("status"), header.get("contract")
    if status == "unavailable":
        raise Unavailable(str(header.get("message")))
    if status != "ready":
        raise Unavailable(f"its first message has the status {status!r}, not 'ready'")
    if contract != CONTRACT:
        raise Unavailable(f"it speaks contract {contract}, not {CONTRACT}")
    usual = Capabilities()
    try:
        hello = Hello(
            header.get("name"),
            str(header.get("version", "unknown")),
            Capabilities(
                tuple(header.get("dtypes", usual.dtypes)),
                tuple(header.get("spatial_axes", usual.spatial_axes)),
                tuple(header.get("named_padding", usual.named_padding)),
                dict(header.get("promises", {})),
                bool(header.get("compiles", False)),
                tuple(header.get("named_transposed_padding", usual.named_transposed_padding)),
            ),
            dict(header.get("offers", {})),
            {str(key): str(value) for key, value in dict(header.get("environment", {})).items()},
            dict(header.get("options", {})),
        )
    except (TypeError, ValueError) as error:
        raise Unavailable(f"its first message cannot be read: {error}") from error
    for operation, way in hello.offered.items():
        if operation not in _KNOWN:
            raise Unavailable(f"it offers {operation!r}; there are only {', '.join(_KNOWN)}")
        if way not in _WAYS:
            raise Unavailable(f"it offers {operation}: {way!r}, not one of {', '.join(_WAYS)}")
    return hello
