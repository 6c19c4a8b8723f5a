"""A request: any operation but the plain cross-correlation, with its arrays and parameters."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.calls import Call, Recipe
from conformance.data import FLOATS, INTEGERS, Rng
from reference.bounds import magnitude
from reference.formats import FORMATS, Format
from reference.geometry import Array, Parameters, Sizes, effective_kernel, output_size
from reference.gradients import (
    AsCrossCorrelation,
    bias_gradient_as_cross_correlation,
    filter_gradient_as_cross_correlation,
    input_gradient_as_cross_correlation,
    transposed_padding,
    transposed_size,
)

_LARGEST_GRADIENT = 9  # of integers


@dataclass(frozen=True, eq=False, repr=False)
class Request:
    """``arrays`` and ``parameters`` are those of the adapter's method called ``operation``, or of
    its gradients; ``data`` and ``seed`` say where the values come from.
    """

    operation: str
    arrays: Mapping[str, Array]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    data: str = "integers"
    seed: int | None = None

    @property
    def format(self) -> Format:
        """That of the numbers: the format of the first array that is not of ints."""
        return FORMATS[self.dtype]

    @property
    def dtype(self) -> str:
        return next(a.dtype.name for a in self.arrays.values() if a.dtype.name in FORMATS)

    @property
    def exact(self) -> bool:
        """Whether every direct algorithm must get every bit right."""
        return self.data in INTEGERS

    @property
    def key(self) -> bytes:
        """The same for requests that are the same to the last bit."""
        digest = hashlib.sha256(repr(self.describe()).encode())
        for name, array in self.arrays.items():
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.tobytes())
        return digest.digest()

    def but(self, **changes: Any) -> Self:
        """The same request with some of its fields changed."""
        return replace(self, **changes)

    def with_arrays(self, **arrays: Array) -> Self:
        """The same request with some of its arrays changed."""
        return self.but(arrays={**self.arrays, **arrays})

    def describe(self) -> dict[str, Any]:
        """The operation and its parameters as plain values."""
        return {
            "operation": self.operation,
            **self.parameters,
            "dtype": self.dtype,
            "data": self.data,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in self.arrays.items())
        settings = ", ".join(f"{name} {value}" for name, value in self.describe().items())
        return f"<{shapes}; {settings}>"


def gradient_request(recipe: Recipe, named_padding: str | None = None) -> Request:
    """The gradients of the call that the recipe makes. Integers stay so small, or few, that every
    partial sum of every gradient is exact.
    """
    call = recipe.call() if named_padding is None else recipe.call().renamed(named_padding)
    rng = np.random.default_rng((recipe.seed, 1))
    out = output_size(
        call.x.shape[2:], call.filters.shape[2:], call.stride, call.padding, call.dilation
    )
    shape = (len(call.x), len(call.filters), *out)
    if call.exact:
        plain = call.but(bias=np.zeros(len(call.filters)))
        gradient = integer_gradient(rng, shape, call.format, partial(as_cross_correlations, plain))
    else:
        gradient = FLOATS[call.data](rng, shape, call.format)
    return of_call(call, gradient.astype(call.x.dtype))


def of_call(call: Call, gradient: Array) -> Request:
    """The gradients of a call, by everything that it is given."""
    arrays = {"x": call.x, "filters": call.filters, "bias": call.bias, "gradient": gradient}
    parameters = {**call.parameters, "padding": call.named_padding or call.padding}
    given = {name: array for name, array in arrays.items() if array is not None}
    return Request(GRADIENTS_OF + "cross_correlate", given, parameters, call.data, call.seed)


def transposed_request(
    recipe: Recipe, named_padding: str | None = None, *, backward: bool = False
) -> Request:
    """The transpose of the call that the recipe makes, or its gradients. Every other recipe gets
    equal padding on both sides, as many backends want it; with a name its input gets the size that
    the name implies.
    """
    if named_padding is not None:
        recipe = replace(recipe, size=_implied_size(recipe, named_padding))
    elif recipe.seed % 2:
        recipe = replace(recipe, padding=tuple((max(pair),) * 2 for pair in recipe.padding))
    request = gradient_request(recipe, named_padding)
    call, gradient = call_of(request), request.arrays["gradient"]
    rest = [
        (n + low + high - extent) % step
        for n, (low, high), extent, step in zip(
            call.x.shape[2:],
            call.padding,
            effective_kernel(call.filters.shape[2:], call.dilation),
            call.stride,
            strict=True,
        )
    ]
    arrays = {"x": gradient, "filters": call.filters}
    if recipe.bias:
        arrays["bias"] = call.x[0].reshape(len(call.x[0]), -1)[:, 0].copy()
    operation = "transposed_cross_correlate"
    if backward:
        gradient = call.x
        if call.exact:
            rng = np.random.default_rng((recipe.seed, 2))
            parts = partial(of_transposed, arrays["x"], call.filters, call.parameters)
            gradient = integer_gradient(rng, call.x.shape, call.format, parts).astype(call.x.dtype)
        operation, arrays = GRADIENTS_OF + operation, {**arrays, "gradient": gradient}
    parameters = {**call.parameters, "output_padding": tuple(rest)}
    if named_padding is not None:
        parameters |= {"padding": named_padding, "output_padding": (0,) * len(rest)}
    return Request(operation, arrays, parameters, request.data, request.seed)


def _implied_size(recipe: Recipe, named_padding: str) -> Sizes:
    """What the transpose with this padding makes of the size of the recipe's result."""
    kernel, stride, dilation = recipe.kernel, recipe.stride, recipe.dilation
    out = output_size(recipe.size, kernel, stride, recipe.padding, dilation)
    none = (0,) * len(out)
    pads, more = transposed_padding(named_padding, out, kernel, stride, none, dilation)
    return transposed_size(out, kernel, stride, pads, more, dilation)


def call_of(request: Request) -> Call:
    """The call whose gradients are asked for."""
    x, filters = request.arrays["x"], request.arrays["filters"]
    parameters = dict(request.parameters)
    padding = parameters.pop("padding")
    named = padding if isinstance(padding, str) else None
    call = Call(
        x,
        filters,
        request.arrays.get("bias"),
        **parameters,
        padding=() if named else padding,
        data=request.data,
        seed=request.seed,
    )
    return call.renamed(named) if named else call


def as_cross_correlations(call: Call, gradient: Array) -> dict[str, AsCrossCorrelation]:
    """Each of the gradients as the cross-correlation that it is."""
    size, kernel = call.x.shape[2:], call.filters.shape[2:]
    found = {
        "x": input_gradient_as_cross_correlation(gradient, call.filters, size, call.parameters),
        "filters": filter_gradient_as_cross_correlation(call.x, gradient, kernel, call.parameters),
    }
    if call.bias is not None:
        found["bias"] = bias_gradient_as_cross_correlation(gradient)
    return found


def of_transposed(
    x: Array, filters: Array, parameters: Parameters, gradient: Array
) -> dict[str, AsCrossCorrelation]:
    """The gradients of the transpose: forward and backward change places."""
    kernel = filters.shape[2:]
    return {
        "x": AsCrossCorrelation(gradient, filters, parameters, lambda maps: maps),
        "filters": filter_gradient_as_cross_correlation(gradient, x, kernel, parameters),
        "bias": bias_gradient_as_cross_correlation(gradient),
    }


def integer_gradient(
    rng: Rng,
    shape: Sizes,
    format_: Format,
    parts: Callable[[Array], Mapping[str, AsCrossCorrelation]],
) -> Array:
    """A gradient of signs, thinned out until no sum can exceed what the format holds exactly, and
    then as large as that allows, up to nine.
    """

    def largest(gradient: Array) -> float:
        sums = parts(gradient).values()
        most = max(map(_most, sums))
        if _LARGEST_GRADIENT * most <= limit:
            return most
        return max(
            float(magnitude(c.x, c.filters, None, c.parameters).max(initial=0.0)) for c in sums
        )

    limit, drawn = format_.exact_below, rng.choice([-1.0, 1.0], shape)
    while (size := largest(drawn)) > limit:
        kept = rng.random(shape) < max(0.5 * limit / size, 1 / (drawn != 0).sum())
        if (drawn * kept).any():
            drawn = drawn * kept
    most = min(_LARGEST_GRADIENT, int(limit // max(size, 1)))
    return drawn * rng.integers(1, most + 1, shape)


def _most(sums: AsCrossCorrelation) -> float:
    """What none of them exceeds: the largest value times the sum of a whole filter."""
    taps = tuple(range(1, sums.filters.ndim))
    of_filters = np.abs(sums.filters).sum(axis=taps, dtype="float64")
    return float(np.abs(sums.x).max(initial=0.0) * of_filters.max(initial=0.0))
