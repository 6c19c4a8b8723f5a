"""JAX's own functions for the operations of the contract: arrays of JAX in, one out, so that its
automatic differentiation reaches through every one of them.
"""

from collections.abc import Callable
from inspect import signature
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from adapters.contract import Padding, Sizes, Unsupported
from adapters.windows import spans_less
from reference.activations import LEAKY_SLOPE

Array = Any  # JAX is not typed here
Parameters = tuple[tuple[str, Any], ...]

NAMES = {"valid": "VALID", "same_upper": "SAME", "same_lower": "SAME_LOWER"}
_LAYOUTS = ("NCH", "NCHW", "NCDHW")
_FILTERS = ("OIH", "OIHW", "OIDHW")
# Older versions of JAX place the padding of a transpose in a way of their own.
_PADS_CONSISTENTLY = "use_consistent_padding" in signature(lax.conv_transpose).parameters


def cross_correlate(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
) -> Array:
    result = lax.conv_general_dilated(
        x,
        filters,
        stride,
        NAMES[padding] if isinstance(padding, str) else padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
    )
    return _biased(result, bias)


def transposed_cross_correlate(
    x: Array,
    filters: Array,
    bias: Array | None = None,
    *,
    stride: Sizes,
    padding: Padding,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Array:
    if groups > 1:
        raise Unsupported("jax.lax.conv_transpose has no groups")
    if not _PADS_CONSISTENTLY:
        raise Unsupported("this version's jax.lax.conv_transpose has no use_consistent_padding")
    amount: Any
    if isinstance(padding, str):
        if padding == "valid" and spans_less(filters.shape[2:], dilation, stride):
            raise Unsupported("with VALID JAX adds zeros where a filter is below the stride")
        amount = NAMES[padding]
    else:
        # More values of output are less padding after the input.
        axes = zip(padding, output_padding, strict=True)
        amount = [(low, high - more) for (low, high), more in axes]
    layout = _LAYOUTS[len(stride) - 1]
    result = lax.conv_transpose(
        x,
        filters,
        stride,
        amount,
        rhs_dilation=dilation,
        dimension_numbers=(layout, _FILTERS[len(stride) - 1], layout),
        transpose_kernel=True,
        use_consistent_padding=True,
    )
    return _biased(result, bias)


def max_pool(
    x: Array, *, kernel: Sizes, stride: Sizes, padding: Padding, dilation: Sizes, ceil_mode: bool
) -> Array:
    _decline_ceil_mode(ceil_mode)
    return lax.reduce_window(
        x,
        -jnp.inf,
        lax.max,
        (1, 1, *kernel),
        (1, 1, *stride),
        _of_windows(padding),
        window_dilation=(1, 1, *dilation),
    )


def average_pool(
    x: Array,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Padding,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Array:
    """JAX has sums of windows; what these are divided by is the caller's to say."""
    _decline_ceil_mode(ceil_mode)
    windows = (1, 1, *kernel), (1, 1, *stride), _of_windows(padding)
    total = lax.reduce_window(x, 0.0, lax.add, *windows)
    if count_include_pad:
        return total / prod(kernel)
    ones = jnp.ones((1, 1, *x.shape[2:]), x.dtype)
    return total / lax.reduce_window(ones, 0.0, lax.add, *windows)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "leaky_relu": lambda x: jax.nn.leaky_relu(x, LEAKY_SLOPE),
    "sigmoid": jax.nn.sigmoid,
    "tanh": jax.nn.tanh,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": lambda x: jax.nn.gelu(x, approximate=True),
}


def activation(x: Array, *, kind: str) -> Array:
    if kind not in ACTIVATIONS:
        raise Unsupported(f"jax.nn has no activation {kind!r}")
    return ACTIVATIONS[kind](x)


def dense(x: Array, weights: Array, bias: Array | None = None) -> Array:
    return _biased(x @ weights.T, bias)


_OPERATIONS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        cross_correlate,
        transposed_cross_correlate,
        max_pool,
        average_pool,
        activation,
        dense,
    )
}


def result_of(arrays: dict[str, Array], *, operation: str, parameters: Parameters) -> Array:
    """What an operation makes of the arrays."""
    return _OPERATIONS[operation](**arrays, **dict(parameters))


def gradients_of(
    arrays: dict[str, Array], gradient: Array, *, operation: str, parameters: Parameters
) -> dict[str, Array]:
    """By jax.vjp: the gradient by each of the arrays."""

    def forward(arrays: dict[str, Array]) -> Array:
        return result_of(arrays, operation=operation, parameters=parameters)

    found: dict[str, Array] = jax.vjp(forward, arrays)[1](gradient)[0]
    return found


def _biased(result: Array, bias: Array | None) -> Array:
    """JAX has no bias in its own operations; its sums would take one of another length, too."""
    if bias is None:
        return result
    if bias.shape != result.shape[1:2]:
        raise ValueError(f"a bias of shape {bias.shape} for {result.shape[1]} feature maps")
    return result + bias.reshape(-1, *(1 for _ in result.shape[2:]))


def _of_windows(padding: Padding) -> Any:
    return NAMES[padding] if isinstance(padding, str) else ((0, 0), (0, 0), *padding)


def _decline_ceil_mode(ceil_mode: bool) -> None:
    if ceil_mode:
        raise Unsupported("JAX has no ceil_mode")
