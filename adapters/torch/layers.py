"""PyTorch's own functions for the operations of the contract: tensors in, tensors out, so that its
automatic differentiation reaches through every one of them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional

from adapters.contract import Padding, Sizes, Unsupported
from reference.activations import LEAKY_SLOPE

Tensor = Any  # PyTorch is not typed here
Operation = Callable[..., Any]

_ACTIVATIONS: dict[str, Callable[[], Tensor]] = {
    "relu": torch.nn.ReLU,
    "leaky_relu": lambda: torch.nn.LeakyReLU(LEAKY_SLOPE),
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "gelu": torch.nn.GELU,
    "gelu_tanh": lambda: torch.nn.GELU(approximate="tanh"),
}
_LACKING = (
    "not implemented for",
    "No working C++ compiler found",
    "fatal error: Python.h",
    "Cannot find a working triton",
    "torch.compile is not supported",
)


@contextmanager
def what_is_lacking_is_declined() -> Iterator[None]:
    """Unsupported for a kernel that PyTorch lacks in some dtype, or a compiler that is not here, as
    PyTorch itself says it; other errors stay what they are.
    """
    try:
        yield
    except RuntimeError as error:  # NotImplementedError is one
        said = next((line for line in str(error).splitlines() if _tells_of_a_lack(line)), None)
        if said is None:
            raise
        raise Unsupported(f"torch: {said}") from error


def cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    conv = _of_axes("conv{}d", stride)
    before, amount = padding_of(padding, stride)
    if before:
        x = functional.pad(x, before)
    return conv(x, filters, bias, stride, amount, dilation, groups)


def transposed_cross_correlate(
    x: Tensor,
    filters: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sizes,
    padding: tuple[tuple[int, int], ...],
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    conv = _of_axes("conv_transpose{}d", stride)
    amount = padding_of_transposed(padding)
    return conv(x, filters, bias, stride, amount, output_padding, groups, dilation)


def max_pool(
    x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Tensor:
    pool = _of_axes("max_pool{}d", kernel)
    return pool(x, kernel, stride, padding_of_pool(padding, kernel), dilation, ceil_mode)


def average_pool(
    x: Tensor,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Tensor:
    pool = _of_axes("avg_pool{}d", kernel)
    return pool(x, kernel, stride, padding_of_pool(padding, kernel), ceil_mode, count_include_pad)


def activation(x: Tensor, *, kind: str) -> Tensor:
    return activation_module(kind)(x)


def dense(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.linear(x, weights, bias)


def batch_norm(
    x: Tensor,
    scale: Tensor,
    shift: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    training: bool,
    momentum: float,
    epsilon: float,
    unbiased: bool,
) -> dict[str, Tensor]:
    check_variance(training, unbiased)
    mean, variance = mean.clone(), variance.clone()  # updated in place
    result = functional.batch_norm(x, mean, variance, scale, shift, training, momentum, epsilon)
    return {"result": result, "mean": mean, "variance": variance}


def dropout(x: Tensor, *, rate: float, training: bool) -> Tensor:
    return functional.dropout(x, rate, training)


def softmax_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    check_mean(reduction, class_weights)
    return functional.cross_entropy(
        logits,
        labels,
        class_weights,
        reduction=reduction.removeprefix("weighted "),
        label_smoothing=label_smoothing,
    )


OPERATIONS: dict[str, Operation] = {
    function.__name__: function
    for function in (
        cross_correlate,
        transposed_cross_correlate,
        max_pool,
        average_pool,
        activation,
        dense,
        batch_norm,
        dropout,
        softmax_cross_entropy,
    )
}
_WITHOUT_GRADIENT = ("labels", "class_weights", "mean", "variance")


def gradients(
    operation: Operation,
    tensors: dict[str, Tensor],
    gradient: Tensor,
    parameters: Mapping[str, Any],
) -> dict[str, Tensor]:
    """By autograd, for all of the ``tensors`` that have a gradient; zeros where it stops."""
    leaves = {
        name: tensor.requires_grad_()
        for name, tensor in tensors.items()
        if name not in _WITHOUT_GRADIENT
    }
    result = operation(**tensors, **parameters)
    if isinstance(result, dict):
        result = result["result"]
    found = torch.autograd.grad(
        result, tuple(leaves.values()), gradient, allow_unused=True, materialize_grads=True
    )
    return dict(zip(leaves, found, strict=True))


def activation_module(kind: str) -> Tensor:
    if kind not in _ACTIVATIONS:
        raise Unsupported(f"no module of torch.nn is known for the activation {kind!r}")
    return _ACTIVATIONS[kind]()


def check_variance(training: bool, unbiased: bool) -> None:
    """Raise Unsupported for statistics that a batch normalisation of PyTorch does not keep."""
    if training and not unbiased:
        raise Unsupported("torch keeps the unbiased variance only")


def check_mean(reduction: str, class_weights: Tensor | None) -> None:
    """Raise Unsupported for a mean that PyTorch's loss does not have."""
    if reduction == "mean" and class_weights is not None:
        raise Unsupported("torch's mean divides by the weights of the labels, not by their number")


def padding_of(padding: Padding, stride: Sizes) -> tuple[list[int], str | list[int]]:
    """What to pad before a convolution, last axis first, and what its own ``padding`` then is. It
    takes the same amount for both sides only.
    """
    if padding == "same_upper" and max(stride) > 1:
        raise Unsupported("torch has padding='same' for stride 1 only")
    if isinstance(padding, str):
        return [], padding.removesuffix("_upper")
    if _is_symmetric(padding):
        return [], [low for low, _ in padding]
    return [side for pair in reversed(padding) for side in pair], [0] * len(padding)


def padding_of_transposed(padding: tuple[tuple[int, int], ...]) -> list[int]:
    """The ``padding`` of a transposed convolution."""
    return _symmetric(padding, "conv_transpose")


def padding_of_pool(padding: Padding, kernel: Sizes) -> list[int]:
    """The ``padding`` of a pool."""
    if padding == "valid":
        return [0] * len(kernel)
    if isinstance(padding, str):
        raise Unsupported(f"torch's pools do not take padding by the name {padding!r}")
    amounts = _symmetric(padding, "pooling")
    if any(amount > size // 2 for amount, size in zip(amounts, kernel, strict=True)):
        raise Unsupported(f"torch pads a pool by half of its kernel at most: {kernel}")
    return amounts


def _of_axes(name: str, per_axis: Sizes) -> Callable[..., Tensor]:
    function: Callable[..., Tensor] = getattr(functional, name.format(len(per_axis)))
    return function


def _is_symmetric(padding: tuple[tuple[int, int], ...]) -> bool:
    return all(low == high for low, high in padding)


def _symmetric(padding: tuple[tuple[int, int], ...], function: str) -> list[int]:
    if not _is_symmetric(padding):
        raise Unsupported(f"torch's {function} takes one amount of padding for both sides")
    return [low for low, _ in padding]


def _tells_of_a_lack(line: str) -> bool:
    return any(words in line for words in _LACKING)
