"""What the suite costs: ``python -m conformance.selftest.benchmarks WHAT [BACKEND ...]``.

``calls``: one that is made in this process beside one that goes through a worker, for a small array
and for a batch of MNIST images. ``runs``: the default profile in this process, isolated, and on two
workers of pytest-xdist. ``parts``: where the time of an isolated run goes, and how much memory it
takes. ``start``: what it takes before the first clause is tried. One thread each. Compare the
ratios: absolute times vary with the machine and its load.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, load
from adapters.process.isolation import Isolated, Limits
from conformance.selftest.running import command, run
from reports.results import read

SHAPES = {"1 x 3 x 8 x 8": (1, 3, 8, 8), "64 x 1 x 28 x 28": (64, 1, 28, 28)}
PLAIN: dict[str, Any] = {
    "stride": (1, 1),
    "padding": ((0, 0), (0, 0)),
    "dilation": (1, 1),
    "groups": 1,
}


def microseconds(call: Callable[[], object], times: int = 300) -> float:
    """The median time of a call."""
    call()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return 1e6 * median(taken)


def compare_calls(name: str, here: Adapter, there: Adapter) -> None:
    for title, shape in SHAPES.items():
        x, filters = np.ones(shape, "float32"), np.ones((4, shape[1], 3, 3), "float32")
        direct, isolated = (
            microseconds(lambda: adapter.cross_correlate(x, filters, None, **PLAIN))  # noqa: B023
            for adapter in (here, there)
        )
        print(f"{name:14} {title:18} {direct:9.0f} {isolated:9.0f} {isolated - direct:+9.0f}")


def compare_runs(name: str, folder: Path) -> None:
    taken = []
    for options in (["--in-process"], [], ["-n", "2"]):
        begun = time.perf_counter()
        run(folder, "--backend", name, "--seed", "1", *options, OMP_NUM_THREADS="1")
        taken.append(time.perf_counter() - begun)
    here, isolated, two = taken
    print(f"{name:14} {here:9.1f} {isolated:9.1f} {two:9.1f} {isolated / two:9.2f} x")


PARTS = (
    ("waiting for the backend", ("adapters/",)),
    ("truth and bound", ("conformance/answers/", "conformance/ensemble.py", "reference/")),
    ("judging", ("conformance/judge.py",)),
    ("drawing", ("conformance/strategies.py", "conformance/makers.py", "conformance/data.py")),
    ("recording", ("reports/", "conformance/recorder.py", "conformance/tally.py")),
    ("Hypothesis", ("/hypothesis/",)),
    ("the clauses", ("conformance/",)),
    ("pytest", ("/_pytest/", "/pluggy/")),
)


class Sampler(threading.Thread):
    """Looks at the main thread time and again: whose code is at work? That of the innermost
    function that belongs to a part.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.main = threading.main_thread().ident
        self.seen: Counter[str] = Counter()
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.005):
            frame = sys._current_frames().get(self.main or 0)
            files = []
            while frame:
                files.append(frame.f_code.co_filename)
                frame = frame.f_back
            found = (part for file in files for part, of in PARTS if any(p in file for p in of))
            self.seen[next(found, "the rest")] += 1


def where_time_goes(name: str, folder: Path) -> None:
    """A run in the default profile, looked into from inside."""
    sampler = Sampler()
    arguments = command(folder, folder / "parts.jsonl", "--backend", name, "--seed", "1")[3:]
    sampler.start()
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(arguments)
    sampler.done.set()
    examples = sum(outcome.examples for outcome in read(folder / "parts.jsonl").outcomes)
    seconds = sampler.seen.total() * 0.005
    print(f"{name}: {examples} examples, {examples / seconds:.0f} a second")
    for part, count in sampler.seen.most_common():
        print(f"    {part:26} {100 * count / sampler.seen.total():5.1f} %")
    for process, who in {"the suite": RUSAGE_SELF, "a backend": RUSAGE_CHILDREN}.items():
        print(f"    {process:26} {getrusage(who).ru_maxrss / 2**20:5.2f} GiB at most, so far")


def starting(folder: Path) -> None:
    """What it takes before the first clause is tried."""
    for title, options in {
        "collected": ["--collect-only", "--backend", "reference"],
        "one clause": ["--backend", "reference", "-k", "CORR-10"],
        "help": ["--help"],
    }.items():
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            run(folder, *options)
            taken.append(time.perf_counter() - begun)
        print(f"{title:14} {median(taken):9.2f}")


def calls(names: list[str], folder: Path) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # before any backend is loaded
    print(f"{'a call, us':14} {'float32':18} {'here':>9} {'isolated':>9} {'cost':>9}")
    for name in names:
        worker = Isolated(name, Limits(), folder / "bench.call").ready()
        compare_calls(name, load(name), worker)
        worker.close()


def runs(names: list[str], folder: Path) -> None:
    columns = ("here", "isolated", "-n 2", "gain")
    print(f"{'a run, s':14} " + " ".join(f"{column:>9}" for column in columns))
    for name in names:
        compare_runs(name, folder)


def parts(names: list[str], folder: Path) -> None:
    for name in names:
        where_time_goes(name, folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m conformance.selftest.benchmarks", description=__doc__
    )
    parser.add_argument("what", choices=("calls", "runs", "parts", "start"))
    parser.add_argument("backends", nargs="*", default=["reference", "torch-cpu"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if given.what == "start":
            starting(folder)
        else:
            {"calls": calls, "runs": runs, "parts": parts}[given.what](given.backends, folder)


if __name__ == "__main__":
    main()
