"""The calls that are made: each adds one thing to the plainest."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import reference
from adapters.contract import Array, Padding, Sizes
from adapters.dtypes import numpy_dtype
from reference.geometry import Pads


@dataclass(frozen=True)
class Call:
    """One cross-correlation: its arrays, of small integers in float64, and its parameters."""

    x: Array
    filters: Array
    bias: Array | None
    stride: Sizes
    padding: Pads
    dilation: Sizes
    groups: int

    def arrays(self, dtype: str) -> dict[str, Array]:
        """Fresh copies, so that nothing is left of what was done to them before."""
        found = {"x": self.x, "filters": self.filters, "bias": self.bias}
        return {k: a.astype(numpy_dtype(dtype)) for k, a in found.items() if a is not None}

    def parameters(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


def right(call: Call) -> Array:
    """What the call means."""
    return reference.cross_correlate(call.x, call.filters, call.bias, **call.parameters())


@dataclass(frozen=True)
class Trial:
    """A call under the name of what it adds; ``padding``: by this name instead, where it has one;
    ``refused``: what to do if the backend cannot do it; ``claimed``: it asks for one claim alone.
    """

    name: str
    call: Call
    dtype: str
    refused: str
    padding: Padding | None = None
    claimed: bool = False

    def parameters(self) -> dict[str, Any]:
        named = {} if self.padding is None else {"padding": self.padding}
        return self.call.parameters() | named


@dataclass(frozen=True)
class Operation:
    """A small request for an operation other than the plain cross-correlation."""

    name: str
    arrays: Mapping[str, Array]
    parameters: Mapping[str, Any] = field(default_factory=dict)


# A value for each of three axes, of which a call has the first ones. On two axes, the result has
# six places on each, as many as there are filters with a bias: a bias on the wrong axis fits, too.
_SIZE, _KERNEL = (7, 8, 5), (2, 3, 2)
_STRIDE, _DILATION = (2, 3, 1), (3, 2, 1)
_PADDING = ((1, 4), (3, 0), (0, 1))
_IF_NOT = 'Pass the {0} on to the backend; where it has none, raise Unsupported("no {0}").'


def trials(
    spatial_axes: tuple[int, ...], dtypes: tuple[str, ...], named: tuple[str, ...]
) -> list[Trial]:
    """From the plainest call to all together, for the claims of a backend."""
    axes, dtype = 2 if 2 in spatial_axes else max(spatial_axes), dtypes[0]
    plain = _call(axes)
    equal = _call(axes, batch=2, channels=4, filters=4, size=(4,) * axes, kernel=(4,) * axes)
    steps = {
        "one filter": (plain, "It is the plainest call: it must be answered."),
        "a batch": (_call(axes, batch=3), "x has several items along its first axis."),
        "channels": (_call(axes, channels=3), "x and the filters have their channels on axis 1."),
        "filters": (_call(axes, filters=2), "The filters lie along their first axis."),
        "equal sizes": (equal, "x is (N, C, *size), and filters are (K, C, *kernel)."),
        "bias": (_biased(_call(axes, filters=6)), "bias is (K,), or None where there is none."),
        "stride": (_with(plain, axes, "stride"), _IF_NOT.format("stride")),
        "padding": (_with(plain, axes, "padding"), _IF_NOT.format("padding")),
        "dilation": (_with(plain, axes, "dilation"), _IF_NOT.format("dilation")),
        "stride and dilation": (
            _with(plain, axes, "stride", "dilation"),
            _IF_NOT.format("stride with dilation"),
        ),
        "groups": (_call(axes, channels=4, filters=6, groups=2), _IF_NOT.format("groups")),
        "a filter for each channel": (
            _call(axes, channels=3, filters=6, groups=3),
            _IF_NOT.format("groups"),
        ),
        "all together": (
            _biased(
                _with(
                    _call(axes, batch=2, channels=4, filters=6, groups=2),
                    axes,
                    *("stride", "padding", "dilation"),
                )
            ),
            'Where the backend cannot, raise Unsupported("why").',
        ),
    }
    found = [Trial(name, call, dtype, refused) for name, (call, refused) in steps.items()]
    for other in spatial_axes:
        if other != axes:
            call = _with(_call(other, batch=2, channels=3, filters=2), other, "padding")
            refused = f"Leave {other} out of capabilities.spatial_axes."
            found.append(
                Trial(f"{other} spatial axes", _biased(call), dtype, refused, claimed=True)
            )
    several = _biased(_call(axes, batch=2, channels=3, filters=2, size=(4, 3, 3)))
    for narrower in dtypes[1:]:
        refused = f"Leave {narrower} out of capabilities.dtypes."
        found.append(Trial(narrower, several, narrower, refused, claimed=True))
    for rule in named:
        amounts = reference.resolve_padding(
            rule, plain.x.shape[2:], plain.filters.shape[2:], plain.stride, plain.dilation
        )
        refused = f"Leave {rule!r} out of capabilities.named_padding."
        padded = replace(plain, padding=amounts)
        found.append(Trial(f"padding {rule!r}", padded, dtype, refused, rule, claimed=True))
    return found


def operations(axes: int) -> list[Operation]:
    """One request for each operation that a backend may offer beside."""
    rng = np.random.default_rng(1)

    def integers(*shape: int) -> Array:
        return rng.integers(-9, 10, shape).astype(float)

    call = _biased(_call(axes, batch=2, channels=2, filters=3))
    result, x = right(call), integers(2, 2, *(6,) * axes)
    across = {"x": result, "filters": call.filters, "bias": integers(2)}
    ones, none = (1,) * axes, ((0, 0),) * axes
    pool = {"kernel": (2,) * axes, "stride": (2,) * axes, "padding": none, "ceil_mode": False}
    norm = {"training": False, "momentum": 0.1, "epsilon": 1e-3, "unbiased": False}
    statistics = {"mean": integers(2), "variance": integers(2) ** 2 + 1}
    return [
        Operation(
            "gradients of cross_correlate",
            call.arrays("float64") | {"gradient": integers(*result.shape)},
            call.parameters(),
        ),
        Operation(
            "transposed_cross_correlate",
            across,
            call.parameters() | {"output_padding": (0,) * axes},
        ),
        Operation("max_pool", {"x": x}, pool | {"dilation": ones}),
        Operation("average_pool", {"x": x}, pool | {"count_include_pad": False}),
        Operation("activation", {"x": x}, {"kind": "relu"}),
        Operation("dense", {"x": integers(2, 6), "weights": integers(3, 6), "bias": integers(3)}),
        Operation(
            "batch_norm", {"x": x, "scale": integers(2), "shift": integers(2), **statistics}, norm
        ),
        Operation(
            "softmax_cross_entropy",
            {"logits": integers(4, 6) / 4, "labels": np.array([5, 0, 2, 3])},
            {"label_smoothing": 0.0, "reduction": "mean"},
        ),
    ]


def _call(
    axes: int,
    *,
    batch: int = 1,
    channels: int = 1,
    filters: int = 1,
    groups: int = 1,
    size: Sizes = _SIZE,
    kernel: Sizes = _KERNEL,
) -> Call:
    rng = np.random.default_rng(len(_SIZE) * batch + 7 * channels + 11 * filters + axes)
    x = rng.integers(-3, 4, (batch, channels, *size[:axes]))
    taps = rng.integers(-3, 4, (filters, channels // groups, *kernel[:axes]))
    ones, none = (1,) * axes, ((0, 0),) * axes
    return Call(x.astype(float), taps.astype(float), None, ones, none, ones, groups)


def _biased(call: Call) -> Call:
    return replace(call, bias=np.arange(3.0, 3 + len(call.filters)) ** 2)


def _with(call: Call, axes: int, *names: str) -> Call:
    values = {"stride": _STRIDE, "padding": _PADDING, "dilation": _DILATION}
    return replace(call, **{name: values[name][:axes] for name in names})  # type: ignore[arg-type]
