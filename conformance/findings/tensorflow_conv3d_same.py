"""TensorFlow's conv3d with padding SAME leaves out values where the stride exceeds the filter.

A filter of one value with a stride of 3 over three values needs no padding: the one result is the
first value, and so it is in conv2d. In conv3d the padding computed is -2, and half of it is taken
off the front: the result is the second value. So is the gradient of conv3d_transpose by its input,
which is a conv3d. Needs TensorFlow only; exits with 1 where the finding shows. On processors where
oneDNN computes float32, it is right in float32.
"""

import sys

import tensorflow as tf

values = tf.constant([3.0, -4.0, -9.0], tf.float64)
one = tf.ones((1, 1, 1, 1, 1), tf.float64)
in_2d = tf.nn.conv2d(tf.reshape(values, (1, 1, 3, 1)), one[0], [1, 3], "SAME")
in_3d = tf.nn.conv3d(tf.reshape(values, (1, 1, 1, 3, 1)), one, [1, 1, 1, 3, 1], "SAME")
print("conv2d:", float(in_2d[0, 0, 0, 0]), " conv3d:", float(in_3d[0, 0, 0, 0, 0]))
sys.exit(int(float(in_3d[0, 0, 0, 0, 0]) != 3.0))
