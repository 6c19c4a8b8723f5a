"""Facts and grades on the pages: all of them, each at its place, with what was promised."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from reports.records import Clause, Outcome
from reports.results import Results
from reports.tests.pages import pages, rows, section, seen
from reports.tests.samples import RUN, backend, outcome

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


def test_every_fact_has_its_cell() -> None:
    found = pages(
        measured(
            probe(BITS),
            probe({"input width": "8 bits"}, "b", dtype="bfloat16"),
            probe({"sums": "wide"}, "b", dtype="float64"),
        )
    )
    facts = section(found["clause-PROBE-1"], "facts")
    assert rows(facts) == [
        ["Fact", "a", "b"],
        ["f32", "f64", "bf16"],
        ["input width", "24 bits", "", "8 bits"],
        ["filter width", "11 bits", "", ""],
        ["sums", "", "wide", ""],
    ]
    assert '<th scope="colgroup" colspan="2"><span><bdi>b</bdi>' in facts
    assert rows(section(found["backend-b"], "probes")) == [
        ["Fact", "b"],
        ["f64", "bf16"],
        ["sums", "wide", ""],
        ["input width", "", "8 bits"],
    ]
    assert "What was measured" not in found["clause-CORR-1"]


def test_what_is_no_pass_is_said_beside_its_facts() -> None:
    found = pages(
        measured(
            probe(BITS, verdict="fail"),
            probe(None, "b", verdict="crash"),
            probe(BITS, "b", dtype="float64"),
        )
    )
    facts = section(found["clause-PROBE-1"], "facts")
    assert rows(facts)[2] == ["outcome", "fail", "pass"]
    assert 'href="failure-PROBE-1-a-float32.html"' in facts
    assert "Nothing was measured on b (in float32)." in seen(facts)
    facts = section(found["failure-PROBE-1-a-float32"], "facts")
    assert "input width 24 bits filter width 11 bits" in seen(facts)


def test_what_has_no_fact_is_named() -> None:
    declined = probe(None, "b", verdict="unsupported", dtype="bfloat16")
    given = measured(probe(BITS, "b"), declined, backends="abc")
    given = replace(given, backends=(*given.backends[:2], backend("c", "lost")))
    facts = section(pages(given)["clause-PROBE-1"], "facts")
    assert "Nothing was measured on a ; b (in bfloat16); c ." in seen(facts)
    assert "unsupported" not in facts


def test_a_backend_shows_the_facts_of_all_probes() -> None:
    given = measured(probe(BITS), replace(probe({"sums": "wide"}), clause="PROBE-2"))
    given = replace(given, clauses=(*given.clauses, replace(PROBE, id="PROBE-2")))
    assert rows(section(pages(given)["backend-a"], "probes"))[2:] == [
        ["PROBE-1 Inputs count with all bits."],
        ["input width", "24 bits"],
        ["filter width", "11 bits"],
        ["PROBE-2 Inputs count with all bits."],
        ["sums", "wide"],
    ]


def test_a_run_without_facts_has_no_tables_of_them() -> None:
    page = pages(measured(outcome(backend="a")))["backend-a"]
    assert 'id="backend-a.probes"' not in page
    assert 'id="backend-a.grades"' not in page


def test_the_grades_stand_beside_what_was_promised() -> None:
    given = measured(
        grade({"grade": "A+"}, dtype="float64"),
        grade({"grade": "B"}),
        grade({"grade": "C(11)"}, "b", verdict="fail"),
        grade({}, "b", verdict="unsupported", dtype="float64"),
        backends="abc",
    )
    a, b, c = given.backends
    given = replace(
        given,
        backends=(
            replace(a, promises={"float32": "B", "float64": "A+"}),
            replace(b, promises={"float32": "A"}),
            replace(c, promises={"float32": "C(11)"}),
        ),
    )
    found = pages(given)
    grades = {name: section(found[f"backend-{name}"], "grades") for name in "ab"}
    clause = "GRADE-1 Results are accurate."
    assert rows(grades["a"]) == [["Clause", "f64", "f32"], [clause, "A+", "B promises B"]]
    assert rows(grades["b"])[1] == [clause, "unsupported", "C(11) fail"]
    assert 'href="failure-GRADE-1-b-float32.html"' in grades["b"]
    assert 'id="backend-c.grades"' not in found["backend-c"]
    assert "float32 C(11)" in seen(section(found["backend-c"], "environment"))
    heads = [row for row in rows(found["index"]) if row[0].startswith("Version")]
    assert heads == [
        ["Version, device, grades by dtype", "1.2 f64 A+ f32 B", "1.2 f32 C(11)", "1.2 f32"]
    ]
    assert all(f"<dt><b>{name}</b></dt>" in found["meanings"] for name in ("A+", "A", "B", "F"))


def test_a_grade_says_where_it_was_met() -> None:
    facts = {"grade": "A+n", "A+w": "2 of 3 regimes: small", "A+n": "1 of 3 regimes: large"}
    page = pages(measured(grade(facts, dtype="float16")))["backend-a"]
    assert "float16 A+w : 2 of 3 regimes: small A+n : 1 of 3" in seen(section(page, "grades"))


def test_only_f_looks_wrong() -> None:
    for text in ("A+", "A", "Bw", "C(8)", "unknown", "Fn", "F"):
        card = section(pages(measured(grade({"grade": text})))["backend-a"], "grades")
        assert ('class="grade fail"' in card) == text.startswith("F")


@pytest.mark.parametrize(
    "order",
    list(permutations(["F", "B", "A+w"])),
)
def test_the_best_grade_is_read_first(order: tuple[str, ...]) -> None:
    facts = dict.fromkeys(order, "1 of 3 regimes") | {"seed": "1", "grade": "F"}
    facts |= {"C(8)": "", "C(11)": ""}
    table = rows(section(pages(measured(grade(facts)))["clause-GRADE-1"], "facts"))
    names = [row[0] for row in table[2:]]
    assert names == ["grade", "A+w", "B", "C(11)", "C(8)", "F", "seed"]
