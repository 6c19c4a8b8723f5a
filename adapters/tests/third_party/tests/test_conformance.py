"""Is the adapter right, and does acme-conv hold the specification? It must be installed."""

import subprocess
import sys


def run(*command):
    return subprocess.run([sys.executable, "-m", *command], check=False).returncode


def test_the_adapter_is_right():
    assert run("adapters", "doctor", "acme-conv") == 0


def test_the_backend_holds_the_specification(tmp_path):
    """One chapter, on few examples: the workflow runs all of them."""
    few = ("--profile", "quick", "-m", "geometry", "--results", str(tmp_path / "results.jsonl"))
    assert run("conformance", "--backend", "acme-conv", *few) == 0
