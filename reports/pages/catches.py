"""What the suite catches: its faults, and the clauses that catch them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reports.pages.bars import Chart, charted, in_bins, percent
from reports.pages.report import Report, View
from reports.records import Clause, binned
from reports.sharpness import CROSS_CORRELATE, Fault, Sharpness

_EXAMPLES = (1, 2, 4, 8, 16, 32, 64, 128)
_SHADES = 4


@dataclass(frozen=True)
class Suite:
    """A suite, and how many of the faults that all suites met it catches."""

    name: str
    version: str
    caught: int
    share: str
    cases: str
    rule: str


@dataclass(frozen=True)
class Row:
    """A fault as the table shows it.

    `is_called` if its name is more than its sentence, `lacks` are the kinds of what it lacks, and
    `further` the clauses that caught it, each with its examples, besides the expected one.
    """

    fault: Fault
    is_called: bool
    lacks: tuple[str, ...]
    further: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Group:
    """The faults in one operation. `met_others` if the other suites met them."""

    title: str
    rows: tuple[Row, ...]
    caught: int
    met_others: bool


@dataclass(frozen=True)
class Caught:
    """How many faults in an operation each chapter caught, with a shade that grows by the share."""

    title: str
    faults: int
    caught: int
    chapters: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Kind:
    """A kind of faults that a reader may want to see alone."""

    name: str
    words: str
    number: int


@dataclass(frozen=True)
class Catches:
    """All that the page shows of a table."""

    totals: tuple[tuple[str, str], ...]
    suites: tuple[Suite, ...]
    speed: Chart
    chapters: tuple[str, ...]
    matrix: tuple[Caught, ...]
    kinds: tuple[Kind, ...]
    groups: tuple[Group, ...]


def views(report: Report) -> Iterator[View]:
    """The page."""
    catches = catches_of(report.sharpness, report.results.clauses) if report.sharpness else None
    context = {"sharpness": report.sharpness, "catches": catches}
    scripts = ("catches.js",) if catches else ()
    yield View(("catches",), "What the suite catches", "catches.html", context, scripts)


def catches_of(table: Sharpness, clauses: tuple[Clause, ...] = ()) -> Catches:
    """What the table comes to; the clauses give their chapters their names."""
    titles = {_prefix(clause.id): clause.chapter for clause in clauses}
    prefixes = tuple(dict.fromkeys(map(_prefix, table.clauses)))
    lacking = dict(_lacking(table))
    groups = tuple(_groups(table, lacking))
    return Catches(
        _totals(table),
        tuple(_suites(table)),
        _speed(table),
        tuple(titles.get(prefix, prefix) for prefix in prefixes),
        tuple(_matrix(groups, prefixes)),
        tuple(
            Kind(name, words, sum(map(lacks, table.faults)))
            for name, (words, lacks) in lacking.items()
        ),
        groups,
    )


def _prefix(clause: str) -> str:
    """What the ids of the clauses of a chapter begin with."""
    return clause.partition("-")[0]


def _totals(table: Sharpness) -> tuple[tuple[str, str], ...]:
    whole = len(table.faults)

    def median(number: float | None) -> str:
        return "none" if number is None else f"{number:g}"

    return (
        ("caught", _of(table.caught, whole)),
        ("by the clause that a reader would expect", _of(table.caught_as_expected, whole)),
        ("explained by a known mistake", _of(table.diagnosed, whole)),
        ("median examples of that clause until it fails", median(table.median_examples)),
        (
            "median examples of the whole suite until it fails",
            median(table.median_until_caught),
        ),
    )


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({percent(part, whole)})" if whole else "0 of 0"


def _suites(table: Sharpness) -> Iterator[Suite]:
    """This one and the others, on the faults that all of them met."""
    met = [fault for fault in table.faults if fault.operation == CROSS_CORRELATE]
    own = sum(fault.caught for fault in met)
    yield Suite(
        "convspec",
        table.suite,
        own,
        _of(own, len(met)),
        "drawn anew",
        f"{len(table.clauses):,} clauses, each on examples that are drawn to tell faults apart",
    )
    for other in table.others:
        caught = table.caught_by(other.name)
        share = _of(caught, len(met))
        yield Suite(other.name, other.version, caught, share, f"{other.cases:,}", other.rule)


def _speed(table: Sharpness) -> Chart:
    """After how many examples the expected clause fails."""
    tally = [0] * (len(_EXAMPLES) + 1)
    for fault in table.faults:
        if fault.examples is not None:
            tally[binned(fault.examples, _EXAMPLES)] += 1
    return charted("Examples of the expected clause", in_bins(_EXAMPLES, tally), "until it fails")


def _lacking(table: Sharpness) -> Iterator[tuple[str, tuple[str, Callable[[Fault], bool]]]]:
    """The kinds of what faults lack: a name, words, and whether a fault is one."""
    yield "caught", ("missed by every clause", lambda fault: not fault.caught)
    yield "expected", ("missed by the expected clause", lambda fault: fault.examples is None)
    yield "diagnosis", ("without a diagnosis", lambda fault: not fault.mistake)
    for number, other in enumerate(table.others):
        yield f"other{number}", (f"missed by {other.name}", _missed_by(other.name))


def _missed_by(other: str) -> Callable[[Fault], bool]:
    return lambda fault: fault.operation == CROSS_CORRELATE and other not in fault.others


def _groups(
    table: Sharpness, lacking: dict[str, tuple[str, Callable[[Fault], bool]]]
) -> Iterator[Group]:
    operations: dict[str, list[Fault]] = {}
    for fault in table.faults:
        operations.setdefault(fault.operation, []).append(fault)
    for operation, faults in operations.items():
        rows = tuple(
            Row(
                fault,
                not fault.sentence.casefold().startswith(fault.name.replace("_", " ").casefold()),
                tuple(name for name, (_, lacks) in lacking.items() if lacks(fault)),
                tuple(entry for entry in fault.catches.items() if entry[0] != fault.clause),
            )
            for fault in faults
        )
        caught = sum(fault.caught for fault in faults)
        yield Group(_title(operation), rows, caught, operation == CROSS_CORRELATE)


def _title(operation: str) -> str:
    words = operation.replace(CROSS_CORRELATE, "cross-correlation").replace("_", " ")
    return words or "(no name)"


def _matrix(groups: tuple[Group, ...], prefixes: tuple[str, ...]) -> Iterator[Caught]:
    for group in groups:
        by = [{_prefix(clause) for clause in row.fault.catches} for row in group.rows]
        numbers = [sum(prefix in caught for caught in by) for prefix in prefixes]
        # Shades from 1: none stands for no catch, the last for every fault of the operation.
        shaded = ((number, -(-_SHADES * number // len(group.rows))) for number in numbers)
        yield Caught(group.title, len(group.rows), group.caught, tuple(shaded))
