"""ONNX Runtime's ConvTranspose with SAME_UPPER or SAME_LOWER gives too few values for long strides.

ONNX says of both: "output_shape[i] = input_shape[i] * strides[i]". Where the filter spans less than
the stride, the result has (input_shape - 1) * stride + filter values instead: a sum of paddings
below zero is taken for 0, and nothing makes up for it. ONNX's shape inference has the same sizes,
its reference evaluator those of the text. Needs onnx and onnxruntime only; exits with 1 where the
finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper

inputs = {"x": np.array([[[4, 5]]], "float32"), "filters": np.ones((1, 1, 1), "float32")}
shows = False
for name in ("SAME_UPPER", "SAME_LOWER"):
    node = helper.make_node("ConvTranspose", [*inputs], ["result"], auto_pad=name, strides=[3])
    given = [helper.make_tensor_value_info(name, 1, a.shape) for name, a in inputs.items()]
    graph = helper.make_graph([node], "call", given, [ValueInfoProto(name="result")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    got = session.run(None, inputs)[0].ravel().tolist()
    print(f"{name}: expected [4, 0, 0, 5, 0, 0], got", got)
    shows |= got != [4, 0, 0, 5, 0, 0]
sys.exit(int(shows))
