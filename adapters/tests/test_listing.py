"""The list says what there is, what it claims, and why the rest is not there."""

import json
from pathlib import Path

import pytest

from adapters import listing, registry
from adapters.__main__ import main

SOURCE = """
from adapters.reference_adapter import Reference
from adapters import Capabilities

class Acme(Reference):
    name, version = "acme", "2.0"
    options = {"fast": "by an FFT", "lazy": "later"}
    capabilities = Capabilities(dtypes=("float32",), promises={"float32": "C(11)"})
    def __init__(self, *options): pass

class Dead(Acme):
    def __init__(self, *options):
        import os
        os.abort()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that offers two adapters, and two built-in ones."""
    (tmp_path / "acme_plug.py").write_text(SOURCE)
    info = tmp_path / "acme_conv-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-conv\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(
        "[convspec.adapters]\nacme = acme_plug:Acme\nacme-dead = acme_plug:Dead\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    few = {name: registry.BUILT_IN[name] for name in ("reference", "scipy-fft")}
    monkeypatch.setattr(listing, "BUILT_IN", few)


@pytest.mark.usefixtures("installed")
def test_all_that_have_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0, "what is broken breaks no list"
    said = capsys.readouterr().out
    assert "\nscipy-fft *: 1." in said
    assert "\n  dtypes             float64 (B), float32 (B)\n" in said
    assert "\n  derived gradients  cross_correlate\n" in said
    names = "valid, same_upper, same_lower"
    assert f"\n  named padding      {names}\n    of transposes    {names}\n" in said
    assert "\nacme (of the package acme-conv): 2.0\n  dtypes             float32 (C(11))\n" in said
    assert "\n  +lazy              later\n" in said
    missing = said.partition("Not available here:\n")[2]
    assert missing.startswith(
        "  acme-dead (of the package acme-conv): its process did not start: "
        "the process died of SIGABRT"
    )
    assert max(map(len, said.partition("Not available")[0].splitlines())) <= 100


@pytest.mark.usefixtures("installed")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    found = {backend["spec"]: backend for backend in json.loads(capsys.readouterr().out)}
    assert list(found) == ["reference", "scipy-fft", "acme", "acme-dead"]
    acme = found["acme"]
    assert acme["why"] == ""
    assert (acme["name"], acme["version"], acme["package"]) == ("acme", "2.0", "acme-conv")
    assert acme["options"] == {"fast": "by an FFT", "lazy": "later"}
    assert acme["operations"]["dense"] == "own"
    assert acme["promises"] == {"float32": "C(11)"}
    assert not acme["plain_run"]
    assert found["reference"]["plain_run"]
    assert "died of SIGABRT" in found["acme-dead"]["why"]


@pytest.mark.usefixtures("installed")
def test_some_that_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "acme+fast"]) == 0
    assert capsys.readouterr().out.startswith("acme+fast: 2.0\n")
    assert main(["list", "acme+quick", "acme_plug:Acme"]) == 1
    said = capsys.readouterr().out
    assert "acme_plug:Acme: acme 2.0\n" in said
    assert "acme+quick: acme has no option 'quick': its options are fast, lazy" in said
