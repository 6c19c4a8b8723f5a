"""Keras's Adam never moves a bfloat16 variable.

Keras casts beta_2 to the dtype of the variable, where the customary 0.999, its own default, is 1.
Its correction for starting at zero, the root of 1 - beta_2^t, is 0 then, and so is every step,
whatever the gradient. It is the same on TensorFlow, PyTorch and JAX. Needs Keras and one of its
backends only; exits with 1 where the finding shows.
"""

import sys

import keras

variable = keras.Variable([1.0, 1.0], dtype="bfloat16")
gradient = keras.ops.convert_to_tensor([0.0, 1.0], dtype="bfloat16")
optimizer = keras.optimizers.Adam(0.125)
for _ in range(10):
    optimizer.apply([gradient], [variable])
got = [float(value) for value in keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))]
print("expected, after ten steps, [1.0, some -0.25], got", got)
sys.exit(int(got[1] == 1))
