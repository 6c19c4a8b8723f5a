"""JAX, by jax.lax and jax.nn, on its default device. With JAX_COMPILATION_CACHE_DIR set, as JAX has
it, what was compiled once is there for the next run.
"""

import importlib.metadata
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

import numpy as np

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unsupported
from reference.network import Network, Weights
from reference.optimizers import Optimizer

# It is read once, at the first use.
os.environ.setdefault("NPROC", os.environ.get("OMP_NUM_THREADS", ""))  # "": the default
import jax
import jax.numpy as jnp

from adapters.jax import layers, learning
from adapters.jax.memory import Compiled

jax.config.update("jax_enable_x64", True)

_DTYPES = ("float64", "float32", "float16", "bfloat16")


class JAX(Adapter):
    name = "jax"
    version = jax.__version__
    options: ClassVar[Mapping[str, str]] = {
        "jit": "Each operation, each gradient and each network is compiled as a whole by jax.jit."
    }

    def __init__(self, *options: str) -> None:
        self.jit = "jit" in options
        self.device = jax.devices()[0]
        fast: tuple[str, ...] = ()
        if self.device.platform != "cpu":
            jax.config.update("jax_default_matmul_precision", "highest")  # no TF32
            fast = tuple(dtype for dtype in _DTYPES if dtype != "float64")
        self.capabilities = Capabilities(
            dtypes=_DTYPES,
            named_padding=("valid", "same_upper", "same_lower"),
            named_transposed_padding=("valid", "same_upper"),
            promises=dict.fromkeys(fast, "B"),
            compiles=True,
        )
        self._compiled = Compiled()

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
        return self._result("cross_correlate", arrays, parameters)

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        self.decline_unclaimed(parameters.get("padding", ()), operation)
        given = {name: jnp.asarray(array) for name, array in arrays.items()}
        try:
            found = self._run(
                layers.gradients_of, (given, jnp.asarray(gradient)), operation, parameters
            )
        except NotImplementedError as error:
            raise Unsupported(f"jax: {error}") from error
        return {name: np.asarray(array) for name, array in found.items()}

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        arrays = {"x": x, "filters": filters, "bias": bias}
        return self._result("transposed_cross_correlate", arrays, parameters)

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return self._result("max_pool", {"x": x}, parameters)

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        return self._result("average_pool", {"x": x}, parameters)

    def activation(self, x: Array, *, kind: str) -> Array:
        return self._result("activation", {"x": x}, {"kind": kind})

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        return self._result("dense", {"x": x, "weights": weights, "bias": bias}, {})

    def offers(self, operation: str) -> str:
        if operation.startswith("gradients of "):
            return super().offers(operation.removeprefix("gradients of "))
        return super().offers(operation)

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        return learning.trajectory(weight, gradients, optimizer)

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
        self._compiled.about_to_run(f"train {network} {images.shape} {images.dtype} {optimizer}")
        compiled = compiled or self.jit
        return learning.train(
            network, weights, images, labels, batches, optimizer, compiled, progress
        )

    def predict(self, network: Network, weights: Weights, images: Array) -> Array:
        self._compiled.about_to_run(f"predict {network} {images.shape} {images.dtype}")
        return learning.predict(network, weights, images, compiled=self.jit)

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
        amount = layers.NAMES[padding] if isinstance(padding, str) else padding
        lines = ["import jax", "", 'jax.config.update("jax_enable_x64", True)']
        if self.device.platform != "cpu":
            lines.append('jax.config.update("jax_default_matmul_precision", "highest")')
        arrays = "x, filters, bias" if bias else "x, filters"
        call = [
            "jax.lax.conv_general_dilated(",
            f"    x, filters, {stride}, {amount!r},",
            f"    rhs_dilation={dilation}, feature_group_count={groups},",
            ")",
        ]
        if bias:
            call[-1] += f" + bias.reshape({(-1, *(1 for _ in stride))})"
        if self.jit:
            inside = ["    return " + call[0], *("    " + line for line in call[1:])]
            call = [f"cross_correlate({arrays})"]
            lines += ["", "@jax.jit", f"def cross_correlate({arrays}):", *inside, ""]
        lines += ["got = " + call[0], *call[1:], "got = np.asarray(got)"]
        return "\n".join(lines)

    def environment(self) -> dict[str, str]:
        return {
            "device": self.device.device_kind,
            "jaxlib": importlib.metadata.version("jaxlib"),
            "threads": os.environ["NPROC"] or "default",
            "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
            "compilation cache": getattr(jax.config, "jax_compilation_cache_dir", None) or "none",
        }

    def _result(
        self,
        operation: str,
        arrays: Mapping[str, Array | None],
        parameters: Mapping[str, Any],
    ) -> Array:
        self.decline_unclaimed(parameters.get("padding", ()), operation)
        given = {name: jnp.asarray(array) for name, array in arrays.items() if array is not None}
        return np.asarray(self._run(layers.result_of, (given,), operation, parameters))

    def _run(
        self,
        function: Callable[..., Any],
        arrays: tuple[Any, ...],
        operation: str,
        parameters: Mapping[str, Any],
    ) -> Any:
        settings = tuple(parameters.items())
        shapes = str(jax.tree_util.tree_map(lambda array: (array.shape, array.dtype), arrays))
        self._compiled.about_to_run(f"{function.__name__} {operation} {settings} {shapes}")
        if self.jit:
            function = _jitted(function)
        return function(*arrays, operation=operation, parameters=settings)


@cache
def _jitted(function: Callable[..., Any]) -> Callable[..., Any]:
    jitted: Callable[..., Any] = jax.jit(function, static_argnames=("operation", "parameters"))
    return jitted
