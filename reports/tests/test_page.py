"""The pages as text: complete, whole in themselves, the same each time, and nothing acts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.pages import render, site
from reports.pages.rendering import links
from reports.records import RATIOS, Outcome
from reports.results import Results
from reports.tests.pages import (
    HOSTILE,
    Parsed,
    hostile,
    hostile_table,
    pages,
)
from reports.tests.samples import (
    RUN,
    outcome,
    records,
    results,
    written,
)
from reports.tests.test_sharpness import TABLE

PICTURE = "data:image/png;base64,"
CSS = (Path(__file__).parents[1] / "static" / "style.css").read_text("utf-8")


def test_the_same_results_make_the_same_bytes(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", records())
    made = "from reports.pages import *; from reports.results import read; import sys; "
    made += "r = read(sys.argv[1]); write_page(r, sys.argv[2]); write_site(r, sys.argv[3])"
    contents = []
    for seed in ("1", "2"):
        page, folder = tmp_path / f"{seed}.html", tmp_path / seed
        subprocess.run(
            [sys.executable, "-c", made, str(path), str(page), str(folder)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
        )
        files = {file.name: file.read_bytes() for file in folder.iterdir()}
        contents.append((page.read_bytes(), files))
    assert contents[0] == contents[1]


def test_the_single_page_needs_nothing_else(tmp_path: Path) -> None:
    page = render(results(tmp_path), TABLE)
    parsed = Parsed(page)
    assert not {"link", "iframe", "object", "base", "embed"} & set(parsed.tags)
    sources = parsed.values("src")
    assert all(source.startswith(PICTURE) for source in sources)
    assert not {"srcset", "action", "formaction", "ping"} & {n for _, n, _ in parsed.attributes}
    assert all(to.startswith(("#", PICTURE)) for to in parsed.values("href"))
    assert not re.search(r"url\((?!#)|@import", page)
    (policy,) = (value for value in parsed.values("content") if "default-src" in value)
    assert policy.startswith("default-src 'none'; ")
    assert "'unsafe-inline'" not in policy.partition("script-src")[2]


def test_a_site_links_within_its_folder(tmp_path: Path) -> None:
    files = site(results(tmp_path), TABLE)
    for name, content in files.items():
        if name.endswith(".html"):
            parsed = Parsed(content.decode())
            used = parsed.values("src") + parsed.values("href")
            local = [to.partition("#")[0] for to in used if not to.startswith(("#", "data:"))]
            assert set(local) <= set(files)


def test_every_link_has_one_target(tmp_path: Path) -> None:
    for of in (results(tmp_path), hostile()):
        single = Parsed(render(of, TABLE))
        identities = single.values("id")
        assert len(identities) == len(set(identities))
        inner = {to[1:] for to in single.values("href") if to.startswith("#")}
        assert inner <= set(identities)
        assert set(" ".join(single.values("aria-labelledby")).split()) <= set(identities)
        by_page = {name: set(Parsed(page).values("id")) for name, page in pages(of, TABLE).items()}
        for page in pages(of, TABLE).values():
            for to in Parsed(page).values("href"):
                if ".html" in to:
                    name, _, place = to.partition(".html")
                    assert place.lstrip("#") in {"", *by_page[name]}


def test_no_event_handler_and_no_acting_address(tmp_path: Path) -> None:
    for of in (results(tmp_path), hostile()):
        files = site(of, TABLE)
        for page in (*pages(of, TABLE).values(), render(of, TABLE)):
            parsed = Parsed(page)
            assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
            for to in parsed.values("href"):
                assert to.startswith(("#", "https://", PICTURE)) or to.partition("#")[0] in files


def test_hostile_text_is_only_read(tmp_path: Path) -> None:
    tame = results(tmp_path)
    tame = replace(tame, damage=("a problem",), outcomes=(*tame.outcomes, *_with_all()))
    known = Parsed(render(tame, TABLE))
    page = render(hostile(), hostile_table())
    parsed = Parsed(page)
    assert set(parsed.tags) <= {*known.tags, "h4", "ul", "ol", "path", "svg"}
    assert {name for _, name, _ in parsed.attributes} <= {n for _, n, _ in known.attributes}
    for text in HOSTILE[:4]:
        assert text in parsed.text
    assert r"\u202eturned\u2066 text\x00\x1b[31m\x85" in parsed.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", page)


def _with_all() -> list[Outcome]:
    ratios = tuple(range(len(RATIOS) + 1))
    plain = outcome("pass", "bfloat16", clause="POOL-1", worst=0.5, reason="https://example.org/7")
    return [replace(plain, ratios=ratios, refusals={"why": 2}, invalid=1)]


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("https://example.org/a_b?c=1#d.", ["https://example.org/a_b?c=1#d"]),
        (
            "(https://example.org), https://b.org:80/x",
            ["https://example.org", "https://b.org:80/x"],
        ),
        ("http://example.org javascript:alert(1) ftp://x.org https:example.org", []),
        ("https://", []),
        ("https://example.org/\"onclick='x'", ["https://example.org/"]),
        ("https://example.org/\u202ex", ["https://example.org/"]),
        ("xhttps://user@example.org", ["https://user"]),
    ],
)
def test_only_plain_addresses_become_links(text: str, linked: list[str]) -> None:
    parts = links(text)
    assert [part for part, is_link in parts if is_link] == linked
    assert "".join(part for part, _ in parts) == text


def test_headings_are_in_order_and_tables_have_their_scopes(tmp_path: Path) -> None:
    found = pages(results(tmp_path), TABLE)
    for name, page in found.items():
        parsed = Parsed(page)
        levels = [int(tag[1]) for tag in parsed.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), name
        assert parsed.tags.count("th") == len(parsed.values("scope")), name
        if name != "demo":  # its tables are pictures of sums, and are filled by its script
            assert parsed.tags.count("caption") == parsed.tags.count("table"), name
        assert parsed.values("lang") == ["en"], name


def test_colours_have_the_contrast_of_wcag_aa() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in CSS.split(":root")[1:3]
    )
    for colours in (light, dark):
        backs = ("pass", "fail", "error", "crash", "timeout", "known")
        pairs = [(name, name + "-back") for name in backs]
        pairs += [
            (name, on) for name in ("text", "muted", "link", "pass") for on in ("page", "raised")
        ]
        for text, back in [*pairs, ("text", "timeout-back"), ("text", "mark"), ("muted", "mark")]:
            one, other = sorted((luminance(colours[text]), luminance(colours[back])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (text, back)


def test_the_command_says_what_is_wrong_with_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_results_without_anything_make_pages() -> None:
    empty = Results(RUN, (), (), (), None)
    assert "There is no outcome." in pages(empty)["index"]
    assert Parsed(render(empty)).tags.count("article") >= 7
