"""Keras, computing by TensorFlow, PyTorch or JAX: its layers, its losses, and models that it
compiles and trains itself. A process has one of these frameworks only.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from adapters.by_name import ByName
from adapters.contract import Array, Capabilities, Padding, Sizes
from adapters.dtypes import representable
from adapters.keras.engine import ENGINES
from adapters.keras.script import script_of
from adapters.options import one_of
from reference.network import Network, Weights
from reference.optimizers import Optimizer

_WITHOUT_GRADIENT = ("labels", "class_weights", "mean", "variance")


class Keras(ByName):
    name = "keras"
    capabilities = Capabilities(
        dtypes=representable("float64", "float32", "float16", "bfloat16"),
        named_padding=("valid", "same_upper"),
        named_transposed_padding=("valid", "same_upper"),
    )
    options: ClassVar[Mapping[str, str]] = {
        "torch": "Keras computes by PyTorch.",
        "jax": "Keras computes by JAX.",
    }

    def __init__(self, *options: str) -> None:
        self.framework = one_of(options, "torch", "jax") or "tensorflow"
        self.capabilities = replace(self.capabilities, compiles=self.framework == "jax")
        self.engine = ENGINES[self.framework]()
        self.keras = importlib.import_module("keras")
        self.layers = importlib.import_module("adapters.keras.layers")
        self.models = importlib.import_module("adapters.keras.models")
        self.learning = importlib.import_module("adapters.keras.learning")
        self.version = self.keras.__version__

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
        parameters = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
        }
        arrays = {"x": x, "filters": filters, "bias": bias}
        return self._computed("cross_correlate", arrays, parameters)["result"]

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        self._about_to(f"gradients of {operation}", arrays, parameters)
        function, tensors = self.layers.OPERATIONS[operation], self._tensors(arrays)
        fixed = {name: tensors.pop(name) for name in _WITHOUT_GRADIENT if name in tensors}

        def forward(tensors: dict[str, Any]) -> Any:
            result = function(**tensors, **fixed, **parameters)
            return result["result"] if isinstance(result, dict) else result

        with self.engine.declining():
            found = self.engine.gradients(forward, tensors, self._tensor(gradient))
        return self._arrays(found)

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        with self.engine.declining():
            trajectory: Array = self.learning.optimize(weight, gradients, optimizer)
        return trajectory

    def train(
        self,
        network: Network,
        weights: Weights,
        images: Array,
        labels: Array,
        batches: Array,
        optimizer: Optimizer,
        *,
        compiled: bool = False,
        progress: Callable[[int], None] = lambda step: None,
    ) -> tuple[Array, Weights]:
        with self.engine.declining():
            losses, trained = self.learning.train(
                network, weights, images, labels, batches, optimizer, compiled, progress
            )
        return losses, trained

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        with self.engine.declining():
            logits: Array = self.learning.predict(network, weights, images)
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
        return script_of(
            self.framework,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
            dtype=dtype,
        )

    def environment(self) -> dict[str, str]:
        return self.engine.environment()

    def _computed(
        self, operation: str, arrays: Mapping[str, Array | None], parameters: Mapping[str, Any]
    ) -> dict[str, Array]:
        given = {name: array for name, array in arrays.items() if array is not None}
        self._about_to(operation, given, parameters)
        with self.engine.declining():
            found = self.layers.OPERATIONS[operation](**self._tensors(given), **parameters)
        return self._arrays(found if isinstance(found, dict) else {"result": found})

    def _about_to(
        self, operation: str, arrays: Mapping[str, Array], parameters: Mapping[str, Any]
    ) -> None:
        self.decline_unclaimed(parameters.get("padding", ()), operation)
        shapes = {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
        self.engine.prepare(f"{operation} {shapes} {parameters}")

    def _tensors(self, arrays: Mapping[str, Array]) -> dict[str, Any]:
        return {name: self._tensor(array) for name, array in arrays.items()}

    def _tensor(self, array: Array) -> Any:
        # A copy: PyTorch would share memory, and takes neither read-only nor reversed arrays.
        return self.keras.ops.convert_to_tensor(np.array(array, order="C"))

    def _arrays(self, tensors: Mapping[str, Any]) -> dict[str, Array]:
        return {name: self.models.array_of(tensor) for name, tensor in tensors.items()}
