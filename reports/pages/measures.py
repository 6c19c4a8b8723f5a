"""What was measured of an outcome, in words."""

from __future__ import annotations

import math

from reports.records import Outcome
from reports.words import FAILURES, plural


def measured(outcome: Outcome) -> tuple[str, ...]:
    """How many examples ran, were declined and were thrown away, and the worst error."""
    parts = []
    # That a pass rests on no example must be seen; that what did not run has none goes unsaid.
    if outcome.examples or outcome.outcome in ("pass", *FAILURES):
        parts.append(plural(outcome.examples, "example"))
    if outcome.declined:
        parts.append(f"{outcome.declined:,} declined")
    if outcome.invalid:
        parts.append(f"{outcome.invalid:,} drawn and thrown away")
    if worst := worst_of(outcome):
        parts.append(worst if worst == "exact" else f"worst {worst}")
    return tuple(parts)


def worst_of(outcome: Outcome) -> str:
    """The worst error, rounded so that what is within its bound looks it, and what is not, not;
    "" if none was measured.
    """
    worst = outcome.worst
    if worst is None:
        return ""
    if not worst and outcome.outcome == "pass":
        return "exact"
    if math.isinf(worst):
        return "beyond any bound"
    if 0 < worst < 0.01:
        return "under 0.01 of bound"
    if worst <= 1:
        return f"{math.floor(worst * 100) / 100:.2f} of bound"
    if worst < 100:
        return f"{math.ceil(worst * 100) / 100:.2f} of bound"
    return f"{worst:.3g} of bound"


def time_of(seconds: float) -> str:
    """A time with two or three digits that matter, in the unit that it reads best in.

    >>> time_of(0.0123), time_of(4.5), time_of(200)
    ('12 ms', '4.5 s', '3 min 20 s')
    """
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms" if seconds >= 0.001 or not seconds else "under 1 ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s"
