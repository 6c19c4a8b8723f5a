"""ONNX Runtime's MaxPool keeps a NaN in some columns, and loses it in others.

Five equal windows, each of a 1 below a NaN, should have five equal results: NaN, as IEEE 754's
maximum has it, or 1. On two axes the vectorised loop gives one of these for the first four columns,
and the loop for what is left the other; which of the two depends on whether the NaN is the first
value of its window. On three axes it is so along a row. Needs ONNX Runtime and ONNX only; exits
with 1 where the finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper

x = np.ones((1, 1, 2, 5), "float32")
x[0, 0, 0] = np.nan
node = helper.make_node("MaxPool", ["x"], ["result"], kernel_shape=[2, 1], strides=[2, 1])
given = [helper.make_tensor_value_info("x", 1, x.shape)]
graph = helper.make_graph([node], "call", given, [ValueInfoProto(name="result")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString())
got = session.run(None, {"x": x})[0].ravel()
print("expected five equal results, got", got.tolist())
sys.exit(int(len(set(np.isnan(got).tolist())) > 1))
