"""Calls of TensorFlow, eagerly or as graphs."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import tensorflow as tf

from adapters.operations import GRADIENTS_OF
from adapters.tensorflow import layers, raw
from adapters.tensorflow.layers import Tensor

Parameters = tuple[tuple[str, Any], ...]

_MOST_GRAPHS = 200
_MAKES_VARIABLES = "batch_norm"  # its layer of Keras does, which a graph cannot
_OF_A_BATCH = ("x", "logits", "labels", "gradient")


class Modes:
    """What the chosen options change about a call."""

    def __init__(self, options: Collection[str]) -> None:
        self.raw = "raw_ops" in options
        self.graph = "function" in options
        self.compiled = "xla" in options

    def call(
        self, operation: str, tensors: Mapping[str, Tensor], parameters: Mapping[str, Any]
    ) -> Any:
        """What an operation, or "gradients of" it, makes of the tensors."""
        given, settings = dict(tensors), tuple(parameters.items())
        if not (self.graph or self.compiled) or operation.endswith(_MAKES_VARIABLES):
            return _made(given, operation, settings, self.raw)
        spec_of = _compiled_for if self.compiled else _of_any_batch
        specs = tuple((name, spec_of(name, tensor)) for name, tensor in given.items())
        return _graph(operation, settings, specs, self.raw, self.compiled)(given)

    def environment(self) -> dict[str, str]:
        calls = "compiled by XLA" if self.compiled else "graphs" if self.graph else "eager"
        return {"calls": calls} | ({"operations": "raw"} if self.raw else {})


def _made(tensors: dict[str, Tensor], operation: str, parameters: Parameters, raw_ops: bool) -> Any:
    backward = operation.startswith(GRADIENTS_OF)
    functions = layers.DIFFERENTIABLE if backward else layers.OPERATIONS
    if raw_ops:
        functions = functions | {"cross_correlate": raw.cross_correlate}
    function = functions[operation.removeprefix(GRADIENTS_OF)]
    if not backward:
        return function(**tensors, **dict(parameters))
    others = {name: tensor for name, tensor in tensors.items() if name != "gradient"}
    return layers.gradients(function, others, tensors["gradient"], dict(parameters))


@lru_cache(maxsize=_MOST_GRAPHS)
def _graph(
    operation: str,
    parameters: Parameters,
    specs: tuple[tuple[str, Any], ...],
    raw_ops: bool,
    compiled: bool,
) -> Callable[[dict[str, Tensor]], Any]:
    def made(tensors: dict[str, Tensor]) -> Any:
        return _made(tensors, operation, parameters, raw_ops)

    graph: Callable[[dict[str, Tensor]], Any] = tf.function(
        made, input_signature=[dict(specs)], autograph=False, jit_compile=compiled or None
    )
    return graph


def _compiled_for(name: str, tensor: Tensor) -> Any:
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def _of_any_batch(name: str, tensor: Tensor) -> Any:
    is_batch = name in _OF_A_BATCH and tensor.shape.rank
    return tf.TensorSpec([None, *tensor.shape[1:]] if is_batch else tensor.shape, tensor.dtype)
