"""PyTorch, by the same code on the CPU and on CUDA. Arrays become tensors and tensors arrays here;
what PyTorch does with them is in torch_layers.py and torch_learning.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from adapters import torch_layers as layers
from adapters import torch_learning as learning
from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unavailable
from adapters.dtypes import numpy_dtype, representable
from reference.network import Network, Weights
from reference.optimizers import Optimizer

_DTYPES = representable("float64", "float32", "float16", "bfloat16")


class TorchCPU(Adapter):
    name = "torch-cpu"
    device: ClassVar[str] = "cpu"
    version = torch.__version__
    capabilities = Capabilities(dtypes=_DTYPES, named_padding=("valid", "same_upper"))

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
        tensors = self._tensors({"x": x, "filters": filters, "bias": bias})
        with torch.no_grad():
            result = layers.cross_correlate(
                **tensors, stride=stride, padding=padding, dilation=dilation, groups=groups
            )
        return self._array(result)

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        self.decline_unclaimed(parameters.get("padding", ()))
        tensors = self._tensors(arrays)
        with layers.what_is_lacking_is_declined():
            found = layers.gradients(operation, tensors, self._tensor(gradient), parameters)
        return self._arrays(found)

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        arrays = {"x": x, "filters": filters, "bias": bias}
        return self._computed(layers.transposed_cross_correlate, arrays, parameters)["result"]

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return self._computed(layers.max_pool, {"x": x}, parameters)["result"]

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        return self._computed(layers.average_pool, {"x": x}, parameters)["result"]

    def activation(self, x: Array, *, kind: str) -> Array:
        return self._computed(layers.activation, {"x": x}, {"kind": kind})["result"]

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        arrays = {"x": x, "weights": weights, "bias": bias}
        return self._computed(layers.dense, arrays, {})["result"]

    def batch_norm(
        self, x: Array, scale: Array, shift: Array, mean: Array, variance: Array, **parameters: Any
    ) -> dict[str, Array]:
        arrays = {"x": x, "scale": scale, "shift": shift, "mean": mean, "variance": variance}
        return self._computed(layers.batch_norm, arrays, parameters)

    def dropout(self, x: Array, **parameters: Any) -> Array:
        return self._computed(layers.dropout, {"x": x}, parameters)["result"]

    def softmax_cross_entropy(
        self,
        logits: Array,
        labels: Array,
        class_weights: Array | None = None,
        **parameters: Any,
    ) -> Array:
        arrays = {"logits": logits, "labels": labels, "class_weights": class_weights}
        return self._computed(layers.softmax_cross_entropy, arrays, parameters)["result"]

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        with layers.what_is_lacking_is_declined():
            weights = learning.trajectory(self._tensor(weight), self._tensor(gradients), optimizer)
        return self._array(weights)

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
        with layers.what_is_lacking_is_declined():
            losses, trained = learning.train(
                network,
                self._tensors(weights),
                self._tensor(images),
                self._tensor(labels),
                self._tensor(batches),
                optimizer,
                compiled=compiled,
                progress=progress,
            )
        return self._array(losses), self._arrays(trained)

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        with layers.what_is_lacking_is_declined():
            logits = learning.predict(network, self._tensors(weights), self._tensor(images))
        return self._array(logits)

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
        to_tensor, to_array = "torch.from_numpy({})", "got.numpy()"
        if dtype == "bfloat16":
            to_tensor = 'torch.from_numpy({}.view("int16")).view(torch.bfloat16)'
            to_array = "got.view(torch.int16).numpy().view(ml_dtypes.bfloat16)"
        lines = ["import torch", ""]
        if self.device == "cuda":
            lines.append("torch.backends.cudnn.allow_tf32 = False")
            to_tensor, to_array = to_tensor + ".cuda()", to_array.replace("got", "got.cpu()", 1)
        lines += [
            f"{name} = {to_tensor.format(name)}"
            for name in ("x", "filters", "bias")
            if bias or name != "bias"
        ]
        before, amount = layers.padding_of(padding)
        if before:
            lines.append(f"x = torch.nn.functional.pad(x, {before})")
        lines += [
            f"got = torch.nn.functional.conv{len(stride)}d(",
            f"    x, filters, {'bias' if bias else None}, {stride=}, padding={amount!r},",
            f"    {dilation=}, {groups=},",
            ")",
            f"got = {to_array}",
        ]
        return "\n".join(lines)

    def environment(self) -> dict[str, str]:
        return {
            "device": self.device,
            "threads": str(torch.get_num_threads()),
            "oneDNN": str(torch.backends.mkldnn.is_available()),
            "CPU capability": torch.backends.cpu.get_cpu_capability(),
        }

    def _computed(
        self,
        operation: Callable[..., Any],
        arrays: Mapping[str, Array | None],
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        with torch.no_grad(), layers.what_is_lacking_is_declined():
            found = operation(**self._tensors(arrays), **parameters)
        return self._arrays(found if isinstance(found, dict) else {"result": found})

    def _tensors(self, arrays: Mapping[str, Array | None]) -> dict[str, torch.Tensor]:
        return {name: self._tensor(array) for name, array in arrays.items() if array is not None}

    def _arrays(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, Array]:
        # Where an operation returns its argument, memory would be shared with the caller's array.
        return {name: self._array(tensor.clone()) for name, tensor in tensors.items()}

    def _tensor(self, array: Array) -> torch.Tensor:
        if not array.flags.writeable or min(array.strides, default=0) < 0:
            array = array.copy()  # torch shares memory, and takes neither of these
        if array.dtype.name == "bfloat16":
            tensor = torch.from_numpy(array.view("int16")).view(torch.bfloat16)
        else:
            tensor = torch.from_numpy(array)
        return tensor.to(self.device)

    def _array(self, tensor: torch.Tensor) -> Array:
        tensor = tensor.cpu()
        if tensor.dtype == torch.bfloat16:
            array: Array = tensor.view(torch.int16).numpy()
            return array.view(numpy_dtype("bfloat16"))
        return np.asarray(tensor.numpy())


class TorchCUDA(TorchCPU):
    """In full precision: TF32 is switched off. cuDNN may choose Winograd or an FFT by itself, so
    below float64 only a bound on norms is promised.
    """

    name = "torch-cuda"
    device = "cuda"
    capabilities = Capabilities(
        dtypes=_DTYPES,
        named_padding=("valid", "same_upper"),
        promises={dtype: "B" for dtype in _DTYPES if dtype != "float64"},
    )

    def __init__(self) -> None:
        if not torch.cuda.is_available():
            raise Unavailable("no CUDA device")
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "device": torch.cuda.get_device_name(),
            "CUDA": str(torch.version.cuda),
            "cuDNN": str(torch.backends.cudnn.version()),
            "TF32": str(torch.backends.cudnn.allow_tf32),
        }
