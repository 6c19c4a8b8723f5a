"""SciPy, by scipy.ndimage.correlate, and correlate1d where there is one axis and one channel.

It gives a result for every value of the input; those whose windows lie wholly in it are kept.
"""

import numpy as np
from scipy import ndimage

from adapters.contract import Array
from adapters.scipy_adapter import OneByOne


class SciPyNdimage(OneByOne):
    name = "scipy-ndimage"
    function = "scipy.ndimage.correlate"

    def correlate(self, part: Array, taps: Array) -> Array:
        inside = tuple(
            slice(k // 2, n - (k - 1) // 2) for n, k in zip(part.shape, taps.shape, strict=True)
        )
        if part.ndim == 2 and len(part) == 1:
            result = ndimage.correlate1d(part, taps[0], mode="constant")
        else:
            result = ndimage.correlate(part, taps, mode="constant")
        return np.asarray(result[inside][0])

    def definition(self) -> list[str]:
        return [
            "from scipy import ndimage",
            "",
            "def correlate(part, taps):",
            "    sizes = zip(part.shape, taps.shape)",
            "    inside = tuple(slice(k // 2, n - (k - 1) // 2) for n, k in sizes)",
            "    if part.ndim == 2 and len(part) == 1:",
            '        return ndimage.correlate1d(part, taps[0], mode="constant")[inside][0]',
            '    return ndimage.correlate(part, taps, mode="constant")[inside][0]',
        ]
