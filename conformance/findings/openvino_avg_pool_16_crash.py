"""OpenVINO ends the process over an AvgPool of opset 16 without dilations.

The operation of opset 16 has dilations, which may be left out. Compiled for the CPU without them,
its model is a segmentation fault; with dilations of 1 it compiles. The adapter uses opset 15, so no
clause meets it. Needs OpenVINO only; exits with 1 where the finding shows.
"""

import subprocess
import sys

import numpy as np
import openvino as ov
from openvino import opset16 as ops

if sys.argv[1:] == ["compile"]:
    image = ops.parameter([1, 1, 1, 6], np.float32)
    pool = ops.avg_pool(image, [1, 1], [0, 0], [0, 0], [1, 2], False)
    ov.Core().compile_model(ov.Model([pool], [image]), "CPU")
    sys.exit()

code = subprocess.run([sys.executable, "-I", __file__, "compile"]).returncode
print("expected the exit status 0; got", code, "(a negative one is a signal)")
sys.exit(int(code < 0))
