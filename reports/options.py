"""The commands of `python -m reports`, and what they take."""

from __future__ import annotations

import argparse
from pathlib import Path

_PROGRAM = "python -m reports"
_OVERVIEW = """\
Results of `python -m conformance` as pages, and side by side.

A typical way through:
  python -m conformance --backend torch-cpu --results results/today.jsonl
  python -m reports html results/today.jsonl -o report.html
  python -m reports diff results/yesterday.jsonl results/today.jsonl
"""
_EXITS = """\
exit codes:
  0  it was done
  2  it could not be done: the input, the output or the options cannot be used (stderr says why)
"""
_EXITS_OF_DIFF = """\
exit codes:
  0  nothing regressed
  1  something fails that did not, or a backend that ran could not be run;
     with --strict also: a pass was lost or is gone, a grade fell, a pass rests on far fewer
     examples; never that an error grew, which some of many do by chance
  2  it could not be done, or nothing could be compared (stderr says why)
"""
_HTML = """\
examples:
  python -m reports html results/today.jsonl -o report.html    one file, to attach or to mail
  python -m reports html results/today.jsonl -o site           a folder, to publish
  python -m reports html gpu.jsonl cpu.jsonl -o site           several runs together, see merge
"""
_MERGE = """\
Runs of one version of the suite and one profile are put together: shards of a run, machines,
backends. Of two outcomes for one check the worse one stands. Order does not matter.

examples:
  python -m reports merge shard1.jsonl shard2.jsonl -o all.jsonl
  python -m reports merge results/*.jsonl -o all.jsonl
"""
_DIFF = """\
Backends are matched by their names. --backend chooses some, and compares two of different names,
such as two versions that were run side by side.

examples:
  python -m reports diff old.jsonl new.jsonl
  python -m reports diff old.jsonl new.jsonl --markdown >> "$GITHUB_STEP_SUMMARY"
  python -m reports diff old.jsonl new.jsonl -o changes.html --strict
  python -m reports diff all.jsonl all.jsonl --backend acme-1=acme-2
"""
_TREND = """\
examples:
  python -m reports trend results/*.jsonl
  python -m reports trend results/*.jsonl -o trend.html
"""
_BADGE = """\
A clause holds if all of its outcomes are passes: nothing that was declined, is a known issue or did
not run counts as one. The message says how many hold, and what kept the others from it.

examples:
  python -m reports badge results/today.jsonl --backend torch-cpu
  python -m reports badge results/today.jsonl --backend acme_adapter:Acme -o site/badge.json
"""
_SERVE = """\
Only this machine can reach it. Stop it with Ctrl-C.

examples:
  python -m reports serve results/today.jsonl
  python -m reports serve results/today.jsonl --port 0 --reload 10    watch a run in progress
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; `command` is the name of the command."""
    program = argparse.ArgumentParser(
        prog=_PROGRAM,
        description=_OVERVIEW,
        epilog=f"`{_PROGRAM} COMMAND --help` explains a command, with examples.\n\n{_EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = program.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    html = _command(commands, "html", "make a report: one file, or a site", _HTML)
    _results(html, "results files (JSON Lines), merged or not; several are merged", "+")
    _output(html, "a file that ends in .html, or a folder for a site", required=True)

    merge = _command(commands, "merge", "put the results of several runs together", _MERGE)
    _results(merge, "results files, merged or not", "+")
    _output(merge, "the file to write", required=True)

    diff = _command(commands, "diff", "say what changed between two runs", _DIFF, _EXITS_OF_DIFF)
    diff.add_argument("old", type=Path, help="the earlier results file")
    diff.add_argument("new", type=Path, help="the later results file")
    diff.add_argument(
        "--backend",
        action="append",
        default=[],
        metavar="NAME or OLD=NEW",
        help="compare this backend only, or these two of different names (repeatable)",
    )
    diff.add_argument(
        "--strict", action="store_true", help="exit 1 also if a pass was lost or a grade fell"
    )
    _forms(diff)
    _output(diff, "also write a page")

    trend = _command(commands, "trend", "say how backends fared over many runs", _TREND)
    _results(trend, "results files, in any order", "+")
    _forms(trend)
    _output(trend, "also write a page with charts")

    badge = _command(commands, "badge", "make a badge of a backend, for shields.io", _BADGE)
    _results(badge, "a results file, merged or not")
    badge.add_argument("--backend", required=True, metavar="NAME", help="its name or its spec")
    badge.add_argument("--label", default="convspec", help="the left half (default: convspec)")
    _output(badge, "the JSON file to write (default: print it)")

    serve = _command(commands, "serve", "show a report in the browser, also of a run", _SERVE)
    _results(serve, "results files, merged or not; several are merged", "+")
    serve.add_argument(
        "--port", type=_port, default=8000, help="0: any that is free (default: 8000)"
    )
    serve.add_argument(
        "--reload",
        type=_seconds,
        default=0,
        metavar="SECONDS",
        help="have browsers reload so often until the run is finished (default: never)",
    )
    return program


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    examples: str,
    exits: str = _EXITS,
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=words,
        description=f"{words[:1].upper()}{words[1:]}.",
        epilog=f"{examples}\n{exits}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _results(command: argparse.ArgumentParser, words: str, number: str | None = None) -> None:
    command.add_argument("results", type=Path, nargs=number, metavar="RESULTS", help=words)


def _output(command: argparse.ArgumentParser, words: str, *, required: bool = False) -> None:
    command.add_argument("-o", "--output", type=Path, required=required, metavar="OUT", help=words)


def _forms(command: argparse.ArgumentParser) -> None:
    forms = command.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print JSON instead of text")
    forms.add_argument("--markdown", action="store_true", help="print Markdown instead of text")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)


def _seconds(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return int(text)
