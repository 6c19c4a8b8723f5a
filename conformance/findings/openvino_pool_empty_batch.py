"""OpenVINO's pools refuse a batch of no items, which its convolution takes.

A batch can be empty where items are chosen by their values, as the boxes of object detection are;
a pool of none is none. MaxPool and AvgPool raise "Batch size is zero", whether or not the size of
the batch is left open. Needs OpenVINO only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset14 as ops

image = ops.parameter([-1, 1, 4], np.float32)
layers = {
    "Convolution": ops.convolution(image, np.ones((1, 1, 2), "f4"), [1], [0], [0], [1]),
    "MaxPool": ops.max_pool(image, [1], [1], [0], [0], [2]),
    "AvgPool": ops.avg_pool(image, [1], [0], [0], [2], True),
}
refused = []
for name, layer in layers.items():
    model = ov.Model([layer.output(0)], [image])
    try:
        got = ov.Core().compile_model(model, "CPU")([np.zeros((0, 1, 4), "f4")])[0].shape
    except RuntimeError as error:
        got = str(error).strip().rpartition("\n")[2]
        refused.append(name)
    print(f"{name}: expected the shape (0, 1, 3); got {got}")
sys.exit(int(bool(refused)))
