"""A record as a line of a results file, a line as a record, and what may follow what."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from reports.records import (
    FORMAT,
    OUTCOMES,
    Backend,
    Clause,
    End,
    Outcome,
    Part,
    Record,
    ResultsError,
    Run,
    brief,
    hints,
    made,
    wrong,
)

KINDS = {kind.__name__.lower(): kind for kind in (Run, Part, Clause, Backend, Outcome, End)}


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many there are of each outcome, in the order of `OUTCOMES`, zeros left out."""
    counted = Counter(outcome.outcome for outcome in outcomes)
    return {name: counted[name] for name in OUTCOMES if counted[name]}


def as_line(record: Record) -> bytes:
    """The record as a line of a results file, its newline included."""
    kind = type(record).__name__.lower()
    if type(record) is not KINDS.get(kind):
        raise wrong("the record", record, "one of " + ", ".join(KINDS))
    # Its dictionaries can have been changed since it was made, so it is checked once more.
    content = {"kind": kind} | _json_ready(replace(record))
    try:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8") + b"\n"
    except ValueError as error:
        raise ResultsError(f"the {kind} cannot be written as JSON: {error}") from error


def _json_ready(value: Any) -> Any:
    match value:
        case Record():
            return {name: _json_ready(getattr(value, name)) for name in hints(type(value))}
        case dict():
            return {name: _json_ready(item) for name, item in value.items()}
        case list() | tuple():
            return [_json_ready(item) for item in value]
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return value


def as_header(line: bytes) -> Run:
    """The run header that the first line must be."""
    try:
        content = _json_object(line)
        version = content.get("format")
        if isinstance(version, int) and version > FORMAT:
            raise ResultsError(
                f"its format is {version}, and this program reads {FORMAT}: use a newer one"
            )
        record = _record(content)
    except ResultsError as error:
        raise ResultsError(f"no usable run header in the first line: {error}") from error
    if not isinstance(record, Run):
        kind = type(record).__name__.lower()
        raise ResultsError(f"no run header: the first line is of kind '{kind}', not 'run'")
    return record


def as_record(line: bytes) -> Record:
    """The record that the line holds."""
    return _record(_json_object(line))


def _record(content: dict[str, Any]) -> Record:
    kind = content.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise wrong("kind", kind, "one of " + ", ".join(KINDS))
    try:
        return made(KINDS[kind], content)
    except RecursionError as error:
        raise ResultsError("it is nested too deep") from error


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(
            line.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_without_repeats
        )
    except ResultsError:
        raise
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"it is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise wrong("it", content, "an object")
    return content


def _refuse(constant: str) -> None:
    raise ResultsError(f"it is not strict JSON: {constant} must be a string")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ResultsError("it is not strict JSON: an object has a field twice")
    return content


class Ledger:
    """The records so far; it refuses one that may not follow them."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.parts: list[Part] = []
        self.clauses: dict[str, Clause] = {}
        self.backends: dict[str, Backend] = {}
        self.outcomes: dict[tuple[str, str, str], Outcome] = {}
        self.end: End | None = None

    def add(self, record: Record) -> None:
        if self.end is not None:
            raise ResultsError("a record after the end, which is the last of a run")
        if (self.run is None) != isinstance(record, Run):
            raise ResultsError("the run header is the first record, and only the first")
        match record:
            case Run():
                self.run = record
            case Part():
                if self.clauses or self.backends:
                    raise ResultsError("a part after the first clause or backend: parts come first")
                self.parts.append(record)
            case Clause():
                self._add_once(self.clauses, record.id, record)
            case Backend():
                self._add_once(self.backends, record.name, record)
            case Outcome():
                self._described(self.clauses, "clause", record.clause)
                self._described(self.backends, "backend", record.backend)
                self._add_once(self.outcomes, record.key, record)
            case End():
                self.end = record

    def miscounts(self, end: End) -> list[str]:
        counted = count(self.outcomes.values())
        return [
            f"the end counts {end.outcomes.get(name, 0)} of outcome '{name}', "
            f"and there are {counted.get(name, 0)}"
            for name in OUTCOMES
            if end.outcomes.get(name, 0) != counted.get(name, 0)
        ]

    @staticmethod
    def _add_once(known: dict[Any, Any], key: Any, record: Record) -> None:
        if key in known:
            raise ResultsError(f"a second {type(record).__name__.lower()} {brief(key)}")
        known[key] = record

    @staticmethod
    def _described(known: dict[str, Any], kind: str, name: str) -> None:
        if name not in known:
            raise ResultsError(
                f"an outcome of {kind} {brief(name)}, which no line before it describes"
            )
