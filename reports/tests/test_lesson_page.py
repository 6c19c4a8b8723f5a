"""The lesson as a page: what each backend answered, beside the reference, whatever it was."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference import edge_filters
from reports.pages.exercise import SHOWN, Exercise, exercise
from reports.pages.lesson import views
from reports.pages.pictures import difference
from reports.pages.report import Report
from reports.pages.site import render, site
from reports.records import Array, Outcome
from reports.tests.conftest import open_file
from reports.tests.lesson_samples import (
    check_accessible,
    check_fits,
    lesson,
    maps,
    open_all,
    outcome,
    read,
    report,
    sevens,
    training,
)

HOSTILE = "<img src=x onerror=alert(1)>\u202e\"'{{ 7 * 7 }}"


def edges(*outcomes: Outcome) -> Exercise:
    return exercise(report(*outcomes), "LESSON-1", sevens(), edge_filters())


def answered(change: Any = None, **fields: Any) -> Outcome:
    """LESSON-1, with the feature maps changed."""
    series = maps(sevens(), edge_filters())
    if change is not None:
        series["feature maps"] = change(series["feature maps"].copy())
    return outcome("LESSON-1", series, **fields)


def page(found: Report) -> str:
    return site(found.results)["lesson.html"].decode()


def off(array: Any) -> Any:
    array[1, 2, 3, 4] += 5
    array[0, 0, 0, 0] -= 1
    return array


def test_those_that_are_equal_to_the_bit_share_a_row_that_names_them() -> None:
    found = edges(
        answered(backend="one"),
        answered(backend="two"),
        answered(backend="one", dtype="float32"),
    )
    (answer,) = found.answers
    assert answer.verdict == "the same to the bit"
    assert answer.differences == ()
    assert [(each.backends, each.dtypes) for each in answer.whose] == [
        (("one",), ("float64", "float32")),
        (("two",), ("float64",)),
    ]
    assert len(answer.maps) == len(found.maps) == 8
    assert [m.source for m in answer.maps] == [m.source for m in found.maps]


def test_a_wrong_map_is_told_with_its_largest_difference_and_shown() -> None:
    found = edges(answered(), answered(off, backend="flip", verdict="fail"))
    right, wrong = found.answers
    assert right.is_same
    assert wrong.verdict == "2 of 5,408 values differ, the most at (1, 2, 3, 4), by 5"
    assert not wrong.is_same
    assert wrong.outcome == "fail"
    assert wrong.failures == (("failure", "LESSON-1", "flip", "float64"),)
    assert [name for name, _ in wrong.differences] == ["top edge", "bottom edge"]
    gaps = np.zeros((26, 26))
    gaps[3, 4] = 5
    assert wrong.differences[1][1].source == difference(gaps, "", 5).source


def test_a_difference_that_passes_is_one_of_rounding() -> None:
    (answer,) = edges(answered(off, dtype="bfloat16")).answers
    assert answer.verdict.endswith("by 5: rounding allows that")


def test_values_that_are_not_finite_are_counted() -> None:
    def lost(array: Any) -> Any:
        array[0, 0, :2, 0] = np.nan, np.inf
        return array

    (answer,) = edges(answered(lost, verdict="fail")).answers
    assert answer.verdict == "2 of 5,408 values differ, 2 of them not finite"
    assert "2 not finite" in answer.maps[0].alt


def test_the_sign_of_a_zero_is_told() -> None:
    (answer,) = edges(answered(lambda array: np.where(array == 0, -0.0, array))).answers
    assert answer.verdict == "the same, but for the sign of zeros"
    assert answer.is_same


def test_an_answer_of_another_shape_is_told_without_pictures() -> None:
    (answer,) = edges(answered(lambda array: array[:, :, :-1], verdict="fail")).answers
    assert "the shape is (2, 4, 25, 26), where it should be (2, 4, 26, 26)" in answer.verdict
    assert answer.maps == ()


def test_of_many_answers_the_farthest_are_shown_and_the_others_told() -> None:
    found = edges(
        *(answered(lambda a, by=by: a + by, backend=f"b{by}", verdict="fail") for by in range(12))
    )
    assert len(found.answers) == SHOWN
    gaps = [answer.verdict.rpartition(" ")[2] for answer in found.answers + found.others]
    assert gaps == ["bit", *map(str, range(11, 0, -1))]
    assert all(answer.maps for answer in found.answers)
    assert not any(answer.maps for answer in found.others)


def test_images_of_its_own_are_compared_with_what_the_reference_makes_of_them() -> None:
    series = maps(np.rot90(sevens(), axes=(2, 3)), edge_filters())
    found = edges(answered(), outcome("LESSON-1", series, backend="own"))
    assert [answer.has_own_images for answer in found.answers] == [False, True]
    assert all(answer.is_same for answer in found.answers)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ({}, "there are no images"),
        ({"images": Array("float64", (2, 1, 28, 28), None)}, "too many to store"),
        ({"images": Array("float64", (3,), (1.0, 2.0, 3.0))}, "have the shape (3,), and not"),
        ({"images": Array("float64", (0, 1, 28, 28), ())}, "are 0 values"),
        ({"images": Array("int64", (1, 1, 1, 1), (10**400,))}, "more than 308 digits"),
        ({"images": Array("float64", (1, 1, 2, 2), (1.0,) * 4)}, "do not fit"),
        ({"images": Array("float64", (1, 1, 3, 99), (1.0,) * 297)}, "too large"),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_a_sentence(
    series: dict[str, Array], words: str
) -> None:
    odd = answered(backend="odd")
    if series:
        odd = replace(odd, series=odd.series | series)
    else:
        odd = replace(odd, series={"feature maps": odd.series["feature maps"]})
    found = edges(odd, answered())
    (left,) = found.left_out
    assert words in left.reason
    assert [each.backends for each in left.whose] == [("odd",)]
    assert len(found.answers) == 1


def test_an_answer_that_never_came_is_told_with_its_reason() -> None:
    found = edges(outcome("LESSON-1", {}, verdict="crash", reason="signal 11\nmore"))
    (left,) = found.left_out
    assert (left.outcome, left.reason) == ("crash", "signal 11")
    assert found.is_own


def test_filters_are_called_by_what_they_find() -> None:
    found = report(*lesson())
    (view,) = views(found)
    names = {
        of: [kernel.name for kernel in view.context[of].filters]
        for of in ("edges", "colours", "groups", "second")
    }
    four = ["top edge", "left edge", "bottom edge", "right edge"]
    twelve = [f"{name}, {colour}" for colour in ("red", "green", "blue") for name in four]
    assert names == {
        "edges": four, "colours": twelve, "groups": twelve, "second": ["filter 1", "filter 2"]
    }  # fmt: skip


def test_results_without_a_lesson_still_teach_it() -> None:
    text = read(page(report()))
    assert text.count("so the reference was asked alone") == 4
    assert "come with the package" in text or "trained by the reference" in text
    assert "601" in text
    assert "pytest conformance -m training" in text


def test_a_trained_network_shows_its_layers() -> None:
    html = page(report(*lesson(), *training()))
    assert "trained by acme in float64, the first in these results to have them" in read(html)
    assert html.count("of the first layer: ") == html.count("after ReLU and pooling: ") == 8
    assert html.count("of the second layer, after ReLU: ") == 16


def test_a_network_that_does_not_fit_together_is_passed_over() -> None:
    broken = training()[-1]
    assert broken.clause == "TRAIN-9"
    series = {**broken.series, "biases after": Array.of(np.ones(3))}
    text = read(page(report(replace(broken, series=series))))
    assert "trained by acme" not in text or "the first in these results" not in text


def test_hostile_names_and_reasons_are_only_read() -> None:
    outcomes = [
        replace(one, backend=HOSTILE, dtype=HOSTILE)
        for one in [*lesson(), outcome("LESSON-1", {}, verdict="crash", reason=HOSTILE)][1:]
    ]
    html = page(report(*outcomes, *training(HOSTILE)))
    assert "<img src=x" not in html
    assert "\u202e" not in html
    assert "{{ 7 * 7 }}" in html


def test_every_picture_is_told_in_words() -> None:
    html = page(report(*lesson(), *lesson("wrong", error=3.0), *training()))
    pictures = re.findall("<img [^>]*>", html)
    assert len(pictures) > 100
    # The scale stands between its two ends, which are written out.
    assert sum('alt=""' in picture for picture in pictures) < 10
    assert all("alt=" in picture for picture in pictures)


def test_it_is_small_and_the_same_each_time() -> None:
    found = report(*lesson(), *lesson(dtype="float32", error=1.0), *training())
    files = site(found.results)
    assert len(files["lesson.html"]) + len(files["training.html"]) < 250_000
    assert page(found) == page(found)


def test_a_crowd_stays_small() -> None:
    crowd = [answered(lambda a, by=by: a + by, backend=f"b{by}") for by in range(1, 40)]
    assert len(page(report(*crowd))) < 200_000


@cache
def crowded() -> dict[str, bytes]:
    """A site of all that the page can show."""
    crowd = [replace(one, backend=f"b{at}") for one in lesson() for at in range(9)]
    return site(report(*crowd, *lesson(HOSTILE, error=1.0), *training()).results)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_browser_shows_it_to_everyone(tab: Any, tmp_path: Path, scheme: str, width: int) -> None:
    for name, content in crowded().items():
        (tmp_path / name).write_bytes(content)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    open_file(tab, tmp_path / "lesson.html")
    assert tab.locator("h1").inner_text() == "The lesson on real data"
    assert tab.evaluate("[...document.images].every(i => i.complete && i.naturalWidth)")
    check_fits(tab)
    open_all(tab)
    check_fits(tab)
    check_accessible(tab)


def test_pixels_stay_squares(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "all.html").write_text(render(report(*lesson()).results), "utf-8")
    open_file(tab, tmp_path / "all.html", "lesson")
    shown = tab.locator("#lesson .lesson-maps img").first
    assert shown.evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"
    box = shown.bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["width"] > 52
