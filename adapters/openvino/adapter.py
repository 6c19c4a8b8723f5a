"""OpenVINO on the CPU: each call is a model of one operation, with the filters in it, as networks
are deployed. It computes no gradients.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import openvino as ov
from openvino import opset15 as ops

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unsupported
from reference.activations import LEAKY_SLOPE

Node = Any  # OpenVINO is not typed here

_CORE = ov.Core()
# In full precision: on some processors it computes in bfloat16 unless told not to.
_SETTINGS = {
    "INFERENCE_PRECISION_HINT": "f32",
    "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS") or 0),
}
_NAMES = {"valid": "valid", "same_upper": "same_upper", "same_lower": "same_lower"}
# Of a transpose, by the formula of OpenVINO, which its own importer of TensorFlow's models minds.
_TRANSPOSED_NAMES = {"valid": "valid", "same_upper": "same_lower", "same_lower": "same_upper"}
_MOST_MODELS = 64


class OpenVINO(Adapter):
    name = "openvino"
    version = ov.__version__.partition("-")[0]
    capabilities = Capabilities(
        dtypes=("float32", "float16"),
        named_padding=tuple(_NAMES),
        named_transposed_padding=tuple(_TRANSPOSED_NAMES),
    )
    options: ClassVar[Mapping[str, str]] = {
        "dynamic": "Filters are inputs: a model is compiled for shapes, not for each call.",
    }

    def __init__(self, *options: str) -> None:
        self.dynamic = "dynamic" in options
        self.capabilities = replace(self.capabilities, compiles=self.dynamic)

    def cross_correlate(
        self,
        x: Array,
        filters: Array,
        bias: Array | None = None,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
    ) -> Array:
        self.decline_unclaimed(padding)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return self._run(_cross_correlation, {"x": x}, {"filters": filters, "bias": bias}, settings)

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        given = {"filters": filters, "bias": bias}
        return self._run(_transposed_cross_correlation, {"x": x}, given, parameters)

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return self._run(_max_pool, {"x": x}, {}, parameters)

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        return self._run(_average_pool, {"x": x}, {}, parameters)

    def activation(self, x: Array, *, kind: str) -> Array:
        return self._run(_activation, {"x": x}, {}, {"kind": kind})

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        return self._run(_dense, {"x": x}, {"weights": weights, "bias": bias}, {})

    def script(
        self,
        *,
        stride: Sizes,
        padding: Padding,
        dilation: Sizes,
        groups: int,
        bias: bool,
        dtype: str,
    ) -> str:
        pads, auto = _pads(padding)
        convolution = "convolution"
        lines = ["import openvino as ov", "from openvino import opset15 as ops", ""]
        if groups > 1:
            convolution = "group_convolution"
            lines.append(f"filters = filters.reshape(({groups}, -1, *filters.shape[1:]))")
        weights = ["filters", *(["bias"] if bias else [])]
        kind = "parameter({0}.shape, {0}.dtype)" if self.dynamic else "constant({0})"
        lines += [
            "image = ops.parameter(x.shape, x.dtype)",
            *(f"{name}_node = ops.{kind.format(name)}" for name in weights),
            f"node = ops.{convolution}(",
            f"    image, filters_node, {list(stride)}, {pads[0]}, {pads[1]}, {list(dilation)},",
            f'    "{auto}",',
            ")",
        ]
        if bias:
            ones = ", 1" * len(stride)
            lines.append(f"node = ops.add(node, ops.reshape(bias_node, [1, -1{ones}], False))")
        inputs, nodes = ["x"], ["image"]
        if self.dynamic:
            inputs, nodes = [*inputs, *weights], [*nodes, *(f"{name}_node" for name in weights)]
        settings = {"INFERENCE_PRECISION_HINT": "f32"}
        lines += [
            f"model = ov.Model([node], [{', '.join(nodes)}])",
            f'compiled = ov.Core().compile_model(model, "CPU", {settings})',
            f"got = compiled([{', '.join(inputs)}])[0]",
        ]
        return "\n".join(lines)

    def environment(self) -> dict[str, str]:
        return {
            "device": str(_CORE.get_property("CPU", "FULL_DEVICE_NAME")),
            "CPU capability": ", ".join(_CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
            "threads": str(_SETTINGS["INFERENCE_NUM_THREADS"] or "as many as it likes"),
        }

    def _run(
        self,
        operation: Callable[..., Node],
        inputs: Mapping[str, Array],
        weights: Mapping[str, Array | None],
        parameters: Mapping[str, Any],
    ) -> Array:
        constants = {name: array for name, array in weights.items() if array is not None}
        if self.dynamic:
            inputs, constants = {**inputs, **constants}, {}
        described = tuple((name, a.shape, a.dtype.name) for name, a in inputs.items())
        settings = tuple(parameters.items())
        if constants:
            nodes = {name: ops.constant(np.ascontiguousarray(a)) for name, a in constants.items()}
            compiled = _compiled(operation, described, settings, nodes)
        else:
            compiled = _kept(operation, described, settings)
        result: Array = compiled([np.ascontiguousarray(array) for array in inputs.values()])[0]
        return result


def _compiled(
    operation: Callable[..., Node],
    inputs: tuple[tuple[str, Sizes, str], ...],
    parameters: tuple[tuple[str, Any], ...],
    constants: Mapping[str, Node],
) -> Any:
    nodes = {name: ops.parameter(shape, np.dtype(dtype)) for name, shape, dtype in inputs}
    result = operation(**nodes, **constants, **dict(parameters))
    return _CORE.compile_model(ov.Model([result], list(nodes.values())), "CPU", _SETTINGS)


@lru_cache(_MOST_MODELS)
def _kept(
    operation: Callable[..., Node],
    inputs: tuple[tuple[str, Sizes, str], ...],
    parameters: tuple[tuple[str, Any], ...],
) -> Any:
    return _compiled(operation, inputs, parameters, {})


def _cross_correlation(
    x: Node,
    filters: Node,
    bias: Node | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
) -> Node:
    (low, high), auto = _pads(padding)
    convolution = ops.convolution
    if groups > 1:
        convolution, filters = ops.group_convolution, _grouped(filters, groups)
    return _biased(convolution(x, filters, stride, low, high, dilation, auto), bias)


def _transposed_cross_correlation(
    x: Node,
    filters: Node,
    bias: Node | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Node:
    (low, high), auto = _pads(padding)
    shape = None
    if isinstance(padding, str):
        auto = _TRANSPOSED_NAMES[padding]
        if padding != "valid":
            shape = ops.constant([n * step for n, step in zip(x.shape[2:], stride, strict=True)])
    transposed = ops.convolution_backprop_data
    if groups > 1:
        transposed, filters = ops.group_convolution_backprop_data, _grouped(filters, groups)
    result = transposed(x, filters, stride, shape, low, high, dilation, auto, list(output_padding))
    return _biased(result, bias)


def _max_pool(
    x: Node, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Node:
    (low, high), auto = _pads(padding)
    rounding = "ceil_torch" if ceil_mode else "floor"
    return ops.max_pool(x, stride, dilation, low, high, kernel, rounding, auto).output(0)


def _average_pool(
    x: Node,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Node:
    (low, high), auto = _pads(padding)
    rounding = "ceil_torch" if ceil_mode else "floor"
    return ops.avg_pool(x, stride, low, high, kernel, not count_include_pad, rounding, auto)


def _activation(x: Node, *, kind: str) -> Node:
    if kind == "leaky_relu":
        return ops.prelu(x, ops.constant(np.array([LEAKY_SLOPE], x.get_element_type().to_dtype())))
    if kind.startswith("gelu"):
        return ops.gelu(x, "tanh" if kind == "gelu_tanh" else "erf")
    return getattr(ops, kind)(x)


def _dense(x: Node, weights: Node, bias: Node | None = None) -> Node:
    result = ops.matmul(x, weights, False, True)
    return result if bias is None else ops.add(result, bias)


def _biased(result: Node, bias: Node | None) -> Node:
    if bias is None:
        return result
    ones = [1] * (len(result.shape) - 2)
    return ops.add(result, ops.reshape(bias, [1, -1, *ones], False))


def _grouped(filters: Node, groups: int) -> Node:
    first, *others = filters.shape
    if first % groups:
        raise Unsupported(f"{first} filters do not make {groups} groups")
    return ops.reshape(filters, [groups, first // groups, *others], False)


def _pads(padding: Padding) -> tuple[tuple[list[int], list[int]], str]:
    """The amounts before and after each axis, and the rule that takes their place."""
    if isinstance(padding, str):
        return ([], []), padding
    return ([low for low, _ in padding], [high for _, high in padding]), "explicit"
