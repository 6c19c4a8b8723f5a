"""The operations of layers.py by the modules of torch.nn: each call makes a module, and runs
it with the tensors as its weights.
"""

from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from adapters.contract import Padding, Sizes
from adapters.torch.layers import (
    Operation,
    Tensor,
    activation,
    check_mean,
    check_variance,
    padding_of,
    padding_of_pool,
    padding_of_transposed,
)

PADS = (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
AVERAGE_POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


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
    before, amount = padding_of(padding, stride)
    count, channels, *kernel = filters.shape
    with torch.device("meta"):  # the weights come with the call
        module = CONVOLUTIONS[len(stride) - 1](
            groups * channels,
            count,
            tuple(kernel),
            stride,
            amount,
            dilation,
            groups,
            bias=bias is not None,
        )
    if before:
        x = PADS[len(stride) - 1](before, 0.0)(x)
    return _with(module, x, weight=filters, bias=bias)


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
    count, channels, *kernel = filters.shape
    with torch.device("meta"):
        module = _TRANSPOSED[len(stride) - 1](
            count,
            groups * channels,
            tuple(kernel),
            stride,
            padding_of_transposed(padding),
            output_padding,
            groups,
            bias is not None,
            dilation,
        )
    return _with(module, x, weight=filters, bias=bias)


def max_pool(
    x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Tensor:
    amounts = padding_of_pool(padding, kernel)
    module = MAX_POOLS[len(kernel) - 1](kernel, stride, amounts, dilation, ceil_mode=ceil_mode)
    return module(x)


def average_pool(
    x: Tensor,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Tensor:
    amounts = padding_of_pool(padding, kernel)
    kind = AVERAGE_POOLS[len(kernel) - 1]
    return kind(kernel, stride, amounts, ceil_mode, count_include_pad)(x)


def dense(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    with torch.device("meta"):
        module = nn.Linear(weights.shape[1], len(weights), bias=bias is not None)
    return _with(module, x, weight=weights, bias=bias)


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
    with torch.device("meta"):
        module = _NORMS[x.ndim - 2](x.shape[1], epsilon, momentum).train(training)
    mean, variance = mean.clone(), variance.clone()  # updated in place
    result = _with(
        module,
        x,
        weight=scale,
        bias=shift,
        running_mean=mean,
        running_var=variance,
        num_batches_tracked=torch.zeros((), dtype=torch.int64, device=x.device),
    )
    return {"result": result, "mean": mean, "variance": variance}


def dropout(x: Tensor, *, rate: float, training: bool) -> Tensor:
    return nn.Dropout(rate).train(training)(x)


def softmax_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    class_weights: Tensor | None = None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    check_mean(reduction, class_weights)
    how = reduction.removeprefix("weighted ")
    module = nn.CrossEntropyLoss(class_weights, reduction=how, label_smoothing=label_smoothing)
    return module(logits, labels)


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


def _with(module: Any, x: Tensor, **weights: Tensor | None) -> Tensor:
    given = {name: weight for name, weight in weights.items() if weight is not None}
    return functional_call(module, given, (x,), strict=True)
