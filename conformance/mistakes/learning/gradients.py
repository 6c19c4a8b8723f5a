"""Gradients of cross-correlation done wrong, and its transpose."""

from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.mistakes.catalogue import slices
from conformance.mistakes.learning.catalogue import wrong
from conformance.mistakes.refused import moves_nothing
from reference.formats import rounded
from reference.geometry import Array, resolve_padding
from reference.gradients import bias_gradient, filter_gradient, input_gradient

gradient_wrong = partial(wrong, GRADIENTS_OF + "cross_correlate")
transposed_wrong = partial(wrong, "transposed_cross_correlate")

_REFERENCE = Reference()


def right(
    gradient: Array, x: Array, filters: Array, bias: Any = None, **p: Any
) -> dict[str, Array]:
    """The right gradients, by name."""
    arrays = {"x": x, "filters": filters} | ({} if bias is None else {"bias": bias})
    return _REFERENCE.gradients("cross_correlate", arrays, gradient, p)


def _spatial(array: Array) -> tuple[int, ...]:
    return tuple(range(2, array.ndim))


@gradient_wrong("GRAD-2", "the gradient by the filters comes out turned round")
def filter_gradient_flipped(filters: Array, **a: Any) -> dict[str, Array]:
    found = right(filters=filters, **a)
    return found | {"filters": np.flip(found["filters"], _spatial(filters))}


@gradient_wrong(
    "GRAD-2", "the gradient by the input uses the filters as they are, not turned round"
)
def input_gradient_unflipped(filters: Array, **a: Any) -> dict[str, Array]:
    turned = np.flip(filters, _spatial(filters))
    return right(filters=filters, **a) | {"x": right(filters=turned, **a)["x"]}


@gradient_wrong("GRAD-2", "the gradient by the filters is that of the tap beside it")
def filter_gradient_of_the_next_tap(filters: Array, **a: Any) -> dict[str, Array]:
    found = right(filters=filters, **a)
    return found | {"filters": np.roll(found["filters"], 1, -1)}


@gradient_wrong(
    "GRAD-10", "gradients of no items are refused, unless the channels are the last axis as it is"
)
def gradients_of_no_items_not_transposed(gradient: Array, x: Array, **a: Any) -> dict[str, Array]:
    if moves_nothing(x.shape) or moves_nothing(gradient.shape):
        raise ValueError("there is nothing to transpose")
    return right(gradient=gradient, x=x, **a)


@gradient_wrong("GRAD-2", "the gradient by the filters ignores the stride")
def filter_gradient_without_stride(
    gradient: Array, x: Array, filters: Array, **a: Any
) -> dict[str, Array]:
    p = {name: a[name] for name in ("padding", "dilation", "groups")}
    pads = _amounts(x, filters, a)
    sizes = [
        (n - 1) + d * (k - 1) + 1
        for n, k, d in zip(gradient.shape[2:], filters.shape[2:], a["dilation"], strict=True)
    ]
    padded = np.pad(x, ((0, 0), (0, 0), *pads))[slices(*map(slice, sizes))]
    by_filters = filter_gradient(padded, gradient, filters.shape[2:], **p | {"padding": 0})
    return right(gradient=gradient, x=x, filters=filters, **a) | {"filters": by_filters}


@gradient_wrong("GRAD-2", "the gradient by the input ignores the dilation")
def input_gradient_without_dilation(
    gradient: Array, x: Array, filters: Array, **a: Any
) -> dict[str, Array]:
    found = right(gradient=gradient, x=x, filters=filters, **a)
    p = {name: a[name] for name in ("stride", "groups")} | {"padding": 0}
    pads = _amounts(x, filters, a)
    size = tuple(
        s * (n - 1) + k
        for s, n, k in zip(a["stride"], gradient.shape[2:], filters.shape[2:], strict=True)
    )
    near = input_gradient(gradient, filters, size, **p)
    wide = [n + low + high for n, (low, high) in zip(x.shape[2:], pads, strict=True)]
    grown = np.zeros((*x.shape[:2], *wide), near.dtype)
    grown[slices(*map(slice, size))] = near
    inside = (slice(low, low + n) for n, (low, _) in zip(x.shape[2:], pads, strict=True))
    return found | {"x": grown[slices(*inside)]}


def _amounts(x: Array, filters: Array, p: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    return resolve_padding(p["padding"], x.shape[2:], filters.shape[2:], p["stride"], p["dilation"])


@gradient_wrong("GRAD-2", "the gradient by the bias is a mean over the batch, not a sum")
def bias_gradient_a_mean_over_the_batch(
    gradient: Array, bias: Any = None, **a: Any
) -> dict[str, Array]:
    found = right(gradient=gradient, bias=bias, **a)
    return found if bias is None else found | {"bias": found["bias"] / len(gradient)}


@gradient_wrong("GRAD-2", "the gradient by the bias is a mean over everything, not a sum")
def bias_gradient_a_mean(gradient: Array, bias: Any = None, **a: Any) -> dict[str, Array]:
    found = right(gradient=gradient, bias=bias, **a)
    count = gradient.size // gradient.shape[1]
    return found if bias is None else found | {"bias": found["bias"] / count}


@gradient_wrong("GRAD-2", "the gradient by the bias leaves out all but the first item")
def bias_gradient_of_the_first_item(
    gradient: Array, bias: Any = None, **a: Any
) -> dict[str, Array]:
    found = right(gradient=gradient, bias=bias, **a)
    return found if bias is None else found | {"bias": bias_gradient(gradient[:1])}


@gradient_wrong("GRAD-2", "the gradient by the filters is a mean over the batch, not a sum")
def filter_gradient_a_mean_over_the_batch(gradient: Array, **a: Any) -> dict[str, Array]:
    found = right(gradient=gradient, **a)
    return found | {"filters": found["filters"] / len(gradient)}


@gradient_wrong("GRAD-9", "the gradient by the filters is that of the last item of the batch alone")
def filter_gradient_of_the_last_item(gradient: Array, x: Array, **a: Any) -> dict[str, Array]:
    found = right(gradient=gradient, x=x, **a)
    return found | {"filters": right(gradient=gradient[-1:], x=x[-1:], **a)["filters"]}


@gradient_wrong(
    "GRAD-2", "the gradient by the filters of the first group is repeated for all groups"
)
def filter_gradient_of_the_first_group(filters: Array, groups: int, **a: Any) -> dict[str, Array]:
    found = right(filters=filters, groups=groups, **a)
    count = len(filters) // groups
    return found | {"filters": np.concatenate([found["filters"][:count]] * groups)}


@gradient_wrong("GRAD-2", "the groups come in reverse order in the gradient by the input")
def input_gradient_groups_reversed(x: Array, groups: int, **a: Any) -> dict[str, Array]:
    found = right(x=x, groups=groups, **a)
    parts = np.split(found["x"], groups, axis=1)
    return found | {"x": np.concatenate(parts[::-1], axis=1)}


@gradient_wrong("GRAD-2", "the gradient by the input is given to the wrong side of the padding")
def input_gradient_pads_swapped(x: Array, filters: Array, **a: Any) -> dict[str, Array]:
    found = right(x=x, filters=filters, **a)
    swapped = tuple((high, low) for low, high in _amounts(x, filters, a))
    return found | {"x": right(x=x, filters=filters, **a | {"padding": swapped})["x"]}


@gradient_wrong("GRAD-2", "taps that lie on padding at some stop lose their whole gradient")
def taps_on_padding_lose_their_gradient(
    x: Array, filters: Array, gradient: Array, **a: Any
) -> dict[str, Array]:
    found = right(x=x, filters=filters, gradient=gradient, **a)
    ones = np.ones(x.shape), np.ones(gradient.shape)
    p = {name: a[name] for name in ("stride", "dilation", "groups")}
    pads = _amounts(x, filters, a)
    met = filter_gradient(*ones, filters.shape[2:], **p, padding=pads)
    return found | {"filters": np.where(met == met.max(), found["filters"], 0)}


@gradient_wrong("GRAD-7", "taps that see only padding get what lay in memory, and not zero")
def idle_taps_are_not_zero(x: Array, filters: Array, gradient: Array, **a: Any) -> dict[str, Array]:
    found = right(x=x, filters=filters, gradient=gradient, **a)
    p = {name: a[name] for name in ("stride", "dilation", "groups")}
    pads = _amounts(x, filters, a)
    met = filter_gradient(
        np.ones(x.shape), np.ones(gradient.shape), filters.shape[2:], **p, padding=pads
    )
    return found | {"filters": np.where(met > 0, found["filters"], 1)}


@gradient_wrong("GRAD-7", "values beyond the last window get the gradient of the value before them")
def remainder_gets_a_gradient(x: Array, **a: Any) -> dict[str, Array]:
    found = right(x=x, **a)
    by_x = found["x"].copy()
    if by_x.shape[-1] > 1:
        idle = by_x[..., -1] == 0
        by_x[..., -1] = np.where(idle, by_x[..., -2], by_x[..., -1])
    return found | {"x": by_x}


@gradient_wrong("GRAD-3", "what the gradients are made of is rounded to 11 bits (TF32)")
def gradients_of_11_bits(**a: Any) -> dict[str, Array]:
    return right(**_rounded(a, 11))


@gradient_wrong("GRAD-3", "what the gradients are made of is rounded to 8 bits (bfloat16)")
def gradients_of_8_bits(**a: Any) -> dict[str, Array]:
    return right(**_rounded(a, 8))


def _rounded(a: dict[str, Any], bits: int) -> dict[str, Any]:
    return {
        name: rounded(value, bits) if isinstance(value, np.ndarray) else value
        for name, value in a.items()
    }


@gradient_wrong("GRAD-2", "the gradients are doubled")
def gradients_doubled(**a: Any) -> dict[str, Array]:
    return {name: 2 * array for name, array in right(**a).items()}


@gradient_wrong("GRAD-2", "the gradients have the wrong sign")
def gradients_negated(**a: Any) -> dict[str, Array]:
    return {name: -array for name, array in right(**a).items()}


@gradient_wrong("GRAD-2", "spatial axes of the gradient by the filters are swapped")
def filter_gradient_axes_swapped(filters: Array, **a: Any) -> dict[str, Array]:
    found = right(filters=filters, **a)
    by_filters = found["filters"]
    if by_filters.ndim > 3 and by_filters.shape[-1] == by_filters.shape[-2]:
        by_filters = np.swapaxes(by_filters, -1, -2)
    return found | {"filters": by_filters}


@gradient_wrong("GRAD-2", "the gradient by the filters leaves out the first row of the input")
def filter_gradient_without_the_first_row(x: Array, **a: Any) -> dict[str, Array]:
    found = right(x=x, **a)
    cut = x.copy()
    cut[:, :, 0] = 0
    return found | {"filters": right(x=cut, **a)["filters"]}


@transposed_wrong("GRAD-13", "the transpose turns the filters round")
def transposed_flipped(x: Array, filters: Array, bias: Any = None, **p: Any) -> Array:
    turned = np.flip(filters, _spatial(filters))
    return _REFERENCE.transposed_cross_correlate(x, turned, bias, **p)


@transposed_wrong("GRAD-13", "the transpose ignores the output padding: what it adds stays empty")
def transposed_without_output_padding(
    x: Array, filters: Array, bias: Any = None, *, output_padding: Any, **p: Any
) -> Array:
    none = tuple(0 for _ in output_padding)
    result = _REFERENCE.transposed_cross_correlate(x, filters, None, output_padding=none, **p)
    result = np.pad(result, ((0, 0), (0, 0), *((0, more) for more in output_padding)))
    return result if bias is None else result + bias.reshape(-1, *(1,) * (x.ndim - 2))


@transposed_wrong("GRAD-13", "the transpose adds its output padding before the result")
def transposed_output_padding_before(x: Array, filters: Array, bias: Any = None, **p: Any) -> Array:
    shift = p["output_padding"]
    result = _REFERENCE.transposed_cross_correlate(x, filters, bias, **p)
    return np.roll(result, shift, _spatial(x))


@transposed_wrong("GRAD-13", "the transpose leaves the bias out")
def transposed_without_bias(x: Array, filters: Array, bias: Any = None, **p: Any) -> Array:
    return _REFERENCE.transposed_cross_correlate(x, filters, None, **p)


@transposed_wrong("GRAD-13", "the transpose has its groups in reverse order")
def transposed_groups_reversed(x: Array, filters: Array, bias: Any = None, **p: Any) -> Array:
    result = _REFERENCE.transposed_cross_correlate(x, filters, None, **p)
    parts = np.split(result, p["groups"], axis=1)
    result = np.concatenate(parts[::-1], axis=1)
    return result if bias is None else result + bias.reshape(-1, *(1,) * (x.ndim - 2))
