"""TensorFlow's matmul in bfloat16 cuts digits off, for some shapes, where it should round.

One product of two bfloat16 numbers, with eight bits each, has sixteen: rounded to eight it is off
by half a unit of the last place at most. In a matmul of a column with a row it is off by almost a
whole one; multiplied element by element it is not. Needs TensorFlow and NumPy only; exits with 1
where the finding shows.
"""

import sys

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
column, row = (tf.cast(rng.uniform(1, 2, shape), tf.bfloat16) for shape in ((3, 1), (1, 5)))
exact = column.numpy().astype("float64") * row.numpy().astype("float64")


def worst(result: tf.Tensor) -> float:
    """The largest error in units of the last place."""
    unit = 2.0 ** (np.floor(np.log2(exact)) - 7)
    return float((np.abs(result.numpy().astype("float64") - exact) / unit).max())


matmul, product = worst(tf.linalg.matmul(column, row)), worst(column * row)
print(f"off by {matmul:.2f} units in a matmul, by {product:.2f} in a product")
sys.exit(int(matmul > 0.5))
