"""ncnn's Sigmoid of NaN is 0, and its TanH -1, in the vector code.

Of a row of five NaN, the first four come out as 0 and -1, the last, for which there is scalar code,
as NaN. So a network that has diverged looks as if all was well. Needs ncnn only; exits with 1 where
the finding shows.
"""

import sys

import ncnn
import numpy as np

shown = False
for layer in ("Sigmoid", "TanH"):
    net = ncnn.Net()
    net.load_param_mem(f"7767517\n2 2\nInput input 0 1 x\n{layer} call 1 1 x y\n")
    extractor = net.create_extractor()
    extractor.input("x", ncnn.Mat(np.full((1, 5), np.nan, "float32")).clone())
    got = np.array(extractor.extract("y")[1]).ravel()
    print(f"{layer}: expected [nan nan nan nan nan]  got", got)
    shown |= not np.isnan(got).all()
sys.exit(int(shown))
