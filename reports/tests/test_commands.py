"""The commands as programs: what they print, where they write, and how they end."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.merging import merge
from reports.options import parser
from reports.pages import write_page, write_site
from reports.results import Results, read
from reports.tests.samples import RUN, backend, outcome, records, results, written
from reports.tests.test_differences import HOSTILE

COMMANDS = ("html", "merge", "diff", "trend", "badge", "serve")
ROOT = Path(__file__).parents[2]


def ran(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reports", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env=os.environ | environment,
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A run where all held, and a later one where something failed."""
    old = written(tmp_path / "old.jsonl", records([outcome(), outcome(dtype="float64")]))
    later = [replace(RUN, started="2025-11-23", id="l"), *records()[1:6]]
    failing = [outcome("fail", reason="It is wrong."), outcome(dtype="float64")]
    return old, written(tmp_path / "new.jsonl", [*later, *failing, *records(failing)[-1:]])


# -- Help ------------------------------------------------------------------------------------------


def test_without_a_command_the_help_is_shown() -> None:
    bare, asked = ran(), ran("--help")
    assert (bare.returncode, asked.returncode) == (2, 0)
    assert (bare.stdout, bare.stderr) == ("", asked.stdout)
    for command in COMMANDS:
        assert re.search(rf"^    {command}  ", asked.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "exit codes:\n  0  " in told
    examples = re.findall(rf"^  python -m reports ({command} .*?)(?:    .*|>>.*)?$", told, re.M)
    assert examples
    for example in examples:
        assert parser().parse_args(shlex.split(example)).command == command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none"], "invalid choice: 'none'"),
        (["html"], "the following arguments are required: RESULTS, -o/--output"),
        (["diff", "a", "b", "--json", "--markdown"], "not allowed with argument"),
        (["serve", "a", "--port", "65536"], "'65536' is not a port"),
        (["serve", "a", "--port", "x"], "'x' is not a port"),
        (["serve", "a", "--reload", "-1"], "'-1' is not a whole number"),
        (["badge", "a"], "required: --backend"),
    ],
)
def test_wrong_options_are_explained(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


# -- Unusable input and output ---------------------------------------------------------------------

EVERY: dict[str, Callable[[object, object], list[object]]] = {
    "html": lambda path, out: ["html", path, "-o", out],
    "merge": lambda path, out: ["merge", path, "-o", out],
    "diff": lambda path, out: ["diff", path, path, "-o", out],
    "trend": lambda path, out: ["trend", path, "-o", out],
    "badge": lambda path, out: ["badge", path, "--backend", "acme", "-o", out],
}


@pytest.mark.parametrize("command", EVERY)
@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (None, "No such file"),
        (b"", "the file is empty"),
        (b"\x00\xff" * 99, "no usable run header"),
        (b'{"kind": "run", "format": 99}\n', "its format is 99"),
    ],
)
def test_unusable_input(
    command: str,
    contents: bytes | None,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if contents is not None:
        (tmp_path / "r.jsonl").write_bytes(contents)
    arguments = EVERY[command](tmp_path / "r.jsonl", tmp_path / "out.html")
    assert main(list(map(str, arguments))) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert told.err.startswith(f"python -m reports {command}: ")
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize("command", EVERY)
def test_unusable_output(
    command: str, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = files[0].read_bytes()
    (tmp_path / "folder.html").mkdir()
    for output, said in (
        (tmp_path / "folder.html", "cannot write"),
        (files[0] / "below.html", "cannot write"),
        (files[0], "is one of the inputs"),
    ):
        assert main(list(map(str, EVERY[command](files[0], output)))) == 2
        assert said in capsys.readouterr().err
    assert files[0].read_bytes() == contents


@pytest.mark.parametrize("command", EVERY)
def test_a_damaged_file_is_used_and_what_is_lacking_is_said(
    command: str, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_bytes(files[1].read_bytes()[:-50] + b"\xff\n{")
    assert main(list(map(str, EVERY[command](damaged, tmp_path / "out.html")))) == 0
    told = "".join(capsys.readouterr())
    assert "was left out" in told


# -- html ------------------------------------------------------------------------------------------


def test_a_name_that_ends_in_html_is_one_file(files: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("new/a.html", "b.HTM"):
        assert main(["html", str(files[0]), "-o", str(tmp_path / name)]) == 0
        assert b"<!doctype html>" in (tmp_path / name).read_bytes()[:20]


def test_another_name_is_a_folder_with_a_site(files: tuple[Path, Path], tmp_path: Path) -> None:
    assert main(["html", str(files[0]), "-o", str(tmp_path / "new" / "site")]) == 0
    write_site(read(files[0]), tmp_path / "same")
    written_files = {path.name: path.read_bytes() for path in (tmp_path / "new/site").iterdir()}
    assert written_files == {path.name: path.read_bytes() for path in (tmp_path / "same").iterdir()}
    assert "index.html" in written_files


def test_several_files_are_merged_or_it_is_said_why_not(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["html", *map(str, files), "-o", str(page)]) == 0
    write_page(merge([read(path) for path in files]), tmp_path / "same.html")
    assert page.read_bytes() == (tmp_path / "same.html").read_bytes()
    quick = written(tmp_path / "q.jsonl", [replace(RUN, profile="quick"), *records()[1:]])
    assert main(["html", str(files[0]), str(quick), "-o", str(tmp_path / "no.html")]) == 2
    said = "cannot merge these results: the runs differ in their profile ('quick' and 'standard')"
    assert said in capsys.readouterr().err
    assert not (tmp_path / "no.html").exists()


# -- diff ------------------------------------------------------------------------------------------


def test_the_exit_code_says_whether_something_regressed(files: tuple[Path, Path]) -> None:
    old, new = map(str, files)
    declined = [outcome("unsupported"), outcome(dtype="float64")]
    lost = str(written(files[1].with_name("lost.jsonl"), records(declined)))
    assert ran("diff", old, new).returncode == 1
    assert main(["diff", new, old]) == 0
    assert main(["diff", new, new]) == 0
    assert main(["diff", old, lost]) == 0
    assert main(["diff", old, lost, "--strict"]) == 1
    assert main(["diff", lost, old, "--strict"]) == 0


def test_the_differences_read_well(files: tuple[Path, Path]) -> None:
    old, new = files
    done = ran("diff", old, new)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"old: {old} (convspec 0.1.0, profile standard, seed 7, started 2025-11-22T15:42:10Z)",
        f"new: {new} (convspec 0.1.0, profile standard, seed 7, started 2025-11-23)",
        "",
        "1 regression; 1 outcome is the same.",
        "",
        "Regressions: a failure now, and none or a milder one before",
        "  clause  backend  dtypes   was   is    why",
        "  CORR-1  acme     float32  pass  fail  It is wrong.",
    ]


def test_the_differences_as_json_markdown_and_page(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    old, new = files
    done = ran("diff", old, new, "--json", "-o", tmp_path / "new" / "d.html")
    told = json.loads(done.stdout)
    assert (done.returncode, told["regressed"], len(told["changes"])) == (1, True, 1)
    assert "1 regression; 1 outcome is the same." in (tmp_path / "new" / "d.html").read_text()
    done = ran("diff", old, new, "--markdown")
    assert "| CORR-1 | acme | float32 | pass | fail | It is wrong. |" in done.stdout.splitlines()


def test_two_backends_of_one_file_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [outcome(), outcome("fail", backend="acme2")]
    every = [*records()[:4], backend(), backend("acme2"), *both]
    path = str(written(tmp_path / "both.jsonl", every))
    assert main(["diff", path, path]) == 0
    assert main(["diff", path, path, "--backend", "acme=acme2"]) == 1
    assert "acme -> acme2" in capsys.readouterr().out
    assert main(["diff", path, path, "--backend", "acme=none"]) == 2
    refused = capsys.readouterr().err
    assert "'acme=none' must be the NAME of a backend of both, or OLD=NEW" in refused


def test_nothing_in_common_is_no_good_news(tmp_path: Path) -> None:
    one = written(tmp_path / "a.jsonl", records([outcome()]))
    other = written(tmp_path / "b.jsonl", records([outcome(dtype="float64")]))
    done = ran("diff", one, other)
    assert done.returncode == 2
    assert "nothing could be compared" in done.stderr


# -- trend, badge, serve ---------------------------------------------------------------------------


def test_a_trend_is_told_in_every_form(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = ran("trend", *files, "-o", tmp_path / "t.html")
    assert whole.returncode == 0
    assert "1 regression" in whole.stdout.splitlines()[3]
    assert "<svg" in (tmp_path / "t.html").read_text("utf-8")
    assert main(["trend", *map(str, reversed(files))]) == 0
    assert capsys.readouterr().out == whole.stdout
    assert main(["trend", *map(str, files), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [backend["backend"] for backend in told["backends"]] == ["acme", "absent"]
    assert [run["counts"] for run in told["backends"][0]["runs"]] == [
        {"pass": 2},
        {"pass": 1, "fail": 1},
    ]
    assert main(["trend", *map(str, files), "--markdown"]) == 0
    assert "| 2025-11-23 |" in capsys.readouterr().out


def test_a_badge_is_printed_or_written(files: tuple[Path, Path], tmp_path: Path) -> None:
    printed = ran("badge", files[1], "--backend", "acme", "--label", "x")
    assert json.loads(printed.stdout)["message"] == "1 fail, 0 hold, 2 not run (standard)"
    out = tmp_path / "new" / "badge.json"
    assert ran("badge", files[1], "--backend", "acme:Acme", "--label", "x", "-o", out).stdout == ""
    assert out.read_text() == printed.stdout
    refused = ran("badge", files[1], "--backend", "none")
    assert refused.returncode == 2
    assert "there is no backend 'none', only: 'acme', 'absent'" in refused.stderr


def test_serving_says_where_and_stops_cleanly(files: tuple[Path, Path]) -> None:
    # What starts the tests may have switched the interrupt off, which a process inherits.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    serve = "import sys; from reports.__main__ import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", f"{heard}; {serve}", "serve", str(files[0]), "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        try:
            assert serving.stdout is not None
            found = re.match(r"http://127\.0\.0\.1:(\d+)/ ", serving.stdout.readline())
            assert found is not None
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            taken = ran("serve", files[0], "--port", found[1])
            serving.send_signal(signal.SIGINT)
            assert serving.wait(30) == 0
            assert serving.stderr is not None
            assert serving.stderr.read() == ""
        finally:
            serving.kill()
    assert taken.returncode == 2
    assert f"cannot serve at port {found[1]}: Address already in use" in taken.stderr


# -- Any text, any terminal ------------------------------------------------------------------------


def hostile(path: Path) -> Results:
    return results(path, [outcome("fail", HOSTILE + "é\U0001f600", reason=HOSTILE)])


def test_any_text_can_be_printed_anywhere(tmp_path: Path) -> None:
    hostile(tmp_path)
    paths = [tmp_path / "results.jsonl"] * 2
    for command, encoding in (("diff", "ascii"), ("diff", "cp1252"), ("trend", "ascii")):
        done = ran(command, *paths, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert (done.returncode, done.stderr) == (0, "")
        assert "\x1b" not in done.stdout


def test_a_reader_that_goes_away_is_no_error(files: tuple[Path, Path]) -> None:
    names = " ".join(shlex.quote(str(path)) for path in files)
    pipe = f"{shlex.quote(sys.executable)} -m reports trend {names} | true"
    done = subprocess.run(
        ["bash", "-c", pipe], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
