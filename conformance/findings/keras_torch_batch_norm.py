"""Keras on PyTorch: BatchNormalization takes the variance for a difference of squares.

The variance of a batch is computed as the mean of the squares less the square of the mean, which
share all their digits where values are far from 0: of a variance of 1 around 4096 nothing is left
in float32. On TensorFlow and JAX it was mended in 2023
(https://github.com/keras-team/keras/pull/18795). Needs Keras and PyTorch only; exits with 1 where
the finding shows.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[4095.0], [4097.0]], "float32")
_, variance = keras.ops.moments(keras.ops.convert_to_tensor(x), axes=[0])
print("variance: expected 1, got", float(variance[0]))
got = keras.ops.convert_to_numpy(keras.layers.BatchNormalization()(x, training=True))
print("expected about -1 and 1, got", *got.ravel())
sys.exit(int(abs(float(variance[0]) - 1) > 0.01))
