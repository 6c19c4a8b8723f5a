"""The conventions of OpenVINO."""

from typing import Any

import numpy as np
import openvino as ov
from openvino import opset15 as ops

VERSION = ov.__version__.partition("-")[0]


def _line(*values: float) -> Any:
    return np.array(values, "float32").reshape(1, 1, -1)


def _computed(x: Any, node: Any, parameter: Any) -> list[float]:
    found = ov.Core().compile_model(ov.Model([node], [parameter]), "CPU")([x])[0]
    return [float(value) for value in found.ravel()]


def _convolved(x: Any, taps: Any, rule: str) -> list[float]:
    image = ops.parameter(x.shape, x.dtype)
    return _computed(x, ops.convolution(image, taps, [1], [], [], [1], rule), image)


def _transposed(x: Any, taps: Any, stride: int, rule: str, *size: int) -> list[float]:
    image = ops.parameter(x.shape, x.dtype)
    shape = ops.constant(list(size)) if size else None
    node = ops.convolution_backprop_data(image, taps, [stride], shape, auto_pad=rule)
    return _computed(x, node, image)


def kernel_flip() -> str:
    found = _convolved(_line(0, 1, 0), _line(1, 2, 3), "same_upper")
    return "no" if found == [3, 2, 1] else "yes"


def odd_zero_of_same() -> str:
    side = {1.0: "after", 2.0: "before"}
    upper, lower = (
        side[_convolved(_line(1), _line(1, 2), rule)[0]] for rule in ("same_upper", "same_lower")
    )
    return f"{upper}; same_lower {lower}"


def odd_value_of_a_transpose() -> str:
    side = {1.0: "after", 2.0: "before"}
    upper, lower = (
        side[_transposed(_line(1), _line(1, 2), 1, rule, 1)[0]]
        for rule in ("same_upper", "same_lower")
    )
    return f"{upper}; same_lower {lower}"


def size_of_a_valid_transpose() -> str:
    size = len(_transposed(_line(1, 1), _line(1), 3, "valid"))
    return {4: "(size - 1) * stride + kernel", 6: "size * stride"}[size]
