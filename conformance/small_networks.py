"""Small networks, drawn at random: convolutions, activations and pools in any order that fits, then
dense layers. Compilers fuse such layers, and go wrong in some sequences, shapes and groups only.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from adapters.dtypes import numpy_dtype
from conformance.data import Rng
from conformance.strategies import Dice
from reference.formats import FORMATS, Format
from reference.geometry import Array, Pads, Sizes, output_size
from reference.network import (
    Activate,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Network,
    Weights,
)

EXACT = ("integers",)
REAL = ("normal", "one sign")

_DEPTHS = (1, 2, 3, 4, 8, 9, 12, 16, 17)
_SMOOTH = ("leaky_relu", "sigmoid", "tanh", "gelu", "gelu_tanh", "relu")
_LENGTHS = (1, 2, 3, 4, 5, 6, 4, 5, 6)  # long ones are met more often
_AFTER = {
    "convolution": ("activation",) * 4 + ("max pool", "average pool", "convolution"),
    "activation": ("convolution", "convolution", "average pool", "average pool", "max pool"),
}
_ELSEWHERE = ("convolution",) * 4 + ("max pool", "average pool")
_LEAST = 2.0**-9  # of a value that is not zero: divided by its terms it is no subnormal number
_SIGNS = (1.0, 1.0, 1.0, -1.0)
_MOST_FEATURES = 300  # what a dense layer sums
_MOST_WORK = 2**19  # multiplications of a convolution


@dataclass(frozen=True)
class Drawn:
    """A network, the shape of its images (N, C, \\*size), and whether its layers are ``exact`` on
    small integers.
    """

    network: Network
    images: Sizes
    exact: bool

    @property
    def classes(self) -> int:
        return int(self.network[-1].shapes()["bias"][0])


class _Digits:
    """Several choices out of one number, by its digits: the lowest of each for 0."""

    def __init__(self, number: int) -> None:
        self.number = number

    def between(self, low: int, high: int) -> int:
        self.number, digit = divmod(self.number, high - low + 1)
        return low + digit


def any_network(dice: Dice, dtype: str) -> Drawn:
    """One to six layers on 6 to 20 pixels a side, and one or two dense ones after them. In narrow
    formats most of their layers are exact: bounds on real numbers are wide there.
    """
    exact = dice.between(0, 2) < (1 if dtype in ("float64", "float32") else 2)
    batch, channels = dice.between(1, 5), dice.one_of(_DEPTHS)
    size: Sizes = (dice.between(6, 20), dice.between(6, 20))
    hidden, classes = _Digits(dice.between(0, 2**16 - 1)), dice.between(2, 11)
    images = (batch, channels, *size)
    network: list[Layer] = []
    for _ in range(dice.one_of(_LENGTHS)):
        kind = dice.one_of(_AFTER.get(network[-1].kind if network else "", _ELSEWHERE))
        numbers = _Digits(dice.between(0, 2**16 - 1)), _Digits(dice.between(0, 2**16 - 1))
        layer = _layer(kind, numbers, exact, (batch, channels, *size))
        channels, size = _shape_after(layer, channels, size)
        network.append(layer)
    while channels * prod(size) > _MOST_FEATURES and max(size) > 1:
        pool = MaxPool((min(2, size[0]), min(2, size[1])))
        channels, size = _shape_after(pool, channels, size)
        network.append(pool)
    features = channels * prod(size)
    network.append(Flatten())
    if hidden.between(0, 2) == 1:
        network += [Dense(features, 4 + classes), _activation(hidden, exact)]
        features = 4 + classes
    network.append(Dense(features, classes))
    return Drawn(tuple(network), images, exact)


def _layer(kind: str, numbers: tuple[_Digits, _Digits], exact: bool, shape: Sizes) -> Layer:
    first, _ = numbers
    match kind:
        case "activation":
            return _activation(first, exact)
        case "max pool" | "average pool":
            longest = [min(3, n) for n in shape[2:]]
            kernel = tuple(min(n, first.between(1, 3)) for n in longest)
            return MaxPool(kernel) if exact or kind == "max pool" else AveragePool(kernel)
    return _convolution(numbers, shape)


def _activation(number: _Digits, exact: bool) -> Activate:
    return Activate("relu" if exact else _SMOOTH[number.between(0, len(_SMOOTH) - 1)])


def _convolution(numbers: tuple[_Digits, _Digits], shape: Sizes) -> Convolution:
    """Half of them are as in most networks: a square filter of odd size, which keeps the size or
    halves it.
    """
    first, second = numbers
    batch, channels, *size = shape
    everyday = first.between(0, 1) == 0
    kernel = first.between(1, 5), first.between(1, 5)
    stride = first.between(1, 3), first.between(1, 3)
    dilation = first.between(1, 2), first.between(1, 2)
    pads: Pads = tuple((second.between(0, 2), second.between(0, 2)) for _ in size)
    style, depth = second.between(0, 3), second.between(0, len(_DEPTHS) - 1)
    if everyday:
        kernel = (kernel[0] | 1,) * 2
        stride, dilation = (max(1, stride[0] - 1),) * 2, (1, 1)
        pads = ((kernel[0] // 2,) * 2,) * 2
    dilation = tuple(
        d if d * (k - 1) < n + sum(pair) else 1
        for d, k, n, pair in zip(dilation, kernel, size, pads, strict=True)
    )  # type: ignore[assignment]
    kernel = tuple(min(k, n) for k, n in zip(kernel, size, strict=True))  # type: ignore[assignment]
    divisors = [g for g in range(1, channels + 1) if channels % g == 0]
    groups = (1, channels, divisors[len(divisors) // 2], 1)[style]
    out = output_size(tuple(size), kernel, stride, pads, dilation)
    work = batch * prod(out) * prod(kernel) * channels
    filters = max(1, min(_DEPTHS[depth] // groups, _MOST_WORK // work))
    return Convolution(channels, groups * filters, kernel, stride, pads, dilation, groups)


def _shape_after(layer: Layer, channels: int, size: Sizes) -> tuple[int, Sizes]:
    match layer:
        case Convolution():
            settings = layer.stride, layer.padding, layer.dilation
            return layer.filters, output_size(size, layer.kernel, *settings)
        case MaxPool() | AveragePool():
            return channels, tuple(n // k for n, k in zip(size, layer.kernel, strict=True))
    return channels, size


def filled(drawn: Drawn, kind: str, seed: int, dtype: str) -> tuple[Weights, Array]:
    """Weights and images: integers that stay so small in every layer that all its sums are exact;
    normal, so that sizes stay as they are from layer to layer; or of one sign in each filter, so
    that little cancels, and the bounds on rounding errors are tight.
    """
    rng, format_ = np.random.default_rng(seed), FORMATS[dtype]
    if kind in EXACT:
        weights, images = _integers(drawn, rng, format_)
    else:
        weights, images = _real(drawn, kind, rng, format_)
    own = numpy_dtype(dtype)
    return {name: w.astype(own) for name, w in weights.items()}, images.astype(own)


def _integers(drawn: Drawn, rng: Rng, format_: Format) -> tuple[Weights, Array]:
    """From layer to layer the largest value may grow by the same factor, up to the last integer
    that the format holds: so many taps of each filter are not zero.
    """
    banks = [bool(layer.shapes()) for layer in drawn.network]
    factor = int(min(float(format_.exact_below), 2.0**24) ** (1 / (sum(banks) + 1)))
    most = min(9, factor)
    images = rng.integers(-most, most + 1, drawn.images).astype("float64")
    weights, limit = {}, most
    for place, layer in enumerate(drawn.network):
        for name, shape in layer.shapes().items():
            if name == "bias":
                own = rng.integers(-limit, limit + 1, shape)
            else:
                own = rng.choice([-1, 1], shape) * _few(rng, shape, factor - 1)
            weights[f"{place}.{name}"] = own.astype("float64")
        limit *= factor if banks[place] else 1
    return weights, images


def _few(rng: Rng, shape: Sizes, most: int) -> Array:
    """Ones for at most so many places of each filter, and zeros."""
    order = rng.random((shape[0], prod(shape[1:]))).argsort(axis=1).argsort(axis=1)
    return (order < most).reshape(shape)


def _real(drawn: Drawn, kind: str, rng: Rng, format_: Format) -> tuple[Weights, Array]:
    def values(shape: Sizes) -> Array:
        found = rng.standard_normal(shape) if kind == "normal" else rng.uniform(0, 1, shape)
        return np.where(np.abs(found) < _LEAST, 0, found)

    weights = {}
    for place, layer in enumerate(drawn.network):
        if shapes := layer.shapes():
            of_bank, of_bias = shapes
            bank, bias = shapes.values()
            terms = prod(bank[1:])
            scale = terms**-0.5 if kind == "normal" else 2 / terms
            signs = rng.choice(_SIGNS, bias) if kind == "one sign" else np.ones(bias)
            scaled = values(bank) * scale
            weights[f"{place}.{of_bank}"] = scaled * signs.reshape(-1, *(1,) * (len(bank) - 1))
            weights[f"{place}.{of_bias}"] = values(bias) * signs / 2
    return weights, values(drawn.images)
