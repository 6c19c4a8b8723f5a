"""The ways in which PyTorch can be asked for the same: the options of its adapters."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from adapters.options import one_of
from adapters.torch import layers, modules
from adapters.torch.layers import Operation, Tensor

OPTIONS = {
    "module": "Each call makes a module of torch.nn, and runs it.",
    "compile": "Each function, and its gradient, is compiled by torch.compile.",
    "channels_last": "Arrays of 2 and 3 spatial axes lie in memory with the channels last.",
}
CPU_OPTIONS = OPTIONS | {"no_onednn": "oneDNN is off: PyTorch computes by its own kernels."}

_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}
_MOST_COMPILED = 8  # beyond it torch.compile gives up


class Modes:
    """What the chosen options change.

    Raises Unavailable for options that contradict each other.
    """

    def __init__(self, options: Collection[str]) -> None:
        one_of(options, "module", "compile")  # it is functions that are compiled
        self.without_onednn = "no_onednn" in options
        self.compiled = "compile" in options
        self.modules = "module" in options
        self.channels_last = "channels_last" in options
        self._calls: set[str] = set()

    @contextmanager
    def set(self) -> Iterator[None]:
        """The flags of PyTorch as the options say, and afterwards as they were."""
        if not self.without_onednn:
            yield
            return
        with torch.backends.mkldnn.flags(False, None, None):
            yield

    def laid(self, tensor: Tensor) -> Tensor:
        """A tensor in the memory format of the options."""
        if not self.channels_last or tensor.ndim not in _FORMATS:
            return tensor
        return tensor.to(memory_format=_FORMATS[tensor.ndim])

    def operation(
        self, name: str, tensors: Mapping[str, Tensor], parameters: Mapping[str, Any]
    ) -> Operation:
        """How such a call is made: a function of the tensors and the parameters."""
        functions = modules.OPERATIONS if self.modules else layers.OPERATIONS
        if not self.compiled:
            return functions[name]
        kinds = {key: (x.shape, x.stride(), x.dtype) for key, x in tensors.items()}
        self._calls.add(f"{name} {kinds} {parameters} {torch.is_grad_enabled()}")
        if len(self._calls) > _MOST_COMPILED:
            torch.compiler.reset()
            self._calls.clear()
        return _compiled(functions[name])

    def environment(self) -> dict[str, str]:
        calls = "modules" if self.modules else "compiled" if self.compiled else "functions"
        memory = "channels last" if self.channels_last else "channels first"
        return {"calls": calls, "memory format": memory}


@contextmanager
def seeded(seed: int | None, device: str) -> Iterator[None]:
    """With random numbers from this seed, if there is one; afterwards they go on as before."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _compiled(function: Operation) -> Operation:
    compiled: Callable[..., Any] = torch.compile(function, fullgraph=True)

    def run(**given: Any) -> Any:
        try:
            with layers.what_is_lacking_is_declined():
                return compiled(**given)
        except RuntimeError:
            function(**given)  # an Unsupported cannot be compiled: here it is raised
            raise

    return run
