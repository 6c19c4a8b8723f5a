"""Requests for layers: pooling, activations, dense, batch normalisation and dropout; each with its
gradients.

What many backends offer is drawn often, what few do now and then: a call that is declined is drawn
again, but not forever.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from adapters.dtypes import numpy_dtype
from adapters.operations import GRADIENTS_OF
from conformance.data import FLOATS, Rng, fill_integers
from conformance.makers import Maker, makes
from conformance.requests import Request, integer_gradient
from conformance.strategies import Dice, few_shapes, rolled
from conformance.subject import Subject
from reference.activations import ACTIVATIONS
from reference.formats import FORMATS
from reference.geometry import Array, Sizes, effective_kernel, resolve_padding
from reference.gradients import AsCrossCorrelation
from reference.pooling import pooled_size

LAYERS = ("max_pool", "average_pool", "activation", "dense", "batch_norm", "dropout")

_STYLES = {
    "max_pool": (
        "plain", "plain", "symmetric", "ceil", "asymmetric", "named", "dilated", "free",
    ),
    "average_pool": ("plain", "plain", "symmetric", "ceil", "asymmetric", "named", "free"),
}  # fmt: skip
_REGIMES = ("small", "small", "small", "many channels", "large kernel", "large input")
_LARGEST_KERNEL = {1: 6, 2: 4, 3: 3}
_LARGE_KERNEL = {1: 40, 2: 12, 3: 5}
_ROOM = {1: 9, 2: 5, 3: 3}
_LARGE_ROOM = {1: 600, 2: 30, 3: 7}
_DEPTHS = (1, 2, 3, 5, 8, 17, 33, 64)
_MANY_CHANNELS = (8, 16, 17, 32, 33, 64, 65)
_LARGEST_SIZE = {0: 1, 1: 40, 2: 12, 3: 5}
_RATES = (0.5, 0.25, 0.1, 0.8)
_MOMENTA = (0.1, 0.3, 0.01, 0.75)
_EPSILONS = (1e-3, 1e-2, 0.1, 1e-5)  # the last is subnormal in float16


def drawn(subject: Subject, make: Maker) -> st.SearchStrategy[Request]:
    """What a maker makes, as Hypothesis draws it."""
    axes = subject.capabilities.spatial_axes
    return rolled(lambda dice: make(dice, subject.dtype, axes), few_shapes(subject))


def pool(
    operation: str,
    *,
    backward: bool = False,
    styles: Sequence[str] = (),
    fill: Callable[[Rng, Sizes], Array] | None = None,
) -> Maker:
    """A maker of poolings of these styles, whose input is filled by ``fill``."""
    is_max = operation == "max_pool"

    def make(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
        regime = dice.one_of(_REGIMES)
        style = dice.one_of(styles or _STYLES[operation])
        parameters, size = _windows(dice, regime, style, dice.one_of(axes), is_max)
        batch = dice.between(1, 4 if regime == "small" else 2)
        shape = (batch, dice.one_of(_channels(regime)), *size)
        out = pooled_size(
            size,
            parameters["kernel"],
            parameters["stride"],
            _amounts(parameters, size),
            parameters.get("dilation", (1,) * len(size)),
            parameters["ceil_mode"],
        )
        seed = dice.seed()
        rng = np.random.default_rng(seed)
        # Neither the sum of a window nor that of all its gradients exceeds what is exact.
        most = min(9, FORMATS[dtype].exact_below // math.prod(parameters["kernel"]))
        small = partial(_small, most=most)
        arrays = {"x": (fill or (_distinct if is_max else small))(rng, shape)}
        if backward:
            arrays["gradient"] = small(rng, (*shape[:2], *out))
        return _request(operation, arrays, parameters, dtype, seed)

    return make


def _channels(regime: str) -> Sizes:
    if regime == "many channels":
        return _MANY_CHANNELS
    return _DEPTHS[:4] if regime == "small" else _DEPTHS[:2]


def _windows(
    dice: Dice, regime: str, style: str, axes: int, is_max: bool
) -> tuple[dict[str, Any], Sizes]:
    """The parameters of a pooling, and the size of its input: every window reaches a value of it,
    since no padding is as long as a window, and none of a dilated one longer than half of it.
    """

    def for_each_axis(low: int, high: int) -> Sizes:
        return tuple([dice.between(low, high) for _ in range(3)][:axes])

    largest = (_LARGE_KERNEL if regime == "large kernel" else _LARGEST_KERNEL)[axes]
    reach = (_LARGE_ROOM if regime == "large input" else _ROOM)[axes]
    kernel, step = for_each_axis(1, largest), for_each_axis(0, largest)
    lows, highs = for_each_axis(0, largest), for_each_axis(0, largest)
    spread, room = for_each_axis(1, 3 if axes < 3 else 2), for_each_axis(0, reach)
    choice = dice.between(0, 5)
    stride = tuple(s or k for s, k in zip(step, kernel, strict=True))
    dilation = spread if is_max and style in ("dilated", "free") else (1,) * axes
    if style == "dilated":
        stride = (1,) * axes
    most = tuple(k - 1 if style == "asymmetric" else k // 2 for k in kernel)
    low = tuple(p % (m + 1) for p, m in zip(lows, most, strict=True))
    high = tuple(p % (m + 1) for p, m in zip(highs, most, strict=True))
    if style in ("symmetric", "ceil"):
        high = low
    if style in ("plain", "dilated", "named"):
        low = high = (0,) * axes
    padding: Any = tuple(zip(low, high, strict=True))
    if style == "named":
        padding = ("valid", "same_upper", "same_lower")[choice % 3]
    parameters = {"kernel": kernel, "stride": stride, "padding": padding}
    parameters |= {"ceil_mode": style == "ceil" or (style == "free" and choice % 2 == 0)}
    if is_max:
        parameters["dilation"] = dilation
    else:
        parameters["count_include_pad"] = style != "named" and choice < 3
    extents = effective_kernel(kernel, dilation)
    size = tuple(
        max(1, extent - (before + after) * (d == 1)) + more
        for extent, before, after, d, more in zip(extents, low, high, dilation, room, strict=True)
    )
    return parameters, size


def _amounts(parameters: dict[str, Any], size: Sizes) -> Any:
    kernel, stride = parameters["kernel"], parameters["stride"]
    return resolve_padding(parameters["padding"], size, kernel, stride, (1,) * len(size))


def activation(*, backward: bool = False) -> Maker:
    """A maker of activations of integers, and of ten times as fine steps beside them."""

    def make(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
        kind = dice.one_of(tuple(ACTIVATIONS))
        rank = dice.one_of((0, *axes))
        sizes = [dice.between(1, 8) for _ in range(3)][:rank]
        shape = (dice.between(1, 4), dice.one_of(_DEPTHS), *sizes)
        seed = dice.seed()
        rng = np.random.default_rng(seed)
        arrays = {"x": _small(rng, shape) / rng.choice([1, 8], shape)}
        if backward:
            arrays["gradient"] = _small(rng, shape)
        return _request("activation", arrays, {"kind": kind}, dtype, seed)

    return make


def dense(*, backward: bool = False) -> Maker:
    """A maker of dense layers, now and then with a square of weights."""

    def make(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
        large = dice.between(0, 3) == 3
        items, outputs, inputs = (
            dice.between(1, most) for most in ((40, 130, 300) if large else (6, 12, 40))
        )
        if dice.between(0, 2) == 0:
            outputs = inputs
        biased = dice.between(0, 1)
        seed = dice.seed()
        rng = np.random.default_rng(seed)
        format_ = FORMATS[dtype]
        shapes = (items, inputs), (outputs, inputs), (outputs,)
        x, weights, bias = fill_integers(rng, *shapes, format_.exact_below, wide=False)
        arrays = {"x": x, "weights": weights} | ({"bias": bias} if biased else {})
        if backward:
            parts = partial(dense_gradients_as_cross_correlations, x, weights)
            arrays["gradient"] = integer_gradient(rng, (items, outputs), format_, parts)
        return _request("dense", arrays, {}, dtype, seed)

    return make


def dense_as_cross_correlation(x: Array, weights: Array) -> AsCrossCorrelation:
    """``x`` (N, I) and ``weights`` (O, I) as channels of size 1 under filters of size 1."""
    parameters: Any = {"stride": (1,), "padding": ((0, 0),), "dilation": (1,), "groups": 1}
    return AsCrossCorrelation(x[:, :, None], weights[:, :, None], parameters, _without_size)


def _without_size(maps: Array) -> Array:
    return np.asarray(maps[:, :, 0])


def dense_gradients_as_cross_correlations(
    x: Array, weights: Array, gradient: Array
) -> dict[str, AsCrossCorrelation]:
    """Each gradient of a dense layer is dense again; that by the bias, with an input of ones."""
    ones = np.ones((1, len(x)), gradient.dtype)
    by_bias = dense_as_cross_correlation(ones, gradient.T)
    return {
        "x": dense_as_cross_correlation(gradient, weights.T),
        "weights": dense_as_cross_correlation(gradient.T, x.T),
        "bias": AsCrossCorrelation(
            by_bias.x, by_bias.filters, by_bias.parameters, lambda maps: np.asarray(maps[0, :, 0])
        ),
    }


def batch_norm(*, backward: bool = False, training: bool | None = None) -> Maker:
    """A maker of batch normalisations, in ``training`` or not, or now and then."""

    def make(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
        trains = dice.between(0, 2) < 2 if training is None else training
        rank = dice.one_of((0, *axes))
        sizes = [dice.between(1, _LARGEST_SIZE[rank]) for _ in range(3)][:rank]
        items = dice.between(1 if np.prod(sizes) > 1 else 2, 5)
        channels = dice.one_of(_DEPTHS)
        usual = FORMATS[dtype].smallest_normal < _EPSILONS[-1]
        parameters = {
            "training": trains,
            "momentum": dice.one_of(_MOMENTA),
            "epsilon": dice.one_of(_EPSILONS if usual else _EPSILONS[:-1]),
            "unbiased": dice.between(0, 1) == 0,
        }
        seed = dice.seed()
        rng = np.random.default_rng(seed)
        shape = (items, channels, *sizes)
        arrays = {
            "x": _small(rng, shape),
            "scale": _small(rng, shape[1:2]) / 2,
            "shift": _small(rng, shape[1:2]),
            "mean": rng.integers(-3, 4, shape[1:2]),
            "variance": rng.integers(1, 10, shape[1:2]),
        }
        if backward:
            arrays["gradient"] = _small(rng, shape)
        return _request("batch_norm", arrays, parameters, dtype, seed)

    return make


def dropout(*, backward: bool = False, training: bool | None = None) -> Maker:
    """A maker of dropouts of two items or more, each of so many values that no two masks are the
    same by chance; no value is zero.
    """

    def make(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
        trains = dice.between(0, 2) < 2 if training is None else training
        shape = (dice.between(2, 4), dice.between(1, 3), dice.between(256, 600))
        rate, key = dice.one_of(_RATES), dice.seed()
        seed = dice.seed()
        rng = np.random.default_rng(seed)
        arrays = {"x": _nonzero(rng, shape)}
        if backward:
            arrays["gradient"] = _nonzero(rng, shape)
        parameters = {"rate": rate, "seed": key, "training": trains}
        return _request("dropout", arrays, parameters, dtype, seed)

    return make


def equal_windows(operation: str) -> Maker:
    """A maker of max pools, or of relus, of the same window everywhere, with a NaN in it."""

    def make(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
        rank = dice.one_of(axes)
        kernel = tuple([dice.between(1, 3) for _ in range(3)][:rank])
        times = [dice.between(1, _LARGEST_SIZE[rank]) for _ in range(3)][:rank]
        shape = (dice.between(1, 3), dice.one_of(_DEPTHS), *times)
        window = np.arange(1.0, 1 + math.prod(kernel))
        window[dice.between(0, window.size - 1)] = np.nan
        arrays = {"x": np.tile(window.reshape(kernel), shape)}
        parameters: dict[str, Any] = {"kind": "relu"}
        if operation == "max_pool":
            whole = {"kernel": kernel, "stride": kernel, "padding": ((0, 0),) * rank}
            parameters = whole | {"dilation": (1,) * rank, "ceil_mode": False}
        return _request(operation, arrays, parameters, dtype, dice.seed()).but(data="nan")

    return make


def of_kind(request: Request, kind: str) -> Request:
    """The same request with other values: real numbers of this kind of data. Variances stay
    positive, and the input of a max pool without equal values when its gradient is asked for.
    """
    rng = np.random.default_rng((request.seed or 0, 7))
    arrays: dict[str, Array] = {}
    for name, array in request.arrays.items():
        values: Any = -array
        if name == "variance":
            values = rng.uniform(0.5, 2, array.shape)
        elif name != "x" or request.operation != GRADIENTS_OF + "max_pool":
            values = FLOATS[kind](rng, array.shape, request.format)
        arrays[name] = values.astype(array.dtype)
    return request.but(arrays=arrays, data=kind)


def windows_of(request: Request) -> tuple[Sizes, Sizes, Any, Sizes, Sizes]:
    """Kernel, stride, amounts of padding, dilation and number of windows of a pooling, an entry
    for each axis.
    """
    p, size = dict(request.parameters), request.arrays["x"].shape[2:]
    pads, dilation = _amounts(p, size), p.get("dilation", (1,) * len(size))
    out = pooled_size(size, p["kernel"], p["stride"], pads, dilation, p["ceil_mode"])
    return p["kernel"], p["stride"], pads, dilation, out


def _request(
    operation: str, arrays: dict[str, Array], parameters: dict[str, Any], dtype: str, seed: int
) -> Request:
    arrays = {name: array.astype(numpy_dtype(dtype)) for name, array in arrays.items()}
    name = GRADIENTS_OF + operation if "gradient" in arrays else operation
    return Request(name, arrays, parameters, seed=seed)


def _distinct(rng: Rng, shape: Sizes) -> Array:
    """Integers of which no two of a channel are the same, and of which every dtype holds some 2000:
    those below 256, then every second one, every fourth one and so on.
    """
    count = int(np.prod(shape[2:]))
    rank = np.arange(count) - count // 2
    octave, place = np.divmod(np.abs(rank), 128)
    values = np.where(octave, np.ldexp(128.0 + place, octave - 1), place)
    planes = np.broadcast_to(np.copysign(values, rank), (*shape[:2], count))
    return np.asarray(rng.permuted(planes, axis=-1).reshape(shape))


def _small(rng: Rng, shape: Sizes, most: int = 9) -> Array:
    return rng.integers(-most, most + 1, shape)


def _nonzero(rng: Rng, shape: Sizes) -> Array:
    return np.asarray(rng.integers(1, 10, shape) * rng.choice([-1, 1], shape))


_MAKERS: dict[str, Callable[..., Maker]] = {
    "max_pool": partial(pool, "max_pool"),
    "average_pool": partial(pool, "average_pool"),
    "activation": activation,
    "dense": dense,
    "batch_norm": batch_norm,
    "dropout": dropout,
}
for _name, _maker in _MAKERS.items():
    makes(_name)(_maker())
    makes(GRADIENTS_OF + _name)(_maker(backward=True))
