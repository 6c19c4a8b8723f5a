"""Arrays of the same values that lie differently in memory."""

from collections.abc import Callable

import numpy as np

from reference.geometry import Array

Layout = Callable[[Array], Array]


def fortran(array: Array) -> Array:
    """The first axis is the fastest."""
    return np.asfortranarray(array)


def channels_last(array: Array) -> Array:
    """Axis 1 is the fastest, as in an image of RGB values."""
    if array.ndim < 2:
        return array
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


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
