"""Results files as a command is given them: read, together, and how far they can be trusted.

An error names the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.merging import merge
from reports.results import Results, ResultsError, read

# The exit codes of pytest with which a run came to its end: all held, something failed, and
# nothing was chosen. With any other it was interrupted, or broke.
_WHOLE = (0, 1, 5)


def read_one(path: Path) -> Results:
    """The results in the file. Raises `ResultsError` for whatever is in the way."""
    try:
        return read(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise ResultsError(f"cannot use the results file {path}: {why}") from error
    except ResultsError as error:
        raise ResultsError(f"cannot use the results file {path}: {error}") from error


def merge_together(parts: Sequence[Results]) -> Results:
    """The results of all the parts as one. Raises `ResultsError`, in words for a command."""
    try:
        return merge(parts)
    except ResultsError as error:
        raise ResultsError(f"cannot merge these results: {error}") from error


def read_together(paths: Sequence[Path]) -> Results:
    """The results in the files, merged if there are several."""
    parts = [read_one(path) for path in paths]
    return parts[0] if len(parts) == 1 else merge_together(parts)


def shortcoming(results: Results) -> str:
    """What must be said wherever these results are told: "" if they are whole."""
    if results.end is None or results.end.exit not in _WHOLE:
        return "unfinished"
    return "incomplete" if results.problems else ""
