"""The gradient of TensorFlow's max_pool3d is lost where all of a window is minus infinity.

The largest value of such a window is minus infinity, so the gradient belongs to some of its values,
as in max_pool1d and max_pool2d. max_pool3d compares each value with a maximum that begins with the
lowest finite number: none is equal, and the gradient goes nowhere. Needs TensorFlow only; exits
with 1 where the finding shows.
"""

import sys

import tensorflow as tf

x = tf.Variable(tf.fill([1, 2, 2, 2, 1], float("-inf")))
with tf.GradientTape() as tape:
    y = tf.nn.max_pool3d(x, 2, 2, "VALID")
got = tape.gradient(y, x)
print("expected gradients that sum up to 1, got", tf.reduce_sum(got).numpy())
sys.exit(int(tf.reduce_sum(got).numpy() != 1))
