"""A call of Keras as lines of Python, on each of the frameworks that it computes by."""

from adapters.contract import Padding, Sizes

_NAMES = {"valid": "valid", "same_upper": "same"}


def script_of(
    framework: str,
    *,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes,
    groups: int,
    bias: bool,
    dtype: str,
) -> str:
    """The lines; see :meth:`adapters.contract.Adapter.script`."""
    axes, name, pad = len(stride), "valid", []
    if isinstance(padding, str):
        name = _NAMES[padding]
    elif any(map(any, padding)):
        amounts = padding if axes > 1 else padding[0]
        pad = [f'x = keras.layers.ZeroPadding{axes}D({amounts}, dtype="{dtype}")(x)']
    lines = ["import os", "", f'os.environ["KERAS_BACKEND"] = "{framework}"']
    if framework == "jax":
        lines.append('os.environ["JAX_ENABLE_X64"] = "1"')
    plain = [
        f"layer = keras.layers.Conv{axes}D(",
        f"    len(filters), filters.shape[2:], {groups=}, use_bias={bias}, **settings",
        ")",
    ]
    lines += [
        "import keras",
        "",
        f'settings = {{"strides": {stride}, "dilation_rate": {dilation}, "padding": "{name}"}}',
        f'settings["dtype"] = "{dtype}"',
        f"weights = {'[filters, bias]' if bias else '[filters]'}",
        "weights[0] = np.moveaxis(filters, (0, 1), (-1, -2))",
    ]
    if groups > 1 and axes < 3 and len(set(stride)) == 1:
        lines += [
            f"if x.shape[1] == {groups}:",
            f"    layer = keras.layers.DepthwiseConv{axes}D(",
            f"        filters.shape[2:], depth_multiplier=len(filters) // {groups},",
            f"        use_bias={bias}, **settings",
            "    )",
            f"    weights[0] = weights[0].reshape(*filters.shape[2:], {groups}, -1)",
            "else:",
            *("    " + line for line in plain),
        ]
    else:
        lines += plain
    return "\n".join(
        [
            *lines,
            "x = keras.ops.convert_to_tensor(np.moveaxis(x, 1, -1).copy())",
            *pad,
            "layer.build(tuple(x.shape))",
            "layer.set_weights(weights)",
            "got = np.moveaxis(keras.ops.convert_to_numpy(layer(x)), -1, 1)",
        ]
    )
