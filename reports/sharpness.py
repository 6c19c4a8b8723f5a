"""How sharp the suite is: which wrong convolutions it catches, after how many examples.

The table is one JSON object with the fields of `Sharpness`, one fault a line, and is part of the
package. ``python -m conformance.selftest.sharpness`` makes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from reports.records import Record, ResultsError, Rule, made

FORMAT = 2
CROSS_CORRELATE = "cross_correlate"
TABLE = Path(__file__).parent / "data" / "sharpness.json"

Examples = Annotated[int, Rule(lambda n: n > 0, "1 or more")]
Version = Annotated[int, Rule(FORMAT.__eq__, str(FORMAT))]


class SharpnessError(ValueError):
    """A table that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Other(Record):
    """Another suite, whose cases of this operation met the same faults.

    `cases` counts them; `rule` is a sentence that says which they are and how they are judged.
    """

    name: str
    version: str
    cases: Examples
    rule: str


@dataclass(frozen=True)
class Fault(Record):
    """A wrong operation, and what became of it.

    `sentence` says what is wrong, and `clause` is the one that a reader would expect to catch it.
    `catches` are the first five clauses that caught it, and `clause` if it did, each with the
    number of examples that it took, the failing one included. `until_caught` counts the examples
    of the whole specification, read from the start, up to and with the first failing one; None if
    none fails.
    `mistake` names the diagnosis of the first failure of `clause` ("" if nothing known explains
    it) and `diagnosis` is its sentence. `others` are the other suites that caught it, by name; they
    meet wrong cross-correlations only, and no other `operation`: faults in those, and of training,
    meet only `clause`, of which `until_caught` is then the count.
    """

    name: str
    sentence: str
    dtype: str
    clause: str
    catches: dict[str, Examples]
    until_caught: Examples | None
    mistake: str
    diagnosis: str
    others: tuple[str, ...]
    operation: str = CROSS_CORRELATE

    @property
    def caught(self) -> bool:
        return bool(self.catches)

    @property
    def examples(self) -> int | None:
        """How many examples `clause` took to catch it; None if it did not."""
        return self.catches.get(self.clause)


@dataclass(frozen=True)
class Sharpness(Record):
    """The table. `date` is a day (ISO 8601), `clauses` are all that ran, in order, and `versions`
    those of the packages that took part.
    """

    format: Version
    suite: str
    date: str
    profile: str
    seed: int
    versions: dict[str, str]
    clauses: tuple[str, ...]
    others: tuple[Other, ...]
    faults: tuple[Fault, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [fault.name for fault in self.faults]
        for name in names:
            if names.count(name) > 1:
                raise ResultsError(f"two faults are called {name!r}")
        known, others = {*self.clauses}, {other.name for other in self.others}
        for fault in self.faults:
            if strange := {fault.clause, *fault.catches} - known:
                raise ResultsError(f"the fault {fault.name!r} names unknown clauses: {strange}")
            if strange := {*fault.others} - others:
                raise ResultsError(f"the fault {fault.name!r} names unknown suites: {strange}")

    @property
    def caught(self) -> int:
        """How many faults any clause caught."""
        return sum(fault.caught for fault in self.faults)

    @property
    def caught_as_expected(self) -> int:
        """How many faults the clause caught that a reader would expect to."""
        return sum(fault.examples is not None for fault in self.faults)

    @property
    def diagnosed(self) -> int:
        """How many faults were explained by a known mistake."""
        return sum(bool(fault.mistake) for fault in self.faults)

    @property
    def median_examples(self) -> float | None:
        """Of the examples that the expected clause took."""
        return _median(fault.examples for fault in self.faults)

    @property
    def median_until_caught(self) -> float | None:
        """Of the examples until any clause failed, the specification read from the start."""
        return _median(fault.until_caught for fault in self.faults)

    @property
    def comparable(self) -> int:
        """How many faults the other suites have met."""
        return sum(fault.operation == CROSS_CORRELATE for fault in self.faults)

    def caught_by(self, other: str) -> int:
        """How many faults the other suite of this name caught."""
        return sum(other in fault.others for fault in self.faults)


def read(path: Path = TABLE) -> Sharpness:
    """The table in a file. Raises SharpnessError if it is missing, damaged or of another format."""
    try:
        content = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse)
        if not isinstance(content, dict):
            raise ResultsError("it holds no object")
        if content.get("format") != FORMAT:
            raise ResultsError(f"its format is {content.get('format')!r}, not {FORMAT}")
        return made(Sharpness, content)
    except OSError as error:
        raise SharpnessError(f"cannot read the table {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SharpnessError(f"cannot use the table {path}: {error}") from error


def write(table: Sharpness, path: Path = TABLE) -> None:
    """Write the table; folders that are missing are made."""
    content = asdict(table)
    faults = ",\n".join(map(_json, content.pop("faults")))
    head = ",\n".join(f"{_json(name)}: {_json(value)}" for name, value in content.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{\n{head},\n"faults": [\n{faults}\n]\n}}\n', encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _refuse(constant: str) -> None:
    raise ResultsError(f"{constant} is no number of strict JSON")


def _median(counts: Iterable[int | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return float(median(known)) if known else None
