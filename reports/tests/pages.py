"""What tests of pages share: a page as a browser reads it, and results in which all is hostile."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from reports.pages import site
from reports.records import (
    FORMAT,
    INPUTS,
    OUTCOMES,
    RATIOS,
    SIZES,
    Array,
    Backend,
    Case,
    Clause,
    End,
    Outcome,
    Part,
    Run,
)
from reports.results import Results
from reports.sharpness import Fault, Other, Sharpness
from reports.tests.test_sharpness import TABLE

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

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def pages(results: Results, sharpness: Sharpness | None = None) -> dict[str, str]:
    """The pages of a site, by their names without an ending."""
    files = site(results, sharpness)
    return {
        name.removesuffix(".html"): content.decode()
        for name, content in files.items()
        if name.endswith(".html")
    }


def seen(fragment: str) -> str:
    """What is read of a fragment, in one line."""
    return " ".join(re.sub("<[^>]*>", " ", fragment).split())


def section(page: str, name: str) -> str:
    """What stands under the heading with this name, up to the next one of its kind."""
    start = re.search(rf'<h2 id="[\w-]+\.{name}">', page)
    assert start, name
    rest = page[start.end() :]
    ends = (at for at in (rest.find(end) for end in ("<h2", "<nav", "</main>")) if at >= 0)
    return rest[: min(ends)]


def rows(fragment: str) -> list[list[str]]:
    """The cells of the first table in the fragment as they are read."""
    table = fragment[fragment.index("<table") : fragment.index("</table>")]
    return [
        [seen(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in table.split("<tr")[1:]
    ]


def hostile() -> Results:
    """Results in which every text that can be hostile is, and arrays have any shape."""
    clauses = tuple(Clause(text, text, text, text, text, text) for text in HOSTILE)
    backends = tuple(
        Backend(
            text, text, text, (text,), {text: text}, {text: text, "device": text},
            text if at % 2 else None, {text: text, "dtypes": text},
        )
        for at, text in enumerate(HOSTILE)
    )  # fmt: skip
    outcomes = tuple(
        Outcome(
            text, on, text, OUTCOMES[(at + of) % 8], 1, 1, 0.5, 0.1, text,
            Case(
                {text: text, "nested": {text: [text]}},
                {text: Array(text, (1,), ("nan",)), "x": Array(text, (), (10**400,))},
                text, text,
            ),
            {text: text, "grade": text},
            {text: 3, "https://example.org/'onclick='alert(4)": 1},
            1, (1,) * (len(RATIOS) + 1), {name: (1,) * (len(SIZES) + 1) for name in INPUTS}, 9.0,
            {text: Array(text, (2, 0), ()), "loss": Array(text, (3,), None)},
        )
        for at, text in enumerate(HOSTILE)
        for of, on in enumerate(HOSTILE)
    )  # fmt: skip
    run = Run(FORMAT, HOSTILE[0], HOSTILE[1], HOSTILE[2], None, {text: text for text in HOSTILE})
    end = End(HOSTILE[3], 1, {})
    part = Part(replace(run, id=HOSTILE[0]), end, tuple(HOSTILE), backends, tuple(HOSTILE))
    parts = (part, Part(replace(run, environment={}), None, (), backends[:1]))
    return Results(run, clauses, backends, outcomes, end, tuple(HOSTILE), parts)


def hostile_table() -> Sharpness:
    """A table of faults in which every text that can be hostile is."""
    faults = tuple(
        Fault(text, text, text, HOSTILE[0], {text: 1}, 1, text, text, (text,)) for text in HOSTILE
    )
    others = tuple(Other(text, text, 1, text) for text in HOSTILE)
    return Sharpness(
        TABLE.format, HOSTILE[0], TABLE.date, HOSTILE[1], 1, {text: text for text in HOSTILE},
        tuple(HOSTILE), others, faults,
    )  # fmt: skip
