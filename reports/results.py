"""The results of a run as a file: its format, a writer and a reader.

A results file is JSON Lines: UTF-8, one strict JSON object a line, written as it happens. Every
object has a `kind` and the fields of the record of that name, all of them and no other
(`reports.records` describes them):

| kind      | it says                                              | where                        |
|-----------|------------------------------------------------------|------------------------------|
| `run`     | what was started, when and how; `format` is this one | the first line, only there   |
| `clause`  | one clause of the specification                      | before any outcome of it     |
| `backend` | one backend, its promises, or why it was not run     | before any outcome of it     |
| `outcome` | what a clause came to, on a backend, for a dtype     | one for these three together |
| `end`     | when the run finished, and the count of each outcome | the last line                |

A file without an `end` is of a run that did not finish.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reports.records import (
    FORMAT,
    OUTCOMES,
    Array,
    Backend,
    Case,
    Clause,
    End,
    Outcome,
    Record,
    ResultsError,
    Run,
    brief,
    hints,
    made,
    wrong,
)

__all__ = [
    "FORMAT",
    "OUTCOMES",
    "Array",
    "Backend",
    "Case",
    "Clause",
    "End",
    "Outcome",
    "Record",
    "Results",
    "ResultsError",
    "Run",
    "Writer",
    "as_line",
    "count",
    "read",
]

KINDS = {kind.__name__.lower(): kind for kind in (Run, Clause, Backend, Outcome, End)}


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
        return json.dumps(content, allow_nan=False, ensure_ascii=False).encode("utf-8") + b"\n"
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


class _Ledger:
    """The records so far; it refuses one that may not follow them."""

    def __init__(self) -> None:
        self.run: Run | None = None
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


class Writer:
    """Appends records to a new results file, each of them handed over before `write` returns."""

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._ledger = _Ledger()

    def write(self, record: Record) -> None:
        """Append the record; a refused one raises `ResultsError` and leaves the file as it was."""
        line = as_line(record)
        if isinstance(record, End) and (miscounts := self._ledger.miscounts(record)):
            raise ResultsError("; ".join(miscounts))
        self._ledger.add(record)
        self._file.write(line)
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Results:
    """A results file as read: what could be used, and a sentence on each thing that could not."""

    run: Run
    clauses: tuple[Clause, ...]
    backends: tuple[Backend, ...]
    outcomes: tuple[Outcome, ...]
    end: End | None
    problems: tuple[str, ...]


def read(path: str | Path) -> Results:
    """The results in the file; what is damaged is left out and said in `problems`.

    Raises `ResultsError` when the file is empty, has no usable run header, or has a newer format,
    and `OSError` when it cannot be opened.
    """
    data = Path(path).read_bytes()
    lines = [(at, line) for at, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise ResultsError("the file is empty: the run that made it did not write its first line")
    run = _header(lines[0][1])
    ledger, problems, repeated = _Ledger(), [], set()
    ledger.add(run)
    for at, line in lines[1:]:
        try:
            record = _record(_json_object(line))
            if isinstance(record, Outcome) and record.key in ledger.outcomes:
                repeated.add(record.key)
            ledger.add(record)
        except ResultsError as error:
            cut = at == lines[-1][0] and not data.endswith(b"\n")
            problems.append(f"line {at} {'was cut off' if cut else 'was left out'}: {error}")
    for key in sorted(repeated):
        # Which of them is right cannot be known, and to keep one might be to invent a pass.
        problems.append(f"the outcome {brief(key)} is there more than once: none of them was used")
        del ledger.outcomes[key]
    if ledger.end is not None:
        problems += ledger.miscounts(ledger.end)
    return Results(
        run,
        tuple(ledger.clauses.values()),
        tuple(ledger.backends.values()),
        tuple(ledger.outcomes.values()),
        ledger.end,
        tuple(problems),
    )


def _header(line: bytes) -> Run:
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
