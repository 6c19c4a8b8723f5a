"""SciPy: ndimage.correlate leaves out all weights of 2.2e-16 or less, and all that are NaN.

They count as "not in the footprint", whatever the others are: a filter of 1e-17 gives 0 wherever it
lies, and a NaN in a filter is lost. A weight of 0 keeps out a NaN or an infinity of the input, too.
correlate1d has every weight, but takes filters for symmetric, or antisymmetric, whose two halves
differ by no more than 2.2e-16. Needs NumPy and SciPy only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
from scipy import ndimage

ones = np.ones((1, 3))
small = np.array([[1e-17, 1e-17, 1e-17]])
one = ndimage.correlate(ones * 1e17, small, mode="constant")[0, 1]
print("three weights of 1e-17 on values of 1e17: expected 3, got", one)
nan = ndimage.correlate(ones, np.array([[np.nan, 1, 1]]), mode="constant")[0, 1]
print("a weight of NaN: expected nan, got", nan)
lost = ndimage.correlate(np.array([[np.nan, 1, 1]]), np.array([[0.0, 1, 1]]), mode="constant")[0, 1]
print("a weight of 0 on a NaN: expected nan, got", lost)
half = ndimage.correlate1d(np.array([0, 0, 1e17]), np.array([1e-17, 0, 3e-17]), mode="constant")[1]
print("correlate1d, weights 1e-17, 0, 3e-17 on 0, 0, 1e17: expected 3, got", half)
sys.exit(int(one != 3 or nan == nan or lost == lost or half != 3))
