"""A badge: what holds on one backend, in a few words, as shields.io takes them from an endpoint.

The words and the colour are those of the *clauses*. A clause holds if it has an outcome and all of
its outcomes are passes; or else it counts as the worst of them. So nothing that was declined, is a
known issue, or did not run is told as a pass, and the colour says no more than the words: bright
green only if every clause of the specification holds and the run finished.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from reports.differences import backend_of
from reports.reading import shortcoming
from reports.results import Results
from reports.words import FAILURES

_WORST_FIRST = ("crash", "timeout", "error", "fail", "not run", "known", "unsupported", "pass")
_COLOURS = {"known": "yellow", "unsupported": "yellowgreen", "pass": "brightgreen"}


def badge(results: Results, name: str, label: str = "convspec") -> dict[str, Any]:
    """The JSON of an endpoint (https://shields.io/badges/endpoint-badge) for a backend.

    Raises `UnknownBackendError` if the results do not have the backend.
    """
    backend = backend_of(results, name)
    if backend.not_run is not None:
        return _endpoint(label, "did not run", "lightgrey")
    counts = Counter(_clauses(results, backend.name))
    lacking = shortcoming(results)
    failing = [f"{counts[verdict]} {verdict}" for verdict in FAILURES if counts[verdict]]
    aside = [f"{counts[v]} {v}" for v in ("known", "unsupported", "not run") if counts[v]]
    of_all = "" if failing else f" of {counts.total()} clauses"
    holding = f"{counts['pass']}{of_all} hold"
    parts = [*failing, holding, *aside]
    profile = "" if results.run.profile == "default" else f" ({results.run.profile})"
    colour = "lightgrey"
    if failing:
        colour = "red"
    elif not lacking and counts["pass"] and not counts["not run"]:
        colour = next(colour for verdict, colour in _COLOURS.items() if counts[verdict])
    return _endpoint(
        label,
        (f"{lacking}: " if lacking else "") + ", ".join(parts) + profile,
        colour,
        failed=bool(failing),
    )


def as_json(endpoint: dict[str, Any]) -> str:
    return json.dumps(endpoint) + "\n"


def _clauses(results: Results, backend: str) -> list[str]:
    """What each clause came to: the worst of its outcomes, "not run" if it has none."""
    found: dict[str, list[str]] = {clause.id: [] for clause in results.clauses}
    for outcome in results.outcomes:
        if outcome.backend == backend:
            found[outcome.clause].append(outcome.outcome)
    return [min(outcomes, key=_WORST_FIRST.index, default="not run") for outcomes in found.values()]


def _endpoint(label: str, message: str, colour: str, *, failed: bool = False) -> dict[str, Any]:
    endpoint = {"schemaVersion": 1, "label": label, "message": message, "color": colour}
    # Whoever shows an error badge cannot give it another colour.
    return endpoint | ({"isError": True} if failed else {})
