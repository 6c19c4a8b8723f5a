"""How sharp the suite is, on the page: side by side with other suites, or not there at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reports import page
from reports.sharpness import Fault, Other, SharpnessError
from reports.tests.samples import results
from reports.tests.test_facts import rows, section
from reports.tests.test_page import HOSTILE, Parsed, hostile, seen
from reports.tests.test_sharpness import TABLE


def test_the_suites_stand_side_by_side(tmp_path: Path) -> None:
    html = page.render(results(tmp_path), TABLE)
    assert rows(html, "sharpness") == [
        ["Suite", "Faults caught", "Cases", "What they are"],
        [
            "convspec 0.1.0",
            "2 of 3 (66&nbsp;%)",
            "drawn anew",
            "2 clauses, each on examples that are drawn to tell faults apart",
        ],
        ["ACME 1", "1 of 3 (33&nbsp;%)", "6", "All cases, exactly."],
    ]
    totals = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", section(html, "sharpness")))
    assert list(totals.values()) == [
        "2 of 3 (66&nbsp;%)",
        "2 of 3 (66&nbsp;%)",
        "1 of 3 (33&nbsp;%)",
        "3.5",
        "64",
    ]
    assert '<a href="#sharpness">' in html


def test_every_fault_is_in_the_closed_table(tmp_path: Path) -> None:
    strays = replace(TABLE.faults[0], name="strays", catches={"CORR-1": 3})
    others = (*TABLE.others, Other("BLIND", "2", 1, "One case."))
    table = replace(TABLE, faults=(*TABLE.faults, strays), others=others)
    html = section(page.render(results(tmp_path), table), "sharpness")
    closed = html[html.index("<details>") : html.index("</details>")]
    assert [seen(row) for row in closed.split("<tr>")[2:]][:3] == [
        "flipped Flipped. f64 ✓ caught CORR-1&nbsp;(3) , CORR-2&nbsp;(2) a true convolution "
        "✓ caught ✗ missed",
        "slow Flipped. f64 ✓ caught CORR-2&nbsp;(5) a true convolution ✗ missed ✗ missed",
        "missed Flipped. f64 ✗ missed not CORR-2, as expected a true convolution ✗ missed ✗ missed",
    ]
    assert '<b class="id">CORR-2&nbsp;(2)</b>' in closed
    assert "not CORR-2, as expected; CORR-1&nbsp;(3)" in seen(closed)


def test_a_table_without_faults_is_shown(tmp_path: Path) -> None:
    html = seen(section(page.render(results(tmp_path), replace(TABLE, faults=())), "sharpness"))
    assert "tried on 0 faults" in html
    assert "0 of 0 " in html


def test_hostile_text_is_only_read(tmp_path: Path) -> None:
    tame = Parsed(page.render(replace(results(tmp_path), damage=("a problem",)), TABLE))
    faults = tuple(
        Fault(text, text, text, HOSTILE[0], {text: 1}, 1, text, text, (text,)) for text in HOSTILE
    )
    others = tuple(Other(text, text, 1, text) for text in HOSTILE)
    table = replace(TABLE, clauses=tuple(HOSTILE), others=others, faults=faults, suite=HOSTILE[0])
    parsed = Parsed(page.render(hostile(), table))
    assert set(parsed.tags) <= set(tame.tags)
    assert {(tag, name) for tag, name, _ in parsed.attributes} <= {
        (tag, name) for tag, name, _ in tame.attributes
    }


def test_the_page_that_is_written_holds_the_published_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = results(tmp_path)
    monkeypatch.setattr(page, "read", lambda: TABLE)
    page.write_page(whole, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == page.render(whole, TABLE)


def test_without_the_table_there_is_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise SharpnessError("there is none")

    whole = results(tmp_path)
    monkeypatch.setattr(page, "read", absent)
    page.write_page(whole, tmp_path / "page.html")
    assert "sharpness" not in Parsed((tmp_path / "page.html").read_text("utf-8")).text.lower()
    assert (tmp_path / "page.html").read_text("utf-8") == page.render(whole)
