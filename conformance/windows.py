"""The windows of a pooling, value by value: to follow where each goes, and where it came from."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from reference.geometry import Array, Sizes, resolve_padding
from reference.pooling import pooled_size


@dataclass(frozen=True, eq=False)
class Windows:
    """``places`` (\\*out, kernel): where in a plane of the input each value of a window lies;
    ``inside``: whether it lies in the input at all, and ``padded``: in the input or its padding.
    """

    size: Sizes
    places: Array
    inside: Array
    padded: Array

    @classmethod
    def of(
        cls,
        size: Sizes,
        kernel: Sizes,
        stride: Sizes,
        padding: Any,
        ceil_mode: bool,
        dilation: Sizes | None = None,
    ) -> "Windows":
        dilation = dilation or (1,) * len(size)
        pads = resolve_padding(padding, size, kernel, stride, dilation)
        out = pooled_size(size, kernel, stride, pads, dilation, ceil_mode)
        places, inside, padded = np.zeros((), int), np.ones((), bool), np.ones((), bool)
        for axis, n in enumerate(size):
            starts = stride[axis] * np.arange(out[axis]) - pads[axis][0]
            lies = np.add.outer(starts, dilation[axis] * np.arange(kernel[axis]))
            places = np.add.outer(places * n, np.clip(lies, 0, n - 1))
            inside = np.logical_and.outer(inside, (lies >= 0) & (lies < n))
            padded = np.logical_and.outer(padded, lies < n + pads[axis][1])
        axes = len(size)
        order = (*range(0, 2 * axes, 2), *range(1, 2 * axes, 2))
        laid = (a.transpose(order).reshape(*out, prod(kernel)) for a in (places, inside, padded))
        return cls(size, *laid)

    def values(self, x: Array, outside: float) -> Array:
        """The values of every window, (N, C, \\*out, kernel), with ``outside`` where none is."""
        found = x.reshape(*x.shape[:2], -1)[..., self.places]
        return np.where(self.inside, found, outside)

    def winners(self, x: Array) -> Array:
        """Which of them are the largest of their window."""
        values = self.values(x, -np.inf)
        return np.asarray((values == values.max(axis=-1, keepdims=True)) & self.inside)

    def back(self, shares: Array) -> Array:
        """What comes together at each value of the input, from ``shares`` like ``values``."""
        result = np.zeros((*shares.shape[:2], prod(self.size)))
        for of_item, into_item in zip(shares, result, strict=True):
            for share, into in zip(of_item, into_item, strict=True):
                np.add.at(into, self.places, np.where(self.inside, share, 0))
        return result.reshape(*shares.shape[:2], *self.size)
