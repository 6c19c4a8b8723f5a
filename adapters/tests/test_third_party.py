"""A repository of somebody else's: this project and it are installed, and then one command."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from reports.results import read

ROOT = Path(__file__).resolve().parents[2]
OURS = ("reference", "adapters", "conformance", "reports")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of both repositories: a build leaves files in them."""
    folder = tmp_path_factory.mktemp("sources")
    shutil.copytree(ROOT / "adapters/tests/third_party", folder / "acme", ignore=NOT_COPIED)
    for name in OURS:
        shutil.copytree(ROOT / name, folder / "convspec" / name, ignore=NOT_COPIED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "convspec")
    return folder


@pytest.fixture(scope="module")
def environment(sources: Path) -> dict[str, str]:
    """Variables for a Python in which both are installed, beside what is installed here."""
    pytest.importorskip("setuptools")
    pytest.importorskip("pip")
    site = sources / "acme" / ".venv" / "lib"  # where many have it
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", site, "--no-deps"]
    offline = ["--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [*map(str, command), *offline, str(sources / "convspec"), str(sources / "acme")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return os.environ | {"PYTHONPATH": str(site)}


@pytest.fixture(scope="module")
def repository(sources: Path, environment: dict[str, str]) -> Path:
    """That of the backend, with a folder that is called as one of ours is, and with settings of
    pytest that are not for us.
    """
    folder = sources / "acme"
    (folder / "reports").mkdir()
    with open(folder / "pyproject.toml", "a", encoding="utf-8") as settings:
        settings.write('[tool.pytest.ini_options]\npython_files = "test_conformance.py"\n')
    (folder / "conftest.py").write_text(
        "def pytest_collection_finish(session):\n    assert len(session.items) == 2\n"
    )
    return folder


def run(
    repository: Path, environment: dict[str, str], *command: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_command(repository: Path, environment: dict[str, str]) -> None:
    few = ["--profile", "quick", "-m", "correlation", "--seed", "1"]
    done = run(
        repository,
        environment,
        *["conformance", "--backend", "acme-conv", *few, "--results", "results.jsonl"],
        *["--report", "report.html"],
    )
    assert done.returncode == 0, done.stdout
    found = read(repository / "results.jsonl")
    (backend,) = found.backends
    assert (backend.name, backend.spec, backend.version) == ("acme-conv", "acme-conv", "1.4")
    counted = Counter(one.outcome for one in found.outcomes)
    assert counted.keys() <= {"pass", "unsupported"}
    assert counted["pass"] >= 8
    assert "acme-conv has no groups" in (repository / "results.jsonl").read_text("utf-8")
    assert "acme-conv" in (repository / "report.html").read_text("utf-8")


def test_it_is_listed(repository: Path, environment: dict[str, str]) -> None:
    done = run(repository, environment, "adapters", "list", "--json", "acme-conv")
    (backend,) = json.loads(done.stdout)
    assert (backend["package"], backend["version"], backend["why"]) == ("acme-conv", "1.4", "")


def test_its_own_tests_pass(repository: Path, environment: dict[str, str]) -> None:
    done = run(repository, environment, "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert "2 passed" in done.stdout, done.stdout


def test_its_files_are_those_of_its_readme(repository: Path) -> None:
    readme = (repository / "README.md").read_text("utf-8")
    for line in readme.splitlines():
        if line.startswith("| [`"):
            assert (repository / line.split("`")[1]).is_file()
    workflow = (repository / ".github/workflows/conformance.yml").read_text("utf-8")
    for line in readme.partition("```sh\n")[2].partition("```")[0].splitlines():
        assert f"- run: {line}\n" in workflow
