"""What merging and reporting cost as results grow:

python -m reports.tests.benchmark_reports RESULTS [ROWS ...]

The results of a real run are repeated under other names of backends until there are as many rows,
clauses x backends x dtypes; they come in four shards. Each count of rows is also told as a multiple
of the first one's times.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import TypeVar

from reports.merging import merge, write
from reports.pages.site import write_site
from reports.results import Backend, Outcome, Results, read

T = TypeVar("T")
SHARDS = 4
ROWS = (1_000, 10_000)


def repeated(of: Results) -> Iterator[tuple[Backend, Outcome]]:
    """The outcomes of the run, and again under the next names, without an end."""
    for turn in count():
        for backend in of.backends:
            named = replace(backend, name=f"{backend.name}-{turn}")
            for outcome in of.outcomes:
                if outcome.backend == backend.name:
                    yield named, replace(outcome, backend=named.name)


def shard(of: Results, rows: Sequence[tuple[Backend, Outcome]], at: int) -> Results:
    """One of so many parts of the rows, as a run of its own."""
    backends = {backend.name: backend for backend, _ in rows}
    return replace(
        of,
        run=replace(of.run, shard=(at + 1, SHARDS), id=f"{of.run.id}-{at}"),
        backends=tuple(backends.values()),
        outcomes=tuple(outcome for _, outcome in rows[at::SHARDS]),
        end=None,
    )


def timed(taken: dict[str, float], name: str, step: Callable[[], T]) -> T:
    begun = time.perf_counter()
    result = step()
    taken[name] = time.perf_counter() - begun
    return result


def measured(of: Results, rows: int, folder: Path) -> dict[str, float]:
    """The seconds of each step, for so many rows."""
    taken: dict[str, float] = {}
    wanted = list(islice(repeated(of), rows))
    files = [folder / f"{rows}-{at}.jsonl" for at in range(SHARDS)]
    for at, file in enumerate(files):
        write(shard(of, wanted, at), file)
    parts = timed(taken, f"read {SHARDS} shards", lambda: [read(file) for file in files])
    merged = timed(taken, "merge them", lambda: merge(parts))
    whole = folder / f"{rows}.jsonl"
    timed(taken, "write the merged file", lambda: write(merged, whole))
    timed(taken, "write the site", lambda: write_site(merged, folder / str(rows)))
    examples = sum(outcome.examples for outcome in merged.outcomes)
    pages = [file.stat().st_size for file in (folder / str(rows)).glob("*.html")]
    print(
        f"{len(merged.outcomes)} rows, {examples} examples: {whole.stat().st_size / 1e6:.1f} MB of "
        f"results, {len(pages)} pages, {sum(pages) / 1e6:.1f} MB, the largest "
        f"{max(pages) / 1e3:.0f} kB"
    )
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m reports.tests.benchmark_reports", description=__doc__
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("rows", type=int, nargs="*", default=ROWS)
    given = parser.parse_args()
    of = read(given.results)
    if not of.outcomes:
        sys.exit(f"{given.results} has no outcomes")
    first: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for rows in given.rows:
            taken = measured(of, rows, Path(folder))
            first = first or taken
            for name, seconds in taken.items():
                print(f"    {name:24} {seconds:8.2f} s {seconds / first[name]:8.2f} x")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"at most {most / 2**20:.2f} GiB of memory")


if __name__ == "__main__":
    main()
