"""Keras on PyTorch: layers of float64 compute in float32.

A Dense layer of float64 gives float32, since the promotion of two float64 is float32 in Keras; a
BatchNormalization gives float64 with the digits of float32. On TensorFlow and JAX both are right.
Needs Keras and PyTorch only; exits with 1 where the finding shows.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np

x = np.array([[0.1, 0.2]])
dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="float64")
got = keras.ops.convert_to_numpy(dense(x))
print("Dense: expected float64 and 0.3, got", got.dtype, got[0, 0])
norm = keras.layers.BatchNormalization(epsilon=1e-3, dtype="float64")
normal = keras.ops.convert_to_numpy(norm(x))
error = abs(normal - x / np.sqrt(1.001)).max()
print("BatchNormalization: expected an error below 1e-16, got", normal.dtype, "with", error)
sys.exit(int(got.dtype != "float64" or error > 1e-12))
