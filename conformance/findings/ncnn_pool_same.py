"""ncnn's average pools count the padding of SAME, and Pooling3D puts an odd zero on the other side.

avgpool_count_include_pad=0 leaves padding out of the mean: of three fours, in windows of two that
step by two, the second mean is 4. With explicit amounts it is; with pad_mode 2 and 3 (SAME) it is
2, for what is left out is counted by the explicit amounts, which are 0. And of the odd zero of
SAME_LOWER, which Pooling and Pooling1D put in front on every axis, Pooling3D puts that of depth
behind. Needs ncnn only; exits with 1 where the finding shows.
"""

import sys
from typing import Any

import ncnn
import numpy as np


def run(layer: str, x: Any) -> list[float]:
    net = ncnn.Net()
    net.load_param_mem(f"7767517\n2 2\nInput input 0 1 x\n{layer}\n")
    extractor = net.create_extractor()
    extractor.input("x", ncnn.Mat(np.array(x, "float32")).clone())
    found: list[float] = np.array(extractor.extract("y")[1]).ravel().tolist()
    return found


mean = run("Pooling1D call 1 1 x y 0=1 1=2 2=2 5=2 6=0", [[4, 4, 4]])
print("the means: expected [4.0, 4.0]  got", mean)
depth = [[[[1]], [[5]], [[2]]]]
largest = run("Pooling3D call 1 1 x y 0=0 1=1 11=1 21=2 2=1 12=1 22=2 5=3", depth)
print("SAME_LOWER: expected [1.0, 5.0]  got", largest)
sys.exit(int(mean != [4, 4] or largest != [1, 5]))
