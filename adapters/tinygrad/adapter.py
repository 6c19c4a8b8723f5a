"""tinygrad on the CPU, which compiles each call of new shapes with clang (the variable CC names
another one). Arrays become tensors and tensors arrays here; the operations are tinygrad's.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from tinygrad import Context, Tensor
from tinygrad.nn import optim

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unavailable, Unsupported
from reference.activations import LEAKY_SLOPE
from reference.optimizers import SGD, Optimizer

_DEVICE = "CPU"
_DTYPES = ("float64", "float32", "float16")  # whether bfloat16 compiles hangs on the compiler
_WITHOUT_GRADIENT = ("labels",)


class TinyGrad(Adapter):
    name = "tinygrad"
    version = version("tinygrad")
    options: ClassVar[Mapping[str, str]] = {
        "winograd": "Winograd's algorithm for kernels of 3 on each axis (its setting WINO).",
    }

    def __init__(self, *options: str) -> None:
        self.winograd = "winograd" in options
        promises = dict.fromkeys(_DTYPES, "B") if self.winograd else {}
        self.capabilities = Capabilities(
            _DTYPES, named_padding=("valid",), promises=promises, compiles=True
        )
        try:
            (Tensor([1.0], device=_DEVICE) + 1).numpy()
        except (OSError, RuntimeError) as error:
            raise Unavailable(f"tinygrad cannot compile here: {error}") from error

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        self.decline_unclaimed(parameters["padding"])
        arrays = {"x": x, "filters": filters, "bias": bias}
        return self._computed(_cross_correlate, arrays, parameters)

    def gradients(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        gradient: Array,
        parameters: Mapping[str, Any],
    ) -> dict[str, Array]:
        if operation not in _OPERATIONS:
            raise Unsupported(f"gradients of {operation}: not offered")
        tensors = _tensors(arrays)
        leaves = {name: t for name, t in tensors.items() if name not in _WITHOUT_GRADIENT}
        with self._settings():
            result = _OPERATIONS[operation](**tensors, **parameters)
            found = result.gradient(*leaves.values(), gradient=_tensor(gradient))
            return {name: _array(t) for name, t in zip(leaves, found, strict=True)}

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        arrays = {"x": x, "filters": filters, "bias": bias}
        return self._computed(_transposed_cross_correlate, arrays, parameters)

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return self._computed(_max_pool, {"x": x}, parameters)

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        return self._computed(_average_pool, {"x": x}, parameters)

    def activation(self, x: Array, *, kind: str) -> Array:
        return self._computed(_activation, {"x": x}, {"kind": kind})

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        return self._computed(_dense, {"x": x, "weights": weights, "bias": bias}, {})

    def softmax_cross_entropy(
        self,
        logits: Array,
        labels: Array,
        class_weights: Array | None = None,
        **parameters: Any,
    ) -> Array:
        arrays = {"logits": logits, "labels": labels, "class_weights": class_weights}
        return self._computed(_softmax_cross_entropy, arrays, parameters)

    def optimize(self, weight: Array, gradients: Array, optimizer: Optimizer) -> Array:
        variable = _tensor(weight).contiguous()
        own, weights = _optimizer(variable, optimizer), []
        with Tensor.train():
            for gradient in gradients:
                variable.grad = _tensor(np.asarray(gradient))
                own.step()
                weights.append(_array(variable))
        return np.stack(weights)

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
        names = ["x", "filters", *(["bias"] if bias else [])]
        lines = ["from tinygrad import Context, Tensor", ""]
        lines += [f'{name} = Tensor(np.ascontiguousarray({name}), device="CPU")' for name in names]
        lines += [
            f"with Context(WINO={int(self.winograd)}):",
            "    got = x.conv2d(",
            f"        filters, {'bias' if bias else None}, {groups=}, {stride=}, {dilation=},",
            f"        padding={_amounts(padding, len(stride))},",
            "    ).numpy()",
        ]
        return "\n".join(lines)

    def environment(self) -> dict[str, str]:
        return {"device": _DEVICE, "compiler": os.environ.get("CC", "clang")}

    def _computed(
        self,
        operation: Callable[..., Tensor],
        arrays: Mapping[str, Array | None],
        parameters: Mapping[str, Any],
    ) -> Array:
        with self._settings():
            return _array(operation(**_tensors(arrays), **parameters))

    def _settings(self) -> AbstractContextManager[None]:
        settings: AbstractContextManager[None] = Context(WINO=int(self.winograd))
        return settings


def _cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    amounts = _amounts(padding, len(stride))
    return x.conv2d(filters, bias, groups, stride, dilation, amounts)


def _transposed_cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    amounts = _amounts(padding, len(stride))
    return x.conv_transpose2d(filters, bias, groups, stride, dilation, amounts, output_padding)


def _max_pool(
    x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Tensor:
    return x.max_pool2d(kernel, stride, dilation, _amounts(padding, len(kernel)), ceil_mode)


def _average_pool(
    x: Tensor,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Tensor:
    amounts = _amounts(padding, len(kernel))
    return x.avg_pool2d(kernel, stride, 1, amounts, ceil_mode, count_include_pad)


def _activation(x: Tensor, *, kind: str) -> Tensor:
    if kind == "leaky_relu":
        return x.leaky_relu(LEAKY_SLOPE)
    if kind.startswith("gelu"):
        return x.gelu("tanh" if kind == "gelu_tanh" else "none")
    return getattr(x, kind)()


def _dense(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    return x.linear(weights.transpose(), bias)


def _softmax_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    if class_weights is not None:
        raise Unsupported("tinygrad's loss has no weights of classes")
    how = reduction.removeprefix("weighted ")
    return logits.sparse_categorical_crossentropy(
        labels, label_smoothing=label_smoothing, reduction=how
    )


_OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "cross_correlate": _cross_correlate,
    "transposed_cross_correlate": _transposed_cross_correlate,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "activation": _activation,
    "dense": _dense,
    "softmax_cross_entropy": _softmax_cross_entropy,
}


def _optimizer(variable: Tensor, settings: Optimizer) -> Any:
    if isinstance(settings, SGD):
        if settings.decoupled and settings.weight_decay:
            raise Unsupported("tinygrad's SGD couples its weight decay")
        rate, momentum, decay = settings.learning_rate, settings.momentum, settings.weight_decay
        return optim.SGD([variable], rate, momentum, decay, settings.nesterov)
    if settings.epsilon_hat or (settings.weight_decay and not settings.decoupled):
        raise Unsupported("tinygrad has Adam with epsilon outside the root, and AdamW")
    rate, betas = settings.learning_rate, (settings.beta1, settings.beta2)
    return optim.AdamW([variable], rate, *betas, settings.epsilon, settings.weight_decay)


def _amounts(padding: Padding, axes: int) -> tuple[int, ...]:
    """Those of the last axis first, as tinygrad has them."""
    if padding == "valid":
        return (0,) * (2 * axes)
    if isinstance(padding, str):
        raise Unsupported(f"padding by the name {padding}")
    return tuple(amount for pair in reversed(padding) for amount in pair)


def _tensors(arrays: Mapping[str, Array | None]) -> dict[str, Tensor]:
    return {name: _tensor(array) for name, array in arrays.items() if array is not None}


def _tensor(array: Array) -> Tensor:
    return Tensor(np.ascontiguousarray(array).reshape(array.shape), device=_DEVICE)


def _array(tensor: Tensor) -> Array:
    return np.array(tensor.numpy())
