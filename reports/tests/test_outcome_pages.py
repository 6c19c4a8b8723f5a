"""What each outcome comes to on the pages: none folded into another, each with its reasons."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reports.pages.index import summary
from reports.records import OUTCOMES, Array, Case
from reports.tests.pages import (
    Parsed,
    pages,
    rows,
    section,
    seen,
)
from reports.tests.samples import (
    CASE,
    CLAUSES,
    backend,
    outcome,
    results,
)
from reports.words import FAILURES, MEANINGS, SYMBOLS

CSS = (Path(__file__).parents[1] / "static" / "style.css").read_text("utf-8")


def cell(page: str, clause: str, column: int) -> str:
    """The cell of a clause in a column of the matrix."""
    row = page[page.index(f'">{clause}</a><span class="sentence">') :]
    cells = re.findall(r"<td[^>]*>.*?</td>", row[: row.index("</tr>")], re.DOTALL)
    return str(cells[column])


def checks(page: str) -> list[list[str]]:
    """The rows of the outcomes of a clause, without their backends."""
    return [row for row in rows(section(page, "outcomes"))[1:] if len(row) > 1]


def test_each_outcome_has_its_own_word_symbol_class_and_meaning(tmp_path: Path) -> None:
    assert set(SYMBOLS) == set(MEANINGS) == set(OUTCOMES)
    assert len(set(SYMBOLS.values())) == len(OUTCOMES)
    found = pages(results(tmp_path))
    for at, verdict in enumerate(OUTCOMES):
        slug = verdict.replace(" ", "-")
        assert f'.{slug} {{ --symbol: "{SYMBOLS[verdict]}"; }}' in CSS
        assert f"1 {verdict}" in seen(cell(found["index"], CLAUSES[at % 3].id, 0))
        badge = f'<b class="{slug}">{verdict}</b>'
        assert badge in section(found[f"clause-{CLAUSES[at % 3].id}"], "outcomes")
    for verdict in ("unsupported", "known", "not run"):
        assert "It is no pass." in MEANINGS[verdict]
    for meaning in MEANINGS.values():
        assert meaning[1:] in seen(found["meanings"])


def test_a_cell_folds_no_outcome_into_another(tmp_path: Path) -> None:
    outcomes = [
        outcome("pass", "float64", examples=100, worst=0.318),
        outcome("pass", "float32", examples=20, declined=3, worst=0.1),
        outcome("fail", "float16", examples=7, worst=1.0001),
        outcome("unsupported", "bfloat16", examples=0),
    ]
    found = pages(results(tmp_path, outcomes))
    assert seen(cell(found["index"], "CORR-1", 0)) == "1 fail f16 2 pass f64 f32 1 unsupported bf16"
    assert checks(found["clause-CORR-1"]) == [
        ["float64", "pass", "100", "250 ms", "0.31", "none measured", "0", ""],
        ["float32", "pass", "20", "250 ms", "0.10", "none measured", "3", ""],
        ["float16", "fail", "7", "250 ms", "1.01", "none measured", "0", "What went wrong"],
        ["bfloat16", "unsupported", "0", "250 ms", "", "none measured", "0", ""],
    ]


def test_a_pass_that_rests_on_no_example_is_seen(tmp_path: Path) -> None:
    page = pages(results(tmp_path, [outcome(examples=0)]))["index"]
    assert seen(cell(page, "CORR-1", 0)) == "1 pass on 0 examples"


@pytest.mark.parametrize(
    ("verdict", "examples", "worst", "said"),
    [
        ("fail", 1, 0.0, "1 example, worst 0.00 of bound"),
        ("fail", 1, 1.0000001, "1 example, worst 1.01 of bound"),
        ("fail", 1234, 54321.0, "1,234 examples, worst 5.43e+04 of bound"),
        ("fail", 1, float("inf"), "1 example, worst beyond any bound"),
        ("crash", 0, None, "0 examples"),
    ],
)
def test_what_was_measured_of_a_failure_is_said(
    verdict: str, examples: int, worst: float | None, said: str, tmp_path: Path
) -> None:
    found = pages(results(tmp_path, [outcome(verdict, examples=examples, worst=worst)]))
    assert f"{verdict} {said}" in seen(found["failure-CORR-1-acme-float32"])


@pytest.mark.parametrize(
    ("worst", "said"),
    [
        (None, ""),
        (0.0, "exact"),
        (1e-9, "under 0.01"),
        (0.9999, "0.99"),
        (1.0, "1.00"),
    ],
)
def test_an_error_within_its_bound_looks_it(worst: float | None, said: str, tmp_path: Path) -> None:
    found = pages(results(tmp_path, [outcome(examples=1, worst=worst)]))
    assert checks(found["clause-CORR-1"]) == [
        ["float32", "pass", "1", "250 ms", said, "none measured"]
    ]


def test_what_has_no_result_is_no_pass(tmp_path: Path) -> None:
    found = pages(results(tmp_path, [outcome()]))
    assert seen(cell(found["index"], "CORR-2", 0)) == "no result"
    assert seen(cell(found["index"], "CORR-2", 1)) == "not run"
    assert "did not run: no such device" in seen(found["index"])
    assert "absent 1.2 did not run: no such device" in seen(found["clause-CORR-2"])
    assert "It did not run: no such device. That is no pass" in seen(found["backend-absent"])


def test_a_failure_is_linked_and_explains_itself(tmp_path: Path) -> None:
    failing = [
        outcome(verdict, dtype, clause=clause, reason=f"{verdict}\n  because <x>", case=CASE)
        for verdict, dtype, clause in zip(
            FAILURES, ("float32", "", "float64", "x"), ("POOL-1", *["CORR-1"] * 3), strict=True
        )
    ]
    found = pages(results(tmp_path, failing))
    assert 'href="failure-CORR-1-acme.html"' in found["clause-CORR-1"]
    assert 'href="failure-POOL-1-acme-float32.html"' in found["index"]
    assert 'href="failure-POOL-1-acme-float32.html">f32</a>' in found["backend-acme"]
    page = found["failure-POOL-1-acme-float32"]
    assert '<span class="badge fail">fail</span>' in page
    assert ">Fail</p>" in page
    assert ">  because &lt;x&gt;</pre>" in page
    assert "Padding is never the maximum." in page
    assert "<dt>stride</dt><dd>[1, 2]</dd>" in page
    assert "[0, 1, :, :] 6 7 8 9 10 11" in seen(page)
    assert '<td class="n8"><mark>-2</mark></td><td class="odd worst"><mark>inf</mark></td>' in page
    order = [name for name in found if name.startswith("failure-")]
    assert order == [
        "failure-CORR-1-acme", "failure-CORR-1-acme-float64", "failure-CORR-1-acme-x",
        "failure-POOL-1-acme-float32",
    ]  # fmt: skip


def test_the_diagnosis_stands_before_the_case(tmp_path: Path) -> None:
    page = pages(results(tmp_path, [outcome("fail", case=CASE)]))["failure-CORR-1-acme-float32"]
    assert '<p class="diagnosis main"><b>Diagnosis</b> The bias is left out.</p>' in page
    assert page.index('class="diagnosis') < page.index("The smallest case")
    bare = replace(CASE, diagnosis="", script="")
    page = pages(results(tmp_path, [outcome("fail", case=bare)]))["failure-CORR-1-acme-float32"]
    assert 'class="diagnosis' not in page
    assert "Copy the program" not in page


def test_the_program_is_there_word_for_word(tmp_path: Path) -> None:
    script = "# It was run.\n\nif 1 < 2:\n    print('&amp;')\n"
    failing = [outcome("fail", case=replace(CASE, script=script))]
    page = pages(results(tmp_path, failing))["failure-CORR-1-acme-float32"]
    assert "4 lines long" in seen(section(page, "script"))
    assert script in Parsed(page).text


def test_a_known_issue_has_its_case_and_link_beside_it(tmp_path: Path) -> None:
    known = [
        outcome("known", dtype, reason="see https://example.org/issues/7.", case=case)
        for dtype, case in (("float64", None), ("float32", CASE))
    ]
    found = pages(results(tmp_path, known))
    table = section(found["backend-acme"], "remarks")
    link = 'see <a href="https://example.org/issues/7" rel="noreferrer noopener">'
    assert f"{link}https://example.org/issues/7</a>." in table
    assert link in section(found["clause-CORR-1"], "outcomes")
    case = table[table.index("<details>") :]
    assert "<summary>The case of CORR-1, float32</summary>" in case
    assert case.count("<summary>The case") == 1
    for part in ("The bias is left out.", "<dt>stride</dt><dd>[1, 2]</dd>", "<mark>-2</mark>"):
        assert part in case
    assert "# This was run.\nimport numpy\n" in case


def test_large_and_empty_arrays_say_so(tmp_path: Path) -> None:
    arrays = {"x": Array("float32", (100, 90), None), "bias": Array("float32", (0,), ())}
    failing = [outcome("fail", case=Case({}, arrays))]
    page = pages(results(tmp_path, failing))["failure-CORR-1-acme-float32"]
    assert "x 100 \N{MULTIPLICATION SIGN} 90 float32 too large to show: 9,000 values" in seen(page)
    assert "empty: it has no values" in page


def test_remarks_are_listed_by_their_reason(tmp_path: Path) -> None:
    remarked = [
        outcome("unsupported", dtype, clause=clause, reason="no such operation")
        for clause in ("CORR-1", "POOL-1")
        for dtype in ("float32", "float64")
    ]
    remarked += [
        outcome("known", clause="CORR-2", reason="issue 7"),
        outcome("pass", "float64", clause="CORR-2", reason="derived"),
        outcome("pass", "float16", clause="CORR-2"),
    ]
    page = pages(results(tmp_path, remarked))["backend-acme"]
    assert rows(section(page, "remarks"))[1:] == [
        ["known", "issue 7", "CORR-2", "f32"],
        ["pass", "derived", "CORR-2", "f64"],
        ["unsupported", "no such operation", "CORR-1 , POOL-1", "f64 f32"],
    ]


def test_declined_calls_are_counted_by_their_reason(tmp_path: Path) -> None:
    one, other = outcome(declined=3), outcome(clause="CORR-2", declined=4)
    one = replace(one, refusals={"no groups": 2, "no stride": 1}, invalid=5)
    other = replace(other, refusals={"no groups": 4})
    found = pages(results(tmp_path, [one, other]))
    assert rows(section(found["backend-acme"], "declined"))[1:] == [
        ["no groups", "6", "CORR-1 , CORR-2"],
        ["no stride", "1", "CORR-1"],
    ]
    (row,) = checks(found["clause-CORR-1"])
    assert row[6:] == ["3", "5", "2 calls declined: no groups 1 call declined: no stride"]


def test_the_summary_says_what_holds_what_disagrees_and_what_did_not_run(tmp_path: Path) -> None:
    whole = results(tmp_path)
    assert summary(whole) == (
        "1 of 8 checks hold; acme disagrees with the specification in 4; "
        "1 known disagreement showed again; absent did not run: no such device."
    )
    assert seen(pages(whole)["index"]).count(summary(whole)) == 1
    calm = results(tmp_path, [outcome()])
    assert summary(calm).startswith("1 of 1 checks hold; nothing that ran disagrees with the spec")
    known = results(tmp_path, [outcome("known")])
    assert "nothing disagrees with the specification but 1 known disagreement" in summary(known)
    assert summary(results(tmp_path, [])) == "Absent did not run: no such device."
    many = replace(whole, backends=tuple(backend(str(at), "lost") for at in range(9)))
    assert summary(replace(many, outcomes=())) == "9 backends did not run."
    assert summary(replace(many, outcomes=(), backends=())) == "There is no outcome."


def test_an_unfinished_or_damaged_run_is_said_in_a_box(tmp_path: Path) -> None:
    whole = results(tmp_path)
    assert 'class="warning"' not in pages(whole)["index"]
    assert "This run did not finish." in pages(replace(whole, end=None))["index"]
    page = pages(replace(whole, damage=("line 7 was left out: <why>",)))["index"]
    assert "1 problem." in seen(page)
    assert "<li>line 7 was left out: &lt;why&gt;</li>" in page
