"""Training as a page: its curves, its tables and its filters, of one backend or of many."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.pages.curves import COURSES, LINES, Course, courses
from reports.pages.emerged import SHOWN, emerged
from reports.pages.pictures import signed
from reports.pages.report import Report
from reports.pages.site import site
from reports.pages.training import views
from reports.records import Array, Outcome
from reports.tests.conftest import open_file
from reports.tests.lesson_samples import (
    STEPS,
    check_accessible,
    check_fits,
    coordinates,
    losses,
    open_all,
    outcome,
    read,
    report,
    training,
)

HOSTILE = "</svg><script>alert(1)</script>\u202e\"'{{ 7 * 7 }}"


def trained(error: float = 0.0, *, backend: str = "acme", **fields: Any) -> Outcome:
    return outcome("TRAIN-1", losses(error), backend=backend, **fields)


def course(*outcomes: Outcome) -> Course:
    (found,) = courses(report(*outcomes), "TRAIN-1").courses
    return found


def context(*outcomes: Outcome) -> Any:
    (view,) = views(report(*outcomes))
    return view.context


def page(found: Report) -> str:
    return site(found.results)["training.html"].decode()


def names(of: Any) -> list[str]:
    return [name for each in of.whose for name in each.backends]


def test_runs_that_are_equal_to_the_bit_are_one() -> None:
    found = course(trained(), trained(backend="two"), trained(1e-15, backend="three"))
    assert [names(row) for row in found.rows] == [["three"], ["acme", "two"]]
    assert [names(line) for line in found.divergence.lines] == [[], ["three"], ["acme", "two"]]


def test_losses_that_no_eye_tells_apart_are_one_line() -> None:
    found = course(trained(), trained(1e-13, backend="near"), trained(0.5, backend="far"))
    reference, near, far = found.losses.lines
    assert reference.label == "the reference"
    assert names(near) == ["near", "acme"]
    assert names(far) == ["far"]
    assert "2 runs of backends cannot be told from it here, 1 can" in found.losses.description


def test_the_farthest_of_the_ensemble_is_the_limit() -> None:
    found = course(trained(1e-13), trained(1e-3, backend="far", verdict="fail"))
    assert found.limit == "4e\N{MINUS SIGN}13"
    far, near = found.rows
    assert (far.farthest, far.leaves) == ("0.001", "at step 2")
    assert (near.farthest, near.leaves) == ("1e\N{MINUS SIGN}13", "never")
    assert far.failures == (("failure", "TRAIN-1", "far", "float64"),)
    assert [band.label for band in found.divergence.bands] == [
        "up to where correct runs get, step by step"
    ]


def test_no_divergence_at_all_lies_on_the_line_of_zero() -> None:
    found = course(trained())
    zero = next(tick for tick in found.divergence.y_ticks if tick.label == "0")
    assert {y for _, y in coordinates(found.divergence.lines[1].path)} == {zero.at}


def test_a_run_that_explodes_leaves_the_chart_and_not_the_page() -> None:
    wild = trained(backend="wild", verdict="fail")
    values: tuple[float | str, ...] = (2.3, 1e30, *["nan"] * (STEPS - 4), "inf", 1.0)
    wild = replace(wild, series={**wild.series, "losses": Array("float64", (STEPS,), values)})
    found = course(trained(), wild)
    assert found.rows[0].farthest == "inf"
    assert max(float(tick.label) for tick in found.losses.y_ticks) < 4
    assert found.losses.lines[2].path.count("M") == 2


def test_of_many_runs_some_have_lines_and_the_others_a_band() -> None:
    crowd = [trained(0.1 * at, backend=f"b{at}") for at in range(30)]
    found = course(*crowd)
    for chart in (found.losses, found.divergence):
        assert len(chart.lines) <= LINES + 2
        assert len({line.kind for line in chart.lines}) == len(chart.lines)
    assert found.divergence.bands[-1].label == f"{30 - LINES} others, told below"
    assert len(found.rows) == 30


def test_runs_of_other_lengths_have_charts_of_their_own() -> None:
    runs = [outcome("TRAIN-1", losses(0.0, steps), backend=f"b{steps}") for steps in range(5, 12)]
    found = courses(report(*runs), "TRAIN-1")
    assert [one.steps for one in found.courses] == list(range(5, 5 + COURSES))
    assert found.more == 7 - COURSES


def test_without_an_ensemble_there_is_no_limit() -> None:
    series = {name: losses()[name] for name in ("losses", "reference losses")}
    found = course(outcome("TRAIN-1", series))
    assert found.limit == ""
    assert "beyond the limit" not in page(report(outcome("TRAIN-1", series)))


@pytest.mark.parametrize(
    ("clause", "series", "words"),
    [
        ("TRAIN-1", {"losses": np.ones((2, 2))}, "have the shape (2, 2), and not (any)"),
        ("TRAIN-1", {"losses": np.ones(3)}, "there are no reference losses"),
        (
            "TRAIN-1",
            {"losses": np.ones(3), "reference losses": np.ones(2)},
            "have the shape (2,), and not (3)",
        ),
        ("TRAIN-5", {"confusion": np.ones((9, 10))}, "have the shape (9, 10), and not (10, 10)"),
        ("TRAIN-5", {"confusion": -np.ones((10, 10))}, "what is no count"),
        ("TRAIN-9", {"filters after": np.ones((8, 1, 3, 3))}, "there are no filters before"),
        ("TRAIN-9", {"filters before": np.ones((99, 1, 3, 3))}, "too many to be shown"),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_a_sentence(
    clause: str, series: dict[str, Any], words: str
) -> None:
    text = read(page(report(outcome(clause, series))))
    assert "Nothing to show of:" in text
    assert words in text


def test_accuracies_stand_in_a_table_as_they_were_told() -> None:
    found = context(*training(), *training("other"))["accuracies"]
    assert found.columns == (
        ("CNN", "float32"),
        ("dense network", "float64"),
        ("dense network", "float32"),
    )
    assert [backend for backend, _ in found.rows] == ["acme", "other"]
    cell = found.rows[0][1][0]
    assert (cell.text, cell.share) == ("93.10 %", pytest.approx(0.931))


@pytest.mark.parametrize("text", ["most", "", "-3 %", "1e9 %", "nan %", "٣ %", HOSTILE])
def test_an_accuracy_that_is_no_number_has_no_bar(text: str) -> None:
    told = outcome("TRAIN-5", {}, facts={"CNN accuracy": text})
    ((_, (cell,)),) = context(told)["accuracies"].rows
    assert cell.share is None


def test_equal_matrices_are_shown_once_and_named() -> None:
    found = context(*training(), *training("two"), *training("odd", seed=4))
    cnn = [one for one in found["confusions"] if one.network == "CNN"]
    assert [names(one) for one in cnn] == [["acme", "two"], ["odd"]]
    first = cnn[0].matrix[3]
    assert [cell.text for cell in first[2:5]] == ["10", "910", "10"]
    assert (first[3].kind, first[4].kind) == ("right", "1")
    assert cnn[1].words == (
        "9,100 of 10,004 are read rightly; most often a 4 is read as a 7, 14 times; "
        "2 images otherwise than in the first matrix"
    )


def test_of_many_matrices_the_others_are_told() -> None:
    found = context(*(one for at in range(8) for one in training(f"b{at}", seed=at)))
    assert len(found["confusions"]) == 4
    assert len(found["others"]) == 12
    assert not any(one.matrix for one in found["others"])


def test_banks_that_look_the_same_are_one_and_say_how_far_they_differ() -> None:
    outcomes = [*training(), *training("near", error=1e-9), *training("far", error=2.0)]
    near, far = emerged(report(*outcomes).results).banks
    assert names(near) == ["acme", "near"]
    assert "no weight differs by more than 1e\N{MINUS SIGN}09" in near.spread
    assert names(far) == ["far"]
    assert far.spread == ""
    assert dict(near.facts) == {"response to edges": "0.59 (at the start 0.34)"}


def test_filters_are_shown_before_and_after() -> None:
    filters = np.random.default_rng(0).standard_normal((8, 1, 3, 3))
    series = {"filters before": 0.1 * filters, "filters after": filters[::-1]}
    (bank,) = emerged(report(outcome("TRAIN-9", series)).results).banks
    assert bank.before[2].source == bank.after[5].source
    assert bank.before[2].alt.startswith("Filter 3 before: ")
    assert bank.after[5].source == signed(filters[2, 0], "", np.abs(filters).max()).source
    assert bank.largest_after == f"{np.abs(filters).max():.2g}"


def test_of_many_banks_the_others_are_told() -> None:
    crowd = [one for at in range(7) for one in training(f"b{at}", error=at)]
    banks = emerged(report(*crowd).results).banks
    assert [bool(bank.after) for bank in banks] == [at < SHOWN for at in range(7)]
    assert "4 more banks, in numbers" in read(page(report(*crowd)))


def test_results_without_training_say_how_to_train() -> None:
    text = read(page(report()))
    assert "hold no training" in text
    assert "pytest conformance -m training" in text


def test_hostile_texts_are_only_read() -> None:
    outcomes = [
        replace(one, backend=HOSTILE, dtype=HOSTILE, facts={**dict.fromkeys(one.facts, HOSTILE)})
        for one in training()
        if one.dtype == "float64" or one.clause == "TRAIN-5"
    ]
    html = page(report(*outcomes))
    assert "alert(1)</script>" not in html
    assert "\u202e" not in html
    assert "{{ 7 * 7 }}" in html


def test_ids_belong_to_the_page_and_are_there_once() -> None:
    ids = re.findall(r'\bid="([^"]*)"', page(report(*training())))
    own = [each for each in ids if each.startswith("training.")]
    assert len(own) == len(set(own)) == 12


@cache
def crowded(count: int) -> dict[str, bytes]:
    """A site of many backends, one of them far from the others, and one with a hostile name."""
    many = [one for at in range(count) for one in training(f"backend-{at}", 1e-15 * at, at % 4)]
    return site(report(*many, *training(HOSTILE, 0.8, 3)).results)


def test_fifty_backends_stay_small() -> None:
    assert len(crowded(50)["training.html"]) < 300_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_browser_shows_it_to_everyone(tab: Any, tmp_path: Path, scheme: str, width: int) -> None:
    for name, content in crowded(9).items():
        (tmp_path / name).write_bytes(content)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    open_file(tab, tmp_path / "training.html")
    assert tab.locator("h1").inner_text() == "Training on MNIST"
    assert tab.get_by_role("img", name="The loss at each step").count() == 3
    check_fits(tab)
    open_all(tab)
    check_fits(tab)
    check_accessible(tab)
