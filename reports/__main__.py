"""`python -m reports`: a page of results (`html`), and results put together (`merge`)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.merging import merge, write
from reports.page import write_page
from reports.results import Results, ResultsError, read


class _RefusedError(Exception):
    """What was asked for cannot be done; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it was done, 2 when its input or its output is unusable."""
    given = _parser().parse_args(arguments)
    try:
        given.command(given)
    except _RefusedError as why:
        print(f"python -m reports: {why}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    html = commands.add_parser("html", help="make one self-contained page of a results file")
    html.add_argument("results", type=Path, help="the results file (JSON Lines), merged or not")
    html.add_argument("-o", "--output", type=Path, required=True, help="the page to write")
    html.set_defaults(command=_html)
    merging = commands.add_parser("merge", help="put the results of several runs together")
    merging.add_argument("results", type=Path, nargs="+", help="results files, merged or not")
    merging.add_argument("-o", "--output", type=Path, required=True, help="the file to write")
    merging.set_defaults(command=_merge)
    return parser


def _html(given: argparse.Namespace) -> None:
    results = _read(given.results)
    _keep_inputs(given.output, [given.results])
    _say(given.results, results.problems)
    try:
        write_page(results, given.output)
    except OSError as error:
        raise _RefusedError(f"cannot write the page {given.output}: {_words(error)}") from error


def _merge(given: argparse.Namespace) -> None:
    parts = [_read(path) for path in given.results]
    _keep_inputs(given.output, given.results)
    try:
        merged = merge(parts)
    except ResultsError as error:
        raise _RefusedError(f"cannot merge these results: {error}") from error
    _say(given.output, merged.problems)
    try:
        write(merged, given.output)
    except OSError as error:
        raise _RefusedError(f"cannot write the results {given.output}: {_words(error)}") from error


def _read(path: Path) -> Results:
    try:
        return read(path)
    except (OSError, ResultsError) as error:
        raise _RefusedError(f"cannot use the results file {path}: {_words(error)}") from error


def _keep_inputs(output: Path, inputs: Sequence[Path]) -> None:
    if output.exists() and any(output.samefile(path) for path in inputs):
        raise _RefusedError(f"{output} is one of the inputs: write to another file")


def _say(path: Path, problems: Sequence[str]) -> None:
    for problem in problems:
        print(f"{path}: {problem}", file=sys.stderr)


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


if __name__ == "__main__":
    sys.exit(main())
