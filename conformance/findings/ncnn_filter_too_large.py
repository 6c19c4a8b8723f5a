"""ncnn reads past the input, and may end the process, where a kernel is larger than that.

A kernel of two on one value has no window. With a stride of 1, ncnn ends by a segmentation fault or
an abort. With a stride of 2, its division rounds towards zero, it counts one window, and adds what
lies behind the value in memory. Both should be errors. No clause is listed as known, for what is
read there cannot be predicted: GEOM-4 fails. Needs ncnn only; exits with 1 where the finding shows.
"""

import subprocess
import sys
import tempfile

import ncnn
import numpy as np


def convolve(stride: str) -> None:
    net = ncnn.Net()
    layer = f"Convolution1D call 1 1 x y 0=1 1=2 3={stride} 6=2"
    net.load_param_mem(f"7767517\n2 2\nInput input 0 1 x\n{layer}\n")
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(4) + np.ones(2, "float32").tobytes())
        file.flush()
        net.load_model(file.name)
    extractor = net.create_extractor()
    extractor.input("x", ncnn.Mat(np.array([[3]], "float32")).clone())
    code, result = extractor.extract("y")
    print("code", code, "and", np.array(result))
    sys.exit(int(code != 0))


if len(sys.argv) > 1:
    convolve(sys.argv[1])

codes = []
for stride in ("1", "2"):
    call = [sys.executable, "-I", __file__, stride]
    done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    codes.append(done.returncode)
    print(f"stride {stride}: expected an error; got exit status {done.returncode}", done.stdout)
sys.exit(int(codes[0] <= 0 or codes[1] <= 0))
