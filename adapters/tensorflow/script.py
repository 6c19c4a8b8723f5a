"""A call of TensorFlow as lines of Python, in each of the modes of its adapter."""

from collections.abc import Collection
from typing import Any

from adapters.contract import Padding, Sizes

_NAMES = {"valid": "VALID", "same_upper": "SAME"}


def script_of(
    options: Collection[str],
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    bias: bool,
    on_gpu: bool,
) -> str:
    """The lines; see :meth:`adapters.contract.Adapter.script`."""
    head = ["import tensorflow as tf", ""]
    if "no_onednn" in options:
        head = ["import os", "", 'os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"', *head]
    if on_gpu:
        head.append("tf.config.experimental.enable_tensor_float_32_execution(False)")
    names = "x, filters, bias" if bias else "x, filters"
    raw = _raw if "raw_ops" in options else _plain
    body = raw(stride, padding, dilation, groups)
    if bias:
        body.append("got = tf.nn.bias_add(got, bias)")
    if "function" in options or "xla" in options:
        how = "jit_compile=True" if "xla" in options else "autograph=False"
        body = [
            "",
            f"@tf.function({how})",
            f"def cross_correlate({names}):",
            *("    " + line for line in body),
            "    return got",
            "",
            f"got = cross_correlate({names})",
        ]
    return "\n".join(
        [
            *head,
            "x = np.moveaxis(x, 1, -1)",
            "filters = np.moveaxis(filters, (0, 1), (-1, -2))",
            *body,
            "got = np.moveaxis(got.numpy(), -1, 1)",
        ]
    )


def _plain(stride: Sizes, padding: Padding, dilation: Sizes, groups: int) -> list[str]:
    axes, lines, amount = len(stride), [], "VALID"
    if isinstance(padding, str):
        amount = _NAMES[padding]
    elif axes == 2:
        amount = str(_amounts(padding))
    elif any(map(any, padding)):
        lines.append(f"x = tf.pad(x, {_amounts(padding)})")
    steps, dilations = list(stride), list(dilation)
    if axes == 3:
        steps, dilations = [1, *stride, 1], [1, *dilation, 1]
    if isinstance(padding, str) or axes != 2:
        amount = repr(amount)
    call = f"x, filters, {steps}, {amount}, dilations={dilations}"
    return [*lines, f"got = tf.nn.conv{axes}d({call})"]


def _raw(stride: Sizes, padding: Padding, dilation: Sizes, groups: int) -> list[str]:
    settings: dict[str, Any] = {"strides": [1, *stride, 1], "dilations": [1, *dilation, 1]}
    if isinstance(padding, str):
        settings["padding"] = _NAMES[padding]
    elif not any(map(any, padding)):
        settings["padding"] = "VALID"
    else:
        sides = [side for pair in _amounts(padding) for side in pair]
        settings |= {"padding": "EXPLICIT", "explicit_paddings": sides}
    call = f"tf.raw_ops.Conv(input=x, filter=filters, groups={groups}, **settings)"
    lines = [f"{settings = }", f"got = {call}"]
    if len(stride) != 2 or len(set(stride)) > 1 or max(dilation) > 1 or groups == 1:
        return lines
    return [
        lines[0],
        f"if x.shape[-1] == {groups}:",
        f"    filters = filters.reshape(*filters.shape[:2], {groups}, -1)",
        "    got = tf.raw_ops.DepthwiseConv2dNative(input=x, filter=filters, **settings)",
        "else:",
        "    " + lines[1],
    ]


def _amounts(padding: tuple[tuple[int, int], ...]) -> list[list[int]]:
    return [[0, 0], *map(list, padding), [0, 0]]
