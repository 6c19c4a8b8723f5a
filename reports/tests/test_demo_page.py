"""The page of the demo: its check of the browser, its other forms, and who can use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.pages.learned import CLAUSE, SERIES, learned
from reports.pages.site import site
from reports.results import Array as RecordedArray
from reports.results import Clause, Results, read
from reports.tests.conftest import open_file
from reports.tests.demos import Demo, number, write
from reports.tests.samples import RUN, backend, outcome, results, written

FITS = "document.documentElement.scrollWidth <= innerWidth"
COLOURS = """canvas => [...new Set(new Uint32Array(canvas.getContext("2d").getImageData(
    0, 0, canvas.width, canvas.height).data.buffer))]"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("site"))


@pytest.fixture
def demo(tab: Any, folder: Path) -> Demo:
    return Demo.open(tab, folder / "demo.html")


WRONG = {
    "the filter is flipped": ("padding[0][0];", "padding[0][0] + 0 * (line.reverse(), 1);"),
    "the stride is left out": ("row * stride[0]", "row"),
    "the dilation is left out": ("j * dilation[1]", "j"),
    "the padding is on the other side": ("- padding[1][0]", "- padding[1][1]"),
    "the groups are mixed": ("Math.floor(k / filtersPerGroup) * depth", "0"),
    "the flip is forgotten": ("sliding.flip ? turned(filter) : filter", "filter"),
    "the flip is by halves": ("[...row].reverse()", "[...row]"),
    "a channel is left out": ("terms.flat(2)", "terms[0].flat()"),
    "the sum is rounded to single precision": ("return total;", "return Math.fround(total);"),
    "the size is rounded up": ("Math.floor((room", "Math.ceil((room"),
    "what does not fit is let pass": ("reach > room", "false"),
    "padding is one": ("inside ?? 0", "inside ?? 1"),
    "sums are no numbers": ("let total = 0;", "let total = NaN;"),
}


def with_other_code(folder: Path, copy: Path, right: str, wrong: str) -> Path:
    """The page in another folder, with one mistake in the function that computes."""
    for name in ("demo.html", "style.css", *(path.name for path in folder.glob("*.js"))):
        (copy / name).write_bytes((folder / name).read_bytes())
    code = (copy / "correlate.js").read_text("utf-8")
    assert code.count(right) == 1
    (copy / "correlate.js").write_text(code.replace(right, wrong), "utf-8")
    return copy / "demo.html"


@pytest.mark.parametrize("mistake", WRONG)
def test_a_browser_that_computes_wrong_is_told_so(
    tab: Any, folder: Path, tmp_path: Path, mistake: str
) -> None:
    open_file(tab, with_other_code(folder, tmp_path, *WRONG[mistake]))
    alarm = tab.get_by_role("alert").filter(has_text="This browser computes wrong results")
    alarm.wait_for()
    assert "✗" in tab.locator('[data-part="verdict"]').text_content()
    assert tab.locator('[data-part="families"] .fail').count() >= 1


def test_a_browser_that_cannot_compute_is_told_so(
    chromium: Any, folder: Path, tmp_path: Path
) -> None:
    page = chromium.new_page()
    open_file(page, with_other_code(folder, tmp_path, "let total = 0;", "throw new Error();"))
    page.get_by_text("✗ Only 2 of 36 cases agree with the reference.").wait_for()
    page.close()


def test_a_browser_that_computes_right_is_told_so(demo: Demo) -> None:
    assert demo.text("verdict") == "✓ 36 of 36 cases agree with the reference."
    assert demo.part("alarm").is_hidden()
    assert demo.text("browser") == demo.tab.evaluate("navigator.userAgent")
    rows = demo.part("families").locator("tr").all_text_contents()
    assert "the flip✓ 2 of 2 agreeexact" in rows
    assert any("real numbers✓ 6 of 6 agree" in row and "of its bound" in row for row in rows)


@pytest.mark.parametrize("at", ["demo", ""])
def test_it_is_part_of_a_single_page(tab: Any, folder: Path, at: str) -> None:
    open_file(tab, folder / "single.html", at)
    if not at:
        tab.get_by_role("link", name="Demo").first.click()
    demo = Demo(tab)
    demo.part("stage").wait_for()
    assert demo.text("sum") == "= 597"
    assert len(demo.part("map").evaluate(COLOURS)) > 10
    assert demo.part("input").bounding_box()["width"] > 200
    demo.press("Play")
    tab.get_by_role("link", name="Summary").first.click()
    tab.get_by_role("link", name="Demo").first.click()
    demo.button("Play").wait_for()


def test_it_follows_a_change_to_dark(demo: Demo) -> None:
    canvas = demo.part("map").element_handle()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    demo.tab.emulate_media(color_scheme="dark")
    demo.tab.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[canvas, before]
    )


def test_without_scripts_one_step_is_shown(chromium: Any, folder: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    open_file(page, folder / "demo.html")
    shown = page.locator("noscript").inner_text()
    assert "The demo itself needs JavaScript" in shown
    assert "together 597" in shown
    products = [number(text) for text in page.locator(".worked td b").all_text_contents()]
    assert products == [-60, -36, 0, 254, 241, 198, 0, 0, 0]
    assert not page.locator('[data-part="app"]').is_visible()
    context.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), (390, "light"), (1280, "light"), (1280, "dark")]
)
def test_anyone_can_use_it(tab: Any, folder: Path, width: int, scheme: str) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    demo = Demo.open(tab, folder / "demo.html")
    check_access(tab)
    demo.choose("Draw")
    demo.choose("three channels: RGB")
    demo.slide("Kernel size", 7, 6)
    demo.slide("Padding before", 9, 3)
    demo.slide("Stride", 4, 3)
    demo.part("grids").locator("input").first.fill("none")
    demo.part("flip").check()
    demo.cells()
    check_access(tab)
    demo.slide("Dilation", 9, 9)
    assert tab.evaluate(FITS)


def check_access(tab: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    assert tab.evaluate(FITS)
    # Style sheets are not read once more: the policy of the page lets nothing read files.
    assert Axe().run(tab, options={"preload": False}).response["violations"] == []


def test_its_scripts_and_data_are_small(folder: Path) -> None:
    scripts = [*folder.glob("demo*.js"), folder / "correlate.js"]
    assert sum(path.stat().st_size for path in scripts) < 50_000
    assert (folder / "demo.html").stat().st_size < 50_000


def test_it_is_the_same_every_time(folder: Path, tmp_path: Path) -> None:
    assert site(results(tmp_path))["demo.html"] == (folder / "demo.html").read_bytes()


def trained(path: Path, values: Any, shape: tuple[int, ...] = (8, 1, 3, 3)) -> Results:
    """A run in which a backend trained filters, and has a name of its own kind."""
    name, series = "</script><b>acme", {SERIES: RecordedArray("float64", shape, values)}
    ran = replace(outcome(clause=CLAUSE, backend=name), series=series)
    clause = Clause(CLAUSE, "Training", "Filters emerge.", "its source")
    return read(written(path / "trained.jsonl", [RUN, clause, backend(name), ran]))


def test_learned_filters_are_those_of_the_run(tmp_path: Path) -> None:
    values = np.random.default_rng(3).normal(size=72)
    found = trained(tmp_path, tuple(values.tolist()))
    assert np.allclose(learned(found).filters, values.reshape(8, 3, 3), atol=0.005001)
    assert learned(found).source == "trained by </script><b>acme in this run, clause TRAIN-9"
    assert b"</script><b>acme" not in site(found)["demo.html"]


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (None, (8, 1, 3, 3)),
        ((0.5,) * 36, (4, 1, 3, 3)),
        (("nan",) * 72, (8, 1, 3, 3)),
        ((1e9,) * 72, (8, 1, 3, 3)),
    ],
)
def test_filters_of_another_kind_are_left_out(
    tmp_path: Path, values: Any, shape: tuple[int, ...]
) -> None:
    assert learned(trained(tmp_path, values, shape)).source.startswith("trained by the reference")


def test_without_a_training_the_filters_of_the_package_are_shown(tmp_path: Path) -> None:
    assert learned(results(tmp_path)).source.startswith("trained by the reference")
