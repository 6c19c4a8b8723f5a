"""TensorFlow's max_pool3d and avg_pool3d with padding SAME leave out values where the stride
exceeds the window, as its conv3d does.

A window of one value that steps by 3 over three values needs no padding, and takes the first: so
it is in max_pool2d. In three dimensions it takes the second. Needs TensorFlow only; exits with 1
where the finding shows.
"""

import sys

import tensorflow as tf

values = tf.constant([3.0, -4.0, -9.0])
flat, deep = tf.reshape(values, (1, 3, 1, 1)), tf.reshape(values, (1, 1, 3, 1, 1))
in_2d = float(tf.nn.max_pool2d(flat, (1, 1), (3, 1), "SAME")[0, 0, 0, 0])
largest = float(tf.nn.max_pool3d(deep, (1, 1, 1), (1, 3, 1), "SAME")[0, 0, 0, 0, 0])
mean = float(tf.nn.avg_pool3d(deep, (1, 1, 1), (1, 3, 1), "SAME")[0, 0, 0, 0, 0])
print("max_pool2d:", in_2d, " max_pool3d:", largest, " avg_pool3d:", mean)
sys.exit(int((largest, mean) != (3.0, 3.0)))
