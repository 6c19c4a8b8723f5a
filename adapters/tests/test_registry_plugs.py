"""Adapters from files, from installed packages and with options, here and in a worker."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters import Adapter, Unavailable, load
from adapters.process.isolation import Isolated, Limits
from adapters.scripts import script_of

ADAPTER = """
from dataclasses import dataclass

from adapters import Adapter, Capabilities, Unavailable
from beside import FACTOR


@dataclass
class Found:
    options: tuple[str, ...]


class Acme(Adapter):
    name = "acme"
    options = {"fast": "by a fast algorithm", "exact": "by a slow one", "lazy": "later"}

    def __init__(self, *options):
        if {"fast", "exact"} <= set(options):
            raise Unavailable("acme is either fast or exact")
        self.found = Found(options)

    def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, groups):
        return x * FACTOR


class Plain(Acme):
    name = "plain"
    options = {}
"""
CALL = {"stride": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of somebody else's, which is the current one, with an adapter two folders down."""
    modules = set(sys.modules)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "c++ sources" / "a@b"
    folder.mkdir(parents=True)
    (folder / "acme-adapter.py").write_text(ADAPTER)
    (folder / "beside.py").write_text("FACTOR = 3")
    yield folder
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def spec(elsewhere: Path) -> str:
    return "./c++ sources/a@b/acme-adapter.py:Acme"


def options_of(adapter: Adapter) -> tuple[str, ...]:
    found: tuple[str, ...] = adapter.found.options  # type: ignore[attr-defined]
    return found


# Files


def test_a_class_in_a_file(spec: str) -> None:
    adapter = load(spec)
    assert (adapter.name, adapter.spec, options_of(adapter)) == ("acme", spec, ())
    assert type(load(spec)) is type(adapter), "the file is read once"


def test_a_class_in_a_file_and_a_worker(spec: str, tmp_path: Path) -> None:
    command = f"{spec}+lazy@{sys.executable}"
    for text, name in ((f"{spec}+fast", "acme+fast"), (command, "acme+lazy@unknown")):
        worker = Isolated(text, Limits(), tmp_path / "in-flight.call").ready()
        assert worker.name == name
        assert list(worker.declared_options) == ["fast", "exact", "lazy"]
        got = worker.cross_correlate(np.ones((1, 1, 2)), np.ones((1, 1, 1)), **CALL)  # type: ignore[arg-type]
        assert got.tolist() == [[[3, 3]]]
        worker.close()


def test_a_file_named_as_an_installed_module(elsewhere: Path) -> None:
    (elsewhere / "acme-adapter.py").rename(elsewhere / "numpy.py")
    assert load("./c++ sources/a@b/numpy.py:Acme").name == "acme"
    assert sys.modules["numpy"] is np


def test_two_files_of_one_name(elsewhere: Path, tmp_path: Path) -> None:
    (elsewhere / "acme-adapter.py").rename(elsewhere / "same.py")
    (tmp_path / "same.py").write_text(ADAPTER.replace('"acme"', '"other"'))
    assert [load(f"{folder}/same.py:Acme").name for folder in (elsewhere, tmp_path)] == [
        "acme",
        "other",
    ]


def test_files_that_hold_no_adapter(elsewhere: Path) -> None:
    with pytest.raises(Unavailable, match=f"there is no file {Path.cwd()}/acme.py"):
        load("./acme.py:Acme")
    with pytest.raises(Unavailable, match="no class 'Acne', but Acme, Plain"):
        load("./c++ sources/a@b/acme-adapter.py:Acne")
    (elsewhere / "notes.txt").write_text("")
    with pytest.raises(Unavailable, match=r"notes\.txt is no file of Python"):
        load(f"{elsewhere}/notes.txt:Acme")
    (elsewhere / "broken.py").write_text("1 / 0")
    for _ in range(2):
        with pytest.raises(Unavailable, match="ZeroDivisionError"):
            load(f"{elsewhere}/broken.py:Acme")


def test_the_script_of_a_class_in_a_file(spec: str, elsewhere: Path) -> None:
    script = script_of(load(f"{spec}+lazy"), bias=False, dtype="float64", **CALL)  # type: ignore[arg-type]
    assert script is not None
    assert "adapter = importlib.import_module('acme-adapter').Acme('lazy')\n" in script
    assert f"sys.path.insert(0, {str(elsewhere)!r})" in script


# Options


def test_options_in_the_order_of_their_declaration(spec: str) -> None:
    adapter = load(f"{spec}+lazy+fast")
    assert (adapter.name, options_of(adapter)) == ("acme+fast+lazy", ("fast", "lazy"))
    assert adapter.spec == f"{spec}+lazy+fast"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("Acme+quick", r"no option 'quick': its options are fast, exact, lazy"),
        ("Acme+", "no option ''"),
        ("Acme+fast+fast", "the option 'fast' is given twice"),
        ("Acme+fast+exact", "^acme is either fast or exact$"),
        ("Plain+fast", "no option 'fast': it has no options"),
    ],
)
def test_options_that_are_refused(spec: str, options: str, said: str) -> None:
    with pytest.raises(Unavailable, match=said):
        load(spec.replace("Acme", options))


@pytest.mark.parametrize(
    "declared", ["['fast']", "{1: 'one'}", "{'a b': ''}", "{'fast': 1}", "{'': ''}", "None"]
)
def test_declarations_that_are_refused(elsewhere: Path, declared: str) -> None:
    source = ADAPTER + f"\n\nclass Odd(Acme):\n    options = {declared}\n"
    (elsewhere / "odd.py").write_text(source)
    with pytest.raises(Unavailable, match="options must map names to sentences"):
        load(f"{elsewhere}/odd.py:Odd")


def test_a_name_and_options_that_are_too_long(elsewhere: Path) -> None:
    source = ADAPTER + "\n\nclass Long(Acme):\n    name = 'a' * 78\n"
    (elsewhere / "long.py").write_text(source)
    assert load(f"{elsewhere}/long.py:Long").name == "a" * 78
    with pytest.raises(Unavailable, match="needs a name of 1 to 80"):
        load(f"{elsewhere}/long.py:Long+fast")


# Entry points


def install(folder: Path, package: str, *entries: str) -> None:
    """What pip leaves of a package that offers adapters."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(["[convspec.adapters]", *entries]))


@pytest.fixture
def installed(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(elsewhere)
    (elsewhere / "acme-adapter.py").rename(elsewhere / "acme_plug.py")
    install(elsewhere, "acme", "acme = acme_plug:Acme", "acme-two = acme_plug:Plain")
    return elsewhere


def test_entry_points(installed: Path) -> None:
    assert (load("acme").name, load("acme-two").name) == ("acme", "plain")
    adapter = load("acme+fast")
    assert (adapter.name, adapter.spec, options_of(adapter)) == (
        "acme+fast",
        "acme+fast",
        ("fast",),
    )
    script = script_of(adapter, bias=False, dtype="float64", **CALL)  # type: ignore[arg-type]
    assert script is not None
    assert "adapter = importlib.import_module('acme_plug').Acme('fast')\n" in script


def test_an_entry_point_in_a_worker(installed: Path, tmp_path: Path) -> None:
    worker = Isolated("acme+fast", Limits(), tmp_path / "in-flight.call").ready()
    assert worker.name == "acme+fast"
    worker.close()


def test_entry_points_that_help_nobody(installed: Path) -> None:
    with pytest.raises(Unavailable, match="no backend is called 'acme-too'; did you mean acme-two"):
        load("acme-too")
    install(
        installed,
        "other",
        "acme = acme_plug:Plain",
        "acme-two = acme_plug:Plain",
        "reference = acme_plug:Plain",
        "gone = acme_plug_of_old:Plain",
        "module = acme_plug",
    )
    with pytest.raises(Unavailable, match=r"adapter in (acme and other|other and acme): uninstall"):
        load("acme")
    assert load("acme-two").name == "plain", "twice the same"
    assert load("reference").name == "reference", "built-in names come first"
    with pytest.raises(Unavailable, match="acme_plug_of_old is not installed"):
        load("gone")
    with pytest.raises(Unavailable, match="'module' names no class: acme_plug:Class"):
        load("module")
