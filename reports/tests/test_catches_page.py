"""The page of what the suite catches: what it misses is told like what it catches."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.pages.catches import catches_of
from reports.pages.site import render, site
from reports.records import Clause
from reports.results import Results
from reports.sharpness import Fault, Other, Sharpness
from reports.tests.conftest import open_file
from reports.tests.samples import RUN, backend, results
from reports.tests.test_inputs_page import (
    HOSTILE,
    VIEWS,
    check_accessible,
    check_fits,
    open_all,
    seen,
)
from reports.tests.test_sharpness import FLIPPED, MISSED, SLOW, TABLE

STRAY = replace(FLIPPED, name="strays", catches={"CORR-1": 3})
POOL = replace(
    SLOW,
    name="max_of_padding",
    sentence="Max of padding.",
    clause="LAYER-1",
    catches={"LAYER-1": 9},
    operation="gradients of max_pool",
)
MORE = replace(TABLE, clauses=(*TABLE.clauses, "LAYER-1"), faults=(*TABLE.faults, STRAY, POOL))


def page(tmp_path: Path, table: Sharpness | None) -> str:
    return site(results(tmp_path), table)["catches.html"].decode().replace("&nbsp;", "\xa0")


def faults(html: str) -> list[list[str]]:
    """The cells of the tables of faults as they are read."""
    found = html[html.index('<details class="faults">') :].split("<tr")[1:]
    rows = [re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found]
    return [[seen(cell) for cell in row] for row in rows if "What is wrong" not in row]


def many() -> Sharpness:
    """A table as large as one may become: half of it wrong cross-correlations, that six clauses
    catch each.
    """
    clauses = tuple(f"PART{at // 10}-{at}" for at in range(140))
    wrong = tuple(
        replace(
            FLIPPED,
            name=f"a_wrong_operation_of_the_number_{at}",
            sentence=f"A wrong operation of the number {at}.",
            clause=clauses[at % 140],
            catches={} if at % 9 == 0 else {clauses[(at + k) % 140]: k + 1 for k in range(6)},
            diagnosis="the kernel is flipped on its last axis; it shows in several groups",
        )
        for at in range(650)
    )
    learning = (
        replace(
            fault,
            operation=f"gradients of operation_{at % 20}",
            clause=clauses[100 + at % 20],
            catches={} if at % 9 == 0 else {clauses[100 + at % 20]: 3},
        )
        for at, fault in enumerate(wrong[325:])
    )
    others = (*TABLE.others, Other("BLIND", "2", 1, "One case."))
    return replace(TABLE, clauses=clauses, others=others, faults=(*wrong[:325], *learning))


def test_totals() -> None:
    assert [number for _, number in catches_of(MORE).totals] == [
        "4 of 5 (80\xa0%)", "3 of 5 (60\xa0%)", "2 of 5 (40\xa0%)", "5", "43",
    ]  # fmt: skip


def test_the_suites_meet_the_same_faults() -> None:
    assert [(suite.name, suite.share, suite.cases) for suite in catches_of(MORE).suites] == [
        ("convspec", "3 of 4 (75\xa0%)", "drawn anew"),
        ("ACME", "2 of 4 (50\xa0%)", "6"),
    ]


def test_chapters_have_their_names() -> None:
    clauses = (Clause("CORR-7", "Cross-correlation", "", ""), Clause("LAYER-9", "Layers", "", ""))
    assert catches_of(MORE, clauses).chapters == ("Cross-correlation", "Layers")
    assert catches_of(MORE).chapters == ("CORR", "LAYER")


def test_the_matrix_counts_each_fault_once_in_a_chapter() -> None:
    rows = [(row.title, row.faults, row.caught, row.chapters) for row in catches_of(MORE).matrix]
    assert rows == [
        ("cross-correlation", 4, 3, ((3, 3), (0, 0))),
        ("gradients of max pool", 1, 1, ((0, 0), (1, 4))),
    ]


def test_an_operation_is_divided_by_the_chapters_that_are_expected() -> None:
    table = replace(MORE, faults=(*TABLE.faults, replace(POOL, operation="cross_correlate")))
    assert [(group.title, len(group.rows)) for group in catches_of(table).groups] == [
        ("cross-correlation: CORR", 3),
        ("cross-correlation: LAYER", 1),
    ]


def test_how_soon_the_expected_clause_fails() -> None:
    bars = catches_of(MORE).speed.bars
    assert [(bar.label, bar.count) for bar in bars] == [
        ("2", 1), ("3\N{EN DASH}4", 0), ("5\N{EN DASH}8", 1), ("9\N{EN DASH}16", 1),
    ]  # fmt: skip


def test_kinds_are_counted() -> None:
    assert [(kind.words, kind.number) for kind in catches_of(MORE).kinds] == [
        ("missed by this suite", 1),
        ("missed by the expected clause", 2),
        ("without a diagnosis", 3),
        ("missed by ACME", 2),
    ]


def test_every_fault_is_in_the_closed_tables(tmp_path: Path) -> None:
    others = (*TABLE.others, Other("BLIND", "2", 1, "One case."))
    html = page(tmp_path, replace(MORE, others=others))
    assert "<details open" not in html
    assert faults(html) == [
        ["Flipped.", "✓ CORR-2 2", "CORR-1 3", "a true convolution",
         "✓ caught", "✗ missed"],
        ["slow Flipped.", "✓ CORR-2 5", "", "a true convolution", "✗ missed", "✗ missed"],
        ["missed Flipped.", "✗ missed by CORR-2", "none", "a true convolution", "✗ missed",
         "✗ missed"],
        ["strays Flipped.", "✗ missed by CORR-2", "CORR-1 3", "a true convolution", "✓ caught",
         "✗ missed"],
        ["Max of padding.", "✓ LAYER-1 9", "", "a true convolution"],
    ]  # fmt: skip


def test_only_clauses_of_the_results_are_linked(tmp_path: Path) -> None:
    html = page(tmp_path, MORE)
    assert '<a href="clause-CORR-2.html">CORR-2</a>' in html
    assert "clause-LAYER-1" not in html


def test_dtypes_are_named_unless_they_are_float64(tmp_path: Path) -> None:
    half = replace(FLIPPED, dtype="float16")
    assert faults(page(tmp_path, replace(TABLE, faults=(half,))))[0][0] == "Flipped. float16"


def test_what_is_missed_comes_first(tmp_path: Path) -> None:
    html = seen(page(tmp_path, replace(MORE, faults=(*MORE.faults, *_missed(40)))))
    assert "What the suite misses Flipped. Expected: CORR-2" in html
    assert "11 faults more that are missed" in html
    assert "None of these faults." in page(tmp_path, replace(TABLE, faults=(FLIPPED,)))


def _missed(number: int) -> tuple[Fault, ...]:
    return tuple(replace(MISSED, name=f"missed {at}") for at in range(number))


def test_a_table_without_faults_is_shown(tmp_path: Path) -> None:
    html = seen(page(tmp_path, replace(TABLE, faults=())))
    assert "tried on 0 faults" in html
    assert "0 of 0" in html


def test_without_the_table_the_page_says_so(tmp_path: Path) -> None:
    assert "was not measured" in page(tmp_path, None)


def test_a_large_table_makes_a_small_page(tmp_path: Path) -> None:
    clauses = tuple(Clause(name, name.partition("-")[0], "", "") for name in many().clauses)
    whole = replace(results(tmp_path), clauses=clauses, outcomes=())
    html = site(whole, many())["catches.html"].decode()
    assert len(html.encode()) < 300_000
    assert len(render(whole, many()).encode()) < 1_000_000


def opened(tab: Any, tmp_path: Path, of: Results, table: Sharpness | None) -> None:
    for name, content in site(of, table).items():
        (tmp_path / name).write_bytes(content)
    open_file(tab, tmp_path / "catches.html")


def shown(tab: Any) -> list[str]:
    """The names of the faults that can be seen, by their first words."""
    rows = tab.locator("details.faults tbody tr:visible th").all_text_contents()
    return [row.split()[0] for row in rows]


def test_faults_are_found_with_the_keyboard(tab: Any, tmp_path: Path) -> None:
    opened(tab, tmp_path, results(tmp_path), MORE)
    status = tab.get_by_role("status")
    assert status.text_content() == "5 of 5 faults"
    assert shown(tab) == []
    tab.get_by_label("Search").focus()
    tab.keyboard.type("MAX_of pad")
    assert shown(tab) == ["Max"]
    assert status.text_content() == "1 of 5 faults"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Control+a")
    tab.keyboard.press("Delete")
    assert shown(tab) == []
    tab.keyboard.press("Tab")
    tab.keyboard.type("missed by this")
    assert tab.get_by_label("Show").input_value() == "caught"
    assert shown(tab) == ["missed"]
    tab.get_by_label("Search").fill("no such fault")
    assert status.text_content() == "0 of 5 faults"


def test_faults_are_found_with_the_mouse(tab: Any, tmp_path: Path) -> None:
    opened(tab, tmp_path, results(tmp_path), MORE)
    tab.get_by_text("cross-correlation 3 of 4 faults caught").click()
    assert len(shown(tab)) == 4
    tab.get_by_label("Show").select_option("missed by ACME (2)")
    assert shown(tab) == ["slow", "missed"]
    tab.get_by_label("Show").select_option("all faults (5)")
    assert len(shown(tab)) == 4


def test_the_single_page_says_where_the_faults_are(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(results(tmp_path), MORE), "utf-8")
    open_file(tab, tmp_path / "report.html", "catches")
    assert "All 5 with their diagnoses are a part of the report as a folder" in tab.inner_text(
        "main"
    )
    assert not tab.locator("details.faults").count()


def test_without_a_script_there_is_no_dead_control(chromium: Any, tmp_path: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    opened(tab, tmp_path, results(tmp_path), MORE)
    assert not tab.locator("input").is_visible()
    tab.get_by_text("cross-correlation 3 of 4 faults caught").click()
    assert len(shown(tab)) == 4
    context.close()


def hostile() -> tuple[Results, Sharpness]:
    clauses = tuple(Clause(text, text, text, text) for text in HOSTILE)
    wrong = tuple(
        Fault(text, text, text, HOSTILE[0], {text: 1}, 1, text, text, (text,), text or "a")
        for text in HOSTILE
    )
    crossed = tuple(
        replace(fault, name=f"{fault.name}!", operation="cross_correlate", catches={})
        for fault in wrong
    )
    others = tuple(Other(text, text, 1, text) for text in HOSTILE)
    table = replace(TABLE, clauses=HOSTILE, others=others, faults=wrong + crossed, suite=HOSTILE[0])
    return Results(RUN, clauses, (backend(),), (), None), table


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("kind", ["plain", "hostile", "absent"])
def test_everyone_can_read_it(tab: Any, tmp_path: Path, kind: str, width: int, scheme: str) -> None:
    plain = results(tmp_path), MORE
    of, table = {"plain": plain, "hostile": hostile(), "absent": (plain[0], None)}[kind]
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    opened(tab, tmp_path, of, table)
    open_all(tab)
    assert tab.title().startswith("What the suite catches")
    check_fits(tab)
    check_accessible(tab)
