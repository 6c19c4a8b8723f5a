"""SciPy, by scipy.ndimage.correlate, and correlate1d where there is one axis.

It gives a result for every value of its input; those whose windows lie wholly in it are kept. Each
channel is correlated by itself: as one more axis, most of the results would lie between channels.
"""

import numpy as np
from scipy import ndimage

from adapters.contract import Array
from adapters.scipy.adapter import OneByOne


class SciPyNdimage(OneByOne):
    name = "scipy-ndimage"
    function = "scipy.ndimage.correlate"

    def correlate(self, parts: Array, taps: Array) -> Array:
        return np.array([self._of_one(part, taps) for part in parts])

    def _of_one(self, part: Array, taps: Array) -> Array:
        function = ndimage.correlate1d if part.ndim == 2 else ndimage.correlate
        sizes = zip(part.shape[1:], taps.shape[1:], strict=True)
        inside = tuple(slice(k // 2, n - (k - 1) // 2) for n, k in sizes)
        maps = [
            function(channel, own, mode="constant", output="float64")[inside]
            for channel, own in zip(part, taps, strict=True)
        ]
        return np.asarray(np.sum(maps, axis=0))

    def definition(self) -> list[str]:
        return [
            "from scipy import ndimage",
            "",
            "def correlate(part, taps):",
            "    function = ndimage.correlate1d if part.ndim == 2 else ndimage.correlate",
            "    sizes = zip(part.shape[1:], taps.shape[1:])",
            "    inside = tuple(slice(k // 2, n - (k - 1) // 2) for n, k in sizes)",
            "    return sum(",
            '        function(channel, own, mode="constant", output="float64")[inside]',
            "        for channel, own in zip(part, taps)",
            "    )",
        ]
