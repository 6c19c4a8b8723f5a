"""What calls are drawn: shapes and parameters that tell faults apart.

Hypothesis draws the shapes, the parameters and a seed; the arrays come from the seed. Every call
belongs to a regime, drawn first, so that each of them is met in any run: where kernels, layouts
and loops of real backends change.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from conformance.calls import Call, Recipe
from conformance.data import FLOATS, INTEGERS
from reference.geometry import effective_kernel

REGIMES = (
    "small",
    "small",
    "exact fit",  # the filter covers the padded input
    "pointwise",  # 1 x 1 filters that step over values
    "large kernel",
    "depthwise",
    "many groups",
    "many channels",
    "many filters",
    "large batch",
)

_LARGEST_KERNEL = {1: 6, 2: 4, 3: 3}
_ROOM = {1: 9, 2: 5, 3: 3}
_BEYOND_7 = {1: 13, 2: 9, 3: 4}


@st.composite
def recipes(
    draw: st.DrawFn,
    /,
    dtype: str,
    spatial_axes: Sequence[int] = (1, 2, 3),
    data: Sequence[str] = INTEGERS,
    headroom: int = 1,
    **fixed: Any,
) -> Recipe:
    """Recipes of possible calls. ``fixed`` sets parameters, to a value or a range (low, high):
    ``stride``, ``dilation`` and ``padding`` for all axes and sides, ``groups``, ``channels``,
    ``filters`` and ``batch``; ``bias`` to True or False; ``regimes`` to those to draw from.
    """
    regime = draw(st.sampled_from(fixed.get("regimes", REGIMES)))
    axes = draw(st.sampled_from(spatial_axes))

    def one_of(name: str, low: int, high: int) -> int:
        value = fixed.get(name, (low, high))
        return draw(st.integers(*value)) if isinstance(value, tuple) else int(value)

    def for_each_axis(name: str, low: int, high: int) -> tuple[int, ...]:
        return tuple(one_of(name, low, high) for _ in range(axes))

    groups = one_of("groups", *{"depthwise": (2, 9), "many groups": (4, 8)}.get(regime, (1, 3)))
    channels = one_of(
        "channels", *{"depthwise": (1, 1), "many channels": (5, 40)}.get(regime, (1, 3))
    )
    filters = one_of("filters", *{"many filters": (5, 40)}.get(regime, (1, 4)))
    batch = one_of("batch", *{"large batch": (9, 33)}.get(regime, (1, 4)))
    if regime == "pointwise":
        kernel = (1,) * axes
        stride = for_each_axis("stride", 2, 3)
    else:
        low, high = 1, _LARGEST_KERNEL[axes]
        if regime == "large kernel":
            low, high = high, _BEYOND_7[axes]
        kernel = for_each_axis("kernel", low, high)
        stride = for_each_axis("stride", 1, 3)
    dilation = for_each_axis("dilation", 1, 2 if axes == 3 or regime == "large kernel" else 3)
    padding = tuple((one_of("padding", 0, 3), one_of("padding", 0, 3)) for _ in range(axes))
    room = 0 if regime == "exact fit" else _ROOM[axes]
    size = tuple(
        max(1, extent - low - high) + draw(st.integers(0, room))
        for extent, (low, high) in zip(effective_kernel(kernel, dilation), padding, strict=True)
    )
    return Recipe(
        dtype=dtype,
        batch=batch,
        groups=groups,
        channels=channels,
        filters=filters,
        size=size,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        bias=draw(st.booleans()) if fixed.get("bias") is None else fixed["bias"],
        data=draw(st.sampled_from(data)),
        seed=draw(st.integers(0, 2**32 - 1)),
        headroom=headroom,
    )


def integer_calls(subject: Any, **fixed: Any) -> st.SearchStrategy[Call]:
    """Calls on integers, which a direct algorithm gets exactly right: to judge structure by."""
    return recipes(subject.dtype, subject.capabilities.spatial_axes, **fixed).map(Recipe.call)


def float_calls(subject: Any, **fixed: Any) -> st.SearchStrategy[Call]:
    """Calls on real numbers of every kind of data: to judge rounding by."""
    axes = subject.capabilities.spatial_axes
    return recipes(subject.dtype, axes, tuple(FLOATS), **fixed).map(Recipe.call)
