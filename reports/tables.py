"""Tables of words, as text for a terminal and as Markdown for GitHub; a template draws the rest.

Names and reasons come from backends, so nothing in them may act: a terminal must not obey them,
and Markdown must not read them as its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# Rows of a table in Markdown: GitHub refuses a job summary of more than 1 MiB.
_MOST_ROWS = 100
# All that GitHub's Markdown and HTML give a meaning to within a line.
_MEANINGFUL = re.compile(r"([\\`*_{}\[\]<>()#|~&@$:!])")


@dataclass(frozen=True)
class Table:
    """Rows under heads, a title, and a sentence that says what the rows have in common."""

    title: str
    remark: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def sentence(self) -> str:
        return f"{self.remark[:1].upper()}{self.remark[1:]}."


def visible(text: str) -> str:
    """The text on one line, with each character that acts instead of being seen written out.

    >>> visible("a\\x1b[31m b\\n")
    'a\\\\x1b[31m b\\\\n'
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def escaped(text: str) -> str:
    """The text as Markdown that shows just this text.

    >>> print(escaped("<b> | _x_"))
    \\<b\\> \\| \\_x\\_
    """
    return _MEANINGFUL.sub(r"\\\1", visible(text))


def as_text(tables: Iterable[Table]) -> Iterator[str]:
    """The lines of the tables, their columns aligned."""
    for table in tables:
        rows = [tuple(map(visible, row)) for row in (table.heads, *table.rows)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        yield from ("", f"{visible(table.title)}: {table.remark}")
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield ("  " + "  ".join(cells)).rstrip()


def as_markdown(tables: Iterable[Table]) -> Iterator[str]:
    """The lines of the tables in GitHub's Markdown."""
    for table in tables:
        yield from ("", f"### {escaped(table.title)}", "", escaped(table.sentence), "")
        yield _row(table.heads)
        yield "|" + " --- |" * len(table.heads)
        yield from map(_row, table.rows[:_MOST_ROWS])
        if len(table.rows) > _MOST_ROWS:
            yield from ("", f"And {len(table.rows) - _MOST_ROWS:,} more.")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"
