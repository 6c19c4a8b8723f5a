"""TensorFlow: a bfloat16 tensor of no axes, as a loss is, cannot be made an array of NumPy.

Its __array__ gives a number and no array, which NumPy refuses; so does numpy() give a number. Keras
cannot read such a loss, either. With an axis, or in other dtypes, both are arrays, or NumPy takes
the number. Needs TensorFlow and NumPy only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import tensorflow as tf

for dtype in ("float16", "bfloat16"):
    try:
        print(dtype, repr(np.asarray(tf.constant(1.0, dtype))))
    except ValueError as error:
        print(dtype, "expected an array, got", repr(error))
        sys.exit(1)
