"""How templates are filled: everything is escaped, and nothing of the results can act."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.pages.measures import measured, time_of, worst_of
from reports.pages.strips import strip_of
from reports.words import GRADE_MEANINGS, MEANINGS, SYMBOLS, plural

# Characters that act instead of being seen: controls, and those that turn the reading direction.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
# Addresses that may become links: of the web, encrypted, and without a character that acts. What
# ends a sentence is no part of one.
_LINK = re.compile(r"(https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&*+,;=%-]*)?)")
_END = ".,;:!?"
_SUBSCRIPT = re.compile(r"_(?:\{([^{}]*)\}|([^\W_]+))")


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
        "capitalised": lambda text: text[:1].upper() + text[1:],
        "strip": strip_of,
        "links": links,
        "subscripts": subscripts,
        "measured": measured,
        "worst": worst_of,
        "time": time_of,
    }
    return environment


def links(text: str) -> list[tuple[str, bool]]:
    """The parts of a text, and whether each is an address that may become a link.

    >>> links("see https://example.org/7.")
    [('see ', False), ('https://example.org/7', True), ('.', False)]
    """
    parts: list[tuple[str, bool]] = []
    for at, part in enumerate(_LINK.split(text)):
        address = part.rstrip(_END) if at % 2 else ""
        parts += [(address, True), (part[len(address) :], False)]
    return [(part, is_link) for part, is_link in parts if part]


def subscripts(formula: str) -> list[tuple[str, bool]]:
    """The parts of a formula, and whether each stands below the line.

    >>> subscripts("Σ_c x_{i, j}")
    [('Σ', False), ('c', True), (' x', False), ('i, j', True)]
    """
    parts = [
        (part or "", at % 3 != 0) for at, part in enumerate(_SUBSCRIPT.split(formula))
    ]  # between the others, a subscript in braces, then one without
    return [(part, is_below) for part, is_below in parts if part]


def _visible(value: Any) -> Any:
    """Text with its acting characters written out, so that it can only be read."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return _ACTING.sub(
        lambda found: found[0].encode("unicode_escape").decode(), value.replace("\r\n", "\n")
    )
