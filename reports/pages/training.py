"""Training: losses, divergence, accuracy, confusion, and the filters before and after."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reports.pages.curves import courses
from reports.pages.emerged import emerged
from reports.pages.pictures import scale
from reports.pages.report import Report, Thing, View
from reports.pages.series import (
    LeftOut,
    SeriesError,
    Values,
    Whose,
    left_out,
    measured,
    of_clause,
    whose,
)
from reports.records import Outcome
from reports.results import Results
from reports.words import plural

SHOWN = 2  # matrices of one network that are shown; the others in numbers
CNN, DENSE = ("TRAIN-5", "CNN"), ("TRAIN-6", "dense network")
_STEPS = (
    ("TRAIN-1", "A CNN in float64"),
    ("TRAIN-4", "A CNN in float32"),
    ("TRAIN-6", "A dense network, without filters"),
)
_CLAUSES = ("TRAIN-1", "TRAIN-4", "TRAIN-5", "TRAIN-6", "TRAIN-9")
_PERCENT = re.compile(r"\s*(\d{1,3}(?:\.\d{1,9})?)\s*%\s*", re.ASCII)
_SHADES = (0.0, 0.01, 0.03, 0.1, 1.0)  # up to which share of a digit's images a cell has its shade


@dataclass(frozen=True)
class Accuracy:
    """What share a backend's network reads rightly, as it was told; `share` if it is a number."""

    text: str
    share: float | None
    outcome: str
    failure: Thing | None


@dataclass(frozen=True)
class Accuracies:
    """A row for each backend, with a cell for each network and dtype, None where there is none."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Accuracy | None, ...]], ...]


@dataclass(frozen=True)
class Cell:
    """How often a digit was read as one of the ten; `kind` is how the cell looks."""

    text: str
    kind: str


@dataclass(frozen=True)
class Confusion:
    """What a network made of each digit; without `matrix` it is told in words alone."""

    network: str
    whose: tuple[Whose, ...]
    outcome: str
    words: str
    matrix: tuple[tuple[Cell, ...], ...]


def views(report: Report) -> Iterator[View]:
    """The page."""
    results = report.results
    found, missing = _confusions(results)
    context = {
        "has_any": any(o.clause in _CLAUSES and o.series for o in results.outcomes),
        "steps": [(words, courses(report, clause)) for clause, words in _STEPS],
        "accuracies": _accuracies(report),
        "confusions": [one for one in found if one.matrix],
        "others": [one for one in found if not one.matrix],
        "left_out": missing,
        "emerged": emerged(results),
        "scale": scale(),
    }
    yield View(("training",), "Training on MNIST", "training.html", context)


def _accuracies(report: Report) -> Accuracies:
    cells: dict[str, dict[tuple[str, str], Accuracy]] = {}
    columns: dict[tuple[str, str], None] = {}
    for clause, network in (CNN, DENSE):
        for outcome in of_clause(report.results, clause):
            if (text := outcome.facts.get(f"{network} accuracy")) is None:
                continue
            key = ("failure", *outcome.key)
            column = network, outcome.dtype
            columns[column] = None
            cells.setdefault(outcome.backend, {})[column] = Accuracy(
                text, _share(text), outcome.outcome, key if report.has(*key) else None
            )
    names = [backend.name for backend in report.results.backends if backend.name in cells]
    rows = tuple((name, tuple(cells[name].get(column) for column in columns)) for name in names)
    return Accuracies(tuple(columns), rows)


def _share(text: str) -> float | None:
    """
    >>> _share("93.5 %"), _share("most")
    (0.935, None)
    """
    found = _PERCENT.fullmatch(text)
    return min(1.0, float(found[1]) / 100) if found else None


def _confusions(results: Results) -> tuple[list[Confusion], tuple[LeftOut, ...]]:
    """The matrices, each once, by network; the most shared first."""
    found: list[Confusion] = []
    missing = []
    for clause, network in (CNN, DENSE):
        alike: dict[tuple[bytes, str], tuple[Values, list[Outcome]]] = {}
        for outcome in of_clause(results, clause):
            try:
                counts = _counts(outcome)
            except SeriesError as error:
                missing.append((outcome, str(error)))
                continue
            key = counts.tobytes(), outcome.outcome
            alike.setdefault(key, (counts, []))[1].append(outcome)
        ordered = sorted(alike.values(), key=lambda group: -len(group[1]))
        found += [
            _confusion(network, counts, outcomes, ordered[0][0], at < SHOWN)
            for at, (counts, outcomes) in enumerate(ordered)
        ]
    return found, left_out(missing)


def _counts(outcome: Outcome) -> Values:
    counts = measured(outcome, "confusion", 10, 10)
    if not (np.isfinite(counts) & (counts >= 0) & (counts < 1e9)).all():
        raise SeriesError("the confusion holds what is no count")
    return counts


def _confusion(
    network: str, counts: Values, outcomes: list[Outcome], first: Values, is_drawn: bool
) -> Confusion:
    total, right = int(counts.sum()), int(np.trace(counts))
    wrong = counts - np.diag(np.diag(counts))
    digit, read = map(int, np.unravel_index(wrong.argmax(), wrong.shape))
    words = f"{right:,} of {total:,} are read rightly"
    if wrong.any():
        times = int(wrong[digit, read])
        words += f"; most often a {digit} is read as a {read}, {times:,} times"
    moved = int(np.abs(counts - first).sum() / 2)
    if moved:
        words += f"; {plural(moved, 'image')} otherwise than in the first matrix"
    return Confusion(
        network,
        whose(outcomes),
        outcomes[0].outcome,
        words,
        _cells(counts) if is_drawn else (),
    )


def _shade(share: float) -> int:
    return bisect_left(_SHADES, share)


def _cells(counts: Values) -> tuple[tuple[Cell, ...], ...]:
    totals = np.maximum(counts.sum(axis=1), 1)
    return tuple(
        tuple(
            Cell(f"{int(count):,}", "right" if column == row else str(_shade(count / total)))
            for column, count in enumerate(counts_of_row)
        )
        for row, (counts_of_row, total) in enumerate(
            zip(counts.tolist(), totals.tolist(), strict=True)
        )
    )
