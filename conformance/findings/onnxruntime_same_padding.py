"""ONNX Runtime: Conv with SAME_UPPER or SAME_LOWER takes values off the front of the input.

It shows where the stride exceeds the filter by so much that padding would have to be negative, by
3 or more (SAME_UPPER), 4 or more (SAME_LOWER). The operator's rule gives ceil(size / stride) values
with padding of 0 at least; so the first window begins at the first value. AveragePool does the
same, from 2 or 3 on, and so did MaxPool in 1.20, which now refuses such calls: "padding values
must be non-negative". Needs onnx and onnxruntime only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper


def run(operator: str, x: np.ndarray, *filters: np.ndarray, **settings: object) -> np.ndarray:
    inputs = dict(zip(("x", "filters"), (x, *filters), strict=False))
    node = helper.make_node(operator, [*inputs], ["result"], **settings)
    given = [helper.make_tensor_value_info(name, 1, a.shape) for name, a in inputs.items()]
    graph = helper.make_graph([node], "call", given, [ValueInfoProto(name="result")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    result: np.ndarray = session.run(None, inputs)[0]
    return result


x, one = np.array([[[1, 2, 3, 4, 5]]], "float32"), np.ones((1, 1, 1), "float32")
shows = False
for name in ("SAME_UPPER", "SAME_LOWER"):
    got = run("Conv", x, one, auto_pad=name, strides=[5])
    print(f"Conv, {name}: expected [1.], got", got.ravel())
    shows |= got.ravel()[0] != 1
    got = run("AveragePool", x, auto_pad=name, strides=[5], kernel_shape=[1])
    print(f"AveragePool, {name}: expected [1.], got", got.ravel())
    shows |= got.ravel()[0] != 1
    try:
        print(f"MaxPool, {name}:", run("MaxPool", x, auto_pad=name, strides=[5], kernel_shape=[1]))
    except Exception as error:
        print(f"MaxPool, {name}: expected [1.], but it is refused:", error)
        shows = True
sys.exit(int(shows))
