"""A run in a few lines: chapters x backends."""

from collections import Counter

from conformance.clauses import CHAPTERS
from reports.results import OUTCOMES, Backend, Outcome, count


def summarize(backends: list[Backend], outcomes: list[Outcome], width: int) -> list[str]:
    """Tables of outcomes, as many backends beside each other as fit, and who did not run."""
    met = {_chapter(outcome) for outcome in outcomes}
    chapters = [chapter.title for chapter in CHAPTERS.values() if chapter.title in met]
    cells: dict[tuple[str, str], Counter[str]] = {}
    for outcome in outcomes:
        cells.setdefault((_chapter(outcome), outcome.backend), Counter())[outcome.outcome] += 1

    ran = [backend for backend in backends if backend.not_run is None]
    columns = [
        [backend.name, backend.version, *(_cell(cells.get((c, backend.name))) for c in chapters)]
        for backend in ran
    ]
    titles = ["", "", *chapters]
    lines: list[str] = []
    while columns:
        table, taken = [_aligned(titles)], 0
        used = len(table[0][0])
        while columns and (not taken or used + len(_aligned(columns[0])[0]) + 2 <= width):
            table.append(_aligned(columns.pop(0)))
            used, taken = used + len(table[-1][0]) + 2, taken + 1
        lines += ["  ".join(row).rstrip() for row in zip(*table, strict=True)] + [""]
    lines += [f"{b.name} did not run: {b.not_run}" for b in backends if b.not_run is not None]
    counted = ", ".join(f"{number} {name}" for name, number in count(outcomes).items())
    examples = sum(outcome.examples for outcome in outcomes)
    return [*lines, f"{counted or 'no outcome'}; {examples} examples"]


def _chapter(outcome: Outcome) -> str:
    return CHAPTERS[outcome.clause.partition("-")[0]].title


def _cell(counts: Counter[str] | None) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts and counts[name])


def _aligned(column: list[str]) -> list[str]:
    width = max(map(len, column))
    return [text.ljust(width) for text in column]
