"""JAX gives an empty array and no error for a filter that is larger than its padded input.

Its maintainers expect this (https://github.com/jax-ml/jax/issues/8325); PyTorch and ONNX Runtime
refuse such a call. Needs JAX only; exits with 1 where the finding shows.
"""

import sys

import jax
import numpy as np

try:
    got = jax.lax.conv_general_dilated(np.ones((1, 1, 1)), np.ones((1, 1, 2)), (1,), [(0, 0)])
except Exception as error:
    print("expected an error, got", repr(error))
    sys.exit(0)
print("expected an error, got the shape", got.shape)
sys.exit(1)
