"""`python -m reports`: results as pages, side by side, over time, as a badge, and served."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from reports import telling, trend_telling
from reports.badge import as_json, badge
from reports.differences import compare, pair_of
from reports.merging import write
from reports.options import parser
from reports.pages import write_page, write_site
from reports.reading import merge_together, read_one, read_together
from reports.results import Results, ResultsError
from reports.serving import HOST, Site, server
from reports.tables import visible
from reports.telling import Comparison, Source
from reports.trend import trends


class _RefusedError(Exception):
    """What was asked for cannot be done; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: its help says which there are."""
    commands = parser()
    given = commands.parse_args(arguments)
    if given.command is None:
        commands.print_help(sys.stderr)
        return 2
    try:
        return _COMMANDS[given.command](given)
    except (_RefusedError, ResultsError) as why:
        print(f"python -m reports {given.command}: {visible(str(why))}", file=sys.stderr)
        return 2


def _html(given: argparse.Namespace) -> int:
    _keep_inputs(given.output, given.results)
    results = read_together(given.results)
    _say(" and ".join(map(str, given.results)), results)
    if given.output.suffix.lower() in (".html", ".htm"):
        with _writing("the page", given.output):
            write_page(results, given.output)
    else:
        with _writing("the site", given.output):
            write_site(results, given.output)
    return 0


def _merge(given: argparse.Namespace) -> int:
    _keep_inputs(given.output, given.results)
    merged = merge_together([read_one(path) for path in given.results])
    _say(str(given.output), merged)
    with _writing("the results", given.output):
        write(merged, given.output)
    return 0


def _diff(given: argparse.Namespace) -> int:
    _keep_inputs(given.output, [given.old, given.new])
    old, new = (Source(str(path), read_one(path)) for path in (given.old, given.new))
    try:
        wanted = [pair_of(text, old.results, new.results) for text in given.backend]
        differences = compare(old.results, new.results, wanted)
    except ResultsError as error:
        raise _RefusedError(f"cannot compare {given.old} with {given.new}: {error}") from error
    if not differences.compared:
        raise _RefusedError(
            f"nothing could be compared: {given.old} and {given.new} have no outcome for the same "
            "clause, backend and dtype; name backends that belong together with --backend OLD=NEW"
        )
    _tell(given, telling, Comparison(old, new, differences))
    return int(differences.worsened if given.strict else differences.regressed)


def _trend(given: argparse.Namespace) -> int:
    _keep_inputs(given.output, given.results)
    sources = [Source(str(path), read_one(path)) for path in given.results]
    for source in sources:
        _say(source.name, source.results)
    _tell(given, trend_telling, trends(sources))
    return 0


def _badge(given: argparse.Namespace) -> int:
    results = read_one(given.results)
    _keep_inputs(given.output, [given.results])
    _say(str(given.results), results)
    try:
        endpoint = as_json(badge(results, given.backend, given.label))
    except ResultsError as error:
        raise _RefusedError(f"cannot make a badge of {given.results}: {error}") from error
    if given.output is None:
        print(endpoint, end="")
    else:
        _write("the badge", given.output, endpoint)
    return 0


def _serve(given: argparse.Namespace) -> int:
    site = Site(given.results)
    try:
        serving = server(site, given.port, given.reload)
    except OSError as error:
        raise _RefusedError(f"cannot serve at port {given.port}: {_words(error)}") from error
    with serving:
        print(f"http://{HOST}:{serving.server_port}/ (stop with Ctrl-C)", flush=True)
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "html": _html,
    "merge": _merge,
    "diff": _diff,
    "trend": _trend,
    "badge": _badge,
    "serve": _serve,
}


def _tell(given: argparse.Namespace, words: ModuleType, found: Any) -> None:
    """Print what was found in the form that was asked for, and write the page if one was."""
    if given.output is not None:
        _write("the page", given.output, words.page(found))
    if given.json:
        print(json.dumps(words.plain(found), indent=1, allow_nan=False))
    else:
        print("\n".join(words.markdown(found) if given.markdown else words.text(found)))


def _keep_inputs(output: Path | None, inputs: Sequence[Path]) -> None:
    if output is not None and output.exists() and any(map(output.samefile, _there(inputs))):
        raise _RefusedError(f"{output} is one of the inputs: write to another file")


def _there(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.exists()]


def _say(name: str, results: Results) -> None:
    for problem in results.problems:
        print(f"{visible(name)}: {visible(problem)}", file=sys.stderr)


def _write(what: str, path: Path, content: str) -> None:
    with _writing(what, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))


@contextmanager
def _writing(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _RefusedError(f"cannot write {what} {path}: {_words(error)}") from error


def _words(error: OSError) -> str:
    return error.strerror or str(error)


def _program() -> int:
    """`main` with the streams of a program: any text can be printed, and a reader may go away."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter will flush once more, and must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return code


if __name__ == "__main__":
    sys.exit(_program())
