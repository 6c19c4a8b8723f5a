"""The catalogue of operations done wrong. Each is a function of the arrays and parameters of the
operation, by name, and gives what the adapter's method would give.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.geometry import Array

Operation = Callable[..., Any]
SELDOM = ""


@dataclass(frozen=True)
class Wrong:
    """``clause``: the one that a reader would expect to catch it; ``SELDOM`` if it shows in so few
    cases that no run of the default profile is sure to meet one; ``format``: the one that it is
    computed in, where that is not the one of the arrays, so that its rounding errors are allowed.
    """

    name: str
    operation: str
    sentence: str
    clause: str
    do: Operation
    format: str = ""

    def answer(
        self, arrays: Mapping[str, Array], parameters: Mapping[str, Any]
    ) -> dict[str, Array] | None:
        """What a backend with this mistake gives, by name, in the dtype of the arrays; None if
        the mistake leads to no result.
        """
        try:
            with np.errstate(all="ignore"):
                found = self.do(**arrays, **parameters)
        except (ValueError, IndexError, ZeroDivisionError, TypeError):
            return None
        return found if isinstance(found, dict) else {"result": np.asarray(found)}


WRONG: dict[str, Wrong] = {}


def wrong(operation: str, clause: str, sentence: str) -> Callable[[Operation], Operation]:
    """Enter the decorated function into the catalogue; its name is the mistake's."""

    def enter(do: Operation) -> Operation:
        name = do.__name__
        assert name not in WRONG, f"two mistakes are called {name}"
        WRONG[name] = Wrong(name, operation, sentence, clause, do)
        return do

    return enter


def wrong_ways(operation: str) -> Iterator[Wrong]:
    """Every known way to do an operation wrong."""
    return (entry for entry in WRONG.values() if entry.operation == operation)
