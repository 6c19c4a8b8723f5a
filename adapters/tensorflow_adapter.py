"""TensorFlow, by the functions of tf.nn, eagerly; on its GPU where there is one."""

import os
from typing import Any

import numpy as np

from adapters.contract import Adapter, Array, Capabilities, Padding, Sizes, Unsupported

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # it is read at import
import tensorflow as tf

_DTYPES = ("float64", "float32", "float16", "bfloat16")


class TensorFlow(Adapter):
    name = "tensorflow"
    version = tf.__version__

    def __init__(self) -> None:
        self.gpus = tf.config.list_physical_devices("GPU")
        tf.config.experimental.enable_tensor_float_32_execution(False)
        fast = [dtype for dtype in _DTYPES if dtype != "float64"] if self.gpus else []
        self.capabilities = Capabilities(
            dtypes=_DTYPES,
            named_padding=("valid", "same_upper"),
            promises=dict.fromkeys(fast, "B"),
        )

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
        axes = len(stride)
        if x.shape[1] != groups * filters.shape[1]:
            # TensorFlow has no such parameter: it infers the groups from these two numbers.
            raise ValueError(
                f"{x.shape[1]} channels do not make {groups} groups of {filters.shape[1]}"
            )
        if axes == 3 and groups > 1:
            raise Unsupported("TensorFlow has no grouped convolution of 3 axes")

        image = tf.constant(np.moveaxis(x, 1, -1))
        bank = tf.constant(np.moveaxis(filters, (0, 1), (-1, -2)))
        amount: str | list[list[int]]
        if isinstance(padding, str):
            amount = {"valid": "VALID", "same_upper": "SAME"}[padding]
        else:
            amount = [[0, 0], *map(list, padding), [0, 0]]
        if axes != 2 and not isinstance(amount, str):  # only conv2d takes amounts
            image, amount = tf.pad(image, amount), "VALID"
        if axes == 1:
            result = tf.nn.conv1d(image, bank, stride, amount, dilations=dilation)
        elif axes == 2:
            result = tf.nn.conv2d(image, bank, stride, amount, dilations=dilation)
        else:
            result = _conv3d(image, bank, stride, amount, dilation)
        if bias is not None:
            result = tf.nn.bias_add(result, tf.constant(bias))
        return np.moveaxis(result.numpy(), -1, 1)

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
        axes, lines = len(stride), ["import tensorflow as tf", ""]
        if self.gpus:
            lines.append("tf.config.experimental.enable_tensor_float_32_execution(False)")
        lines.append("x = np.moveaxis(x, 1, -1)")
        lines.append("filters = np.moveaxis(filters, (0, 1), (-1, -2))")
        amount: Any = padding
        if isinstance(padding, str):
            amount = {"valid": "VALID", "same_upper": "SAME"}[padding]
        elif axes == 2:
            amount = [[0, 0], *map(list, padding), [0, 0]]
        else:
            if any(map(any, padding)):
                lines.append(f"x = tf.pad(x, {[[0, 0], *map(list, padding), [0, 0]]})")
            amount = "VALID"
        steps, dilations = list(stride), list(dilation)
        if axes == 3:
            steps, dilations = [1, *stride, 1], [1, *dilation, 1]
        call = f"x, filters, {steps}, {amount!r}, dilations={dilations}"
        lines.append(f"got = tf.nn.conv{axes}d({call})")
        if bias:
            lines.append("got = tf.nn.bias_add(got, bias)")
        lines.append("got = np.moveaxis(got.numpy(), -1, 1)")
        return "\n".join(lines)

    def environment(self) -> dict[str, str]:
        return {
            "device": str(self.gpus[0].name if self.gpus else "cpu"),
            "threads": str(tf.config.threading.get_intra_op_parallelism_threads() or "default"),
            "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            "TF32": str(tf.config.experimental.tensor_float_32_execution_enabled()),
        }


def _conv3d(image: Any, bank: Any, stride: Sizes, padding: Any, dilation: Sizes) -> Any:
    try:
        return tf.nn.conv3d(image, bank, [1, *stride, 1], padding, dilations=[1, *dilation, 1])
    except tf.errors.InvalidArgumentError as error:
        # Whether it can depends on the dtype and on the processor; TensorFlow says so itself.
        if "only supports dilated rates of 1" in str(error):
            raise Unsupported("this TensorFlow has no dilated conv3d here") from error
        raise
