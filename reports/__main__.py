"""`python -m reports html RESULTS.jsonl -o PAGE.html` makes the page of a results file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.page import write_page
from reports.results import ResultsError, read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it was done, 2 when its input or its output is unusable."""
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    html = commands.add_parser("html", help="make one self-contained page of a results file")
    html.add_argument("results", type=Path, help="the results file (JSON Lines) of a run")
    html.add_argument("-o", "--output", type=Path, required=True, help="the page to write")
    given = parser.parse_args(arguments)
    try:
        results = read(given.results)
    except (OSError, ResultsError) as error:
        return _refused(f"cannot use the results file {given.results}: {_words(error)}")
    for problem in results.problems:
        print(f"{given.results}: {problem}", file=sys.stderr)
    try:
        write_page(results, given.output)
    except OSError as error:
        return _refused(f"cannot write the page {given.output}: {_words(error)}")
    return 0


def _refused(message: str) -> int:
    print(f"python -m reports: {message}", file=sys.stderr)
    return 2


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


if __name__ == "__main__":
    sys.exit(main())
