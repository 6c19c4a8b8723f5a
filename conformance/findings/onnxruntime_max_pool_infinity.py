"""ONNX Runtime's MaxPool of minus infinity is the lowest finite number.

The maximum of minus infinity alone is minus infinity. On one axis and on three MaxPool of float32
begins each window with the lowest finite number, and gives -3.4e38; on two it takes that number for
the padding of the last axis, so that windows in the first and last columns give it, and all others
are right. In float16 all are right. Needs ONNX Runtime and ONNX only; exits with 1 where the
finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper


def pooled(axes: int) -> list[float]:
    x = np.full((1, 1, *(2,) * axes), -np.inf, "float32")
    settings = {"kernel_shape": [2] * axes, "strides": [2] * axes, "pads": [1] * (2 * axes)}
    node = helper.make_node("MaxPool", ["x"], ["result"], **settings)
    given = [helper.make_tensor_value_info("x", 1, x.shape)]
    graph = helper.make_graph([node], "call", given, [ValueInfoProto(name="result")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found: list[float] = session.run(None, {"x": x})[0].ravel().tolist()
    return found


finite = False
for axes in (1, 2, 3):
    got = pooled(axes)
    print(f"on {axes} axes: expected minus infinity; got", got)
    finite |= bool(np.isfinite(got).any())
sys.exit(int(finite))
