"""What the tests of the reference draw: shapes that fit each other, and a seed for the values."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from reference.geometry import Array, Parameters, Sizes

DTYPES: dict[str, Any] = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
}
with suppress(ModuleNotFoundError):
    from ml_dtypes import bfloat16

    DTYPES["bfloat16"] = bfloat16

Rng = np.random.Generator
Arguments = tuple[Array, Array, Array | None]


@dataclass(frozen=True)
class Shapes:
    x: Sizes
    filters: Sizes
    has_bias: bool
    parameters: Parameters
    seed: int

    def integers(self, dtype: str, high: int = 9) -> Arguments:
        """x, filters and bias of integers from -high to high: any order of sums is exact."""
        rng = np.random.default_rng(self.seed)
        x, filters, bias = (
            rng.integers(-high, high + 1, shape).astype(dtype)
            for shape in (self.x, self.filters, self.filters[:1])
        )
        return x, filters, bias if self.has_bias else None

    def floats(self, kind: str, dtype: Any = "float64") -> Arguments:
        """The same of numbers of a kind of ``DATA``."""
        rng = np.random.default_rng(self.seed)
        x, filters, bias = (
            DATA[kind](rng, shape).astype(dtype)
            for shape in (self.x, self.filters, self.filters[:1])
        )
        return x, filters, bias if self.has_bias else None


def _uniform(rng: Rng, shape: Sizes) -> Array:
    return rng.uniform(-1, 1, shape)


def _positive(rng: Rng, shape: Sizes) -> Array:
    return rng.uniform(0.5, 1, shape)


def _log_uniform(rng: Rng, shape: Sizes) -> Array:
    return np.asarray(rng.choice([-1.0, 1.0], shape) * np.exp2(rng.uniform(-20, 0, shape)))


def _cancelling(rng: Rng, shape: Sizes) -> Array:
    return np.asarray(rng.choice([-1.0, 1.0], shape) * (1 + rng.uniform(-1, 1, shape) / 128))


def _spike(rng: Rng, shape: Sizes) -> Array:
    values = rng.uniform(-1, 1, shape) / 64
    if values.size:
        values.flat[rng.integers(values.size)] = 2.0**10
    return values


DATA = {
    "uniform": _uniform,
    "positive": _positive,
    "log-uniform": _log_uniform,
    "cancelling": _cancelling,
    "spike": _spike,
}


@st.composite
def shapes(draw: st.DrawFn, *, plain: bool = False) -> Shapes:
    """Shapes of 1 to 3 spatial axes with all that differs between them; ``plain``: no dilation
    and no groups.
    """
    axes = draw(st.integers(1, 3))
    # More axes have more windows: smaller sizes keep the literal statement fast.
    longest, widest, most = {1: (6, 4, 8), 2: (4, 3, 4), 3: (3, 2, 2)}[axes]

    def per_axis(low: int, high: int) -> Sizes:
        return tuple(draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes)))

    kernel, stride = per_axis(1, longest), per_axis(1, 3)
    dilation = (1,) * axes if plain else per_axis(1, 3)
    padding = tuple(zip(per_axis(0, widest), per_axis(0, widest), strict=True))
    groups = 1 if plain else draw(st.integers(1, 3))
    depth, maps = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    size = tuple(
        max(1, d * (k - 1) + 1 - sum(pads)) + more
        for d, k, pads, more in zip(dilation, kernel, padding, per_axis(0, most), strict=True)
    )
    return Shapes(
        x=(draw(st.sampled_from([1, 2, 3, 0])), groups * depth, *size),
        filters=(groups * maps, depth, *kernel),
        has_bias=draw(st.booleans()),
        parameters=Parameters(stride=stride, padding=padding, dilation=dilation, groups=groups),
        seed=draw(st.integers(0, 2**32 - 1)),
    )
