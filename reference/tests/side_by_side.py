"""Functions timed in turns: whatever else the machine does slows all of them."""

import time
from collections.abc import Callable, Mapping
from statistics import median


def medians(functions: Mapping[str, Callable[[], object]], rounds: int = 30) -> dict[str, float]:
    """The median time of each, in seconds."""
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            begun = time.perf_counter()
            function()
            taken[name].append(time.perf_counter() - begun)
    return {name: median(times) for name, times in taken.items()}


def show(title: str, functions: Mapping[str, Callable[[], object]], rounds: int = 30) -> None:
    """Print the medians, each also as a multiple of the first."""
    found = medians(functions, rounds)
    first = next(iter(found.values()))
    print(title)
    for name, seconds in found.items():
        print(f"    {name:28} {1e3 * seconds:9.3f} ms {seconds / first:8.2f} x")
