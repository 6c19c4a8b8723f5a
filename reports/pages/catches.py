"""What the suite catches: its faults, and the clauses that catch them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from reports.pages.bars import Chart, charted, in_bins, percent
from reports.pages.report import Report, View
from reports.records import Clause, binned
from reports.sharpness import CROSS_CORRELATE, Fault, Sharpness

_EXAMPLES = (1, 2, 4, 8, 16, 32, 64, 128)
_SHADES = 4

Lacks = Callable[[Fault], bool]
Lacking = Mapping[str, tuple[str, Lacks]]


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
    """The faults in one operation, or those of them that one chapter should catch.

    `met_others` if the other suites met them.
    """

    title: str
    rows: tuple[Row, ...]
    caught: int
    met_others: bool


@dataclass(frozen=True)
class Caught:
    """How many faults of a group each chapter caught, with a shade that grows by the share."""

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
    missed: tuple[Fault, ...]
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
    chapters = {prefix: titles.get(prefix, prefix) for prefix in map(_prefix, table.clauses)}
    lacking = dict(_lacking(table))
    groups = tuple(_groups(table, chapters, lacking))
    return Catches(
        _totals(table),
        tuple(_suites(table)),
        _speed(table),
        tuple(fault for fault in table.faults if not fault.caught),
        tuple(chapters.values()),
        tuple(_matrix(groups, tuple(chapters))),
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
    expected = [fault.examples for fault in table.faults if fault.examples is not None]
    # The others meet one clause only: what they take from the start of the suite is not known.
    whole_suite = [
        fault.until_caught
        for fault in table.faults
        if fault.operation == CROSS_CORRELATE and fault.until_caught is not None
    ]
    return (
        ("caught", _of(table.caught, whole)),
        ("by the clause that a reader would expect", _of(table.caught_as_expected, whole)),
        ("explained by a known mistake", _of(table.diagnosed, whole)),
        ("median examples of that clause until it fails", _median(expected)),
        (
            "median examples of the whole suite until a wrong cross-correlation fails",
            _median(whole_suite),
        ),
    )


def _median(counts: list[int]) -> str:
    return f"{median(counts):g}" if counts else "none"


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


def _lacking(table: Sharpness) -> Iterator[tuple[str, tuple[str, Lacks]]]:
    """The kinds of what faults lack: a name, words, and whether a fault is one."""
    yield "caught", ("missed by this suite", lambda fault: not fault.caught)
    yield "expected", ("missed by the expected clause", lambda fault: fault.examples is None)
    yield "diagnosis", ("without a diagnosis", lambda fault: not fault.mistake)
    for number, other in enumerate(table.others):
        yield f"other{number}", (f"missed by {other.name}", _missed_by(other.name))


def _missed_by(other: str) -> Lacks:
    return lambda fault: fault.operation == CROSS_CORRELATE and other not in fault.others


def _groups(table: Sharpness, chapters: Mapping[str, str], lacking: Lacking) -> Iterator[Group]:
    for operation in dict.fromkeys(fault.operation for fault in table.faults):
        faults: dict[str, list[Fault]] = {}
        for fault in table.faults:
            if fault.operation == operation:
                faults.setdefault(_prefix(fault.clause), []).append(fault)
        title = operation.replace(CROSS_CORRELATE, "cross-correlation").replace("_", " ")
        for prefix in filter(faults.__contains__, chapters):
            yield Group(
                f"{title}: {chapters[prefix]}" if len(faults) > 1 else title or "(no name)",
                tuple(_row(fault, lacking) for fault in faults[prefix]),
                sum(fault.caught for fault in faults[prefix]),
                operation == CROSS_CORRELATE,
            )


def _row(fault: Fault, lacking: Lacking) -> Row:
    return Row(
        fault,
        not fault.sentence.casefold().startswith(fault.name.replace("_", " ").casefold()),
        tuple(name for name, (_, lacks) in lacking.items() if lacks(fault)),
        tuple(entry for entry in fault.catches.items() if entry[0] != fault.clause),
    )


def _matrix(groups: tuple[Group, ...], prefixes: tuple[str, ...]) -> Iterator[Caught]:
    for group in groups:
        by = [{_prefix(clause) for clause in row.fault.catches} for row in group.rows]
        numbers = [sum(prefix in caught for caught in by) for prefix in prefixes]
        # Shades from 1: 0 stands for no catch, the last for every fault of the group, or nearly.
        shaded = ((number, -(-_SHADES * number // len(group.rows))) for number in numbers)
        yield Caught(group.title, len(group.rows), group.caught, tuple(shaded))
