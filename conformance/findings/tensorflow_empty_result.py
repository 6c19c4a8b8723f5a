"""TensorFlow answers an impossible convolution with an empty tensor.

A filter of 2 values does not fit into an input of 1. TensorFlow refuses a filter of 3 there
("Computed output size would be negative"), but answers this one. Needs TensorFlow only; exits
with 1 where the finding shows.
"""

import sys

import tensorflow as tf

try:
    result = tf.nn.conv1d(tf.ones((1, 1, 1)), tf.ones((2, 1, 1)), 1, "VALID")
except tf.errors.InvalidArgumentError as error:
    print("refused, as it should be:", error)
else:
    print("answered with a tensor of shape", result.shape)
    sys.exit(1)
