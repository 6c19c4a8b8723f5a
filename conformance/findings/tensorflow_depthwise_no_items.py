"""TensorFlow gives what was in memory as the gradient of depthwise filters over no items.

The gradient by the filters is a sum over the items of a batch: of none it is zero.
DepthwiseConv2dNativeBackpropFilter allocates it, has no item to add, and leaves it as it came, on
the CPU. That of conv2d is zero. Needs TensorFlow only; exits with 1 where the finding shows.
"""

import sys

import tensorflow as tf

x, filters = tf.zeros((0, 3, 3, 2)), tf.ones((1, 1, 2, 1))
seen = set()
for number in range(1, 50):
    used = [tf.fill(filters.shape, float(number)) for _ in range(100)]
    del used  # memory of the size that the gradient will take
    with tf.GradientTape() as tape:
        tape.watch(filters)
        result = tf.nn.depthwise_conv2d(x, filters, (1, 1, 1, 1), "VALID")
    seen |= set(tape.gradient(result, filters).numpy().ravel().tolist())
print("expected: {0.0}  got:", seen if len(seen) < 5 else f"{len(seen)} different values")
sys.exit(int(seen != {0.0}))
