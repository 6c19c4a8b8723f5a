"""ONNX Runtime's process ends in a pool whose window is one row higher than its input.

A window of 2 x 1 values does not fit into an input of 1 x 2. A result with no rows comes out where
the channels are fewer than eight, instead of an error; where eight divides their number, in
float32, the default optimizations put the channels into blocks, and the run ends with a division
by zero (SIGFPE), unless the window is as wide as the input. MaxPool and AveragePool do the same.
Needs ONNX Runtime and ONNX only; exits with 1 where the finding shows.
"""

import subprocess
import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper


def pool() -> None:
    node = helper.make_node("MaxPool", ["x"], ["result"], kernel_shape=[2, 1])
    given = [helper.make_tensor_value_info("x", 1, (1, 8, 1, 2))]
    graph = helper.make_graph([node], "call", given, [ValueInfoProto(name="result")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    session.run(None, {"x": np.ones((1, 8, 1, 2), "float32")})


if len(sys.argv) > 1:
    pool()
    sys.exit()

call = [sys.executable, "-I", __file__, "pool"]
done = subprocess.run(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(f"expected an error of Python, or at least an answer; got exit status {done.returncode}")
sys.exit(int(done.returncode < 0))
