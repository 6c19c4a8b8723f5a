"""Workflows, the action and PUBLISHING.md ask for nothing that is not there; the action works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from reports.options import parser
from reports.results import read

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "conformance" / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GUIDE = ROOT / "reports" / "PUBLISHING.md"
EVERY = [ACTION, *WORKFLOWS, GUIDE]
_COMMAND = re.compile(r"python -m (reports|conformance) (.*)")


@dataclass(frozen=True)
class Step:
    """What a step runs, under which id, and where the values of its environment come from."""

    name: str
    run: str
    environment: dict[str, str]


def runs(text: str) -> Iterator[str]:
    """The scripts of the steps in YAML as it is written here: in a block, or on the line."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        found = re.match(r"( *)(?:- )?run: (.*)", line)
        if found is None:
            continue
        if found[2] != "|":
            yield found[2]
            continue
        block: list[str] = []
        for below in lines[at + 1 :]:
            if below.strip() and len(below) - len(below.lstrip()) <= len(found[1]):
                break
            block.append(below)
        yield dedent("\n".join(block)) + "\n"


def scripts(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    if path.suffix != ".md":
        return list(runs(text))
    blocks = re.findall(r"^```(sh|yaml)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [s for kind, block in blocks for s in ([block] if kind == "sh" else runs(block))]


def commands(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands of this project that the scripts of a file run, with their arguments."""
    for script in scripts(path):
        for program, rest in _COMMAND.findall(script):
            arguments = re.split(r" (?:\|\||>>|;)", rest)[0]
            yield program, [a for a in shlex.split(arguments) if a != "${options[@]}"]


@cache
def options_of_the_suite() -> dict[str, str]:
    """The options that `python -m conformance --help` knows, each with what it says of it."""
    told = subprocess.run(
        [sys.executable, "-m", "conformance", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    return dict(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)[ =]?(.*)$", told, re.MULTILINE))


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_every_command_has_the_options_that_it_is_given(path: Path) -> None:
    for program, arguments in commands(path):
        if program == "reports":
            parser().parse_args(arguments)
            continue
        for option in (a for a in arguments if a.startswith("-")):
            assert option in options_of_the_suite(), option
        if "--profile" in arguments:
            profile = arguments[arguments.index("--profile") + 1]
            allowed = options_of_the_suite()["--profile"]
            assert profile == "$PROFILE" or profile in allowed


def test_all_commands_are_shown() -> None:
    found = [
        arguments[0] for path in EVERY for name, arguments in commands(path) if name == "reports"
    ]
    assert {"html", "merge", "diff", "trend", "badge", "serve"} <= set(found)
    assert len(found) > 15


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_scripts_are_shell_and_nothing_is_pasted_into_them(path: Path) -> None:
    for script in scripts(path):
        # What comes from outside is handed over as a variable, or it could be a command.
        assert "${{" not in script
        subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=20)


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=lambda path: path.name)
def test_files_are_plain_yaml(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "\t" not in text
    for line in text.splitlines():
        assert (len(line) - len(line.lstrip())) % 2 == 0 or line.startswith("#")
        assert not line.rstrip().endswith(" :")


def inputs_of_the_action() -> set[str]:
    text = ACTION.read_text("utf-8")
    declared = text[text.index("\ninputs:") : text.index("\noutputs:")]
    return set(re.findall(r"^  ([a-z-]+):$", declared, re.MULTILINE))


def test_the_action_uses_the_inputs_that_it_has() -> None:
    used = set(re.findall(r"inputs\.([a-z-]+)", ACTION.read_text("utf-8")))
    assert used == inputs_of_the_action()


@pytest.mark.parametrize("path", [*WORKFLOWS, GUIDE], ids=lambda path: path.name)
def test_the_action_is_given_inputs_that_it_has(path: Path) -> None:
    text = path.read_text("utf-8")
    uses = r"actions/conformance(?:@\w+)?\n(?: +id: .*\n)?( +)with:\n((?:\1  .*\n)+)"
    found = re.findall(uses, text)
    assert len(found) == text.count("uses: ./.github/actions") + text.count("convspec/.github")
    for indent, block in found:
        given = re.findall(rf"^{indent}  ([a-z-]+):", block, re.MULTILINE)
        assert set(given) <= inputs_of_the_action()
        assert "backend" in given


def test_the_project_has_one_home() -> None:
    for path in EVERY:
        text = path.read_text("utf-8")
        assert set(re.findall(r"convspec/convspec|convspec\.github\.io/\w+", text)) <= {
            "convspec/convspec",
            "convspec.github.io/convspec",
        }


def test_links_of_the_guide_lead_somewhere() -> None:
    for target in re.findall(r"\]\((\.\./[^)#]+)", GUIDE.read_text("utf-8")):
        assert (GUIDE.parent / target).exists(), target


# -- The action, run step by step ------------------------------------------------------------------

ADAPTER = """\
from adapters import Adapter
from reference import cross_correlate


class Acme(Adapter):
    name = "acme"

    def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, groups):
        return cross_correlate(
            x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
"""
DEFAULTS = {
    "inputs.backend": "acme_adapter:Acme",
    "inputs.profile": "quick",
    "inputs.options": "-k GEOM-1 --in-process --seed 1",
    "inputs.earlier": "",
    "inputs.fail-on": "failure",
    "inputs.output": "convspec",
    "inputs.working-directory": ".",
}


def steps() -> list[Step]:
    """The steps of the action that run a script, but for the installation."""
    text = ACTION.read_text("utf-8")
    found = []
    for block in re.split(r"^    - ", text[text.index("  steps:\n") :], flags=re.MULTILINE)[1:]:
        script = next(runs(block), None)
        if script is None or "pip install" in script:
            continue
        name = re.search(r"^ +id: (.*)$", block, re.MULTILINE)
        environment = re.findall(r"^ +([A-Z_]+): \$\{\{ (.*) \}\}$", block, re.MULTILINE)
        found.append(Step(name[1] if name else "", script, dict(environment)))
    return found


def act(folder: Path, **given: str) -> tuple[int, dict[str, str]]:
    """The exit code of the action in a folder, and what its steps put out."""
    values = DEFAULTS | {f"inputs.{name.replace('_', '-')}": value for name, value in given.items()}
    python = folder / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    for step in steps():
        if step.name == "compare" and not values["inputs.earlier"]:
            continue
        output = folder / "output"
        output.write_text("")
        environment = os.environ | {n: values.get(v, "") for n, v in step.environment.items()}
        environment["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        environment["PYTHONPATH"] = str(ROOT)
        environment |= {
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.run]
        done = subprocess.run(shell, cwd=folder, env=environment, timeout=300, capture_output=True)
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            values[f"steps.{step.name}.outputs.{name}"] = value
        if done.returncode:
            return done.returncode, values
    return 0, values


def test_the_action_holds_a_backend_to_the_specification(tmp_path: Path) -> None:
    (tmp_path / "acme_adapter.py").write_text(ADAPTER)
    code, values = act(tmp_path, earlier="none.jsonl", fail_on="regression")
    assert code == 0
    assert values["steps.run.outputs.exit-code"] == "0"
    assert "steps.compare.outputs.exit-code" not in values
    written = tmp_path / "convspec"
    assert {outcome.outcome for outcome in read(written / "results.jsonl").outcomes} == {"pass"}
    assert "<!doctype html>" in (written / "report.html").read_text("utf-8")[:20]
    assert json.loads((written / "badge.json").read_text())["schemaVersion"] == 1
    assert "### acme" in (tmp_path / "summary").read_text()

    (written / "results.jsonl").rename(tmp_path / "earlier.jsonl")
    broken = ADAPTER.replace("        return", '        raise ValueError("broken")\n        return')
    (tmp_path / "acme_adapter.py").write_text(broken)
    code, values = act(tmp_path, earlier="earlier.jsonl", fail_on="regression")
    assert (code, values["steps.compare.outputs.exit-code"]) == (1, "1")
    assert "regression" in (tmp_path / "summary").read_text()
    assert (written / "changes.html").exists()


def decided(ran: str, compared: str, fail_on: str) -> int:
    step = steps()[-1]
    environment = {"RAN": ran, "COMPARED": compared, "FAIL_ON": fail_on}
    assert set(environment) == set(step.environment)
    shell = ["bash", "-eo", "pipefail", "-c", step.run]
    return subprocess.run(shell, env=os.environ | environment, timeout=20).returncode


@pytest.mark.parametrize(
    ("ran", "compared", "fail_on", "code"),
    [
        ("0", "", "failure", 0),
        ("1", "", "failure", 1),
        ("1", "0", "failure", 1),
        ("1", "0", "regression", 0),
        ("1", "1", "regression", 1),
        ("0", "2", "regression", 2),
        ("1", "", "regression", 1),
        ("1", "1", "never", 0),
        ("2", "0", "never", 1),
        ("5", "", "never", 1),
        ("0", "", "no such word", 1),
    ],
)
def test_what_fails_the_job(ran: str, compared: str, fail_on: str, code: int) -> None:
    assert decided(ran, compared, fail_on) == code
