"""The hyperparameters of Keras optimizers pass through float32 where the weights are float64.

Keras casts its momentum, weight decay and betas by tf.cast, which makes a float32 of a Python
float first (https://github.com/tensorflow/tensorflow/issues/57779). Learning rates are kept in a
variable, and are not concerned. Needs TensorFlow only; exits with 1 where the finding shows.
"""

import sys

import tensorflow as tf

tf.keras.config.set_floatx("float64")
weight = tf.Variable(0.0, dtype="float64")
optimizer = tf.keras.optimizers.SGD(learning_rate=1.0, momentum=0.9)
for gradient in (1.0, 0.0):
    optimizer.apply_gradients([(tf.constant(gradient, "float64"), weight)])
error = float(weight.numpy()) / -1.9 - 1
print(f"after two steps: a relative error of {abs(error):.1e}")
sys.exit(int(abs(error) > 1e-15))
