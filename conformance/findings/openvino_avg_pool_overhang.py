"""OpenVINO's AvgPool with rounding "ceil_torch" divides by what overhangs the padding, too.

Six values behind one zero of padding, in windows of three: in the last window lie the sixth value
and two places beyond the padding. In PyTorch, whose ceil_mode the rounding is named after, these do
not count, and the mean is 6 / 1. In OpenVINO it is 6 / 3, for padding on any side and exclude_pad
False; with exclude_pad True, or without any padding, it is right. A model of PyTorch that
openvino.convert_model has converted thus gives other values than in PyTorch. Needs OpenVINO only;
exits with 1 where the finding shows.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset15 as ops

x = np.arange(1, 7, dtype="float32").reshape(1, 1, 1, 6)
image = ops.parameter(x.shape, np.float32)
pool = ops.avg_pool(image, [1, 3], [0, 1], [0, 0], [1, 3], False, "ceil_torch")
got = ov.Core().compile_model(ov.Model([pool], [image]), "CPU")([x])[0].ravel()
print("expected: [1. 4. 6.]  got:", got)
sys.exit(int(not np.allclose(got, [1, 4, 6])))
