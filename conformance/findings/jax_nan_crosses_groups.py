"""JAX on the CPU lets a NaN of one group into the results of another, in float64.

A grouped convolution of float64 seems to be computed as a full one whose filters are filled up
with zeros, and zero times NaN is NaN. In float32 and float16 the groups are separate. It is XLA
that computes so, and TensorFlow by XLA does the same, as Keras has it do for groups. Needs JAX
only; exits with 1 where the finding shows.
"""

import sys

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
x = np.array([[[1.0], [np.nan]]])
filters = np.array([[[2.0]], [[3.0]]])
got = jax.lax.conv_general_dilated(x, filters, (1,), [(0, 0)], feature_group_count=2)
print("expected 2 and nan, got", *np.asarray(got).ravel())
sys.exit(int(np.isnan(got[0, 0, 0])))
