"""The operations of the contract as nodes of ONNX graphs, and graphs as models.

A node is an operator with its attributes; it takes the arrays of a call in their order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
import onnxruntime
from onnx import helper, numpy_helper

from adapters.contract import Array, Padding, Sizes, Unsupported
from reference import network as net
from reference.activations import LEAKY_SLOPE

Node = tuple[str, dict[str, Any]]

_GELU = 20  # the first opset with it
# That opset, and the format of its models, or the last that a runtime 1.N knows.
_OPSETS = {17: (_GELU, 9), 15: (19, 9), 0: (18, 8)}
_RUNTIME = int(onnxruntime.__version__.split(".")[1])
OPSET, IR_VERSION = next(known for first, known in _OPSETS.items() if first <= _RUNTIME)
_NAMES = {"valid": "VALID", "same_upper": "SAME_UPPER", "same_lower": "SAME_LOWER"}

ACTIVATIONS: dict[str, Node] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": LEAKY_SLOPE}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
}
if OPSET >= _GELU:
    ACTIVATIONS["gelu"] = ("Gelu", {"approximate": "none"})
    ACTIVATIONS["gelu_tanh"] = ("Gelu", {"approximate": "tanh"})


def convolution(*, stride: Sizes, padding: Padding, dilation: Sizes, groups: int) -> Node:
    settings = {"strides": stride, "dilations": dilation, "group": groups}
    return "Conv", settings | padding_of(padding)


def transposed_convolution(
    *, stride: Sizes, padding: Padding, output_padding: Sizes, dilation: Sizes, groups: int
) -> Node:
    _, settings = convolution(stride=stride, padding=padding, dilation=dilation, groups=groups)
    if not isinstance(padding, str):
        settings["output_padding"] = output_padding
    return "ConvTranspose", settings


def max_pool(
    *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Node:
    settings = {"kernel_shape": kernel, "strides": stride, "dilations": dilation}
    return "MaxPool", settings | padding_of(padding) | {"ceil_mode": int(ceil_mode)}


def average_pool(
    *, kernel: Sizes, stride: Sizes, padding: Padding, ceil_mode: bool, count_include_pad: bool
) -> Node:
    settings = {"kernel_shape": kernel, "strides": stride, "ceil_mode": int(ceil_mode)}
    counts = {"count_include_pad": int(count_include_pad)}
    return "AveragePool", settings | padding_of(padding) | counts


def activation(*, kind: str) -> Node:
    if kind not in ACTIVATIONS:
        raise Unsupported(f"opset {OPSET} of ONNX has no operator for the activation {kind!r}")
    return ACTIVATIONS[kind]


def dense() -> Node:
    return "Gemm", {"transB": 1}


def batch_norm(*, training: bool, momentum: float, epsilon: float, unbiased: bool) -> Node:
    if training and unbiased:
        raise Unsupported("ONNX keeps the biased variance")
    settings = {"epsilon": epsilon, "momentum": 1 - momentum, "training_mode": int(training)}
    return "BatchNormalization", settings


def softmax_cross_entropy(*, label_smoothing: float, reduction: str, weighted: bool) -> Node:
    if label_smoothing:
        raise Unsupported("ONNX has no label smoothing")
    if reduction == "mean" and weighted:
        raise Unsupported("ONNX's mean divides by the weights of the labels, not by their number")
    return "SoftmaxCrossEntropyLoss", {"reduction": reduction.removeprefix("weighted ")}


def of_layer(layer: net.Layer) -> Node:
    """A layer of a network, without its weights."""
    match layer:
        case net.Convolution():
            return convolution(**layer.parameters)
        case net.Dense():
            return dense()
        case net.Activate():
            return activation(kind=layer.function)
        case net.MaxPool():
            return "MaxPool", {"kernel_shape": layer.kernel, "strides": layer.kernel}
        case net.AveragePool():
            return "AveragePool", {"kernel_shape": layer.kernel, "strides": layer.kernel}
        case net.Flatten():
            return "Flatten", {}
    raise Unsupported(f"no operator of ONNX is known for a layer {layer.kind!r}")


def padding_of(padding: Padding) -> dict[str, Any]:
    """The attribute that says it: all amounts before the axes, then all after them."""
    if isinstance(padding, str):
        return {"auto_pad": _NAMES[padding]}
    return {"pads": [low for low, _ in padding] + [high for _, high in padding]}


def network_model(network: net.Network, weights: net.Weights, images: Array) -> bytes:
    """A network with its weights in it, for any number of images like these."""
    nodes, names = [], ["0"]
    for place, layer in enumerate(network):
        operator, settings = of_layer(layer)
        own = [f"{place}.{name}" for name in layer.shapes()]
        names.append(str(place + 1))
        nodes.append(helper.make_node(operator, [names[-2], *own], [names[-1]], **settings))
    shape = (None, *images.shape[1:])
    return _serialized(nodes, {"0": images}, {"0": shape}, names[-1:], weights)


def node_model(
    node: Node,
    inputs: Mapping[str, Array],
    constants: Mapping[str, Array],
    outputs: Sequence[str],
    *,
    open_sizes: bool,
) -> bytes:
    """A single node that takes the inputs and then the constants, which are part of the model."""
    operator, settings = node
    made = helper.make_node(operator, [*inputs, *constants], outputs, **settings)
    shapes = {name: (None,) * a.ndim if open_sizes else a.shape for name, a in inputs.items()}
    return _serialized([made], inputs, shapes, outputs, constants)


def _serialized(
    nodes: list[Any],
    inputs: Mapping[str, Array],
    shapes: Mapping[str, tuple[int | None, ...]],
    outputs: Sequence[str],
    constants: Mapping[str, Array],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "convspec",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), shapes[name]
            )
            for name, array in inputs.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    serialized: bytes = model.SerializeToString()
    return serialized
