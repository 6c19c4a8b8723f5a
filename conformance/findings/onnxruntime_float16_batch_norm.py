"""ONNX Runtime: BatchNormalization of float16, in training, writes over the constants of its model.

Graph optimizations put casts around the operator, and the statistics that are to be kept are then
written over those that it starts from: each run of a session goes on from the run before, and
equal requests have different answers. Constants of equal values are one, too: where the mean
starts as the shift, as in most networks, the batch is shifted by the mean that is to be kept.
Without optimizations, in float32, or with statistics that are inputs, all is well. Needs onnx and
onnxruntime only; exits with 1 where the finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper, numpy_helper


def session(**constants: float) -> onnxruntime.InferenceSession:
    """One that trains, with a momentum of 1/2, on two values of a channel."""
    node = helper.make_node(
        "BatchNormalization",
        ["x", *constants],
        ["result", "new mean", "new variance"],
        training_mode=1,
        momentum=0.5,
    )
    graph = helper.make_graph(
        [node],
        "training",
        [helper.make_tensor_value_info("x", 10, (2, 1))],
        [ValueInfoProto(name=name) for name in node.output],
        [numpy_helper.from_array(np.array([v], "float16"), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return onnxruntime.InferenceSession(model.SerializeToString())


x = np.array([[1.0], [3.0]], "float16")
usual = session(scale=1.0, shift=0.0, mean=0.0, variance=1.0).run(None, {"x": x})[0].ravel()
print("shift and mean are both 0: expected [-1.  1.], got", usual)
other = session(scale=2.0, shift=5.0, mean=0.0, variance=1.0)
means = [float(other.run(None, {"x": x})[1][0]) for _ in range(3)]
print("means kept by three equal runs: expected [1.0, 1.0, 1.0], got", means)
sys.exit(int(abs(usual - [-1, 1]).max() > 0.01 or means != [1, 1, 1]))
