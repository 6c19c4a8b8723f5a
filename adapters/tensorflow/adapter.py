"""TensorFlow, by the functions of tf.nn and the layers of Keras, eagerly unless its options say
otherwise; on its GPU where there is one.

What it reads when it is imported depends on the options, so it is imported after these are known.
"""

import importlib
import importlib.metadata
import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from adapters.by_name import ByName
from adapters.contract import Array, Capabilities, Padding, Sizes
from adapters.tensorflow.options import OPTIONS, set_up
from adapters.tensorflow.script import script_of
from reference.network import Network, Weights
from reference.optimizers import Optimizer

_DTYPES = ("float64", "float32", "float16", "bfloat16")


class TensorFlow(ByName):
    name = "tensorflow"
    options: ClassVar[Mapping[str, str]] = OPTIONS

    def __init__(self, *options: str) -> None:
        set_up(options)
        self.chosen = options
        self.tf = importlib.import_module("tensorflow")
        self.layers = importlib.import_module("adapters.tensorflow.layers")
        self.models = importlib.import_module("adapters.keras.models")
        self.training = importlib.import_module("adapters.tensorflow.training")
        self.modes = importlib.import_module("adapters.tensorflow.modes").Modes(options)
        self.version = self.tf.__version__
        self.gpus = self.tf.config.list_physical_devices("GPU")
        self.tf.config.experimental.enable_tensor_float_32_execution(False)
        fast = [dtype for dtype in _DTYPES if dtype != "float64"] if self.gpus else []
        self.capabilities = Capabilities(
            dtypes=_DTYPES,
            spatial_axes=(2, 3) if self.modes.raw else (1, 2, 3),
            named_padding=("valid", "same_upper"),
            named_transposed_padding=("valid", "same_upper"),
            promises=dict.fromkeys(fast, "B"),
            compiles=self.modes.graph or self.modes.compiled,
        )

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
        self.decline_unclaimed(padding)
        tensors = self._tensors({"x": x, "filters": filters, "bias": bias})
        with self.layers.declining_missing_convolutions():
            result = self.modes.call("cross_correlate", tensors, parameters)
        return _array(result)

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        self.decline_unclaimed(parameters.get("padding", ()), operation)
        tensors = self._tensors({**arrays, "gradient": gradient})
        with self.layers.declining_missing_kernels():
            found = self.modes.call(f"gradients of {operation}", tensors, parameters)
        return {name: _array(tensor) for name, tensor in found.items()}

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        trajectory: Array = self.models.optimize(weight, gradients, optimizer)
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
        losses, trained = self.training.train(
            network, weights, images, labels, batches, optimizer, compiled, progress
        )
        return losses, trained

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        graph, compiled = self.modes.graph, self.modes.compiled
        logits: Array = self.training.predict(
            network, weights, images, graph=graph, compiled=compiled
        )
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
            self.chosen,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
            on_gpu=bool(self.gpus),
        )

    def environment(self) -> dict[str, str]:
        threads = self.tf.config.threading.get_intra_op_parallelism_threads()
        return {
            "device": str(self.gpus[0].name if self.gpus else "cpu"),
            "threads": str(threads or "default"),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            "Keras": importlib.metadata.version("keras"),
            "TF32": str(self.tf.config.experimental.tensor_float_32_execution_enabled()),
            **self.modes.environment(),
        }

    def _computed(
        self, operation: str, arrays: Mapping[str, Array | None], parameters: Mapping[str, Any]
    ) -> dict[str, Array]:
        self.decline_unclaimed(parameters.get("padding", ()), operation)
        tensors = self._tensors(arrays)
        with self.layers.declining_missing_kernels():
            found = self.modes.call(operation, tensors, parameters)
        found = found if isinstance(found, dict) else {"result": found}
        return {name: _array(tensor) for name, tensor in found.items()}

    def _tensors(self, arrays: Mapping[str, Array | None]) -> dict[str, Any]:
        constant = self.tf.constant
        return {name: constant(array) for name, array in arrays.items() if array is not None}


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.numpy())
