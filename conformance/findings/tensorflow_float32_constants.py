"""TensorFlow's gelu and leaky_relu are no more accurate in float64 than in float32.

Their constants are rounded to float32 on the way: sqrt(1 / 2) and 0.044715 in gelu by tf.cast, the
slope of leaky_relu as an attribute of its kernel. Needs TensorFlow only; exits with 1 where the
finding shows.
"""

import math
import sys

import tensorflow as tf

one = tf.constant(1.0, tf.float64)
gelu = (1 + math.erf(1 / math.sqrt(2))) / 2
gelu_tanh = (1 + math.tanh(math.sqrt(2 / math.pi) * (1 + 0.044715))) / 2
errors = {
    "gelu": float(tf.nn.gelu(one)) / gelu - 1,
    "gelu, approximate": float(tf.nn.gelu(one, approximate=True)) / gelu_tanh - 1,
    "leaky_relu": float(tf.nn.leaky_relu(-one, alpha=0.01)) / -0.01 - 1,
}
for name, error in errors.items():
    print(f"{name}: a relative error of {abs(error):.1e}")
sys.exit(int(max(map(abs, errors.values())) > 1e-14))
