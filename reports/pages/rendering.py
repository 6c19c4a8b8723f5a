"""How templates are filled: everything is escaped, and nothing of the results can act."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.words import GRADE_MEANINGS, MEANINGS, SYMBOLS, plural

# Characters that act instead of being seen: controls, and those that turn the reading direction.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


@cache
def environment() -> Environment:
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
