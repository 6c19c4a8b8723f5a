"""ONNX Runtime: Dropout drops the same values for the seeds 0 and 1.

Its generator of random numbers takes a seed of 0 as 1. Needs onnx and onnxruntime only; exits with
1 where the finding shows.
"""

import sys

import numpy as np
import onnxruntime
from onnx import ValueInfoProto, helper, numpy_helper


def dropped(seed: int) -> np.ndarray:
    constants = {"rate": np.array(0.5, "float32"), "training": np.array(True)}
    node = helper.make_node("Dropout", ["x", *constants], ["result"], seed=seed)
    graph = helper.make_graph(
        [node],
        "dropout",
        [helper.make_tensor_value_info("x", 1, [512])],
        [ValueInfoProto(name="result")],
        [numpy_helper.from_array(a, name) for name, a in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    result: np.ndarray = session.run(None, {"x": np.ones(512, "float32")})[0]
    return np.asarray(result == 0)


places = [dropped(seed) for seed in (0, 1, 2)]
print("seeds 0 and 1 drop the same values:", np.array_equal(places[0], places[1]))
print("seeds 1 and 2 drop the same values:", np.array_equal(places[1], places[2]))
sys.exit(int(np.array_equal(places[0], places[1])))
