"""The page of the specification says what the clauses say."""

import re
from pathlib import Path

from conformance.clauses import clauses
from conformance.specification import FILE, main, page


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == page(), "run python -m conformance.specification"


def test_every_clause_is_there_once(tmp_path: Path) -> None:
    written = tmp_path / "page.md"
    assert main(["--output", str(written)]) == 0
    assert re.findall(r"^### (\S+)$", written.read_text("utf-8"), re.MULTILINE) == list(clauses())


def test_its_links_lead_somewhere() -> None:
    links = set(re.findall(r"\]\(([^)#]+)\)", page()))
    assert len(links) > len({clause.chapter for clause in clauses().values()})
    assert not [link for link in links if not (FILE.parent / link).exists()]
