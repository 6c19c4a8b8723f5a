"""What a clause says in symbols, and which function of the reference computes it: formulas.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("formulas.toml")


@dataclass(frozen=True)
class Formula:
    """``symbols`` is "" for what words say better; ``reference`` is a dotted name."""

    symbols: str
    reference: str


def formula_of(clause: str) -> Formula:
    """That of the clause with this id; its chapter says what it leaves out."""
    own = _entries().get(clause, {})
    chapter = _entries()[clause.partition("-")[0]]
    return Formula(own.get("formula", ""), f"reference.{(chapter | own)['reference']}")


@cache
def _entries() -> dict[str, dict[str, str]]:
    return tomllib.loads(FILE.read_text("utf-8"))
