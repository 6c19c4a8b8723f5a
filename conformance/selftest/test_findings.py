"""Every finding shows where its framework is installed, and the page of them says what they say."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.findings_page import FILE, main, page
from conformance.known_issues import Finding, findings


@pytest.mark.parametrize("finding", findings(), ids=lambda finding: finding.name)
def test_the_script_shows_it(finding: Finding, tmp_path: Path) -> None:
    if missing := [name for name in imports(finding.script) if not importlib.util.find_spec(name)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    done = subprocess.run(
        [sys.executable, "-I", finding.script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def imports(script: Path) -> set[str]:
    """The top-level packages that a script needs."""
    nodes = list(ast.walk(ast.parse(script.read_text("utf-8"))))
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in named}


@pytest.mark.parametrize("finding", findings(), ids=lambda finding: finding.name)
def test_a_script_needs_nothing_of_this_project(finding: Finding) -> None:
    assert not imports(finding.script) & {"adapters", "conformance", "reference", "reports"}


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == page(), "run python -m conformance.findings_page"


def test_every_finding_is_there_once(tmp_path: Path) -> None:
    written = tmp_path / "page.md"
    assert main(["--output", str(written)]) == 0
    named = re.findall(r'^<a id="(\S+)">', written.read_text("utf-8"), re.MULTILINE)
    assert named == [finding.name for finding in findings()]


def test_its_links_lead_somewhere() -> None:
    links = set(re.findall(r"\]\(((?!https)[^)#]+)[)#]", page()))
    assert links
    assert not [link for link in links if not (FILE.parent / link).exists()]
