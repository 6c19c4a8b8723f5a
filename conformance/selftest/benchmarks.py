"""What isolation costs: ``python -m conformance.selftest.benchmarks [BACKEND ...]``.

Side by side, in one run: a call that is made in this process and one that goes through a worker,
for a small array and for a batch of MNIST images; then a default run of the suite in both ways.
One thread each. Compare the ratios: absolute times vary with the machine and its load.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from adapters import Adapter, load
from adapters.process.isolation import Isolated, Limits
from conformance.selftest.running import run

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
    for options in (["--in-process"], []):
        begun = time.perf_counter()
        run(folder, "--backend", name, "--seed", "1", *options, OMP_NUM_THREADS="1")
        taken.append(time.perf_counter() - begun)
    print(f"{name:14} {taken[0]:9.1f} {taken[1]:9.1f} {taken[1] / taken[0]:8.2f}x")


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # before any backend is loaded
    names = sys.argv[1:] or ["reference", "torch-cpu"]
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'a call, us':14} {'float32':18} {'here':>9} {'isolated':>9} {'cost':>9}")
        for name in names:
            worker = Isolated(name, Limits(), Path(folder, "bench.call")).ready()
            compare_calls(name, load(name), worker)
            worker.close()
        print(f"\n{'a run, s':14} {'here':>9} {'isolated':>9} {'ratio':>9}")
        for name in names:
            compare_runs(name, Path(folder))


if __name__ == "__main__":
    main()
