"""The conventions of SciPy: of scipy.signal, where nothing else is said."""

import numpy as np
import scipy
from scipy import ndimage, signal

VERSION = scipy.__version__

_IMPULSE = np.array([0.0, 1, 0])


def kernel_flip() -> str:
    right = np.array([3.0, 2, 1])
    return ", ".join(
        f"{function.__name__} {'no' if np.array_equal(found, right) else 'yes'}"
        for function, found in (
            (signal.correlate, signal.correlate(_IMPULSE, [1.0, 2, 3], mode="same")),
            (signal.convolve, signal.convolve(_IMPULSE, [1.0, 2, 3], mode="same")),
        )
    )


def odd_zero_of_same() -> str:
    """Where the zero is that a kernel of two adds to a single value."""
    side = {1.0: "after", 2.0: "before"}
    one, taps = np.ones(1), np.array([1.0, 2])
    wide = np.array([1.0, 0.0, 0.0])
    by_signal = signal.correlate(wide, taps, mode="same", method="direct")
    by_ndimage = ndimage.correlate1d(one, taps, mode="constant")
    found = "after" if by_signal[0] == 1 else "before"
    return f"{found}; ndimage {side[float(by_ndimage[0])]}"


def kernel_beyond_the_input() -> str:
    found = signal.correlate(np.ones(2), np.ones(3), mode="valid")
    return "the operands are swapped" if found.shape == (2,) else "a result"
