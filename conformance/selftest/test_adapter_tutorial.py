"""The tutorial for adapters, from its first line to its last: its files, commands and outputs."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "adapters" / "TUTORIAL.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"(?:#|@@) (?P<file>[\w.]+)(?P<more>, at its end)?(?: @@)?")
# What is installed there must not be fetched from anywhere, nor stay.
OFFLINE = {"NO_INDEX": "1", "NO_DEPS": "1", "NO_BUILD_ISOLATION": "0"}


def written(folder: Path, language: str, block: str) -> None:
    """The file whose name is the first line of a block, or what it becomes there."""
    first, _, text = block.partition("\n")
    name = NAME.fullmatch(first)
    assert name, first
    file = folder / name["file"]
    before = file.read_text("utf-8") if file.exists() else ""
    if language == "diff":
        old, new = (_side(text, sign) for sign in "-+")
        assert before.count(old) == 1, old
        text = before.replace(old, new)
    elif name["more"]:
        text = before + text
    file.write_text(text, encoding="utf-8")


def _side(diff: str, sign: str) -> str:
    kept = (line for line in diff.splitlines(keepends=True) if line[0] in (" ", sign))
    return "".join(line[1:] for line in kept)


def unlike(folder: Path, block: str) -> list[str]:
    """The commands of a block that print anything else."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, wanted = part.partition("\n")
        printed = run(folder, command)
        checker = doctest.OutputChecker()
        if not checker.check_output(wanted, printed, doctest.ELLIPSIS):
            found.append(f"$ {command}\n{printed}")
    return found


def run(folder: Path, command: str) -> str:
    tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    there = {"PATH": tools, "COLUMNS": "80", "PYTHONPATH": str(folder / "installed")}
    offline = {f"PIP_{key}": value for key, value in OFFLINE.items()}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | there | offline | {"PIP_TARGET": str(folder / "installed")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    return re.sub(r" +$", "", done.stdout, flags=re.M)


def test_everything_in_it_is_so(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    pytest.importorskip("pip")
    surprises = []
    for language, block in BLOCK.findall(TUTORIAL.read_text("utf-8")):
        if language == "console":
            surprises += unlike(tmp_path, block)
        else:
            written(tmp_path, language, block)
    assert not surprises, "\n".join(surprises)
