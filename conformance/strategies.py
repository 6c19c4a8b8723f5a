"""What calls are drawn: shapes and parameters that tell faults apart.

Every call belongs to a regime, drawn first, so that each of them is met in any run: where the
kernels, layouts and loops of real backends change. Hypothesis draws all numbers of a call as one
string of bytes. Drawn one by one they would lean to the small, and whole examples would differ in
a single number; as bytes they are spread evenly, and each still shrinks to its lowest value. The
arrays come from a seed.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from conformance.calls import Call, Recipe
from conformance.data import FLOATS, INTEGERS
from reference.geometry import Sizes, effective_kernel

REGIMES = (
    "small",
    "plain",  # no stride, padding, dilation or groups
    "exact fit",  # the filter covers the padded input
    "pointwise",  # 1 x 1 filters that step over values
    "large kernel",
    "large input",
    "depthwise",
    "many groups",
    "many channels",
    "many filters",
    "large batch",
)

PLAIN = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}

_LARGEST_KERNEL = {1: 6, 2: 4, 3: 3}
_ROOM = {1: 9, 2: 5, 3: 3}
_LARGE_ROOM = {1: 600, 2: 110, 3: 12}
_BEYOND_7 = {1: 16, 2: 16, 3: 8}


DRAWN_BYTES = 64


class Dice:
    """Numbers read from bytes, one after another."""

    def __init__(self, drawn: bytes) -> None:
        self._bytes = iter(drawn)

    def between(self, low: int, high: int) -> int:
        """An int of low <= n <= high: the lowest for bytes of 0."""
        return low + (next(self._bytes) + 256 * next(self._bytes)) % (high - low + 1)

    def one_of(self, options: Sequence[Any]) -> Any:
        return options[self.between(0, len(options) - 1)]


def recipes(
    dtype: str,
    spatial_axes: Sequence[int] = (1, 2, 3),
    data: Sequence[str] = INTEGERS,
    headroom: int = 1,
    **fixed: Any,
) -> st.SearchStrategy[Recipe]:
    """Recipes of possible calls. ``fixed`` sets parameters, to a value or a range (low, high):
    ``stride``, ``dilation`` and ``padding`` for all axes and sides, ``groups``, ``channels``,
    ``filters`` and ``batch``; ``bias`` to True or False; ``regimes`` to those to draw from.
    """

    def recipe(drawn: bytes) -> Recipe:
        return recipe_of(Dice(drawn), dtype, spatial_axes, data, headroom, fixed)

    return st.binary(min_size=DRAWN_BYTES, max_size=DRAWN_BYTES).map(recipe)


def recipe_of(
    dice: Dice,
    dtype: str,
    spatial_axes: Sequence[int],
    data: Sequence[str],
    headroom: int,
    fixed: dict[str, Any],
) -> Recipe:
    """What the bytes of ``dice`` say, within these limits (see :func:`recipes`)."""
    regime = dice.one_of(fixed.get("regimes", REGIMES))
    axes = dice.one_of(spatial_axes)
    fixed = PLAIN | fixed if regime == "plain" else fixed

    # Every number is read whether it is needed or not, and a small byte gives the same number in
    # every regime: so shrinking one number leaves the others alone.
    def number(name: str, low: int, high: int) -> int:
        value = fixed.get(name, (low, high))
        return dice.between(*value) if isinstance(value, tuple) else dice.between(value, value)

    def for_each_axis(name: str, low: int, high: int) -> Sizes:
        return tuple([number(name, low, high) for _ in range(3)][:axes])

    groups = number("groups", *{"depthwise": (1, 9), "many groups": (1, 9)}.get(regime, (1, 3)))
    kernel = for_each_axis("kernel", *_kernels(regime, axes))
    stride = for_each_axis("stride", *((2, 4) if regime == "pointwise" else (1, 4)))
    short = axes == 3 or regime == "large kernel"
    dilation = for_each_axis("dilation", 1, 2 if short else 3)
    low, high = (for_each_axis("padding", 0, 4) for _ in range(2))
    room = for_each_axis("room", 0, _room(regime, axes))
    extents = effective_kernel(kernel, dilation)
    if regime == "exact fit":
        low = tuple(min(p, extent - 1) for p, extent in zip(low, extents, strict=True))
        high = tuple(min(p, e - 1 - q) for p, q, e in zip(high, low, extents, strict=True))
    return Recipe(
        dtype=dtype,
        batch=number("batch", 1, {"large batch": 33, "large input": 2}.get(regime, 4)),
        groups=groups,
        channels=number("channels", *_depths(regime)),
        filters=number("filters", *((1, 40) if regime == "many filters" else (1, 4))),
        size=tuple(
            max(1, extent - before - after) + more
            for extent, before, after, more in zip(extents, low, high, room, strict=True)
        ),
        kernel=kernel,
        stride=stride,
        padding=tuple(zip(low, high, strict=True)),
        dilation=dilation,
        bias=bool(number("bias", 0, 1)),
        data=dice.one_of(data),
        seed=dice.between(0, 2**16 - 1),
        headroom=headroom,
    )


def _kernels(regime: str, axes: int) -> tuple[int, int]:
    if regime == "pointwise":
        return 1, 1
    return 1, (_BEYOND_7 if regime == "large kernel" else _LARGEST_KERNEL)[axes]


def _room(regime: str, axes: int) -> int:
    """How far the input may reach beyond the filter."""
    if regime == "exact fit":
        return 0
    return (_LARGE_ROOM if regime == "large input" else _ROOM)[axes]


def _depths(regime: str) -> tuple[int, int]:
    return {"depthwise": (1, 1), "many channels": (1, 40)}.get(regime, (1, 3))


def integer_calls(subject: Any, **fixed: Any) -> st.SearchStrategy[Call]:
    """Calls on integers, which a direct algorithm gets exactly right: to judge structure by."""
    return recipes(subject.dtype, subject.capabilities.spatial_axes, **fixed).map(Recipe.call)


def float_calls(subject: Any, **fixed: Any) -> st.SearchStrategy[Call]:
    """Calls on real numbers of every kind of data: to judge rounding by."""
    axes = subject.capabilities.spatial_axes
    return recipes(subject.dtype, axes, tuple(FLOATS), **fixed).map(Recipe.call)
