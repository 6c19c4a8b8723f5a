"""What a backend was asked during the check of one clause, and how near its answers came."""

from dataclasses import dataclass, field
from typing import Any

from conformance.calls import Call
from conformance.requests import Request
from reports.records import INPUTS, RATIOS, SIZES, binned


@dataclass
class Tally:
    """``ratios`` counts errors, as fractions of their bounds; ``inputs`` counts the calls by each
    of their measures, once for each spatial axis where it differs from axis to axis; ``calling``
    are the seconds that the backend took to answer.
    """

    ratios: list[int] = field(default_factory=list)
    inputs: dict[str, list[int]] = field(default_factory=dict)
    calling: float = 0.0

    def judged(self, error: float) -> None:
        """Count an error, as a fraction of its bound."""
        self.ratios = self.ratios or [0] * (len(RATIOS) + 1)
        self.ratios[binned(error, RATIOS)] += 1

    def asked(self, what: Call | Request) -> None:
        """Count a call, or a request."""
        for name, values in _measures(what).items():
            counts = self.inputs.setdefault(name, [0] * (len(SIZES) + 1))
            for value in values:
                counts[binned(value, SIZES)] += 1


def _measures(what: Call | Request) -> dict[str, tuple[int, ...]]:
    """The numbers of each of the measures; none for one that it does not have."""
    given = {"x": what.x, "filters": what.filters} if isinstance(what, Call) else what.arrays
    parameters: dict[str, Any] = dict(what.parameters)
    found: dict[str, tuple[int, ...]] = {}
    x, filters = given.get("x", given.get("images")), given.get("filters")
    if x is not None and x.ndim > 1:
        found |= {"batch": x.shape[:1], "channels": x.shape[1:2], "size": x.shape[2:]}
        found["axes"] = (x.ndim - 2,)
    if filters is not None and filters.ndim > 1:
        found |= {"filters": filters.shape[:1], "kernel": filters.shape[2:]}
    for name in ("kernel", "stride", "dilation"):
        if isinstance(value := parameters.get(name), tuple):
            found[name] = value
    if "groups" in parameters:
        found["groups"] = (parameters["groups"],)
    if isinstance(padding := parameters.get("padding"), tuple):
        found["padding"] = tuple(side for pair in padding for side in pair)
    return {name: found[name] for name in INPUTS if name in found}
