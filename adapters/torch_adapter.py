"""PyTorch, by the functions of torch.nn.functional; the same code on the CPU and on CUDA."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn import functional

from adapters.contract import (
    Adapter,
    Array,
    Capabilities,
    Padding,
    Sizes,
    Unavailable,
    Unsupported,
)
from adapters.dtypes import numpy_dtype, representable

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
        conv = (functional.conv1d, functional.conv2d, functional.conv3d)[len(stride) - 1]
        image, bank = self._tensor(x), self._tensor(filters)
        offset = None if bias is None else self._tensor(bias)
        amount: Any
        if padding == "same_upper":
            if max(stride) > 1:
                raise Unsupported("torch has padding='same' for stride 1 only")
            amount = "same"
        elif isinstance(padding, str):
            amount = padding
        elif all(low == high for low, high in padding):
            amount = [low for low, _ in padding]
        else:
            image = functional.pad(image, [side for pair in reversed(padding) for side in pair])
            amount = 0
        with torch.no_grad():
            result = conv(image, bank, offset, stride, amount, dilation, groups)
        return self._array(result)

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
        amount: Any = 0
        if isinstance(padding, str):
            amount = padding.removesuffix("_upper")
        elif all(low == high for low, high in padding):
            amount = tuple(low for low, _ in padding)
        else:
            sides = [side for pair in reversed(padding) for side in pair]
            lines.append(f"x = torch.nn.functional.pad(x, {sides})")
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

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "device": torch.cuda.get_device_name(),
            "CUDA": str(torch.version.cuda),
            "cuDNN": str(torch.backends.cudnn.version()),
            "TF32": str(torch.backends.cudnn.allow_tf32),
        }
