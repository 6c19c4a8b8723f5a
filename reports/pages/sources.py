"""The source code of the reference, for the pages of the clauses that it defines."""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass
from functools import cache

_NAME = re.compile(r"reference(\.[a-z_]+){1,2}\.[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Source:
    """A function, or a class, of the reference: where it is, and its code."""

    module: str
    name: str
    code: str


@cache
def source_of(name: str) -> Source | None:
    """The source of what has this dotted name; None if that is nothing in the reference."""
    if not _NAME.fullmatch(name) or name.startswith("reference.tests."):
        return None
    module, _, own = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), own)
        if not (inspect.isfunction(found) or inspect.isclass(found)):
            return None
        if not found.__module__.startswith("reference."):
            return None
        return Source(found.__module__, own, inspect.getsource(found).rstrip())
    except (ImportError, AttributeError, OSError, TypeError):
        return None
