"""PyTorch, by the same code on the CPU and on CUDA. Arrays become tensors and tensors arrays here;
what PyTorch does with them is in layers.py and learning.py.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch

from adapters.by_name import ByName
from adapters.contract import Array, Capabilities, Padding, Sizes, Unavailable
from adapters.dtypes import numpy_dtype, representable
from adapters.torch import layers, learning
from adapters.torch.modes import CPU_OPTIONS, OPTIONS, Modes, seeded
from adapters.torch.script import script_of
from reference.network import Network, Weights
from reference.optimizers import Optimizer

_DTYPES = representable("float64", "float32", "float16", "bfloat16")


class TorchCPU(ByName):
    name = "torch-cpu"
    device: ClassVar[str] = "cpu"
    version = torch.__version__
    capabilities = Capabilities(dtypes=_DTYPES, named_padding=("valid", "same_upper"))
    options: ClassVar[Mapping[str, str]] = CPU_OPTIONS

    def __init__(self, *options: str) -> None:
        self.modes = Modes(options)
        self.capabilities = replace(self.capabilities, compiles=self.modes.compiled)
        if self.modes.channels_last:
            self.capabilities = replace(self.capabilities, spatial_axes=(2, 3))

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
        parameters = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
        }
        with torch.no_grad(), self.modes.set():
            operation = self.modes.operation("cross_correlate", tensors, parameters)
            result = operation(**tensors, **parameters)
        return self._array(result)

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        self.decline_unclaimed(parameters.get("padding", ()))
        tensors, settings = self._tensors(arrays), dict(parameters)
        with self._declining(settings.pop("seed", None)):
            function = self.modes.operation(operation, tensors, settings)
            found = layers.gradients(function, tensors, self._tensor(gradient), settings)
        return self._arrays(found)

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        with self._declining():
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
        with self._declining():
            losses, trained = learning.train(
                network,
                self._tensors(weights),
                self._tensor(images),
                self._tensor(labels),
                self._tensor(batches),
                optimizer,
                compiled=compiled or self.modes.compiled,
                progress=progress,
            )
        return self._array(losses), self._arrays(trained)

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        with self._declining():
            logits = learning.predict(
                network,
                self._tensors(weights),
                self._tensor(images),
                compiled=self.modes.compiled,
            )
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
        return script_of(
            self.modes,
            self.device,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
            dtype=dtype,
        )

    def environment(self) -> dict[str, str]:
        return {
            "device": self.device,
            "threads": str(torch.get_num_threads()),
            "oneDNN": str(torch.backends.mkldnn.is_available() and not self.modes.without_onednn),
            "CPU capability": torch.backends.cpu.get_cpu_capability(),
        } | self.modes.environment()

    def _computed(
        self, operation: str, arrays: Mapping[str, Array | None], parameters: Mapping[str, Any]
    ) -> dict[str, Array]:
        tensors, settings = self._tensors(arrays), dict(parameters)
        with torch.no_grad(), self._declining(settings.pop("seed", None)):
            function = self.modes.operation(operation, tensors, settings)
            found = function(**tensors, **settings)
        return self._arrays(found if isinstance(found, dict) else {"result": found})

    @contextmanager
    def _declining(self, seed: int | None = None) -> Iterator[None]:
        """As the options say, with random numbers from the seed; what is lacking is declined."""
        with layers.what_is_lacking_is_declined(), self.modes.set(), seeded(seed, self.device):
            yield

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
        return self.modes.laid(tensor.to(self.device))

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
    options = OPTIONS
    capabilities = Capabilities(
        dtypes=_DTYPES,
        named_padding=("valid", "same_upper"),
        promises={dtype: "B" for dtype in _DTYPES if dtype != "float64"},
    )

    def __init__(self, *options: str) -> None:
        super().__init__(*options)
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
