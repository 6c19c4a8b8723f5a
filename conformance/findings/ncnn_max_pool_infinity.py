"""ncnn's max pools take the lowest finite number for padding, which beats minus infinity.

The maximum of minus infinity and padding is minus infinity. A window that reaches into padding
gives -3.4e38, one that does not is right. Needs ncnn only; exits with 1 where the finding shows.
"""

import sys

import ncnn
import numpy as np

net = ncnn.Net()
net.load_param_mem("7767517\n2 2\nInput input 0 1 x\nPooling1D call 1 1 x y 0=0 1=2 2=1 3=1 5=1\n")
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(np.full((1, 2), -np.inf, "float32")).clone())
got = np.array(extractor.extract("y")[1]).ravel().tolist()
print("expected", [float("-inf")] * 3, " got", got)
sys.exit(int(bool(np.isfinite(got).any())))
