"""ncnn's depthwise convolution of one tap in bfloat16 gives other numbers in every process.

With use_bf16_storage, two channels and two filters of 1 x 1 on a single value each: 2 * 3 and
7 * 5. What comes is neither that nor near it, so memory is used that was never written, or not
meant. Kernels of 3 x 3 and channels by fours are right, and so is float32. No clause is listed as
known, since nothing can be predicted: on ncnn+bf16 most clauses that draw groups fail. Needs ncnn
only; exits with 1 where the finding shows.
"""

import subprocess
import sys
import tempfile

import ncnn
import numpy as np


def convolve() -> None:
    net = ncnn.Net()
    net.opt.use_bf16_storage = True
    layer = "ConvolutionDepthWise call 1 1 x y 0=2 1=1 11=1 6=2 7=2"
    net.load_param_mem(f"7767517\n2 2\nInput input 0 1 x\n{layer}\n")
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(4) + np.array([2, 7], "float32").tobytes())
        file.flush()
        net.load_model(file.name)
    extractor = net.create_extractor()
    extractor.input("x", ncnn.Mat(np.array([[[3]], [[5]]], "float32")).clone())
    print(np.array(extractor.extract("y")[1]).ravel())
    sys.exit()


if len(sys.argv) > 1:
    convolve()

got = set()
for _ in range(5):
    call = [sys.executable, "-I", __file__, "convolve"]
    got.add(subprocess.run(call, stdout=subprocess.PIPE, text=True).stdout.strip())
print("expected: [ 6. 35.]  got in five processes:", *sorted(got))
sys.exit(int(got != {"[ 6. 35.]"}))
