"""TensorFlow's max_pool of minus infinity is the lowest finite number.

The maximum of minus infinity alone is minus infinity. On the CPU max_pool1d and max_pool2d begin
each window with the lowest finite number of the dtype, and nothing is above it: -3.4e38 comes out
in float32, -65504 in float16. What was masked by minus infinity passes for a number afterwards.
max_pool3d takes that number for its padding only. Compiled by XLA all of them give minus infinity,
as PyTorch and JAX do. Keras on TensorFlow inherits it. Needs TensorFlow only; exits
with 1 where the finding shows.
"""

import sys

import tensorflow as tf

x = tf.fill([1, 4, 4, 1], float("-inf"))
got = tf.nn.max_pool2d(x, 2, 2, "VALID").numpy().ravel().tolist()
print("expected", [float("-inf")] * 4, " got", got)
sys.exit(int(any(value != float("-inf") for value in got)))
