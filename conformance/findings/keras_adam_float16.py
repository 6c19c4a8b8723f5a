"""Keras's Adam makes NaN of a float16 variable whose gradient is zero, if epsilon is 1e-8.

Keras casts epsilon to the dtype of the variable, where 1e-8, the number of the paper and of other
frameworks, is 0: a variable that has had no gradient yet becomes 0 / 0. Its own default of 1e-7 is
a number in float16, a subnormal one, and helps where these are not flushed to zero. Needs Keras and
one of its backends only; exits with 1 where the finding shows.
"""

import sys

import keras

variable = keras.Variable([1.0, 1.0], dtype="float16")
gradient = keras.ops.convert_to_tensor([0.0, 1.0], dtype="float16")
keras.optimizers.Adam(0.125, epsilon=1e-8).apply([gradient], [variable])
got = [float(value) for value in keras.ops.convert_to_numpy(variable)]
print("expected [1.0, 0.875], got", got)
sys.exit(int(got[0] != 1))
