"""The conventions of ONNX, as ONNX Runtime computes it."""

from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

VERSION = onnxruntime.__version__


def _computed(operator: str, *arrays: Any, **attributes: Any) -> Any:
    names = [f"x{at}" for at in range(len(arrays))]
    node = helper.make_node(operator, names, ["y"], **attributes)
    given = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "one", given, [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, dict(zip(names, arrays, strict=True)))[0]


def _line(*values: float) -> Any:
    return np.array(values, "float32").reshape(1, 1, -1)


def kernel_flip() -> str:
    found = _computed("Conv", _line(0, 1, 0), _line(1, 2, 3), pads=[1, 1])
    return "no" if found.ravel().tolist() == [3, 2, 1] else "yes"


def odd_zero_of_same() -> str:
    side = {1.0: "after", 2.0: "before"}
    upper, lower = (
        side[float(_computed("Conv", _line(1), _line(1, 2), auto_pad=rule).ravel()[0])]
        for rule in ("SAME_UPPER", "SAME_LOWER")
    )
    return f"{upper}; SAME_LOWER {lower}"


def odd_value_of_a_transpose() -> str:
    side = {1.0: "after", 2.0: "before"}
    upper, lower = (
        side[float(_computed("ConvTranspose", _line(1), _line(1, 2), auto_pad=rule).ravel()[0])]
        for rule in ("SAME_UPPER", "SAME_LOWER")
    )
    return f"{upper}; SAME_LOWER {lower}"


def size_of_a_valid_transpose() -> str:
    found = _computed("ConvTranspose", _line(1, 1), _line(1), auto_pad="VALID", strides=[3])
    return {4: "(size - 1) * stride + kernel", 6: "size * stride"}[found.size]


def kernel_beyond_the_input() -> str:
    try:
        found = _computed("Conv", _line(1, 1), _line(1, 1, 1))
    except Exception:
        return "error"
    return "an empty result" if found.size == 0 else "a result"


def nan_in_a_max_pool() -> str:
    first, last = (
        np.isnan(_computed("MaxPool", _line(*values), kernel_shape=[2])).all()
        for values in ((np.nan, 1.0), (1.0, np.nan))
    )
    if first == last:
        return "reaches the result" if first else "is dropped"
    return "depends on its place"


def padding_in_an_average() -> str:
    found = _computed("AveragePool", _line(1, 1), kernel_shape=[2], pads=[1, 1])
    return "counts" if found.min() < 1 else "does not count, unless count_include_pad=1"


def slope_of_leaky_relu() -> str:
    return f"{-float(_computed('LeakyRelu', _line(-1)).ravel()[0]):g}"
