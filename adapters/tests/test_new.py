"""A new adapter runs as it is written, passes its own test, and overwrites nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.__main__ import main
from adapters.doctor import examined


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_passes_its_own_test(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "acme-conv"]) == 0
    assert capsys.readouterr().out.startswith(
        "Wrote acme_conv_adapter.py and test_acme_conv_adapter.py.\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout


def test_the_doctor_sees_the_placeholder(elsewhere: Path) -> None:
    (elsewhere / "sub").mkdir()
    assert main(["new", "3d.acme", "--file", "sub/how.py"]) == 0
    checkup = examined("./sub/how.py:Backend3dAcme")
    assert checkup.name == "3d.acme"
    assert checkup.faults == ()
    assert "still compute by the reference" in checkup.remarks[1].what


def test_what_is_next(capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", "acme"])
    said = capsys.readouterr().out
    assert "python -m adapters doctor ./acme_adapter.py:Acme\n" in said
    assert "python -m conformance --backend ./acme_adapter.py:Acme --profile" in said
    assert '[project.entry-points."convspec.adapters"]\n     acme = "acme_adapter:Acme"\n' in said


@pytest.mark.parametrize("there", ["acme_adapter.py", "test_acme_adapter.py"])
def test_nothing_is_overwritten(
    elsewhere: Path, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / there).write_text("mine")
    assert main(["new", "acme"]) == 2
    assert f"{there} is there already" in capsys.readouterr().err
    assert [path.read_text() for path in elsewhere.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a:b"], "is no name"),
        (["a+b"], "is no name"),
        ([""], "is no name"),
        (["torch-cpu"], "is the name of a backend that is built in"),
        (["acme", "--file", "acme"], "no name of a module"),
        (["acme", "--file", "a-b.py"], "no name of a module"),
        (["acme", "--file", "no/such/folder.py"], "No such file or directory"),
    ],
)
def test_what_cannot_be_written(
    elsewhere: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not list(elsewhere.iterdir())
