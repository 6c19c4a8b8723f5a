"""The pages in a real browser: quiet, complete, quick, and usable by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.pages import render, site, write_site
from reports.pages.report import Report
from reports.pages.site import views
from reports.records import RATIOS, Clause, Outcome
from reports.results import Results
from reports.sharpness import read as read_table
from reports.tests.conftest import open_file
from reports.tests.pages import hostile, hostile_table
from reports.tests.samples import CASE, CLAUSES, RUN, backend, outcome, results
from reports.tests.test_failure_page import ONE
from reports.tests.test_sharpness import TABLE

AXE = pytest.importorskip("axe_playwright_python.sync_playwright")
TALLY = tuple(range(1, len(RATIOS) + 2))


def rich(tmp_path: Path) -> Results:
    """Results with something in every part of every page."""
    found = results(tmp_path)
    more = replace(
        outcome("fail", "float64", clause="POOL-1", reason="two\nlines", case=ONE),
        ratios=TALLY, refusals={"no groups": 2}, invalid=1, calling=0.1, worst=1.5,
    )  # fmt: skip
    graded = outcome("pass", "float32", clause="GRADE-1", facts={"grade": "A+"}, worst=0.5)
    probed = outcome("pass", "float32", clause="PROBE-1", facts={"width": "11 bits"})
    kept = [of for of in found.outcomes if of.key != more.key]
    return replace(
        found,
        clauses=(
            *(replace(clause, formula="y = x \N{N-ARY SUMMATION} w",
                      reference="reference.correlation.cross_correlate")
              for clause in found.clauses),
            Clause("GRADE-1", "Grades", "Results are accurate.", "Higham"),
            Clause("PROBE-1", "Probes", "Inputs count with all bits.", "Higham"),
        ),
        backends=(
            replace(found.backends[0], claims={"max_pool": "own"}, environment={"device": "cpu"}),
            *found.backends[1:],
        ),
        outcomes=(*kept, more, graded, probed),
        damage=("line 7 was left out",),
    )  # fmt: skip


@contextmanager
def watched(chromium: Any, **options: Any) -> Iterator[Any]:
    """A tab that must stay quiet, and open no window that asks something."""
    context = chromium.new_context(**options)
    page = context.new_page()
    trouble: list[str] = []

    def dismiss(dialog: Any) -> None:
        trouble.append(dialog.message)
        dialog.dismiss()

    page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", dismiss)
    yield page
    context.close()
    assert trouble == []


def written(tmp_path: Path, of: Results, table: Any = TABLE) -> Path:
    """A site, and its single page as all.html."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name, content in site(of, table).items():
        (folder / name).write_bytes(content)
    (folder / "all.html").write_bytes(render(of, table).encode())
    return folder


def addresses(of: Results) -> list[str]:
    report = Report(of, TABLE)
    return [report.addresses[view.thing] for view in views(report)]


def test_every_page_of_a_site_opens_quietly(tab: Any, tmp_path: Path) -> None:
    of = rich(tmp_path)
    folder = written(tmp_path, of)
    for name in addresses(of):
        open_file(tab, folder / f"{name}.html")
        assert tab.locator("h1").count() == 1
        assert tab.locator("h1").is_visible()
        assert tab.title().endswith(" \N{EN DASH} convspec")


def test_the_single_page_shows_one_view_at_a_time(tab: Any, tmp_path: Path) -> None:
    of = rich(tmp_path)
    folder = written(tmp_path, of)
    titles = set()
    open_file(tab, folder / "all.html")
    for name in addresses(of):
        tab.evaluate("name => { location.hash = name; }", name)
        tab.wait_for_function(
            "name => document.activeElement.closest('.view')?.id === name", arg=name
        )
        assert tab.locator("h1:visible").count() == 1
        assert tab.evaluate("document.activeElement.tagName") == "H1"
        titles.add(tab.title())
    assert len(titles) == len(addresses(of))


def test_places_are_found_and_the_way_back_works(tab: Any, tmp_path: Path) -> None:
    folder = written(tmp_path, rich(tmp_path))
    open_file(tab, folder / "all.html", "clause-POOL-1.acme")
    assert tab.locator(".view.shown").get_attribute("id") == "clause-POOL-1"
    assert tab.evaluate("document.activeElement.id") == "clause-POOL-1.acme"
    tab.click(".view.shown nav a >> text=Summary")
    tab.wait_for_selector("#index.shown")
    assert tab.locator("nav a[aria-current=page]:visible").inner_text() == "Summary"
    tab.go_back()
    tab.wait_for_selector("#clause-POOL-1.shown")
    tab.evaluate("location.hash = 'nothing-of-this-name'")
    tab.wait_for_selector("#index.shown")
    tab.evaluate("location.hash = '%E0%A4%A'")
    tab.wait_for_selector("#index.shown")


def test_a_place_in_closed_details_is_opened(tab: Any, tmp_path: Path) -> None:
    folder = written(tmp_path, rich(tmp_path))
    for page, at in (("all.html", "clause-CORR-2"), ("clause-CORR-2.html", "")):
        open_file(tab, folder / page, at)
        tab.click(".view.shown a:has(code)")
        tab.wait_for_selector("#clause-CORR-1 details[open] pre:visible")


@pytest.mark.parametrize("page", ["all.html", "index.html"])
def test_the_content_can_be_skipped_to(tab: Any, tmp_path: Path, page: str) -> None:
    open_file(tab, written(tmp_path, rich(tmp_path)) / page)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.tagName") == "H1"


def test_without_a_script_all_can_be_read(chromium: Any, tmp_path: Path) -> None:
    of = rich(tmp_path)
    folder = written(tmp_path, of)
    with watched(chromium, java_script_enabled=False) as page:
        open_file(page, folder / "all.html")
        assert page.locator("h1:visible").count() == len(addresses(of))
        assert not page.locator(
            "form.filters[data-for]:visible, button[data-copies]:visible"
        ).count()
        open_file(page, folder / "index.html")
        assert page.locator(".matrix a.id:visible").count() == len(of.clauses)


def shown(tab: Any) -> list[str]:
    return list(tab.locator(".matrix tr:visible a.id").all_inner_texts())


def many() -> Results:
    """40 clauses in 4 chapters, of which each seventh fails on the second of three backends."""
    clauses = tuple(
        replace(CLAUSES[0], id=f"C-{at}", chapter=f"Chapter {at // 10}", sentence=f"Word{at}.")
        for at in range(40)
    )
    outcomes = tuple(
        outcome(
            "fail" if of == "b" and not at % 7 else "known" if of == "c" and at == 3 else "pass",
            clause=f"C-{at}", backend=of, case=CASE if not at % 7 else None,
        )
        for at in range(40)
        for of in "abc"
    )  # fmt: skip
    return Results(RUN, clauses, tuple(map(backend, "abc")), outcomes, None)


@pytest.mark.parametrize("page", ["all.html", "index.html"])
def test_the_matrix_is_filtered_with_the_mouse(tab: Any, tmp_path: Path, page: str) -> None:
    folder = written(tmp_path, many())
    open_file(tab, folder / page)
    form = tab.locator("form.filters[data-for]")
    count = form.locator("[role=status]")
    assert shown(tab) == []
    assert count.inner_text() == "40 of 40 clauses, on 3 backends"
    tab.click(".matrix button:has-text('Chapter 1')")
    assert shown(tab) == [f"C-{at}" for at in range(10, 20)]
    form.get_by_label("Only disagreements").check()
    failing = [f"C-{at}" for at in range(0, 40, 7)]
    assert shown(tab) == failing
    assert count.inner_text() == "6 of 40 clauses, on 3 backends"
    form.get_by_label("Backend").select_option(label="a")
    assert shown(tab) == []
    assert tab.locator(".matrix thead th:visible").all_inner_texts() == ["Clause", "a"]
    assert count.inner_text() == "0 of 40 clauses, on a"
    form.get_by_label("Backend").select_option(label="b")
    form.get_by_label("Chapter").select_option(label="Chapter 2")
    assert shown(tab) == ["C-21", "C-28"]
    tab.reload()
    assert shown(tab) == ["C-21", "C-28"]
    assert form.get_by_label("Only disagreements").is_checked()
    form.get_by_text("Clear").click()
    tab.wait_for_function("!document.querySelector('form.filters').elements.only.checked")
    assert shown(tab) == []
    form.get_by_label("Outcome").select_option(label="known")
    assert shown(tab) == ["C-3"]
    form.get_by_label("Outcome").select_option(label="no result")
    assert shown(tab) == []


def test_the_matrix_is_filtered_with_the_keyboard(tab: Any, tmp_path: Path) -> None:
    open_file(tab, written(tmp_path, many()) / "index.html")
    names = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        name = tab.evaluate("document.activeElement.name || document.activeElement.className")
        names.append(name)
        if name == "only":
            tab.keyboard.press("Space")
        if name == "words":
            tab.keyboard.type("chapter 0 WORD7")
            break
    assert shown(tab) == ["C-7"]
    assert "on 3 backends" in tab.locator("form [role=status]").inner_text()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")  # clear
    tab.wait_for_function("!document.querySelector('form.filters').elements.words.value")
    for _ in range(9):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false":
            break
    tab.keyboard.press("Enter")
    assert shown(tab) == [f"C-{at}" for at in range(10)]


def test_a_cell_leads_to_its_backend_on_the_page_of_the_clause(tab: Any, tmp_path: Path) -> None:
    folder = written(tmp_path, many())
    for page in ("all.html", "index.html"):
        open_file(tab, folder / page)
        tab.click("text=Open every chapter")
        tab.locator(".matrix tr", has_text="C-14").locator("td a").nth(1).click()
        tab.wait_for_function("location.hash === '#clause-C-14.b'")
        assert tab.locator("h1:visible").inner_text() == "C-14"


def test_a_program_is_copied(chromium: Any, tmp_path: Path) -> None:
    folder = written(tmp_path, rich(tmp_path))
    for granted in (["clipboard-read", "clipboard-write"], []):
        with watched(chromium, permissions=granted) as page:
            open_file(page, folder / "failure-CORR-2-acme-float16.html")
            if not granted:
                page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
            page.click("text=Copy the program")
            page.wait_for_selector("[role=status]:has-text('Copied')")
            if granted:
                text = page.evaluate("navigator.clipboard.readText()")
                assert text.strip() == CASE.script.strip()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Any, tmp_path: Path, scheme: str) -> None:
    of = rich(tmp_path)
    folder = written(tmp_path, of)
    axe = AXE.Axe()
    with watched(chromium, color_scheme=scheme) as page:
        for name in ["all", *addresses(of)]:
            open_file(page, folder / f"{name}.html")
            if name == "index":
                page.click("text=Only disagreements")
            found = axe.run(
                page, options={"resultTypes": ["violations"], "preload": False}
            ).response["violations"]
            told = [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]
            assert told == [], name


def test_no_page_scrolls_sideways_on_a_phone(chromium: Any, tmp_path: Path) -> None:
    for at, of in enumerate((rich(tmp_path), hostile())):
        (tmp_path / str(at)).mkdir()
        folder = written(tmp_path / str(at), of, hostile_table() if at else TABLE)
        with watched(chromium, viewport={"width": 360, "height": 740}) as page:
            for file in sorted(folder.glob("*.html")):
                open_file(page, file)
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= 360, (file.name, width)


def test_nothing_hostile_acts(chromium: Any, tmp_path: Path) -> None:
    folder = written(tmp_path, hostile(), hostile_table())
    with watched(chromium) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for file in sorted(folder.glob("*.html")):
            open_file(page, file)
            page.mouse.move(300, 300)
            assert page.locator("[onmouseover], [onerror], [onclick]").count() == 0
        assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)


def test_the_single_page_of_one_backend_stays_small() -> None:
    clauses = tuple(
        replace(CLAUSES[0], id=f"C-{at}", chapter=f"Chapter {at // 10}", sentence="A sentence " * 9)
        for at in range(130)
    )
    outcomes = tuple(
        replace(outcome("pass", dtype, clause=clause.id, worst=0.5), ratios=TALLY)
        for clause in clauses
        for dtype in ("float64", "float32", "float16", "bfloat16")
    )
    page = render(Results(RUN, clauses, (backend(),), outcomes, None), read_table())
    assert len(page.encode()) < 1_000_000


def test_a_very_large_run_stays_light(tab: Any, tmp_path: Path) -> None:
    clauses = tuple(
        replace(CLAUSES[0], id=f"C-{at}", chapter=f"Chapter {at // 10}", sentence="A sentence " * 9)
        for at in range(130)
    )
    backends = tuple(backend(f"backend-{at}") for at in range(50))
    outcomes = tuple(
        Outcome(
            clause.id, of.name, dtype,
            {0: "fail", 1: "unsupported", 2: "known"}.get((7 * at + 13 * column) % 40, "pass"),
            100, 1, 0.5, 0.1, ratios=TALLY, case=ONE if not (7 * at + 13 * column) % 40 else None,
        )
        for at, clause in enumerate(clauses)
        for column, of in enumerate(backends)
        for dtype in ("float64", "float32")
    )  # fmt: skip
    assert len(outcomes) > 10_000
    of = Results(RUN, clauses, backends, outcomes, None)
    write_site(of, tmp_path)
    for file in tmp_path.glob("*.html"):
        assert file.stat().st_size < 300_000, file.name
    open_file(tab, tmp_path / "index.html")
    tab.get_by_label("Only disagreements").check()
    assert "of 130 clauses" in tab.locator("form.filters [role=status]").inner_text()
    assert shown(tab)
