"""A Keras loss of the dtype bfloat16 rounds the labels to bfloat16, too: class 377 becomes 376.

So does float16 from 2048 on. Keras had mended this in 2021, for the dtype of the logits
(https://github.com/keras-team/keras/issues/15012); it is back through the dtype of the loss.
Needs TensorFlow only; exits with 1 where the finding shows.
"""

import sys

import tensorflow as tf

logits = tf.one_hot([377], 1000, on_value=100.0)
losses = {}
for dtype in ("float32", "bfloat16"):
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
    losses[dtype] = float(loss(tf.constant([377]), tf.cast(logits, dtype)))
print(", ".join(f"{dtype}: a loss of {loss:g}" for dtype, loss in losses.items()))
sys.exit(int(losses["bfloat16"] > 1))
