"""ONNX Runtime on the CPU: each call is a model of one node, with the filters in it, as networks
are deployed; a prediction is a model of the whole network. It computes no gradients.
"""

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import onnx
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from adapters.contract import (
    NAMED_PADDING,
    Adapter,
    Array,
    Capabilities,
    Padding,
    Sizes,
    Unsupported,
)
from adapters.onnxruntime import graphs
from reference.network import Network, Weights

_THREADS = int(os.environ.get("OMP_NUM_THREADS") or 0)  # 0: as many as it likes
_MOST_SESSIONS = 32
_SCRIPT = """\
import onnxruntime
from onnx import ValueInfoProto, helper, numpy_helper

inputs, weights = {{"x": x}}, {weights}
settings = {settings}
node = helper.make_node("{operator}", [*inputs, *weights], ["result"], **settings)
{moved}graph = helper.make_graph(
    [node],
    "call",
    [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), {shape})
        for name, a in inputs.items()
    ],
    [ValueInfoProto(name="result")],
    [numpy_helper.from_array(a, name) for name, a in weights.items()],
)
opsets = [helper.make_opsetid("", {opset})]
model = helper.make_model(graph, opset_imports=opsets, ir_version={version})
{options}
session = onnxruntime.InferenceSession(model.SerializeToString(), options)
(got,) = session.run(None, inputs)
"""
_DILATED = "Dilation not supported for AutoPadType"


class ONNXRuntime(Adapter):
    name = "onnxruntime"
    version = onnxruntime.__version__
    capabilities = Capabilities(
        dtypes=("float32", "float16"),
        named_padding=NAMED_PADDING,
        named_transposed_padding=NAMED_PADDING,
    )
    options: ClassVar[Mapping[str, str]] = {
        "unoptimized": "Graphs run as they are: the runtime's graph optimizations are off.",
        "dynamic": "Filters are inputs, and sizes are open: one session answers many calls.",
    }

    def __init__(self, *options: str) -> None:
        self.optimized = "unoptimized" not in options
        self.dynamic = "dynamic" in options

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
        node = graphs.convolution(stride=stride, padding=padding, dilation=dilation, groups=groups)
        return self._run(node, {"x": x}, {"filters": filters, "bias": bias})["result"]

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        self.decline_unclaimed(parameters["padding"], "transposed_cross_correlate")
        node = graphs.transposed_convolution(**parameters)
        return self._run(node, {"x": x}, {"filters": filters, "bias": bias})["result"]

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        self.decline_unclaimed(parameters["padding"])
        return self._run(graphs.max_pool(**parameters), {"x": x})["result"]

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        self.decline_unclaimed(parameters["padding"])
        return self._run(graphs.average_pool(**parameters), {"x": x})["result"]

    def activation(self, x: Array, *, kind: str) -> Array:
        return self._run(graphs.activation(kind=kind), {"x": x})["result"]

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        return self._run(graphs.dense(), {"x": x}, {"weights": weights, "bias": bias})["result"]

    def batch_norm(
        self,
        x: Array,
        scale: Array,
        shift: Array,
        mean: Array,
        variance: Array,
        *,
        training: bool,
        **parameters: Any,
    ) -> dict[str, Array]:
        node = graphs.batch_norm(training=training, **parameters)
        kept = {"mean": mean, "variance": variance}
        names = ("result", "mean", "variance") if training else ("result",)
        found = self._run(node, {"x": x}, {"scale": scale, "shift": shift} | kept, names)
        return {name: array.copy() for name, array in kept.items()} | found

    def dropout(self, x: Array, *, rate: float, seed: int, training: bool) -> Array:
        # A session goes on with its random numbers, so there is a new one for each call.
        given = {"rate": np.float32(rate), "training": np.array(training)}
        constants = {name: np.asarray(value) for name, value in given.items()}
        model = graphs.node_model(
            ("Dropout", {"seed": seed}), {"x": x}, constants, ("result",), open_sizes=False
        )
        result: Array = _session(model, self.optimized).run(None, {"x": x})[0]
        return result

    def softmax_cross_entropy(
        self, logits: Array, labels: Array, class_weights: Array | None = None, **parameters: Any
    ) -> Array:
        node = graphs.softmax_cross_entropy(weighted=class_weights is not None, **parameters)
        inputs = {"logits": logits, "labels": labels.astype("int64")}
        return self._run(node, inputs, {"class_weights": class_weights})["result"]

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        model = graphs.network_model(network, weights, images)
        logits: Array = _session(model, self.optimized).run(None, {"0": images})[0]
        return logits

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
        node = graphs.convolution(stride=stride, padding=padding, dilation=dilation, groups=groups)
        options = "options = onnxruntime.SessionOptions()"
        if not self.optimized:
            level = "onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL"
            options += f"\noptions.graph_optimization_level = {level}"
        return _SCRIPT.format(
            weights='{"filters": filters' + (', "bias": bias}' if bias else "}"),
            moved="inputs, weights = inputs | weights, {}\n" if self.dynamic else "",
            operator=node[0],
            settings=node[1],
            shape="[None] * a.ndim" if self.dynamic else "a.shape",
            opset=graphs.OPSET,
            version=graphs.IR_VERSION,
            options=options,
        )

    def environment(self) -> dict[str, str]:
        return {
            "device": "cpu",
            "threads": str(_THREADS or "default"),
            "onnx": onnx.__version__,
            "opset": str(graphs.OPSET),
            "graph optimizations": "all" if self.optimized else "none",
        }

    def _run(
        self,
        node: graphs.Node,
        inputs: Mapping[str, Array],
        weights: Mapping[str, Array | None] | None = None,
        outputs: Sequence[str] = ("result",),
    ) -> dict[str, Array]:
        constants = {name: a for name, a in (weights or {}).items() if a is not None}
        if self.dynamic:
            inputs, constants = {**inputs, **constants}, {}
        names = [f"new {name}" for name in outputs]
        model = graphs.node_model(node, inputs, constants, names, open_sizes=self.dynamic)
        try:
            found = _cached_session(model, self.optimized).run(None, dict(inputs))
        except errors.NotImplemented as error:
            raise Unsupported(f"onnxruntime: {error}") from error
        except errors.InvalidArgument as error:
            if _DILATED in str(error):
                raise Unsupported(f"onnxruntime: {_DILATED}") from error
            raise
        return dict(zip(outputs, found, strict=True))


def _session(model: bytes, optimized: bool) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.log_severity_level = 4  # what goes wrong is raised, too
    if not optimized:
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


_cached_session = lru_cache(maxsize=_MOST_SESSIONS)(_session)
