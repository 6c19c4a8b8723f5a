"""TensorFlow's max_pool3d keeps a NaN in some channels, and loses it in others.

Nine channels of equal windows, a 1 and then a NaN, should have nine equal results. On a CPU with
AVX2 whole packets of eight channels of float32 lose the NaN, and the channel that is left over
keeps it, unless another value comes behind. Needs TensorFlow only; exits with 1 where the finding
shows.
"""

import sys

import numpy as np
import tensorflow as tf

x = np.ones((1, 1, 1, 2, 9), "float32")
x[..., 1, :] = np.nan
got = tf.nn.max_pool3d(x, (1, 1, 1, 2, 1), (1, 1, 1, 2, 1), "VALID").numpy().ravel()
print("expected nine equal results, got", got.tolist())
sys.exit(int(len(set(np.isnan(got).tolist())) > 1))
