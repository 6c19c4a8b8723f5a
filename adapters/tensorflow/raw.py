"""Cross-correlation by raw operations of TensorFlow that tf.nn.conv2d and conv3d do not call: Conv,
of 2 and 3 axes, and where each channel has filters of its own, DepthwiseConv2dNative.
"""

from typing import Any

import tensorflow as tf

from adapters.contract import Padding, Sizes, Unsupported
from adapters.tensorflow.layers import (
    SIZES,
    Tensor,
    channels_first,
    channels_last,
    check_groups,
    filters_last,
)


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
    check_groups(x, filters, groups)
    bank = filters_last(filters)
    given: dict[str, Any] = {
        "input": channels_last(x),
        "strides": [1, *stride, 1],
        "dilations": [1, *dilation, 1],
    }
    if isinstance(padding, str):
        given["padding"] = SIZES[padding]
    elif not any(map(any, padding)):
        given["padding"] = "VALID"
    elif len(stride) == 3:
        raise Unsupported("TensorFlow's Conv of 3 axes ends the process for amounts of padding")
    else:
        amounts = [0, 0, *(side for pair in padding for side in pair), 0, 0]
        given |= {"padding": "EXPLICIT", "explicit_paddings": amounts}
    if is_depthwise(x.shape[1], stride, dilation, groups):
        shape = (*filters.shape[2:], groups, filters.shape[0] // groups)
        result = tf.raw_ops.DepthwiseConv2dNative(filter=tf.reshape(bank, shape), **given)
    else:
        result = tf.raw_ops.Conv(filter=bank, groups=groups, **given)
    return channels_first(result if bias is None else tf.nn.bias_add(result, bias))


def is_depthwise(channels: int, stride: Sizes, dilation: Sizes, groups: int) -> bool:
    """Whether DepthwiseConv2dNative has such a call."""
    plain = len(stride) == 2 and len(set(stride)) == 1 and max(dilation) == 1
    return plain and 1 < channels == groups
