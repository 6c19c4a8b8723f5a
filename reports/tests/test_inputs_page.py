"""The page of what was asked: every number once, nothing acting, and readable by everyone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.pages.bars import charted, in_bins, percent
from reports.pages.inputs import Asked, inputs_of
from reports.pages.site import render, site
from reports.records import INPUTS, SIZES, Backend, Clause, Outcome
from reports.results import Results
from reports.tests.conftest import open_file
from reports.tests.samples import CLAUSES, RUN, backend, outcome

HOSTILE = (
    "<script>document.title = 'acted'</script>",
    "\"><img src=https://example.org/x onerror=alert(1)><a href='javascript:alert(2)'>",
    "' onmouseover='alert(3)' style='position:fixed",
    "</table></main></style></title><!-- ]]>{{ 7 * 7 }}{% raw %}&lt;b&gt;",
    "two\r\nlines\tand \u202eturned\u2066 text\x00\x1b[31m\x85",
    "a_word_that_never_ends_" * 40,
    "items",
    "",
)
VIEWS = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]


def tally(**counts: int) -> tuple[int, ...]:
    """A tally of sizes, as `_3=2` for two of them that are 3, and `more=1` for a larger one."""
    named = {f"_{end}": count for end, count in zip(SIZES, [0] * len(SIZES), strict=True)}
    return tuple((named | {"more": 0} | counts).values())


def asked(
    *, clause: str = "CORR-1", on: str = "acme", dtype: str = "float32", **fields: Any
) -> Outcome:
    return replace(outcome(clause=clause, backend=on, dtype=dtype), **fields)


def results(*outcomes: Outcome, backends: tuple[Backend, ...] = ()) -> Results:
    named = tuple(backend(name) for name in dict.fromkeys(o.backend for o in outcomes))
    return Results(RUN, tuple(CLAUSES), backends or named, outcomes, None)


def seen(fragment: str) -> str:
    """What is read of a fragment, in one line."""
    return " ".join(re.sub("<[^>]*>", " ", fragment).split())


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


SOME = results(
    asked(
        examples=6,
        declined=3,
        invalid=1,
        refusals={"no dilation": 2},
        inputs={"axes": tally(_1=2, _2=7), "stride": tally(_1=12, _3=4)},
    ),
    asked(dtype="float64", examples=10, inputs={"axes": tally(_2=3), "stride": tally(_8=4)}),
    asked(on="other", examples=5, declined=5, refusals={"no dilation": 1, "no groups": 4}),
    asked(clause="POOL-1", examples=4, inputs={"axes": tally(_0=1), "batch": tally(more=1)}),
)


def test_bars_are_as_long_as_their_counts() -> None:
    chart = charted("Stride", [("1", 50), ("2", 0), ("3", 25), ("4", 1)])
    assert [bar.share for bar in chart.bars] == ["66\xa0%", "0\xa0%", "33\xa0%", "1\xa0%"]
    assert chart.path == "M0 1h100v8H0M0 21h50v8H0M0 31h2v8H0"
    assert chart.height == 40


def test_a_chart_of_nothing_is_empty() -> None:
    assert charted("Stride", []).path == ""
    assert charted("Stride", [("1", 0)]).path == ""


def test_counts_without_end_stay_short() -> None:
    bars = charted("Stride", [("1", 123_456), ("2", 2**63)]).bars
    assert [bar.number for bar in bars] == ["123,456", "9.22e+18"]


def test_what_is_seldom_has_a_bar() -> None:
    assert charted("Stride", [("1", 10**9), ("2", 1)]).path.endswith("M0 11h0.6v8H0")


def test_bins_are_labelled_and_empty_ones_at_the_ends_left_out() -> None:
    assert in_bins(SIZES, tally(_1=5, _8=7)) == [
        ("1", 5), ("2", 0), ("3", 0), ("4", 0), ("5\N{EN DASH}8", 7)
    ]  # fmt: skip
    assert in_bins(SIZES, tally(more=1)) == [("over 64", 1)]
    assert in_bins(SIZES, tally()) == []


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 0, "0"), (0, 9, "0"), (1, 1000, "under 1"), (1, 100, "1"), (2, 3, "67"),
        (99, 100, "99"), (999, 1000, "over 99"), (9, 9, "100"),
    ],
)  # fmt: skip
def test_shares_in_words(part: int, whole: int, words: str) -> None:
    assert percent(part, whole) == f"{words}\xa0%"


def test_what_became_of_the_examples() -> None:
    inputs = inputs_of(SOME)
    assert inputs.whole.asked == Asked(25, 8, 1)
    assert [(backend.name, asked) for backend, asked in inputs.backends] == [
        ("acme", Asked(20, 3, 1)),
        ("other", Asked(5, 5, 0)),
    ]
    assert [(part.title, part.asked.drawn) for part in inputs.chapters] == [
        ("Cross-correlation", 30),
        ("Pooling", 4),
    ]


def test_a_bar_of_parts_fills_its_width() -> None:
    assert Asked(3, 1, 0).bar == (("answered", "0", "75"), ("declined", "75", "25"))
    assert Asked().bar == ()


def test_tallies_of_one_name_are_added_and_never_those_of_two() -> None:
    inputs = inputs_of(SOME)
    assert inputs.calls == 13
    charts = {chart.title: [(bar.label, bar.count) for bar in chart.bars] for chart in
              inputs.whole.charts}  # fmt: skip
    assert charts == {
        "Spatial axes": [("0", 1), ("1", 2), ("2", 10)],
        "Batch": [("over 64", 1)],
        "Stride": [("1", 12), ("2", 0), ("3", 4), ("4", 0), ("5\N{EN DASH}8", 4)],
        "Dtype": [("float64", 10), ("float32", 23)],
    }
    assert inputs.telling == (
        "100\xa0% of the batches hold more than one image",
        "40\xa0% of the strides are above 1",
    )


def test_every_input_has_its_chart() -> None:
    one = results(asked(inputs={name: tally(_1=1) for name in reversed(INPUTS)}))
    assert len(inputs_of(one).whole.charts) == len(INPUTS) + 1


def test_an_unknown_input_is_left_out() -> None:
    one = results(asked(inputs={"colour": tally(_1=1)}))
    assert [chart.title for chart in inputs_of(one).whole.charts] == ["Dtype"]


def test_reasons_are_counted_over_backends() -> None:
    inputs = inputs_of(SOME)
    assert [(each.reason, each.times, each.backends) for each in inputs.reasons] == [
        ("no groups", 4, ("other",)),
        ("no dilation", 3, ("acme", "other")),
    ]
    assert (inputs.further, inputs.unexplained) == (0, 1)


def test_reasons_without_end_are_cut_and_counted() -> None:
    many = asked(declined=100, refusals={f"reason {number:03}": 1 for number in range(100)})
    inputs = inputs_of(results(many))
    assert (len(inputs.reasons), inputs.further, inputs.unexplained) == (40, 60, 0)
    assert "60 examples more were declined" in page(results(many))


def page(of: Results) -> str:
    return site(of)["inputs.html"].decode()


def test_results_without_tallies_say_so() -> None:
    html = seen(page(results(asked())))
    assert "These results do not hold what the calls were, only how many." in html
    assert "What stands out" not in html
    assert "10 examples: 10 answered (100 %)" in html


def test_chapters_without_tallies_are_named() -> None:
    html = seen(page(results(*SOME.outcomes, asked(clause="CORR-2"))))
    assert "Left out are chapters" not in html
    only = results(SOME.outcomes[-1], asked(clause="CORR-1"))
    assert "hold what the calls were: Cross-correlation." in seen(page(only))


def test_results_without_an_example_say_so() -> None:
    nothing = results(asked(examples=0))
    assert "Nothing was asked in these results." in page(nothing)
    assert "Nothing was asked in these results." in page(results(backends=(backend(),)))


def test_a_backend_that_did_not_run_says_so() -> None:
    absent = results(SOME.outcomes[0], backends=(backend(), backend("absent", "no such device")))
    row = next(row for row in page(absent).split("<tr>") if ">absent<" in row)
    assert seen(row).startswith("absent did not run")


def wide() -> Results:
    """Results of fifty backends and two hundred clauses, with every bin in use."""
    clauses = tuple(Clause(f"C{at // 15}-{at}", f"Chapter {at // 15}", "", "") for at in range(200))
    full = {name: (10**6,) * (len(SIZES) + 1) for name in INPUTS}
    names = [f"backend-{at}" for at in range(50)]
    outcomes = tuple(
        asked(clause=clause.id, on=name, declined=3, refusals={f"{name} cannot": 3}, inputs=full)
        for clause in clauses
        for name in names
    )
    return Results(RUN, clauses, tuple(map(backend, names)), outcomes, None)


def test_large_results_make_a_small_page() -> None:
    assert len(page(wide()).encode()) < 300_000


def hostile() -> Results:
    clauses = tuple(Clause(text, text, text, text) for text in HOSTILE)
    outcomes = tuple(
        asked(
            clause=text, on=name, dtype=text, declined=2**62, examples=2**62,
            refusals={text: 2**61}, inputs={"axes": tally(_1=2**62), text: tally(_1=1)},
        )
        for text in HOSTILE
        for name in HOSTILE
    )  # fmt: skip
    return Results(RUN, clauses, tuple(backend(name) for name in HOSTILE), outcomes, None)


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("of", [SOME, hostile()], ids=["plain", "hostile"])
def test_everyone_can_read_it(
    tab: Any, tmp_path: Path, of: Results, width: int, scheme: str
) -> None:
    for name, content in site(of).items():
        (tmp_path / name).write_bytes(content)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    open_file(tab, tmp_path / "inputs.html")
    open_all(tab)
    assert tab.title().startswith("What was asked")
    check_fits(tab)
    check_accessible(tab)


def test_it_is_a_part_of_the_single_page(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(SOME), "utf-8")
    open_file(tab, tmp_path / "report.html", "inputs")
    tab.get_by_role("heading", name="What was asked").wait_for()
    assert tab.get_by_role("table", name="Stride").is_visible()
    tab.get_by_text("Pooling 4 examples").click()
    assert tab.get_by_text("4 examples: 4 answered").is_visible()
