"""The pages of failures and backends in detail: windows, shades, charts, claims, times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from reports.pages.cases import shown, worst_position
from reports.pages.disagreements import disagreements
from reports.pages.heat import shade
from reports.pages.measures import time_of
from reports.pages.sources import source_of
from reports.pages.strips import strip_of, together
from reports.pages.timing import timing
from reports.pages.window import LARGEST_PADDED, window_of
from reports.records import Array, Case, Clause
from reports.results import Results
from reports.tests.pages import pages, rows, section, seen
from reports.tests.samples import CASE, CLAUSES, RUN, backend, outcome, results

Numbers = np.ndarray[Any, np.dtype[np.float64]]


def case(x: Numbers, filters: Numbers, bias: Numbers | None = None, **parameters: Any) -> Case:
    """A case whose last value is wrong."""
    axes = x.ndim - 2
    given: dict[str, Any] = {
        "stride": [1] * axes,
        "padding": [[0, 0]] * axes,
        "dilation": [1] * axes,
        "groups": 1,
    }
    given |= parameters
    expected = reference.cross_correlate(x, filters, bias, **given)
    got = expected.copy()
    got.reshape(-1)[-1] += 1
    arrays = {"x": x, "filters": filters, "bias": bias, "expected": expected, "got": got}
    return Case(given, {name: Array.of(a) for name, a in arrays.items() if a is not None})


ONE = case(np.array([[[1.0, 2, 3, 4]]]), np.array([[[5.0, -1]]]), np.array([7.0]), stride=[2])


def test_a_window_shows_what_adds_up() -> None:
    window = window_of(ONE)
    assert window
    (slice_,) = window.slices
    assert [(p.text, p.is_seen) for p in slice_.padded[0]] == [
        ("1", False), ("2", False), ("3", True), ("4", True),
    ]  # fmt: skip
    assert slice_.taps == (("5", "\N{MINUS SIGN}1"),)
    assert slice_.products == (("15", "\N{MINUS SIGN}4"),)
    told = window.place, window.total, window.bias, window.expected, window.got
    assert told == ("[0, 0, 1]", "11", "7", "18", "19")


def test_padding_dilation_groups_and_planes_are_told() -> None:
    x = np.arange(1.0, 1 + 2 * 4 * 3 * 4 * 5).reshape(2, 4, 3, 4, 5)
    filters = np.ones((2, 2, 2, 2, 2))
    window = window_of(
        case(x, filters, padding=[[0, 0], [0, 1], [2, 0]], dilation=[2, 1, 2], groups=2)
    )
    assert window
    assert window.is_padded
    assert (window.batch, window.filter, window.hidden) == (1, 1, 0)
    assert [of.where for of in window.slices] == [
        "channel 2, plane 0", "channel 2, plane 2", "channel 3, plane 0", "channel 3, plane 2",
    ]  # fmt: skip
    last = [[place for place in row if place.is_seen] for row in window.slices[0].padded]
    assert [[place.text for place in row] for row in last if row] == [["378", "380"], ["0", "0"]]
    assert [[place.is_padding for place in row] for row in last if row] == [[False] * 2, [True] * 2]


SMALL = st.integers(1, 3)


@given(st.data(), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_every_small_case_has_its_window(data: st.DataObject, axes: int) -> None:
    def each(numbers: st.SearchStrategy[int]) -> list[int]:
        return [data.draw(numbers) for _ in range(axes)]

    groups, depth = data.draw(SMALL), data.draw(SMALL)
    kernel, dilation, stride = each(SMALL), each(SMALL), each(SMALL)
    padding = [each(st.integers(0, 2))[:1] + each(st.integers(0, 2))[:1] for _ in range(axes)]
    size = [
        d * (k - 1) + 1 + data.draw(st.integers(0, 2))
        for d, k in zip(dilation, kernel, strict=True)
    ]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.integers(-4, 5, (2, groups * depth, *size)).astype(float)
    filters = rng.integers(-4, 5, (groups * 2, depth, *kernel)).astype(float)
    bias = rng.integers(-4, 5, groups * 2).astype(float)
    of = case(x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    window = window_of(of)
    if window is None:
        padded = [n + low + high for n, (low, high) in zip(size, padding, strict=True)]
        too_large = 2 * groups * depth * int(np.prod(padded)) > LARGEST_PADDED
        assert too_large or any(array.values is None for array in of.arrays.values())
        return
    total, added, expected, got = (
        float(text.replace("\N{MINUS SIGN}", "-"))
        for text in (window.total, window.bias, window.expected, window.got)
    )
    assert total + added == expected == got - 1
    assert len(window.slices) + window.hidden == depth * int(np.prod(kernel[:-2]))
    for slice_ in window.slices:
        marked = sum(place.is_seen for row in slice_.padded for place in row)
        assert marked == sum(map(len, slice_.taps))


@pytest.mark.parametrize(
    "parameters",
    [
        {"operation": "max_pool"},
        {"stride": None},
        {"stride": [0]},
        {"stride": [True]},
        {"stride": [1, 1]},
        {"padding": "same"},
        {"padding": [[10**9, 0]]},
        {"padding": [[-1, 0]]},
        {"padding": [[0]]},
        {"padding": [0]},
        {"dilation": [9]},
        {"groups": 3},
        {"groups": "1"},
    ],
)
def test_where_there_is_no_plain_window_none_is_shown(parameters: dict[str, Any]) -> None:
    assert window_of(replace(ONE, parameters=ONE.parameters | parameters)) is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": Array("float64", (1, 1, 700), None)},
        {"x": Array("float64", (4,), (1.0, 2.0, 3.0, 4.0))},
        {"x": Array("float64", (1, 1, 4), (1.0, 2.0, 30.0, 4.0))},
        {"filters": Array("float64", (1, 0, 2), ())},
        {"filters": Array("float64", (2,), (5.0, 1.0))},
        {"bias": Array("float64", (2,), (7.0, 7.0))},
        {"bias": Array("float64", (700,), None)},
        {"expected": Array("float64", (2,), (10.0, 18.0))},
        {"got": Array("float64", (2,), (10.0, 19.0))},
        {"got": Array("float64", (1, 1, 2), (10.0, 18.0))},
    ],
)
def test_arrays_that_do_not_belong_together_have_no_window(arrays: dict[str, Array]) -> None:
    assert window_of(replace(ONE, arrays=ONE.arrays | arrays)) is None


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_infinity_and_nan_have_their_window(value: float) -> None:
    of = case(np.array([[[value, 2.0]]]), np.array([[[5.0, 1.0]]]))
    zero = {"got": Array("float64", (1, 1, 1), (0.0,))}
    window = window_of(replace(of, arrays=of.arrays | zero))
    assert window
    assert (window.total, window.expected, window.got) == (str(value), str(value), "0")


def test_no_case_has_no_window() -> None:
    assert window_of(None) is None


@pytest.mark.parametrize(
    ("arrays", "worst"),
    [
        ({"expected": [1, 2, 3], "got": [1, 5, 4]}, 1),
        ({"expected": [1, 2, 3], "got": [1, 5, "nan"]}, 2),
        ({"expected": [1, 2], "got": [3, 5], "difference": [2, 3], "bound": [0.1, 1]}, 0),
        ({"expected": [1, 2], "got": [3, 2.5], "difference": [2, 0.5], "bound": [1, 0]}, 1),
        ({"expected": [1], "got": [1]}, None),
        ({"expected": [1, 2], "got": [1]}, None),
        ({}, None),
    ],
)
def test_the_worst_value_is_found(arrays: dict[str, list[float]], worst: int | None) -> None:
    made = {name: Array("float64", (len(v),), tuple(v)) for name, v in arrays.items()}
    assert worst_position(Case({}, made)) == worst


def test_expected_and_got_are_shaded_on_one_scale() -> None:
    arrays = {"expected": [1.0, -8.0], "got": [8.0, -8.0], "bound": [0.0, 0.0], "y": [1.0, 2.0]}
    of = shown(Case({}, {name: Array.of(np.array(values)) for name, values in arrays.items()}))
    assert of
    shades = {
        array.name: [value.classes for plane in array.planes for value in plane.rows[0]]
        for array in (*of.given, *of.answer)
    }
    assert shades == {"y": ["p4", "p8"], "expected": ["p1 worst", "n8"],
                      "got": ["p8 worst", "n8"], "bound": []}  # fmt: skip
    assert [array.note for array in of.answer] == ["", "", "0 everywhere"]


def test_a_shade_has_a_sign_and_a_depth() -> None:
    shades = [shade(value, 4.0) for value in (0.0, 1e-9, 2, -4, 9, "inf", "nan", 10**400)]
    assert shades == ["", "p1", "p4", "n8", "p8", "odd", "odd", "odd"]
    assert shade(1.0, 0.0) == ""


def test_a_large_array_is_plain_text() -> None:
    of = shown(Case({}, {"x": Array.of(np.arange(300.0).reshape(2, 10, 15))}))
    assert of
    assert (of.given[0].planes, len(of.given[0].blocks)) == ((), 2)


def test_a_strip_has_words_and_a_form() -> None:
    strip = strip_of((4, 0, 0, 1, 0, 0, 0, 0, 2))
    assert strip
    assert strip.words == (
        "Errors as fractions of the bound: 4 exact, 1 up to 0.01, 2 beyond the bound"
    )
    assert strip.within.count("z") == 2
    assert strip.beyond.count("z") == 1
    assert [(of.label, of.count, of.beyond) for of in strip.bins][-2:] == [
        ("\N{LESS-THAN OR EQUAL TO}\N{NO-BREAK SPACE}1", 0, False),
        ("beyond", 2, True),
    ]
    exact = strip_of((5, *[0] * 8))
    assert exact
    assert exact.exact == 5
    assert strip_of(()) is None
    assert strip_of((0,) * 9) is None
    assert together([(), (1, 2), (3, 4)]) == (4, 6)
    assert together([(), ()]) == ()


def test_the_errors_of_a_clause_are_drawn(tmp_path: Path) -> None:
    ratios = (1, 0, 0, 0, 0, 2, 0, 1, 0)
    found = results(tmp_path, [replace(outcome(), ratios=ratios)])
    outcomes = section(pages(found)["clause-CORR-1"], "outcomes")
    label = "Errors as fractions of the bound: 1 exact, 2 up to 0.1, 1 up to 1"
    assert f'role="img" aria-label="{label}"' in outcomes
    assert rows(outcomes)[1] == ["1", "0", "0", "0", "0", "2", "0", "1", "0"]
    exact = results(tmp_path, [replace(outcome(), ratios=(7, *[0] * 8))])
    outcomes = section(pages(exact)["clause-CORR-1"], "outcomes")
    assert "All 7 errors that were measured are zero" in seen(outcomes)


def test_times_read_well() -> None:
    times = [time_of(s) for s in (0, 1e-5, 0.0123, 0.9996, 4.5, 59.9, 60, 200, 7300)]
    assert times == ["0 ms", "under 1 ms", "12 ms", "1 s", "4.5 s", "59.9 s", "1 min 0 s",
                     "3 min 20 s", "121 min 40 s"]  # fmt: skip


def test_time_is_summed_by_chapter() -> None:
    spent = timing(
        [replace(outcome(), calling=0.1), outcome(clause="CORR-2"), outcome(clause="POOL-1")],
        {clause.id: clause for clause in CLAUSES},
    )
    assert [(of.chapter, of.seconds, of.answering) for of in spent] == [
        ("Cross-correlation", 0.5, 0.1),
        ("Pooling", 0.25, 0.0),
    ]
    assert [(of.bar, of.answering_bar) for of in spent] == [(100, 20), (50, 0)]


def test_claims_stand_beside_what_came_of_them() -> None:
    clauses = (
        replace(CLAUSES[0], reference="reference.pooling.max_pool"),
        replace(CLAUSES[1], reference="reference.pooling.max_pool_gradient"),
        CLAUSES[2],
    )
    claims = {"dtypes": "float32", "max_pool": "own", "gradients of max_pool": "not offered",
              "spatial axes": "1, 2"}  # fmt: skip
    outcomes = (
        outcome("fail"),
        outcome("unsupported", clause="CORR-2"),
        outcome("pass", "float64", clause="POOL-1"),
    )
    found = Results(RUN, clauses, (replace(backend(), claims=claims),), outcomes, None)
    assert rows(section(pages(found)["backend-acme"], "claims"))[1:] == [
        ["float32", "claimed", "1 fail 1 unsupported", ""],
        ["float64", "not claimed", "1 pass", ""],
        ["max_pool", "own", "1 fail", "CORR-1"],
        ["gradients of max_pool", "not offered", "1 unsupported", "CORR-2"],
        ["spatial axes", "1, 2", "no check of its own", ""],
    ]


def test_failures_with_one_explanation_stand_together() -> None:
    unexplained = replace(CASE, diagnosis="no known mistake explains this")
    found = disagreements(
        [
            outcome("pass"),
            outcome("fail", "float64", reason="value 3", case=unexplained),
            outcome("fail", "float32", reason="value 4", case=unexplained),
            *(outcome("fail", str(at), case=CASE) for at in range(3)),
            outcome("crash", "a", reason="died (the call is kept in x/1.call)"),
            outcome("crash", "b", reason="died (the call is kept in x/2.call)"),
            outcome("error", reason="what it says\nand more"),
        ]
    )
    assert [(of.outcome, of.words, of.is_diagnosis, len(of.failures)) for of in found] == [
        ("fail", "The bias is left out.", True, 3),
        ("fail", "no known mistake explains these", False, 2),
        ("crash", "died", False, 2),
        ("error", "what it says", False, 1),
    ]
    assert disagreements([outcome("fail", reason="value 3")])[0].words == "value 3"


def test_the_summary_names_what_disagrees(tmp_path: Path) -> None:
    failing = [outcome("fail", dtype, case=CASE) for dtype in ("float32", "float64")]
    found = pages(results(tmp_path, failing))
    said = seen(section(found["index"], "disagree"))
    assert "acme 2 failures fail The bias is left out. CORR-1 and 1 other" in said
    assert "What disagrees" not in pages(results(tmp_path, [outcome()]))["index"]


@pytest.mark.parametrize(
    "name",
    ["", "reference", "reference.correlation", "reference.correlation.nothing", "os.path.join",
     "reference.tests.test_correlation.x", "reference..x.y", "reference.correlation.np",
     "reference.correlation.__doc__", "reference.nothing.x", "<script>"],
)  # fmt: skip
def test_only_the_reference_shows_its_source(name: str) -> None:
    assert source_of(name) is None


def test_the_source_of_the_reference_is_shown_once(tmp_path: Path) -> None:
    found = source_of("reference.correlation.cross_correlate")
    assert found
    assert found.code.startswith("def cross_correlate(")
    clauses = tuple(
        Clause(
            f"C-{at}",
            "C",
            "It holds.",
            "x",
            "y_{i, j} = x_i < 1",
            "reference.correlation.cross_correlate",
        )
        for at in range(2)
    )
    shown_on = pages(Results(RUN, clauses, (), (), None))
    assert "def cross_correlate(" in shown_on["clause-C-0"]
    assert "def cross_correlate(" not in shown_on["clause-C-1"]
    assert 'href="clause-C-0.html#clause-C-0.source"' in shown_on["clause-C-1"]
    assert (
        '<p class="formula">y<sub>i, j</sub> = x<sub>i</sub> &lt; 1</p>' in shown_on["clause-C-0"]
    )
