"""OpenVINO's convolution of no input channels gives whatever lies in memory.

A sum over no channels is 0. On the CPU a convolution of such an input has the right shape, and
nothing is written into it: numbers left there by others come out. No clause is listed as known, for
nothing can be predicted: CHAN-10 fails, unless all of that memory was zero. Needs OpenVINO only;
exits with 1 where the finding shows.
"""

import sys

import numpy as np
import openvino as ov
from openvino import opset15 as ops

SIZE, TRIALS = 100, 20

wrong = 0
for _ in range(TRIALS):
    used = np.full(SIZE, -1e30, "float32")
    del used
    image = ops.parameter([1, 0, SIZE], np.float32)
    node = ops.convolution(image, ops.constant(np.zeros((1, 0, 1), "f4")), [1], [0], [0], [1])
    compiled = ov.Core().compile_model(ov.Model([node], [image]), "CPU")
    wrong += int(compiled([np.zeros((1, 0, SIZE), "f4")])[0].any())
print(f"expected zeros; got something else in {wrong} of {TRIALS} models")
sys.exit(int(wrong > 0))
