"""Keras on PyTorch: an average pool with padding "same" counts the last values twice.

Where the padding is uneven it repeats the values at the border, and takes the mean of these, too.
On TensorFlow and JAX padding has no part in the mean. Needs Keras and PyTorch only; exits with 1
where the finding shows.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[[1.0], [2.0], [6.0]]], "float32")
got = keras.ops.convert_to_numpy(keras.ops.average_pool(x, 4, 1, padding="same")).ravel()
print("expected [3. 3. 4.], the means of 1 2 6, of 1 2 6 and of 2 6; got", got)
sys.exit(int(abs(got - [3, 3, 4]).max() > 1e-6))
