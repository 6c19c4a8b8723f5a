"""The page: all of the results, none folded into another, nothing of them acting."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.page import render, summary
from reports.records import FORMAT, OUTCOMES, Array, Backend, Case, Clause, End, Outcome, Part, Run
from reports.results import Results
from reports.tests.samples import CASE, CLAUSES, RUN, backend, outcome, records, results, written
from reports.words import FAILURES, MEANINGS, SYMBOLS

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=https://example.org/x onerror=alert(1)><a href='javascript:alert(2)'>",
    "' onmouseover='alert(3)' style='position:fixed",
    "</pre></style></title><!-- ]]>{{ 7 * 7 }}{% raw %}&lt;b&gt;",
    "two\r\nlines\tand \u202eturned\u2066 text\x00\x1b[31m\x85",
    "items",
    "",
]
VOID = {"meta", "img", "link", "br", "input"}


class Parsed(HTMLParser):
    """A page as a browser sees it; every element must be closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def hostile() -> Results:
    """Results in which every text that can be hostile is."""
    clauses = tuple(Clause(text, text, text, text) for text in HOSTILE)
    backends = tuple(
        Backend(text, text, text, (text,), {text: text}, {text: text}, text if at % 2 else None)
        for at, text in enumerate(HOSTILE)
    )
    outcomes = tuple(
        Outcome(
            text, on, text, OUTCOMES[(at + of) % 8], 1, 1, 0.5, 0.1, text,
            Case(
                {text: text, "nested": {text: [text]}}, {text: Array(text, (1,), ("nan",))},
                text, text,
            ),
            {text: text, "grade": text},
        )
        for at, text in enumerate(HOSTILE)
        for of, on in enumerate(HOSTILE)
    )  # fmt: skip
    run = Run(FORMAT, HOSTILE[0], HOSTILE[1], HOSTILE[2], None, {text: text for text in HOSTILE})
    end = End(HOSTILE[3], 1, {})
    part = Part(replace(run, id=HOSTILE[0]), end, tuple(HOSTILE), backends, tuple(HOSTILE))
    parts = (part, Part(replace(run, environment={}), None, (), backends[:1]))
    return Results(run, clauses, backends, outcomes, end, tuple(HOSTILE), parts)


def cell(page: str, clause: str, column: int) -> str:
    """The cell of a clause in a column of the matrix."""
    row = page[page.index(f'<span class="id">{clause}</span><span class="sentence">') :]
    return row[: row.index("</tr>")].split("<td>")[column + 1]


def seen(fragment: str) -> str:
    """What is read of a fragment, in one line."""
    return " ".join(re.sub("<[^>]*>", " ", fragment).split())


def test_the_same_results_make_the_same_bytes(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", records())
    pages = []
    for seed in ("1", "2"):
        page = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "reports", "html", str(path), "-o", str(page)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
        )
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    page = render(results(tmp_path))
    parsed = Parsed(page)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(parsed.tags)
    assert not {"src", "srcset", "style", "action"} & {name for _, name, _ in parsed.attributes}
    assert all(target.startswith("#") for target in parsed.values("href"))
    assert not re.search(r"url\(|@import|https?:", page)
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert policy in parsed.values("content")


def test_every_link_has_one_target(tmp_path: Path) -> None:
    for page in (render(results(tmp_path)), render(hostile())):
        parsed = Parsed(page)
        identities = parsed.values("id")
        assert len(identities) == len(set(identities))
        assert {target[1:] for target in parsed.values("href")} <= set(identities)
        assert set(parsed.values("aria-labelledby")) <= set(identities)


def test_hostile_text_is_only_read(tmp_path: Path) -> None:
    page = render(hostile())
    tame = Parsed(render(replace(results(tmp_path), damage=("a problem",))))
    parsed = Parsed(page)
    assert set(parsed.tags) <= set(tame.tags)
    assert {(tag, name) for tag, name, _ in parsed.attributes} <= {
        (tag, name) for tag, name, _ in tame.attributes
    }
    assert set(parsed.values("class")) <= set(tame.values("class")) | {"nothing", "grade"}
    for text in HOSTILE[:4]:
        assert text in parsed.text
    assert r"\u202eturned\u2066 text\x00\x1b[31m\x85" in parsed.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", page)


def test_each_outcome_has_its_own_word_symbol_class_and_meaning(tmp_path: Path) -> None:
    assert set(SYMBOLS) == set(MEANINGS) == set(OUTCOMES)
    assert len(set(SYMBOLS.values())) == len(OUTCOMES)
    page = render(results(tmp_path))
    for at, verdict in enumerate(OUTCOMES):
        entry = f'<div class="{verdict.replace(" ", "-")}"><span aria-hidden="true">'
        assert f"{entry}{SYMBOLS[verdict]}</span> {verdict}" in cell(page, CLAUSES[at % 3].id, 0)
    for verdict in ("unsupported", "known", "not run"):
        assert "It is no pass." in MEANINGS[verdict]


def test_a_cell_folds_no_outcome_into_another(tmp_path: Path) -> None:
    outcomes = [
        outcome("pass", "float64", examples=100, worst=0.318),
        outcome("pass", "float32", examples=20, declined=3, worst=0.1),
        outcome("fail", "float16", examples=7, worst=1.0001),
        outcome("unsupported", "bfloat16", examples=0),
    ]
    assert seen(cell(render(results(tmp_path, outcomes)), "CORR-1", 0)) == (
        "✗ fail f16 7 examples, worst 1.01 of bound "
        "✓ pass f64 f32 120 examples, 3 declined, worst 0.31 of bound "
        "\N{EN DASH} unsupported bf16"
    )
    assert '<abbr title="bfloat16">bf16</abbr>' in render(results(tmp_path, outcomes))


@pytest.mark.parametrize(
    ("verdict", "examples", "worst", "said"),
    [
        ("pass", 0, None, "0 examples"),
        ("pass", 1, 0.0, "1 example, exact"),
        ("fail", 1, 0.0, "1 example, worst 0.00 of bound"),
        ("pass", 1, 1e-9, "1 example, worst under 0.01 of bound"),
        ("pass", 1, 0.9999, "1 example, worst 0.99 of bound"),
        ("pass", 1, 1.0, "1 example, worst 1.00 of bound"),
        ("fail", 1, 1.0000001, "1 example, worst 1.01 of bound"),
        ("fail", 1234, 54321.0, "1,234 examples, worst 5.43e+04 of bound"),
        ("fail", 1, float("inf"), "1 example, worst beyond any bound"),
    ],
)
def test_what_was_measured_is_said(
    verdict: str, examples: int, worst: float | None, said: str, tmp_path: Path
) -> None:
    measured = results(tmp_path, [outcome(verdict, examples=examples, worst=worst)])
    assert seen(cell(render(measured), "CORR-1", 0)).endswith(f"f32 {said}")


def test_what_has_no_result_is_no_pass(tmp_path: Path) -> None:
    page = render(results(tmp_path, [outcome()]))
    assert seen(cell(page, "CORR-2", 0)) == "no result"
    assert seen(cell(page, "CORR-2", 1)) == "○ not run"
    assert "did not run: no such device" in seen(page)


def test_a_failure_is_linked_and_explains_itself(tmp_path: Path) -> None:
    failing = [
        outcome(verdict, dtype, clause=clause, reason=f"{verdict}\n  because", case=CASE)
        for verdict, dtype, clause in zip(
            FAILURES, ("float32", "", "float64", "x"), ("POOL-1", *["CORR-1"] * 3), strict=True
        )
    ]
    page = render(results(tmp_path, failing))
    sections = page.split('<article class="failure"')[1:]
    assert [re.findall(r'badge (\w+)"', section)[0] for section in sections] == [
        "error", "crash", "timeout", "fail",
    ]  # fmt: skip
    assert '<a href="#failure-4"><abbr title="float32">' in cell(page, "POOL-1", 0)
    assert '<a href="#failure-1">details</a>' in cell(page, "CORR-1", 0).replace("\n", "")
    section = sections[3]
    assert 'id="failure-4"' in section
    assert '<pre class="reason">fail\n  because</pre>' in section
    assert "Padding is never the maximum." in section
    assert "<dt>stride</dt><dd>[1, 2]</dd>" in section
    assert '<span class="index">[0, 1, :, :]</span> 6   7   8\n 9  10  11' in section
    assert "  1   <mark>-2</mark>  <mark>inf</mark>" in section


def test_the_diagnosis_is_right_under_the_sentence(tmp_path: Path) -> None:
    page = render(results(tmp_path, [outcome("fail", case=CASE)]))
    article = page[page.index('<article class="failure"') :]
    assert (
        '<p class="sentence">The filter is not flipped.</p>\n'
        '<p class="diagnosis"><b>Diagnosis:</b> The bias is left out.</p>'
    ) in re.sub("\n+", "\n", article)
    bare = replace(CASE, diagnosis="", script="")
    page = render(results(tmp_path, [outcome("fail", case=bare)]))
    assert 'class="diagnosis"' not in page
    assert "<details" not in page


def test_the_program_is_closed_and_word_for_word(tmp_path: Path) -> None:
    script = "# It was run.\n\nif 1 < 2:\n    print('&amp;')\n"
    page = render(results(tmp_path, [outcome("fail", case=replace(CASE, script=script))]))
    assert "<details>" in page
    summary = page[page.index("<summary>") : page.index("</summary>")]
    assert seen(summary) == "A standalone Python program of this call 4 lines"
    assert script in Parsed(page).text


def test_a_known_issue_has_its_case_beside_it(tmp_path: Path) -> None:
    known = [
        outcome("known", dtype, reason="issue 7", case=case)
        for dtype, case in (("float64", None), ("float32", CASE))
    ]
    page = render(results(tmp_path, known))
    table = page[page.index('<table class="remarks">') :]
    case = table[table.index("<details>") : table.index("</table>")]
    assert "<summary>The case of CORR-1, float32</summary>" in case
    assert case.count("<summary>The case") == 1
    for part in ("The bias is left out.", "<dt>stride</dt><dd>[1, 2]</dd>", "<mark>-2</mark>"):
        assert part in case
    assert "# This was run.\nimport numpy\n" in case


def test_large_and_empty_arrays_say_so(tmp_path: Path) -> None:
    arrays = {"x": Array("float32", (100, 90), None), "bias": Array("float32", (0,), ())}
    page = render(results(tmp_path, [outcome("fail", case=Case({}, arrays))]))
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
    page = render(results(tmp_path, remarked))
    table = page[page.index('<table class="remarks">') :]
    rows = [seen(row) for row in table[: table.index("</table>")].split("<tr>")[2:]]
    assert rows == [
        "acme ✓ pass derived CORR-2 f64",
        "acme \N{EN DASH} unsupported no such operation CORR-1 , POOL-1 f64 f32",
        "acme ◆ known issue 7 CORR-2 f32",
    ]


def test_the_summary_says_what_ran_and_what_did_not(tmp_path: Path) -> None:
    whole = results(tmp_path)
    assert summary(whole) == (
        "2 backends, 3 clauses: 1 pass, 1 fail, 1 error, 1 crash, 1 timeout, 1 unsupported, "
        "1 known, 1 not run; acme disagrees with the specification; "
        "absent did not run: no such device."
    )
    calm = results(tmp_path, [outcome()])
    assert "1 pass; nothing that ran disagrees with the specification; absent" in summary(calm)
    assert summary(results(tmp_path, [])).startswith("2 backends, 3 clauses: no outcome; absent")
    many = replace(whole, backends=tuple(backend(str(at), "lost") for at in range(9)))
    assert summary(replace(many, outcomes=())).endswith("no outcome; 9 backends did not run.")


def test_an_unfinished_or_damaged_run_is_said_in_a_box(tmp_path: Path) -> None:
    whole = results(tmp_path)
    assert 'class="warning"' not in render(whole)
    assert "This run did not finish." in render(replace(whole, end=None))
    page = render(replace(whole, damage=("line 7 was left out: <why>",)))
    assert "1 problem." in seen(page)
    assert "<li>line 7 was left out: &lt;why&gt;</li>" in page


def test_headings_are_in_order_and_tables_have_their_scopes(tmp_path: Path) -> None:
    parsed = Parsed(render(results(tmp_path)))
    levels = [int(tag[1]) for tag in parsed.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert parsed.tags.count("th") == len(parsed.values("scope"))
    assert parsed.tags.count("caption") == parsed.tags.count("table") == 4
    assert parsed.values("lang") == ["en"]


def test_colours_have_the_contrast_of_wcag_aa(tmp_path: Path) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    page = render(results(tmp_path))
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in page.split(":root")[1:3]
    )
    for colours in (light, dark):
        pairs = [(name, name + "-back") for name in ("fail", "error", "crash", "timeout", "known")]
        pairs += [
            (name, on) for name in ("text", "muted", "link", "pass") for on in ("page", "raised")
        ]
        for text, back in [*pairs, ("text", "timeout-back")]:
            one, other = sorted((luminance(colours[text]), luminance(colours[back])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (text, back)


def test_a_large_run_makes_a_page(tmp_path: Path) -> None:
    clauses = tuple(replace(CLAUSES[0], id=f"C-{at}") for at in range(200))
    backends = tuple(backend(f"b{at}") for at in range(50))
    outcomes = tuple(
        outcome("pass" if (at + of) % 40 else "fail", clause=c.id, backend=b.name)
        for at, c in enumerate(clauses)
        for of, b in enumerate(backends)
    )
    page = render(Results(RUN, clauses, backends, outcomes, None, ()))
    assert page.count("<td>") >= 10_000
    assert len(page) < 20_000_000


def test_the_command_makes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "r.jsonl", records()[:-1])
    path.write_bytes(path.read_bytes() + b'{"kind": "outc')
    assert main(["html", str(path), "-o", str(tmp_path / "new" / "page.html")]) == 0
    assert "was cut off" in capsys.readouterr().err
    assert "This run did not finish" in (tmp_path / "new" / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("contents", "said"),
    [(None, "No such file"), (b"", "the file is empty"), (b"GIF89a", "no usable run header")],
)
def test_the_command_refuses_unusable_input(
    contents: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if contents is not None:
        (tmp_path / "r.jsonl").write_bytes(contents)
    assert main(["html", str(tmp_path / "r.jsonl"), "-o", str(tmp_path / "page.html")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_the_command_refuses_an_unusable_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "r.jsonl", records())
    assert main(["html", str(path), "-o", str(tmp_path)]) == 2
    assert "cannot write the page" in capsys.readouterr().err
