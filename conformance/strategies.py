"""What calls are drawn: shapes and parameters that tell faults apart.

Every call belongs to a regime, drawn first, so that each of them is met in any run: where the
kernels, layouts and loops of real backends change. Hypothesis draws all numbers of a call as one
string of bytes. Drawn one by one they would lean to the small, and whole examples would differ in
a single number; as bytes they are spread evenly, and each still shrinks to its lowest value. The
arrays come from a seed.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import prod
from typing import Any, TypeVar

from hypothesis import strategies as st

from conformance.calls import Call, Recipe
from conformance.data import FLOATS, INTEGERS
from reference.geometry import Sizes, effective_kernel

T = TypeVar("T")

REGIMES = (
    "small",
    "everyday",  # square filters of odd size, which keep the size or halve it: as in most networks
    "everyday",
    "plain",  # no stride, padding, dilation or groups
    "exact fit",  # the filter covers the padded input
    "pointwise",  # 1 x 1 filters that step over values
    "large kernel",
    "large input",
    "depthwise",
    "many groups",
    "many channels",
    "many filters",
    "wide",  # many channels and many filters at once
    "large batch",
    "far",  # strides, dilations and pads that are rarely met
)

PLAIN = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}

_LARGEST_KERNEL = {1: 6, 2: 4, 3: 3}
_ROOM = {1: 9, 2: 5, 3: 3}
_LARGE_ROOM = {1: 1500, 2: 110, 3: 18}
_FAR_ROOM = {1: 40, 2: 20, 3: 8}
_EVERYDAY_ROOM = {1: 40, 2: 40, 3: 8}
_BEYOND_7 = {1: 20, 2: 16, 3: 8}
_EVERYDAY = (1, 3, 8, 16, 32, 64)
_MOST_WORK = 100_000  # items x channels x filters x places of an everyday layer


DRAWN_BYTES = 64
_MEETINGS = 4  # examples of each shape, where shapes are few
_BYTES = st.binary(min_size=DRAWN_BYTES, max_size=DRAWN_BYTES)


def some_kinds(seed: int | None) -> list[str]:
    """Two of the kinds of real numbers: every kind is met many times in a run. They come from the
    seed of an example: drawn beside it, they would lead Hypothesis to show the same example with
    other kinds time and again.
    """
    return random.Random(seed or 0).sample(tuple(FLOATS), 2)


class Dice:
    """Numbers read from bytes, one after another; all but those that values come from are read
    from ``shapes``, if there are any.
    """

    def __init__(self, drawn: bytes, shapes: bytes = b"") -> None:
        self._values = iter(drawn)
        self._shapes = iter(shapes) if shapes else self._values

    def between(self, low: int, high: int) -> int:
        """An int of low <= n <= high: the lowest for bytes of 0."""
        return low + _number(self._shapes) % (high - low + 1)

    def one_of(self, options: Sequence[Any]) -> Any:
        return options[self.between(0, len(options) - 1)]

    def kind(self, kinds: Sequence[str]) -> str:
        """The kind of the values of arrays."""
        return kinds[_number(self._values) % len(kinds)]

    def seed(self) -> int:
        """What the values of arrays come from, below 2^16."""
        return _number(self._values)


def _number(numbers: Iterator[int]) -> int:
    return next(numbers) + 256 * next(numbers)


def few_shapes(subject: Any) -> tuple[bytes, ...]:
    """For a backend that compiles each shape: what the dice of one check show of shapes, so that
    each is met several times, with other values; () for any other.
    """
    if not subject.capabilities.compiles:
        return ()
    rng = random.Random(subject.seed)
    count = max(2, subject.effort // _MEETINGS)
    return tuple(rng.randbytes(DRAWN_BYTES) for _ in range(count))


def rolled(make: Callable[[Dice], T], shapes: Sequence[bytes] = ()) -> st.SearchStrategy[T]:
    """What is made of dice that Hypothesis rolls; their shapes are out of these, if there are
    any.
    """
    if not shapes:
        return _BYTES.map(lambda drawn: make(Dice(drawn)))
    return _BYTES.map(lambda drawn: make(Dice(drawn, shapes[drawn[-1] % len(shapes)])))


# Hypothesis looks a new strategy over before it draws from it, which takes as long as drawing.
once = lru_cache(256)


@once
def recipes(
    dtype: str,
    spatial_axes: Sequence[int] = (1, 2, 3),
    data: Sequence[str] = INTEGERS,
    headroom: int = 1,
    shapes: Sequence[bytes] = (),
    **fixed: Any,
) -> st.SearchStrategy[Recipe]:
    """Recipes of possible calls. ``fixed`` sets parameters, to a value or a range (low, high):
    ``stride``, ``dilation`` and ``padding`` for all axes and sides, ``groups``, ``channels``,
    ``filters`` and ``batch``; ``bias`` to True or False; ``regimes`` to those to draw from.
    """

    return rolled(lambda dice: recipe_of(dice, dtype, spatial_axes, data, headroom, fixed), shapes)


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
    far, everyday = regime == "far", regime == "everyday"
    images = (2, 2) if everyday and 2 in spatial_axes else ()
    axes = dice.one_of((*images, *spatial_axes))
    fixed = PLAIN | fixed if regime == "plain" else fixed

    # Every number is read whether it is needed or not, and a small byte gives the same number in
    # every regime: so shrinking one number leaves the others alone.
    def number(name: str, low: int, high: int) -> int:
        value = fixed.get(name, (low, high))
        return dice.between(*value) if isinstance(value, tuple) else dice.between(value, value)

    def for_each_axis(name: str, low: int, high: int) -> Sizes:
        return tuple([number(name, low, high) for _ in range(3)][:axes])

    groups = number("groups", *_groups(regime))
    kernel = for_each_axis("kernel", *_kernels(regime, axes))
    stride = for_each_axis("stride", *_strides(regime))
    short = axes == 3 or regime == "large kernel"
    dilation = for_each_axis("dilation", 1, (3 if short else 7) if far else 2 if short else 3)
    low, high = (for_each_axis("padding", 0, (6 if short else 12) if far else 4) for _ in range(2))
    high = low if number("equal sides", 0, 1) else high
    room = for_each_axis("room", 0, _room(regime, axes))
    if everyday:
        kernel = (kernel[0] | 1,) * axes
        dilation = (max(1, dilation[0] - 1),) * axes  # a third of them, by two
        stride, room = stride[:1] * axes, room[:1] * axes
        low = high = (dilation[0] * (kernel[0] // 2) if low[0] else 0,) * axes
    extents = effective_kernel(kernel, dilation)
    if regime == "exact fit":
        low = tuple(min(p, extent - 1) for p, extent in zip(low, extents, strict=True))
        high = tuple(min(p, e - 1 - q) for p, q, e in zip(high, low, extents, strict=True))
    batch = number("batch", 1, {"large batch": 70, "large input": 2, "everyday": 33}.get(regime, 4))
    channels = number("channels", *_depths(regime))
    filters = number("filters", *_banks(regime))
    if everyday:
        places = prod(n + 1 for n in room)
        groups, channels, filters = _everyday(fixed, groups, channels, filters, places)
        depth = max(8, groups * channels * filters)
        batch = min(batch, max(1, _MOST_WORK // (depth * places)))
    return Recipe(
        dtype=dtype,
        batch=batch,
        groups=groups,
        channels=channels,
        filters=filters,
        size=tuple(
            max(1, extent - before - after) + more
            for extent, before, after, more in zip(extents, low, high, room, strict=True)
        ),
        kernel=kernel,
        stride=stride,
        padding=tuple(zip(low, high, strict=True)),
        dilation=dilation,
        bias=bool(number("bias", 0, 1)),
        data=dice.kind(data),
        seed=dice.seed(),
        headroom=headroom,
    )


def _everyday(
    fixed: dict[str, Any], groups: int, channels: int, filters: int, places: int
) -> tuple[int, int, int]:
    """Powers of two, in one group, in as many as there are channels, or in two or four; so many
    that those of a single item make no more work than is meant to be.
    """
    if "channels" not in fixed:
        channels = _EVERYDAY[channels]
    if "filters" not in fixed:
        filters = _EVERYDAY[filters]
        while filters > 8 and channels * filters * places > _MOST_WORK:
            filters //= 2
    if "groups" in fixed:
        return groups, channels, filters
    if groups <= 3 or {"channels", "filters"} & set(fixed):
        return 1, channels, filters
    if groups == 4:
        return channels, 1, 1
    groups = 2 if groups == 5 else 4
    return groups, max(1, channels // groups), max(1, filters // groups)


def _groups(regime: str) -> tuple[int, int]:
    own = {"depthwise": (1, 18), "many groups": (1, 9), "everyday": (1, 6)}
    return own.get(regime, (1, 3))


def _kernels(regime: str, axes: int) -> tuple[int, int]:
    if regime in ("pointwise", "far"):
        return 1, (1 if regime == "pointwise" else 3)
    if regime == "everyday":
        return 1, (3 if axes == 3 else 6)
    return 1, (_BEYOND_7 if regime == "large kernel" else _LARGEST_KERNEL)[axes]


def _strides(regime: str) -> tuple[int, int]:
    return {"pointwise": (2, 4), "everyday": (1, 2), "far": (1, 9)}.get(regime, (1, 4))


def _room(regime: str, axes: int) -> int:
    """How far the input may reach beyond the filter."""
    if regime == "exact fit":
        return 0
    rooms = {"large input": _LARGE_ROOM, "everyday": _EVERYDAY_ROOM, "far": _FAR_ROOM}
    return rooms.get(regime, _ROOM)[axes]


def _depths(regime: str) -> tuple[int, int]:
    """Channels of a group."""
    own = {"depthwise": (1, 1), "many channels": (1, 80), "wide": (4, 34), "everyday": (0, 5)}
    return own.get(regime, (1, 3))


def _banks(regime: str) -> tuple[int, int]:
    """Filters of a group."""
    own = {"many filters": (1, 100), "wide": (4, 34), "everyday": (0, 5)}
    return own.get(regime, (1, 4))


def integer_calls(subject: Any, **fixed: Any) -> st.SearchStrategy[Call]:
    """Calls on integers, which a direct algorithm gets exactly right: to judge structure by."""
    return _calls(**_limits(subject), **fixed)


def integer_recipes(subject: Any, **fixed: Any) -> st.SearchStrategy[Recipe]:
    """What :func:`integer_calls` are made from."""
    return recipes(**_limits(subject), **fixed)


def float_calls(subject: Any, **fixed: Any) -> st.SearchStrategy[Call]:
    """Calls on real numbers of every kind of data: to judge rounding by."""
    return _calls(**_limits(subject), data=tuple(FLOATS), **fixed)


def _limits(subject: Any) -> dict[str, Any]:
    """What a subject leaves to draw from."""
    return {
        "dtype": subject.dtype,
        "spatial_axes": tuple(subject.capabilities.spatial_axes),
        "shapes": few_shapes(subject),
    }


@once
def _calls(**limits: Any) -> st.SearchStrategy[Call]:
    return recipes(**limits).map(Recipe.call)
