"""ONNX Runtime answers a pool whose window is larger than its input.

A window of 2 values does not fit into an input of 1, and no padding is asked for. For a convolution
of these sizes ONNX Runtime raises an error; MaxPool and AveragePool give a tensor without values,
or, as the size is rounded towards zero, a value where the stride is larger than what is missing.
Where eight divides the channels, what is missing counts as padding. Needs ONNX Runtime and ONNX
only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper

node = helper.make_node("MaxPool", ["x"], ["result"], kernel_shape=[2])
given = [helper.make_tensor_value_info("x", 1, (1, 1, 1))]
graph = helper.make_graph([node], "call", given, [ValueInfoProto(name="result")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
try:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    result = session.run(None, {"x": np.ones((1, 1, 1), "float32")})[0]
except Exception as error:
    print("refused, as it should be:", error)
else:
    print("expected an error, got a tensor of shape", result.shape)
    sys.exit(1)
