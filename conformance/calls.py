"""A call to a backend: how it is described in a few numbers, and the arrays made from them."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from adapters.dtypes import numpy_dtype
from conformance.data import FLOATS, INTEGERS, fill_integers
from reference.bounds import magnitude
from reference.formats import FORMATS, Format
from reference.geometry import Array, Pads, Parameters, Sizes, resolve_padding


@dataclass(frozen=True)
class Recipe:
    """The shapes, parameters and seed that a call is made from: what Hypothesis draws and shrinks.

    ``headroom``: into how many equal parts the exact range of integers is cut, for properties
    that add calls up.
    """

    dtype: str
    batch: int
    groups: int
    channels: int  # of each group
    filters: int  # of each group
    size: Sizes
    kernel: Sizes
    stride: Sizes
    padding: Pads
    dilation: Sizes
    bias: bool
    data: str
    seed: int
    headroom: int = 1

    def call(self) -> "Call":
        rng = np.random.default_rng(self.seed)
        format_, dtype = FORMATS[self.dtype], numpy_dtype(self.dtype)
        shapes = (
            (self.batch, self.groups * self.channels, *self.size),
            (self.groups * self.filters, self.channels, *self.kernel),
            (self.groups * self.filters,),
        )
        if self.data in INTEGERS:
            limit = format_.exact_below // self.headroom
            arrays = fill_integers(rng, *shapes, limit, wide=self.data == "wide integers")
        else:
            fill = FLOATS[self.data]
            x, filters, bias = (fill(rng, shape, format_) for shape in shapes)
            arrays = x, filters, bias
        x, filters, bias = (array.astype(dtype) for array in arrays)
        return Call(
            x,
            filters,
            bias if self.bias else None,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            data=self.data,
            seed=self.seed,
        )


@dataclass(frozen=True, eq=False, repr=False)
class Call:
    """Arguments of one cross-correlation in the specification's layout, parameters resolved.

    ``named_padding``: the framework's own name for the padding, which is then asked for by it.
    """

    x: Array
    filters: Array
    bias: Array | None
    stride: Sizes
    padding: Pads
    dilation: Sizes
    groups: int
    data: str = "integers"
    seed: int | None = None
    named_padding: str | None = None

    @property
    def parameters(self) -> Parameters:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    @property
    def format(self) -> Format:
        return FORMATS[self.x.dtype.name]

    @property
    def exact(self) -> bool:
        """Whether every direct algorithm must get every bit right."""
        return self.data in INTEGERS

    @property
    def in_exact_range(self) -> bool:
        """Whether every sum of its values, if they are integers, is one that the format holds."""
        x, bank = np.abs(self.x.astype("float64")), np.abs(self.filters.astype("float64"))
        offset = 0.0 if self.bias is None else np.abs(self.bias.astype("float64")).max()
        most = bank.reshape(len(bank), -1).sum(axis=1).max()
        if x.max(initial=0) * most + offset <= self.format.exact_below:
            return True
        size = magnitude(self.x, self.filters, self.bias, self.parameters)
        return bool(size.max(initial=0) <= self.format.exact_below)

    @property
    def key(self) -> bytes:
        """The same for calls that are the same to the last bit."""
        digest = hashlib.sha256(repr((self.describe(), self.x.shape, self.filters.shape)).encode())
        for array in (self.x, self.filters, self.bias):
            digest.update(b"" if array is None else array.tobytes())
        return digest.digest()

    @property
    def axes(self) -> int:
        return len(self.stride)

    def but(self, **changes: Any) -> Self:
        """The same call with some of its arguments changed."""
        return replace(self, **changes)

    def renamed(self, name: str) -> Self:
        """The same call with its padding chosen by a name, and asked for by it."""
        pads = resolve_padding(
            name, self.x.shape[2:], self.filters.shape[2:], self.stride, self.dilation
        )
        return self.but(padding=pads, named_padding=name)

    def describe(self) -> dict[str, Any]:
        """The parameters as plain values."""
        named = {} if self.named_padding is None else {"named_padding": self.named_padding}
        return {
            **named,
            **self.parameters,
            "dtype": self.x.dtype.name,
            "data": self.data,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        shapes = f"x {self.x.shape}, filters {self.filters.shape}"
        bias = "no bias" if self.bias is None else "bias"
        settings = ", ".join(f"{name} {value}" for name, value in self.describe().items())
        return f"<{shapes}, {bias}, {settings}>"
