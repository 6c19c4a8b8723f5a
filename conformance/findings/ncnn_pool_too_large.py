"""ncnn's pools read past the input where a window is too large for it by less than a stride.

A window of 3 x 3 does not fit into an image of 2 x 2. With a stride of 1, ncnn refuses it. With a
stride of 2, its division rounds towards zero, it counts one window, and takes the largest value, or
the average, of what lies in memory behind the image, too; later calls may then end the process.
That should be an error as well. No clause is listed as known, for what comes cannot be predicted:
LAYER-27 fails. Needs ncnn only; exits with 1 where the finding shows.
"""

import sys

import ncnn
import numpy as np

codes = {}
for stride in (1, 2):
    for name, kind in (("max", 0), ("average", 1)):
        net = ncnn.Net()
        layer = f"Pooling call 1 1 x y 0={kind} 1=3 2={stride} 5=1"
        net.load_param_mem(f"7767517\n2 2\nInput input 0 1 x\n{layer}\n")
        extractor = net.create_extractor()
        extractor.input("x", ncnn.Mat(np.ones((1, 2, 2), "float32")).clone())
        codes[name, stride], result = extractor.extract("y")
        got = f"{np.array(result)}" if codes[name, stride] == 0 else "an error"
        print(f"{name} pool, stride {stride}: expected an error, got {got}")
sys.exit(int(0 in codes.values()))
