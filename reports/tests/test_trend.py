"""Trends: in the order of time, each run against the one before, drawn as it is told."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.records import Outcome
from reports.results import Results
from reports.telling import Source
from reports.tests.conftest import open_file
from reports.tests.samples import backend, outcome
from reports.tests.test_differences import HOSTILE, results, runs
from reports.trend import Trend, trends
from reports.trend_telling import charts, markdown, page, plain, table, text


def at(day: int, outcomes: list[Outcome], version: str = "1.2", **run: Any) -> Source:
    described = replace(backend(), version=version)
    return Source(f"{day}.jsonl", results(outcomes, described, started=f"2026-01-{day:02}", **run))


DAYS = [
    at(1, [outcome(worst=0.25), outcome("fail", "float64", facts={"grade": "F"})]),
    at(2, [outcome(worst=0.02), outcome(dtype="float64", facts={"grade": "A"})], "1.3"),
    at(3, [outcome("fail", worst=9.0), outcome(dtype="float64", facts={"grade": "B"})], "1.3"),
]


def test_each_run_is_told_against_the_one_before() -> None:
    (trend,) = trends(DAYS)
    assert table(trend).heads == (
        *("run", "version", "profile", "pass", "fail", "largest error", "seconds"),
        "since the run before",
    )
    assert table(trend).rows == (
        ("2026-01-01", "1.2", "standard", "1", "1", "0.25", "0.5", "the first run"),
        (
            *("2026-01-02", "1.3", "standard", "2", "0", "0.02", "0.5"),
            "1 fix; version 1.2 -> 1.3; grade of CORR-1 in float64: F -> A",
        ),
        (
            *("2026-01-03", "1.3", "standard", "1", "1", "", "0.5"),
            "1 regression; grade of CORR-1 in float64: A -> B",
        ),
    )


def test_nothing_changed_is_said() -> None:
    (trend,) = trends([DAYS[0], at(5, [*DAYS[0].results.outcomes])])
    assert table(trend).rows[-1][-1] == "nothing"


def test_the_order_of_the_files_means_nothing() -> None:
    together = [replace(DAYS[0], name=name) for name in "xy"]
    other = Source("z", replace(DAYS[0].results, outcomes=()))
    whole = page(trends([*DAYS, other]))
    for order in permutations([*DAYS[1:], *together, other]):
        told = page(trends(order))
        assert told == whole
        # Of a file that is there twice, under two names, the first of these is said.
        assert plain(trends(order))["backends"][0]["runs"][1]["source"] in ("x", "z")


@given(st.lists(runs(), min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_any_runs_in_any_order(several: list[Results], random: Any) -> None:
    sources = [Source(str(number), run) for number, run in enumerate(several)]
    found = trends(sources)
    assert trends(random.sample(sources, len(sources))) == found
    json.dumps(plain(found), allow_nan=False)
    assert "\n".join(text(found))
    assert page(found).count("<svg") == 4 * len(found)


def test_a_run_that_lacks_the_backend_is_left_out() -> None:
    between = Source("b", results([outcome(backend="b")], backend("b"), started="2026-01-02"))
    acme, b = trends([DAYS[0], between, DAYS[2]])
    assert [(t.backend, len(t.points)) for t in (acme, b)] == [("acme", 2), ("b", 1)]
    assert acme.points[1].changed is not None


def test_a_backend_that_did_not_run_is_one_row_of_its_trend() -> None:
    absent = replace(backend("acme:Acme", "no <device>"), spec="acme:Acme")
    missing = Source("m", results([], absent, started="2026-01-02"))
    (trend,) = trends([DAYS[0], missing, DAYS[2]])
    rows = table(trend).rows
    assert rows[1][3:] == ("", "", "", "", "did not run: no <device>")
    assert rows[2][-1] == "1 backend run now"
    assert [chart.path.count("M") for chart in charts(trend)][:2] == [2, 2]
    assert len(charts(trend)[0].marks) == 2


def test_a_run_that_did_not_finish_is_hollow_and_said() -> None:
    stopped = replace(DAYS[1], results=replace(DAYS[1].results, end=None))
    (trend,) = trends([DAYS[0], stopped])
    assert table(trend).rows[1][0] == "2026-01-02 (unfinished)"
    assert [mark.whole for mark in charts(trend)[0].marks] == [True, False]
    assert page([trend]).count('class="partial"') == 4


@pytest.mark.parametrize(
    ("worst", "height"), [(0.0, 66), (1e-9, 66), (1e-4, 66), (0.01, 36), (1.0, 6), (math.inf, 6)]
)
def test_errors_are_drawn_on_a_scale_that_ends_at_the_bound(worst: float, height: float) -> None:
    (trend,) = trends([at(1, [outcome(worst=worst)])])
    (mark,) = charts(trend)[2].marks
    assert mark.y == pytest.approx(height)


def test_counts_are_drawn_from_zero() -> None:
    (trend,) = trends(DAYS)
    passes, failures, error, seconds = charts(trend)
    assert [mark.y for mark in passes.marks] == [36, 6, 36]
    assert [mark.y for mark in failures.marks] == [6, 66, 6]
    assert passes.words == "Passes over 3 runs: from 1 to 2, now 1"
    assert (error.now, error.path.count("L")) == ("none", 1)
    assert [mark.x for mark in seconds.marks] == [6, 120, 234]


def test_nothing_of_the_results_acts() -> None:
    bad = results([outcome(backend=HOSTILE)], backend(HOSTILE), started=HOSTILE, profile=HOSTILE)
    found = trends([Source(HOSTILE, bad), Source("b", replace(bad, end=None))])
    for lines in (list(text(found)), list(markdown(found))):
        assert all(line.isprintable() for line in lines)
    assert "<script" not in page(found)
    assert "alert(1)" in page(found)


def many() -> tuple[Trend, ...]:
    """Fifty backends over ten runs."""
    names = [f"backend-{number}" for number in range(50)]
    outcomes = [outcome(backend=name, worst=0.5) for name in names]
    every = [
        Source(f"{day}", results(outcomes, *map(backend, names), started=f"2026-01-{day:02}"))
        for day in range(1, 11)
    ]
    return trends(every)


def test_a_large_page_stays_small() -> None:
    assert len(page(many())) < 250_000


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(width: int, scheme: Any, tab: Any, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    stopped = at(4, [outcome("fail")], version=HOSTILE)
    found = trends([*DAYS, replace(stopped, results=replace(stopped.results, end=None))])
    (tmp_path / "t.html").write_text(page(found), "utf-8")
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    open_file(tab, tmp_path / "t.html")
    assert tab.get_by_role("img").count() == 4
    assert tab.get_by_role("img", name="Failures over 4 runs: from 0 to 1, now 1").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(tab).response["violations"] == []
