"""Keras computes by one of three frameworks, which is chosen before it is imported, once a process.

Keras has no gradients of its own: an engine asks its framework for those of what Keras computed.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from adapters.contract import Unavailable, Unsupported

Tensor = Any
Tensors = dict[str, Tensor]
Forward = Callable[[Tensors], Tensor]


def choose(name: str) -> None:
    """Have Keras compute by tensorflow, torch or jax.

    Raises Unavailable where another one was chosen before.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = name
    chosen = importlib.import_module("keras").config.backend()
    if chosen != name:
        raise Unavailable(f"in this process Keras computes by {chosen}, and not by {name}")


class Engine(Protocol):
    """A framework that Keras computes by."""

    def environment(self) -> dict[str, str]:
        """What the results may depend on."""

    def gradients(self, forward: Forward, tensors: Tensors, gradient: Tensor) -> Tensors:
        """By each of the tensors, where ``gradient`` is that by what ``forward`` makes of them."""

    def declining(self) -> Any:
        """A context that raises Unsupported for what the framework lacks."""

    def prepare(self, call: str) -> None:
        """Told before each call what is asked for, and of which shapes."""


class TensorFlowEngine:
    def __init__(self) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        choose("tensorflow")
        import tensorflow as tf

        from adapters.tensorflow.layers import declining_missing_kernels

        self.tf, self.declining = tf, declining_missing_kernels

    def environment(self) -> dict[str, str]:
        return {
            "TensorFlow": self.tf.__version__,
            "device": "gpu" if self.tf.config.list_physical_devices("GPU") else "cpu",
            "threads": str(self.tf.config.threading.get_intra_op_parallelism_threads()),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        }

    def gradients(self, forward: Forward, tensors: Tensors, gradient: Tensor) -> Tensors:
        with self.tf.GradientTape() as tape:
            tape.watch(tensors)
            result = forward(tensors)
        zero = self.tf.UnconnectedGradients.ZERO
        found: Tensors = tape.gradient(
            result, tensors, output_gradients=gradient, unconnected_gradients=zero
        )
        return found

    def prepare(self, call: str) -> None:
        pass


class TorchEngine:
    def __init__(self) -> None:
        choose("torch")
        import torch

        from adapters.torch.layers import what_is_lacking_is_declined

        self.torch, self.declining = torch, what_is_lacking_is_declined

    def environment(self) -> dict[str, str]:
        return {
            "PyTorch": self.torch.__version__,
            "device": str(self.torch.get_default_device()),
            "threads": str(self.torch.get_num_threads()),
        }

    def gradients(self, forward: Forward, tensors: Tensors, gradient: Tensor) -> Tensors:
        leaves = {name: tensor.requires_grad_() for name, tensor in tensors.items()}
        found = self.torch.autograd.grad(
            forward(leaves),
            tuple(leaves.values()),
            gradient,
            allow_unused=True,
            materialize_grads=True,
        )
        return dict(zip(leaves, found, strict=True))

    def prepare(self, call: str) -> None:
        pass


class JAXEngine:
    def __init__(self) -> None:
        os.environ.setdefault("NPROC", os.environ.get("OMP_NUM_THREADS", ""))  # of XLA's threads
        choose("jax")
        import jax

        from adapters.jax.memory import Compiled

        jax.config.update("jax_enable_x64", True)
        self.jax, self.prepare = jax, Compiled().about_to_run

    def environment(self) -> dict[str, str]:
        return {
            "JAX": self.jax.__version__,
            "device": self.jax.default_backend(),
            "threads": os.environ["NPROC"] or "default",
        }

    def gradients(self, forward: Forward, tensors: Tensors, gradient: Tensor) -> Tensors:
        found: Tensors = self.jax.vjp(forward, tensors)[1](gradient)[0]
        return found

    @contextmanager
    def declining(self) -> Iterator[None]:
        try:
            yield
        except NotImplementedError as error:
            raise Unsupported(f"jax: {error}") from error


ENGINES: Mapping[str, Callable[[], Engine]] = {
    "tensorflow": TensorFlowEngine,
    "torch": TorchEngine,
    "jax": JAXEngine,
}
