"""TensorFlow's avg_pool3d loses a NaN where there are eight channels.

The mean of a NaN and a number is NaN. On a CPU with AVX2 packets of eight channels of float32 lose
it, and give a number; with one channel it is there. avg_pool1d and avg_pool2d keep it. Needs
TensorFlow only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import tensorflow as tf

lost = False
for channels in (1, 8):
    x = np.ones((1, 1, 1, 2, channels), "float32")
    x[..., 0, 0] = np.nan
    got = tf.nn.avg_pool3d(x, (1, 1, 1, 2, 1), (1, 1, 1, 2, 1), "VALID").numpy().ravel()
    print(f"{channels} channels: expected NaN first, got", got.tolist())
    lost |= not np.isnan(got[0])
sys.exit(int(lost))
