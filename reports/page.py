"""A page of results: one HTML file that needs nothing else, the same bytes for the same results."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.facts import facts_of, grades_of
from reports.failures import failures_of, remarks_of
from reports.matrix import cells, chapters, totals
from reports.parts import describe
from reports.results import Results, count
from reports.sharpness import Sharpness, SharpnessError, read
from reports.words import (
    FAILURES,
    GRADE_MEANINGS,
    MEANINGS,
    SYMBOLS,
    first_line,
    listed,
    plural,
)

_NAMED = 5
# Characters that act instead of being seen: controls, and those that turn the reading direction.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def render(results: Results, sharpness: Sharpness | None = None) -> str:
    """The results as one HTML page, with how sharp the suite is if that is given."""
    failures = failures_of(results)
    numbers = {failure.outcome.key: failure.number for failure in failures}
    facts = facts_of(results, numbers)
    return (
        _environment()
        .get_template("page.html")
        .render(
            results=results,
            summary=summary(results),
            counts=count(results.outcomes),
            totals=totals(results),
            chapters=chapters(results.clauses),
            cells=cells(results.outcomes, numbers),
            failures=failures,
            remarks=remarks_of(results),
            facts=facts,
            grades=grades_of(results, facts, numbers),
            sharpness=sharpness,
            runs=list(describe(results.parts)),
        )
    )


def write_page(results: Results, path: str | Path) -> None:
    """Write the page of the results, with the table of faults that is part of this package.

    Folders that are missing are made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render(results, _published()).encode("utf-8"))


def _published() -> Sharpness | None:
    try:
        return read()
    except SharpnessError:
        return None  # the results are worth a page without it


def summary(results: Results) -> str:
    """One sentence: what ran, what it came to, what disagrees and what did not run."""
    counted = count(results.outcomes)
    came_to = ", ".join(f"{number:,} {name}" for name, number in counted.items())
    disagreeing = {o.backend for o in results.outcomes if o.outcome in FAILURES}
    names = [backend.name for backend in results.backends if backend.name in disagreeing]
    parts = [
        f"{plural(len(results.backends), 'backend')}, "
        f"{plural(len(results.clauses), 'clause')}: {came_to or 'no outcome'}"
    ]
    if len(names) > _NAMED:
        parts.append(f"{len(names)} backends disagree with the specification")
    elif names:
        verb = "disagrees" if len(names) == 1 else "disagree"
        parts.append(f"{listed(names)} {verb} with the specification")
    elif counted:
        parts.append("nothing that ran disagrees with the specification")
    absent = [backend for backend in results.backends if backend.not_run is not None]
    if len(absent) > _NAMED:
        parts.append(f"{len(absent)} backends did not run")
    else:
        parts += [f"{b.name} did not run: {first_line(b.not_run or '')}" for b in absent]
    return "; ".join(parts).rstrip(".") + "."


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.globals |= {
        "symbols": SYMBOLS,
        "meanings": MEANINGS,
        "grade_meanings": GRADE_MEANINGS,
    }
    environment.filters |= {
        "plural": plural,
        "short": lambda dtype: re.sub(r"^(bf|f|i|u|c)[a-z]+(?=\d+$)", r"\1", dtype),
        "slug": lambda outcome: outcome.replace(" ", "-"),
    }
    return environment


def _visible(value: Any) -> Any:
    """Text with its acting characters written out, so that it can only be read."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _ACTING.sub(
        lambda found: found[0].encode("unicode_escape").decode(), value.replace("\r\n", "\n")
    )
