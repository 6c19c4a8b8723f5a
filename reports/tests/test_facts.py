"""The facts and the grades on the page: all of them, each at its place, with what was promised."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations

import pytest

from reports.page import render
from reports.records import Clause, Outcome
from reports.results import Results
from reports.tests.samples import RUN, backend, outcome
from reports.tests.test_page import Parsed, seen

PROBE = Clause("PROBE-1", "Probes", "Inputs count with all bits.", "Higham")
GRADE = Clause("GRADE-1", "Grades", "Results are accurate.", "Higham")
PLAIN = Clause("CORR-1", "Cross-correlation", "The filter is not flipped.", "the definition")
BITS = {"input width": "24 bits", "filter width": "11 bits"}


def measured(*outcomes: Outcome, backends: str = "ab") -> Results:
    described = tuple(backend(name) for name in backends)
    return Results(RUN, (PLAIN, PROBE, GRADE), described, outcomes, None)


def probe(facts: dict[str, str] | None = None, on: str = "a", **more: str) -> Outcome:
    verdict, dtype = more.get("verdict", "pass"), more.get("dtype", "float32")
    return outcome(verdict, dtype, clause="PROBE-1", backend=on, facts=facts)


def grade(facts: dict[str, str], on: str = "a", **more: str) -> Outcome:
    return replace(probe(facts, on, **more), clause="GRADE-1")


def section(page: str, name: str) -> str:
    part = page[page.index(f'<h2 id="{name}">') :]
    return part[: part.index("</section>")]


def rows(page: str, name: str) -> list[list[str]]:
    """The cells of a table as they are read."""
    part = section(page, name)
    table = part[part.index("<table") : part.index("</table>")]
    return [
        [seen(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in table.split("<tr")[1:]
    ]


def test_every_fact_has_its_cell() -> None:
    page = render(
        measured(
            probe(BITS),
            probe({"input width": "8 bits"}, "b", dtype="bfloat16"),
            probe({"sums": "wide"}, "b", dtype="float64"),
        )
    )
    assert rows(page, "facts") == [
        ["Fact", "a", "b"],
        ["f32", "f64", "bf16"],
        ["PROBE-1 Inputs count with all bits."],
        ["input width", "24 bits", "", "8 bits"],
        ["filter width", "11 bits", "", ""],
        ["sums", "", "wide", ""],
    ]
    assert '<th scope="colgroup" colspan="2"><span><bdi>b</bdi>' in page
    assert 'id="facts-1" colspan="4"' in page


def test_what_is_no_pass_is_said_beside_its_facts() -> None:
    page = render(
        measured(
            probe(BITS, verdict="fail"),
            probe({}, "b", verdict="crash"),
            grade({"grade": "A"}, "b"),
        )
    )
    table = rows(page, "facts")
    assert table[3] == ["outcome", "✗ fail", "† crash"]
    assert [row[0] for row in table].count("outcome") == 2
    assert table[7] == ["outcome", "no result", "✓ pass"]
    assert '<a href="#failure-1">' in section(page, "facts")


def test_what_has_no_fact_is_named() -> None:
    declined = probe(None, "b", verdict="unsupported", dtype="bfloat16")
    given = measured(probe(BITS, "b"), declined, backends="abc")
    page = render(replace(given, backends=(*given.backends[:2], backend("c", "lost"))))
    said = seen(section(page, "facts").partition("</table>")[2])
    assert said == "Nothing was measured on a ; b (in bfloat16); c ."
    assert "unsupported" not in section(page, "facts")


def test_a_run_without_facts_has_no_tables() -> None:
    page = render(measured(outcome(backend="a")))
    assert "No outcome on this page carries a measured fact." in section(page, "facts")
    assert 'id="grades"' not in page
    assert "grade-meanings" not in page
    assert Parsed(page).tags.count("table") == 1


def test_a_measured_clause_without_a_grade_makes_no_card() -> None:
    assert 'href="#grades"' not in render(measured(probe(BITS)))


def test_the_grades_stand_beside_what_was_promised() -> None:
    given = measured(
        grade({"grade": "A+"}, dtype="float64"),
        grade({"grade": "B"}),
        grade({"grade": "C(11)"}, "b", verdict="fail"),
        grade({}, "b", verdict="unsupported", dtype="float64"),
        backends="abcd",
    )
    a, b, c, d = given.backends
    given = replace(
        given,
        backends=(
            replace(a, promises={"float32": "B", "float64": "A+"}),
            replace(b, promises={"float32": "A"}),
            replace(c, promises={"float32": "C(11)"}),
            replace(d, not_run="lost"),
        ),
    )
    page = render(given)
    assert rows(page, "grades") == [
        ["Backend", "GRADE-1 Results are accurate."],
        ["f64", "f32"],
        ["a", "A+", "B promises B"],
        ["b", "\N{EN DASH} unsupported", "C(11) ✗ fail"],
        ["c", "no result", "no result promises C(11)"],
        ["d", "○ not run", "○ not run promises B"],
    ]
    card = section(page, "grades")
    assert '<a class="id" href="#facts-1">GRADE-1</a>' in card
    assert '<a href="#failure-1">' in card
    assert '<th scope="rowgroup" id="facts-1"' in page
    assert page.index('id="grades"') < page.index('id="matrix"')
    assert all(f"<dt><b>{name}</b></dt>" in page for name in ("A+", "A", "B", "C(b)", "F"))


def test_only_f_looks_wrong() -> None:
    for text in ("A+", "A", "Bw", "C(8)", "unknown", "Fn", "F"):
        card = section(render(measured(grade({"grade": text}))), "grades")
        assert ('class="grade fail"' in card) == text.startswith("F")


@pytest.mark.parametrize(
    "order",
    list(permutations(["F", "B", "A+w"])),
)
def test_the_best_grade_is_read_first(order: tuple[str, ...]) -> None:
    facts = dict.fromkeys(order, "1 of 3 regimes") | {"seed": "1", "grade": "F"}
    facts |= {"C(8)": "", "C(11)": ""}
    names = [row[0] for row in rows(render(measured(grade(facts))), "facts")[3:]]
    assert names == ["grade", "A+w", "B", "C(11)", "C(8)", "F", "seed"]
