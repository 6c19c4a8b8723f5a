"""OpenVINO's process ends in a convolution whose windows all lie in padding.

One value with padding of 4 on both sides, filters of one tap, a stride of 3 and a dilation of 2
have three windows, none of which holds the value: with a bias, the result is that bias. OpenVINO
compiles the model, and dies of a segmentation fault when it is run, on processors for which oneDNN
chooses its brgemm kernels. Without the bias, or with a dilation of 1, the result is right. No
clause is listed as known, for any may meet such a call. Needs OpenVINO only; exits with 1 where the
finding shows.
"""

import subprocess
import sys

import numpy as np
import openvino as ov
from openvino import opset15 as ops


def convolve() -> None:
    image = ops.parameter((1, 2, 1), np.float32)
    filters, bias = (ops.constant(np.ones(shape, "float32")) for shape in ((3, 2, 1), (1, 3, 1)))
    node = ops.add(ops.convolution(image, filters, [3], [4], [4], [2]), bias)
    compiled = ov.Core().compile_model(ov.Model([node], [image]), "CPU")
    print(compiled(np.ones((1, 2, 1), "float32"))[0].tolist())


if len(sys.argv) > 1:
    convolve()
    sys.exit()

call = [sys.executable, "-I", __file__, "convolve"]
done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
print(f"expected nine times the bias of 1; got exit status {done.returncode}", done.stdout)
sys.exit(int(done.stdout.strip() != f"{[[[1.0] * 3] * 3]}"))
