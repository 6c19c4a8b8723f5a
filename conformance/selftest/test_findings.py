"""Every finding shows where its framework is installed, and the page of them says what they say."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.findings_page import FILE, main, page
from conformance.known_issues import FOLDER, Finding, findings


@pytest.mark.parametrize("finding", findings(), ids=lambda finding: finding.name)
def test_the_script_shows_it(finding: Finding, tmp_path: Path) -> None:
    script = finding.script
    if missing := [name for name in script.needs if not is_installed(name, script.language)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    command = [sys.executable, "-I"] if script.language == "python" else ["node"]
    done = subprocess.run(
        [*command, script.file], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "    at " not in done.stderr  # as Node.js has it


def is_installed(package: str, language: str) -> bool:
    if language == "python":
        return importlib.util.find_spec(package) is not None
    if shutil.which("node") is None:
        return False
    search = f"require.resolve({package!r}, {{paths: [{str(FOLDER)!r}]}})"
    return subprocess.run(["node", "-e", search], capture_output=True).returncode == 0


@pytest.mark.parametrize("finding", findings(), ids=lambda finding: finding.name)
def test_a_script_needs_nothing_of_this_project(finding: Finding) -> None:
    assert not finding.script.needs & {"adapters", "conformance", "reference", "reports"}
    assert not [name for name in finding.script.needs if name.startswith(".")]


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
