"""The results of a run as a file: its format, a writer and a reader.

A results file is JSON Lines: UTF-8, one strict JSON object a line, written as it happens. Every
object has a `kind` and the fields of the record of that name, all of them and no other
(`reports.records` describes them):

| kind      | it says                                              | where                        |
|-----------|------------------------------------------------------|------------------------------|
| `run`     | what was started, when and how; `format` is this one | the first line, only there   |
| `part`    | one file that these results were merged from         | before any clause or backend |
| `clause`  | one clause of the specification                      | before any outcome of it     |
| `backend` | one backend, its promises, or why it was not run     | before any outcome of it     |
| `outcome` | what a clause came to, on a backend, for a dtype     | one for these three together |
| `end`     | when the run finished, and the count of each outcome | the last line                |

A file without an `end` is of a run that did not finish. It can be resumed: the file goes on from
its last whole line. A file with a `part` was merged (`reports.merging`): its `run` says what its
runs have in common, and its `end`, there if all of them finished, what they came to together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from reports.lines import Ledger, as_header, as_line, as_record, count
from reports.parts import problems_of, runs_of
from reports.records import (
    FORMAT,
    OUTCOMES,
    Array,
    Backend,
    Case,
    Clause,
    End,
    Outcome,
    Part,
    Record,
    ResultsError,
    Run,
    brief,
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
    "Part",
    "Record",
    "Results",
    "ResultsError",
    "Run",
    "Writer",
    "as_line",
    "count",
    "read",
    "replacing",
]


@dataclass(frozen=True)
class Results:
    """A results file as read: what could be used, and a sentence on each thing that could not.

    `damage` is what was wrong with this file; `parts` are what it was merged from, if it was.
    """

    run: Run
    clauses: tuple[Clause, ...]
    backends: tuple[Backend, ...]
    outcomes: tuple[Outcome, ...]
    end: End | None
    damage: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """Each run that has a part in these results."""
        return runs_of(self.parts) or (self.run,)

    @property
    def problems(self) -> tuple[str, ...]:
        """What a reader must know before trusting these results: damage, and what they lack."""
        return (*self.damage, *problems_of(self.parts))


class Writer:
    """Appends records to a new results file, each of them handed over before `write` returns."""

    def __init__(self, path: str | Path, *, after: Ledger | None = None) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb" if after is None else "ab")
        self._ledger = after or Ledger()

    @classmethod
    def resume(cls, path: str | Path) -> tuple[Self, Results]:
        """A writer that goes on with the file of a run that was stopped, and what is in there.

        An `end` and a line that was cut off are taken out of the file, so that more can follow;
        so is what `read` would leave out, which is said in `damage`. Whatever the moment at which
        this is interrupted, the file still holds every outcome. Raises like `read`.
        """
        path = Path(path)
        contents = path.read_bytes()
        found = _scanned(contents, resumed=True)
        _reduce(path, contents, b"".join(line + b"\n" for _, line in found.used))
        return cls(path, after=found.ledger), found.results()

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


def read(path: str | Path, *, resumed: bool = False) -> Results:
    """The results in the file; what is damaged is left out and said in `problems`.

    With `resumed`, what `Writer.resume` will find: no end, and outcomes even if they follow one.
    Raises `ResultsError` when the file is empty, has no usable run header, or has a newer format,
    and `OSError` when it cannot be opened.
    """
    return _scanned(Path(path).read_bytes(), resumed=resumed).results()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, whose file takes the place of `path` when all of it was written."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        yield new
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _reduce(path: Path, contents: bytes, used: bytes) -> None:
    """Bring a file with these contents to the used part of them, in one step that cannot fail
    halfway.
    """
    if contents.startswith(used):
        os.truncate(path, len(used))
    else:
        with replacing(path) as new:
            new.write_bytes(used)


@dataclass
class _Scan:
    """The records of a file, those with the lines that hold them, and what the others lack."""

    ledger: Ledger
    used: list[tuple[Record, bytes]]
    damage: list[str] = field(default_factory=list)

    def drop(self, repeated: set[tuple[str, str, str]]) -> None:
        # Which of them is right cannot be known, and to keep one might be to invent a pass.
        for key in sorted(repeated):
            words = f"the outcome {brief(key)} is there more than once: none of them was used"
            self.damage.append(words)
            del self.ledger.outcomes[key]
        self.used = [
            (record, line)
            for record, line in self.used
            if not (isinstance(record, Outcome) and record.key in repeated)
        ]

    def results(self) -> Results:
        assert self.ledger.run is not None
        return Results(
            self.ledger.run,
            tuple(self.ledger.clauses.values()),
            tuple(self.ledger.backends.values()),
            tuple(self.ledger.outcomes.values()),
            self.ledger.end,
            tuple(self.damage),
            tuple(self.ledger.parts),
        )


def _scanned(contents: bytes, *, resumed: bool = False) -> _Scan:
    """What the file holds; for a run that is `resumed` no end, because more is to follow."""
    lines = [(at, line) for at, line in enumerate(contents.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise ResultsError("the file is empty: the run that made it did not write its first line")
    header = lines[0][1]
    scan, repeated = _Scan(Ledger(), [(as_header(header), header)]), set()
    scan.ledger.add(scan.used[0][0])
    for at, line in lines[1:]:
        try:
            record = as_record(line)
            if resumed and isinstance(record, End):
                continue
            if isinstance(record, Outcome) and record.key in scan.ledger.outcomes:
                repeated.add(record.key)
            scan.ledger.add(record)
            scan.used.append((record, line))
        except ResultsError as error:
            cut = at == lines[-1][0] and not contents.endswith(b"\n")
            scan.damage.append(f"line {at} {'was cut off' if cut else 'was left out'}: {error}")
    if resumed and scan.ledger.parts:
        raise ResultsError("merged results cannot be resumed: resume the run that is a part")
    scan.drop(repeated)
    if scan.ledger.end is not None:
        scan.damage += scan.ledger.miscounts(scan.ledger.end)
    return scan
