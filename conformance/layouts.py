"""Arrays that lie differently in memory: copies of the same values, but for the expanded ones."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from conformance.data import Rng
from reference.geometry import Array

Layout = Callable[[Array], Array]


def contiguous(array: Array) -> Array:
    """The last axis is the fastest, and nothing lies between."""
    return array.copy()


def fortran(array: Array) -> Array:
    """The first axis is the fastest."""
    return array.copy(order="F")


def channels_last(array: Array) -> Array:
    """Axis 1 is the fastest, as in an image of RGB values."""
    if array.ndim < 2:
        return array.copy()
    return np.moveaxis(np.moveaxis(array, 1, -1).copy(), -1, 1)


def gaps(array: Array) -> Array:
    """Between any two values lies one that does not belong."""
    wide = np.full([2 * n for n in array.shape], 7, array.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def crop(array: Array) -> Array:
    """A part of a larger array: along the last axis nothing lies between, else there are gaps."""
    wide = np.full([n + 2 for n in array.shape], 7, array.dtype)
    view = wide[tuple(slice(1, -1) for _ in array.shape)]
    view[...] = array
    return view


def offset(array: Array) -> Array:
    """Contiguous, but not at the beginning of the memory that it is a part of."""
    longer = np.full(array.size + 3, 7, array.dtype)
    view = longer[3:].reshape(array.shape)
    view[...] = array
    return view


def backwards(array: Array) -> Array:
    """Every axis runs from high addresses to low ones."""
    return np.flip(np.flip(array).copy())


def read_only(array: Array) -> Array:
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


def expanded(array: Array, axis: int = 0) -> Array:
    """The first entry along an axis stands for all of them, which lie at one place (a stride of 0):
    other values than before.
    """
    first = array.take([0], axis)
    strides = tuple(0 if i == axis else step for i, step in enumerate(first.strides))
    return np.lib.stride_tricks.as_strided(first, array.shape, strides)


# Real kernels tell channels last from channels first, and go wrong where arrays differ in that.
LAYOUTS: tuple[Layout, ...] = (
    *(contiguous,) * 4,
    *(channels_last,) * 4,
    *(expanded,) * 2,
    fortran,
    gaps,
    crop,
    offset,
    backwards,
    read_only,
)


@dataclass(frozen=True, eq=False)
class LaidOut:
    """``arrays`` by name, ``how`` they lie, in words, and whether one of them was ``expanded``, so
    that its values are others than were given.
    """

    arrays: dict[str, Array]
    how: str
    expanded: bool

    @property
    def values(self) -> dict[str, Array]:
        """The same arrays, contiguous."""
        return {name: contiguous(array) for name, array in self.arrays.items()}


def laid_out(rng: Rng, arrays: Mapping[str, Array], distinct: Collection[str] = ()) -> LaidOut:
    """Each of the arrays in a layout of its own; those that are to have ``distinct`` values in
    each channel are expanded along items or channels only.
    """
    laid, words, changed = {}, [], False
    for name, array in arrays.items():
        layout = LAYOUTS[rng.integers(len(LAYOUTS))]
        words.append(f"{name} {layout.__name__}")
        if layout is expanded:
            axes = min(array.ndim, 2) if name in distinct else array.ndim
            layout = partial(expanded, axis=int(rng.integers(axes)))
            changed = True
        laid[name] = layout(array)
    return LaidOut(laid, f"laid out with {', '.join(words)}", changed)
