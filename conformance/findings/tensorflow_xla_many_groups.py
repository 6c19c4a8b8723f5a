"""Compiled by XLA, TensorFlow's gradient by the filters is wrong beyond 4096 groups.

TensorFlow has the gradient by the filters of a grouped convolution, on the CPU, only where XLA
compiles it. With 4097 groups the last group is left out: what lies behind moves up by one place, so
that the second channel of each filter gets the gradient of the next group, and the end is memory
that nothing was written to. With 4096 groups all is right. Keras on TensorFlow inherits it; JAX, on
an XLA of its own, is right. Needs TensorFlow only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import tensorflow as tf

CHANNELS = 2


def gradient(x: tf.Tensor, filters: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(filters)
        loss = tf.reduce_sum(tf.nn.convolution(x, filters, 1, "VALID"))
    return tape.gradient(loss, filters)


compiled = tf.function(gradient, jit_compile=True)
wrong = {}
for groups in (4096, 4097):
    x = np.random.default_rng(0).integers(-9, 10, (1, 2, groups * CHANNELS)).astype("float32")
    filters = np.ones((1, CHANNELS, groups), "float32")
    got = compiled(tf.constant(x), tf.constant(filters)).numpy()[0]
    expected = x[0].sum(axis=0).reshape(groups, CHANNELS).T
    wrong[groups] = int((got != expected).sum())
    print(f"{groups} groups: {wrong[groups]} of {got.size} values are wrong")
sys.exit(int(any(wrong.values())))
