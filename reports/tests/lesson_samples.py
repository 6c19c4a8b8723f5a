"""Results of the lesson and of training to test with, without asking a backend."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import EDGES, cross_correlate, edge_filters, mnist
from reports.pages.report import Report
from reports.pages.series import Values
from reports.records import Array, Backend, Clause, Outcome
from reports.results import Results
from reports.tests.samples import RUN

CLAUSES = tuple(
    Clause(f"{chapter}-{number}", chapter, "A sentence.", "a source")
    for chapter, numbers in (("LESSON", (1, 3, 4, 5)), ("TRAIN", (1, 4, 5, 6, 9)))
    for number in numbers
)
STEPS = 40


def outcome(
    clause: str,
    series: dict[str, NDArray[Any]],
    *,
    backend: str = "acme",
    dtype: str = "float64",
    verdict: str = "pass",
    facts: dict[str, str] | None = None,
    reason: str = "",
) -> Outcome:
    stored = {name: Array.of(array, largest=10**6) for name, array in series.items()}
    return Outcome(
        clause, backend, dtype, verdict, 1, 0, None, 0.1, reason, facts=facts or {}, series=stored
    )


def report(*outcomes: Outcome) -> Report:
    names = dict.fromkeys(outcome.backend for outcome in outcomes)
    backends = tuple(Backend(name, name, "1.0", ("float64",), {}, {}) for name in names)
    return Report(Results(RUN, CLAUSES, backends, outcomes, None))


def sevens(count: int = 2) -> Values:
    return mnist.load("test").digits(7)[:count, None].astype(np.float64)


def maps(images: Values, filters: Values, groups: int = 1) -> dict[str, Values]:
    """What the reference answers."""
    answer = cross_correlate(images, filters, groups=groups)
    return {"images": images, "filters": filters, "feature maps": np.asarray(answer)}


def lesson(backend: str = "acme", dtype: str = "float64", error: float = 0.0) -> list[Outcome]:
    """All of the lesson, with an error in the first value of each answer."""
    edges = edge_filters()
    coloured = np.concatenate([sevens(1), sevens(1).swapaxes(2, 3), 0 * sevens(1)], axis=1)
    of_colours = np.eye(3)[:, None, :, None, None] * edges[None]
    first = np.asarray(cross_correlate(sevens(1), edges))
    corners = np.zeros((2, len(EDGES), 3, 3))
    corners[0, :2, 1, 1] = corners[1, 2:, 1, 1] = 1
    exercises = {
        "LESSON-1": maps(sevens(), edges),
        "LESSON-3": maps(coloured, of_colours.reshape(12, 3, 3, 3)),
        "LESSON-4": maps(first, corners),
        "LESSON-5": maps(coloured, np.tile(edges, (3, 1, 1, 1)), groups=3),
    }
    for series in exercises.values():
        series["feature maps"][0, 0, 0, 0] += error
    verdict = "fail" if error else "pass"
    return [
        outcome(clause, series, backend=backend, dtype=dtype, verdict=verdict)
        for clause, series in exercises.items()
    ]


def losses(error: float = 0.0, steps: int = STEPS) -> dict[str, Values]:
    """A course of training whose losses are off by so much, and what it is compared with."""
    reference = 2.3 * np.exp(-np.arange(steps) / 20) + 0.1 * np.sin(np.arange(steps))
    apart = 1e-14 * (1 + np.arange(steps))
    return {
        "losses": reference + error * np.abs(np.sin(np.arange(steps))),
        "reference losses": reference,
        "ensemble lowest": reference - apart,
        "ensemble highest": reference + apart,
        "ensemble divergence": apart,
    }


def training(backend: str = "acme", error: float = 0.0, seed: int = 0) -> list[Outcome]:
    """All of training, in float64 and float32, with losses that are off by so much."""
    rng = np.random.default_rng(0)
    confusion = np.diag(np.full(10, 900)) + 10
    confusion[seed % 10, (seed + 3) % 10] += seed
    filters = {
        "filters before": 0.1 * rng.standard_normal((8, 1, 3, 3)),
        "filters after": rng.standard_normal((8, 1, 3, 3)) + error,
        "biases after": rng.standard_normal(8),
        "second filters after": rng.standard_normal((16, 8, 3, 3)),
        "second biases after": rng.standard_normal(16),
    }
    found = [
        outcome("TRAIN-1", losses(error), backend=backend),
        outcome("TRAIN-4", losses(1e-7 + error), backend=backend, dtype="float32"),
        outcome(
            "TRAIN-5",
            {"confusion": confusion},
            backend=backend,
            dtype="float32",
            facts={"CNN accuracy": "93.10 %"},
        ),
    ]
    for dtype in ("float64", "float32"):
        own = {name: losses(error)[name] for name in ("losses", "reference losses")}
        dense = {"confusion": confusion.T} | own
        facts = {"dense network accuracy": "81.00 %"}
        found.append(outcome("TRAIN-6", dense, backend=backend, dtype=dtype, facts=facts))
        facts = {"response to edges": "0.59 (at the start 0.34)"}
        found.append(outcome("TRAIN-9", filters, backend=backend, dtype=dtype, facts=facts))
    return found


def read(html: str) -> str:
    """What is read of a page, in one line."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def coordinates(path: str) -> list[tuple[float, float]]:
    """The points of an SVG path."""
    numbers = [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def check_accessible(tab: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # Style sheets are not read once more: the policy of the page lets nothing read files.
    found = Axe().run(tab, options={"preload": False})
    assert found.violations_count == 0, found.generate_report()


def check_fits(tab: Any) -> None:
    """The page does not scroll sideways."""
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def open_all(tab: Any) -> None:
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
