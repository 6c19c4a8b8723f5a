"""Shapes in which a single number is far larger than all others: there blocks end, and indices of
so many bits.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from conformance.calls import Recipe
from conformance.judge import Disagreement
from conformance.strategies import DRAWN_BYTES, Dice
from conformance.subject import BackendFailure, Subject
from reference.geometry import Sizes, effective_kernel

# How many bits each number may have; fewer where backends take seconds for more.
MOST_BITS = {
    "size": 16,
    "batch": 16,
    "channels": 16,
    "filters": 16,
    "groups": 12,
    "kernel": 10,
    "padding": 12,
    "dilation": 12,
    "stride": 12,
}
_FEWEST_BITS = 5
_BITS_AMONG_SMALL_NUMBERS = 12  # beyond, all other numbers are 1
_EXAMPLES_FOR_A_ROUND = 50


@dataclass(frozen=True)
class Vast:
    """``what`` is within one of 2^``bits``; all else is small, and says what was ``drawn``."""

    what: str
    bits: int
    drawn: bytes


def vast_cases(subject: Subject) -> Iterator[Vast]:
    """Each number in its turn: beyond its most bits, and in further rounds beside any power of
    two.
    """
    rng = random.Random(f"{subject.seed} {subject.dtype}")
    for number in range(max(1, subject.effort // _EXAMPLES_FOR_A_ROUND)):
        for what, most in MOST_BITS.items():
            bits = rng.randint(_FEWEST_BITS, most) if number else most
            yield Vast(what, bits, rng.randbytes(DRAWN_BYTES))


def check_vast(subject: Subject, case: Vast, check: Callable[[Recipe], object]) -> None:
    """Check a case; one that fails is raised for the lowest power of two for which it does."""
    try:
        check(_recipe(subject, case))
    except (Disagreement, BackendFailure):
        for bits in range(_FEWEST_BITS, case.bits):
            check(_recipe(subject, replace(case, bits=bits)))
        raise


def _recipe(subject: Subject, case: Vast) -> Recipe:
    what, bits, dice = case.what, case.bits, Dice(case.drawn)
    axes = dice.one_of(subject.capabilities.spatial_axes)
    at = dice.between(0, axes - 1)
    beside = dice.between(-1, 1)
    vast = 2**bits + (1 if bits == MOST_BITS[what] else beside)
    small = 1 if bits > _BITS_AMONG_SMALL_NUMBERS else 2

    def number(name: str) -> int:
        drawn = dice.between(1, small)
        return vast if name == what else drawn

    def for_each_axis(name: str, low: int, high: int) -> Sizes:
        drawn = [dice.between(low, high) for _ in range(3)][:axes]
        return tuple(vast if (name, axis) == (what, at) else n for axis, n in enumerate(drawn))

    kernel = for_each_axis("kernel", 1, small)
    if what in ("size", "padding", "dilation"):
        kernel = tuple(max(k, 2) if axis == at else k for axis, k in enumerate(kernel))
    stride, dilation = for_each_axis("stride", 1, small), for_each_axis("dilation", 1, small)
    low, high = for_each_axis("padding", 0, 1), for_each_axis("", 0, 1)
    room = for_each_axis("size", 0, 1)
    if what == "stride":  # two windows
        room = tuple(more + step - 1 for more, step in zip(room, stride, strict=True))
    extents = effective_kernel(kernel, dilation)
    return Recipe(
        dtype=subject.dtype,
        batch=number("batch"),
        groups=number("groups"),
        channels=number("channels"),
        filters=number("filters"),
        size=tuple(extent + more for extent, more in zip(extents, room, strict=True)),
        kernel=kernel,
        stride=stride,
        padding=tuple(zip(low, high, strict=True)),
        dilation=dilation,
        bias=bool(dice.between(0, 1)),
        data="integers",
        seed=dice.seed(),
    )
