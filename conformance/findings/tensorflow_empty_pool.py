"""TensorFlow answers a pool whose window is larger than its input with an empty tensor.

A window of 2 values does not fit into an input of 1, and no padding is asked for. PyTorch refuses
such a pool. TensorFlow gives a tensor without values, on one axis, on two and on
three, for max_pool and avg_pool alike; a network that has become too small for its input goes on
with nothing. Needs TensorFlow only; exits with 1 where the finding shows.
"""

import sys

import tensorflow as tf

try:
    result = tf.nn.max_pool2d(tf.ones((1, 1, 1, 1)), 2, 1, "VALID")
except tf.errors.InvalidArgumentError as error:
    print("refused, as it should be:", error)
else:
    print("expected an error, got a tensor of shape", result.shape)
    sys.exit(1)
