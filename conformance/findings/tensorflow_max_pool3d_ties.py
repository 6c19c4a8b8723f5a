"""TensorFlow's max_pool3d gives the whole gradient to each of several equal largest values.

The gradient of a maximum of two equal values is any share of it to each, which sum up to 1, and so
it is in max_pool2d. In three dimensions, on a CPU, it comes out twice. Needs TensorFlow only; exits
with 1 where the finding shows.
"""

import sys

import tensorflow as tf


def total(axes: int) -> float:
    """The gradient of the maximum of two ones, summed up."""
    ones = tf.ones((1, *(1,) * (axes - 1), 2, 1))
    window = (*(1,) * (axes - 1), 2)
    pool = tf.nn.max_pool2d if axes == 2 else tf.nn.max_pool3d
    with tf.GradientTape() as tape:
        tape.watch(ones)
        largest = pool(ones, window, window, "VALID")
    return float(tf.reduce_sum(tape.gradient(largest, ones)))


print("max_pool2d:", total(2), " max_pool3d:", total(3))
sys.exit(int(total(3) != 1.0))
