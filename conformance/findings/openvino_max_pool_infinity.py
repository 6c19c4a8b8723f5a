"""OpenVINO's MaxPool of minus infinity is the lowest finite number.

The maximum of minus infinity alone is minus infinity. On the CPU MaxPool of float32 gives -3.4e38,
whether or not there is padding. Needs OpenVINO only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset15 as ops

x = np.full((1, 1, 1, 4), -np.inf, "float32")
image = ops.parameter(x.shape, np.float32)
pool = ops.max_pool(image, [1, 2], [1, 1], [0, 0], [0, 0], [1, 2])
model = ov.Model([pool.output(0)], [image])
got = ov.Core().compile_model(model, "CPU")([x])[0].ravel().tolist()
print("expected", [float("-inf")] * 2, " got", got)
sys.exit(int(bool(np.isfinite(got).any())))
