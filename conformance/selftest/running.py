"""Runs ``pytest conformance`` as a user does: in a process of its own, from a folder of theirs."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from reports.results import Outcome, Results, read

CONFORMANCE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Finished:
    """A run that has ended: its exit code, what it printed, and its results file."""

    code: int
    output: str
    results: Path

    @property
    def read(self) -> Results:
        return read(self.results)

    def outcomes(self, backend: str) -> dict[tuple[str, str], Outcome]:
        return {(o.clause, o.dtype): o for o in self.read.outcomes if o.backend == backend}


def run(folder: Path, *options: str, suite: Path = CONFORMANCE, **environment: str) -> Finished:
    """Run the suite with these options and the current folder ``folder``."""
    results = folder / "results.jsonl"
    done = subprocess.run(
        command(folder, results, *options, suite=suite),
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Finished(done.returncode, done.stdout + done.stderr, results)


def command(folder: Path, results: Path, *options: str, suite: Path = CONFORMANCE) -> list[str]:
    pytest = [sys.executable, "-m", "pytest", str(suite), f"--rootdir={folder}", "-q"]
    return [*pytest, "-p", "no:cacheprovider", "--results", str(results), *options]


RIGHT = """
from adapters import Adapter
import reference

class Acme(Adapter):
    name = "acme"

    def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, groups):
        return reference.cross_correlate(
            x, filters, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
"""


def wrong(statement: str) -> str:
    """An adapter whose only method is one statement."""
    return f"""
from adapters import Adapter
import numpy as np
import reference

class Acme(Adapter):
    name = "acme"

    def cross_correlate(self, x, filters, bias=None, **p):
        {statement}
"""
