"""What adapters get wrong: each slip as the answers that it leads to, and what mends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adapters.contract import Array
from adapters.doctor.trials import Call
from reference import effective_kernel

Ask = Callable[[Call], Array]
Made = Callable[[Call, Ask], Array]
_PER_AXIS = ("stride", "padding", "dilation")


@dataclass(frozen=True)
class Slip:
    """``made``: what an adapter with this slip answers, where ``ask`` gives what one without it
    would; it raises an error where none can be given.
    """

    what: str
    advice: str
    made: Made


def _given(**changed: Callable[[Call], Any]) -> Made:
    """The backend is given something else than the adapter was."""
    return lambda call, ask: ask(replace(call, **{k: of(call) for k, of in changed.items()}))


def _result(changed: Callable[[Call, Array], Array]) -> Made:
    """Something happens to the backend's result."""
    return lambda call, ask: changed(call, ask(call))


def _turned_round(call: Call) -> Array:
    return np.flip(call.filters, tuple(range(2, call.filters.ndim)))


def _x_as_channels_last(call: Call) -> Array:
    """What a channels-last backend sees in an array that is not."""
    return np.moveaxis(call.x, -1, 1)


def _filters_as_last(call: Call) -> Array:
    """The same for filters, of which it expects (*kernel, C, K)."""
    return np.moveaxis(call.filters, (-1, -2), (0, 1))


def _filters_as_outputs_first(call: Call) -> Array:
    """The same for filters, of which it expects (K, *kernel, C)."""
    return np.moveaxis(call.filters, -1, 1)


def _last_as_outputs_first(call: Call) -> Array:
    """What it sees in filters that were made (*kernel, C, K)."""
    return np.moveaxis(np.moveaxis(call.filters, (1, 0), (-2, -1)), -1, 1)


def _x_reshaped(call: Call) -> Array:
    batch, channels, *size = call.x.shape
    return np.moveaxis(call.x.reshape(batch, *size, channels), -1, 1)


def _filters_reshaped(call: Call) -> Array:
    maps, channels, *kernel = call.filters.shape
    return np.moveaxis(call.filters.reshape(*kernel, channels, maps), (-1, -2), (0, 1))


def _nothing_converted(call: Call, ask: Ask) -> Array:
    seen = replace(call, x=_x_as_channels_last(call), filters=_filters_as_last(call))
    return np.moveaxis(ask(seen), 1, -1)


def _reversed(name: str) -> Callable[[Call], Any]:
    return lambda call: getattr(call, name)[::-1]


def _first(name: str) -> Callable[[Call], Any]:
    return lambda call: (getattr(call, name)[0],) * len(call.stride)


def _padded(ends: Callable[[int, int], tuple[int, ...]]) -> Made:
    return _given(padding=lambda call: tuple(ends(low, high) for low, high in call.padding))


def _as_lows_then_highs(call: Call) -> Any:
    flat = [zeros for pair in call.padding for zeros in pair]
    half = len(call.padding)
    return tuple(zip(flat[:half], flat[half:], strict=True))


def _edge_repeated(call: Call, ask: Ask) -> Array:
    x = np.pad(call.x, ((0, 0), (0, 0), *call.padding), mode="edge")
    return ask(replace(call, x=x, padding=((0, 0),) * len(call.padding)))


def _with_more(zeros: Callable[[int], tuple[int, int]]) -> Made:
    """More padding on each axis, by the extent of the filters."""

    def padding(call: Call) -> Any:
        extents = effective_kernel(call.filters.shape[2:], call.dilation)
        more = map(zeros, extents)
        return tuple((a + c, b + d) for (a, b), (c, d) in zip(call.padding, more, strict=True))

    return _given(padding=padding)


def _first_group_only(call: Call, ask: Ask) -> Array:
    return ask(replace(call, x=call.x[:, : call.filters.shape[1]], groups=1))


def _dealt(values: Array, parts: int, axis: int) -> Array:
    """Parts in turns, one value of each, where they should follow each other."""
    shape = (*values.shape[:axis], parts, -1, *values.shape[axis + 1 :])
    return values.reshape(shape).swapaxes(axis, axis + 1).reshape(values.shape)


def _bias_times(factor: int) -> Made:
    return _given(bias=lambda call: None if call.bias is None else factor * call.bias)


def _biased_along(axis: int) -> Made:
    def made(call: Call, ask: Ask) -> Array:
        result = ask(replace(call, bias=None))
        if call.bias is None:
            return result
        shape = [1] * result.ndim
        shape[axis] = -1
        return result + call.bias.reshape(shape)

    return made


_X = "x is (N, C, *size): np.moveaxis(x, 1, -1) makes (N, *size, C) of it."
_FILTERS = (
    "filters are (K, C / groups, *kernel): np.moveaxis(filters, (1, 0), (-2, -1)) makes (*kernel, "
    "C / groups, K) of them."
)
_OUTPUTS_FIRST = (
    "filters are (K, C / groups, *kernel): np.moveaxis(filters, 1, -1) makes (K, *kernel, "
    "C / groups) of them."
)
_RESULT = "The result must be (N, K, *out): np.moveaxis(result, -1, 1) makes it of (N, *out, K)."

# What mends it -> what is wrong -> what it leads to. Of two that explain as much, the first counts.
_SLIPS: Mapping[str, Mapping[str, Made]] = {
    "Call the backend's cross-correlation, or give it the filters turned round on every axis.": {
        "it is a true convolution: the filters are turned round": _given(filters=_turned_round),
    },
    f"{_X} {_FILTERS} {_RESULT}": {
        "the backend takes channels last, and the arrays are not converted": _nothing_converted,
    },
    _X: {
        "the backend takes the last axis of x for its channels": _given(x=_x_as_channels_last),
        "the array x is reshaped to channels last: its axes must be moved": _given(x=_x_reshaped),
    },
    _FILTERS: {
        "the backend takes the filters for (*kernel, C, K)": _given(filters=_filters_as_last),
        "the filters are reshaped to (*kernel, C, K): their axes must be moved": _given(
            filters=_filters_reshaped
        ),
        "the filters' axes K and C are swapped": _given(filters=lambda c: c.filters.swapaxes(0, 1)),
    },
    _OUTPUTS_FIRST: {
        "the backend takes the filters for (K, *kernel, C)": _given(
            filters=_filters_as_outputs_first
        ),
        "the backend takes filters that were made (*kernel, C, K) for (K, *kernel, C)": _given(
            filters=_last_as_outputs_first
        ),
    },
    _RESULT: {
        "the result has its channels last": _result(lambda _, found: np.moveaxis(found, 1, -1)),
        "the result is reshaped from channels last: its axes must be moved": _result(
            lambda _, found: np.moveaxis(found, 1, -1).reshape(found.shape)
        ),
        "the result has its channels first, then its batch": _result(
            lambda _, found: found.swapaxes(0, 1)
        ),
    },
    "Keep the axes of length 1: the result is (N, K, *out), whatever N, K and out are.": {
        "the result has lost its axes of length 1": _result(lambda _, found: np.squeeze(found)),
    },
    "Keep the spatial axes in their order, in x, in the filters and in the result.": {
        "two spatial axes of x are swapped": _given(x=lambda call: call.x.swapaxes(2, -1)),
        "two spatial axes of the filters are swapped": _given(
            filters=lambda call: call.filters.swapaxes(2, -1)
        ),
        "two spatial axes of the result are swapped": _result(
            lambda _, found: found.swapaxes(2, -1)
        ),
    },
    "stride, padding and dilation have a value for each spatial axis of x, in the order of axes "
    "(some backends count from the last axis, or take one value for all).": {
        "the parameters are given to the axes in reverse": _given(
            stride=lambda call: call.stride[::-1],
            padding=lambda call: call.padding[::-1],
            dilation=lambda call: call.dilation[::-1],
        ),
        **{
            f"the {name} is given to the axes in reverse": _given(**{name: _reversed(name)})
            for name in _PER_AXIS
        },
        **{
            f"the {name} of the first axis is used for all": _given(**{name: _first(name)})
            for name in _PER_AXIS
        },
    },
    "stride and dilation are two parameters: pass each under its own name.": {
        "stride and dilation are swapped": _given(
            stride=lambda call: call.dilation, dilation=lambda call: call.stride
        ),
    },
    'Pass it on to the backend; where the backend has none, raise Unsupported("why").': {
        "the stride is ignored": _given(stride=lambda call: (1,) * len(call.stride)),
        "the dilation is ignored": _given(dilation=lambda call: (1,) * len(call.dilation)),
        "the padding is ignored": _padded(lambda low, high: (0, 0)),
    },
    "A dilation of d puts d - 1 values between two taps, and 1 puts none.": {
        "the dilation is taken for the number of values between two taps": _given(
            dilation=lambda call: tuple(d + 1 for d in call.dilation)
        ),
        "the dilation is less by one": _given(
            dilation=lambda call: tuple(max(d - 1, 1) for d in call.dilation)
        ),
    },
    "padding is a (low, high) pair of zeros for each axis: low before the first value, high after "
    "the last. Where the backend has one number an axis, x = np.pad(x, ((0, 0), (0, 0), *padding)) "
    "comes first.": {
        "low and high padding are swapped": _padded(lambda low, high: (high, low)),
        "the low padding is used on both ends": _padded(lambda low, high: (low, low)),
        "the high padding is used on both ends": _padded(lambda low, high: (high, high)),
        "the larger padding is used on both ends": _padded(lambda *ends: (max(ends),) * 2),
        "the padding is made symmetric": _padded(lambda *ends: (sum(ends) // 2,) * 2),
        "the padding is made symmetric, its odd zero high": _padded(
            lambda *ends: (sum(ends) // 2, (sum(ends) + 1) // 2)
        ),
        "the pairs are read as all lows, then all highs": _given(padding=_as_lows_then_highs),
        "the array x is padded twice": _padded(lambda low, high: (2 * low, 2 * high)),
        "the padding repeats the edge: it must be zeros": _edge_repeated,
    },
    "padding says all of it: ask the backend for 'valid' and no padding of its own.": {
        "the backend pads as for 'same', too": _with_more(lambda k: ((k - 1) // 2, k // 2)),
        "the backend pads as for 'full', too": _with_more(lambda k: (k - 1, k - 1)),
    },
    "Each part of K / groups filters sees its own C / groups channels, one part after another; "
    'where the backend cannot, raise Unsupported("no groups").': {
        "all filters see the first group of channels": _first_group_only,
        "the channels of groups are interleaved": _given(x=lambda c: _dealt(c.x, c.groups, 1)),
        "the filters of groups are interleaved": _given(
            filters=lambda call: _dealt(call.filters, call.groups, 0)
        ),
        "the results of groups are interleaved": _result(
            lambda call, found: _dealt(found, len(call.filters) // call.groups, 1)
        ),
    },
    "The sum goes over all input channels of a group.": {
        "the first channel is used only": _given(
            x=lambda call: call.x[:, :: call.filters.shape[1]],
            filters=lambda call: call.filters[:, :1],
        ),
        "a mean is taken over the channels": _result(
            lambda call, found: found / call.filters.shape[1]
        ),
    },
    "Every item of the batch has a result of its own.": {
        "the first item of the batch is used for all": _given(
            x=lambda call: call.x[:1].repeat(len(call.x), axis=0)
        ),
        "the first item of the batch is computed only": _given(x=lambda call: call.x[:1]),
    },
    "bias has one value for each of the K feature maps, to be added once: on (N, K, *out), "
    "bias.reshape(-1, *(1,) * axes) broadcasts.": {
        "the bias is ignored": _given(bias=lambda call: None),
        "the bias is added twice": _bias_times(2),
        "the bias is subtracted": _bias_times(-1),
        "the bias is added along the last axis": _biased_along(-1),
        "the bias is added along the first spatial axis": _biased_along(2),
        "the first value of the bias is used for all": _given(
            bias=lambda call: None if call.bias is None else call.bias[:1].repeat(len(call.bias))
        ),
    },
    "Ask for the cross-correlation alone: no activation, and no other sign.": {
        "negative results are set to zero": _result(lambda _, found: np.maximum(found, 0)),
        "all signs are turned": _result(lambda _, found: -found),
    },
}

SLIPS = tuple(
    Slip(what, advice, made) for advice, slips in _SLIPS.items() for what, made in slips.items()
)
