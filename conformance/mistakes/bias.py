"""Mistakes with the bias: missing, doubled, misplaced."""

from collections.abc import Callable

import numpy as np

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate, mistake, offset
from reference.geometry import Array

Added = Callable[[Call, Array], Array]


def _bias(name: str, sentence: str, added: Added) -> None:
    """``added`` gives what is added to the result instead of the bias."""

    @mistake(sentence, name)
    def biased(call: Call) -> Array:
        without = correlate(call, bias=None)
        if call.bias is None:
            return without
        return np.asarray(without + added(call, call.bias.astype("float64")))


def _rearranged(name: str, sentence: str, bias: Added) -> None:
    """``bias`` gives the bias that is used instead, one number for each feature map."""
    _bias(name, sentence, lambda call, own: offset(call, bias(call, own)))


for _name, _sentence, _used in (
    ("bias_missing", "the bias is missing", lambda call, b: 0 * b),
    ("bias_doubled", "the bias is added twice", lambda call, b: 2 * b),
    ("bias_negated", "the bias is subtracted", lambda call, b: -b),
    ("bias_without_sign", "the bias loses its sign", lambda call, b: np.abs(b)),
    (
        "bias_of_the_first_for_all",
        "the bias of the first filter is added to every feature map",
        lambda call, b: np.full_like(b, b[0]),
    ),
    (
        "bias_of_the_last_for_all",
        "the bias of the last filter is added to every feature map",
        lambda call, b: np.full_like(b, b[-1]),
    ),
    (
        "bias_on_the_first_only",
        "the bias is added to the first feature map only",
        lambda call, b: _only(b, 0),
    ),
    (
        "bias_missing_on_the_last",
        "the last feature map lacks its bias",
        lambda call, b: _but_last(b),
    ),
    ("bias_reversed", "the biases are in reverse order", lambda call, b: b[::-1]),
    ("bias_shifted", "the biases are shifted by one", lambda call, b: np.roll(b, 1)),
    (
        "bias_shifted_back",
        "the biases are shifted by one, the other way",
        lambda call, b: np.roll(b, -1),
    ),
    (
        "bias_summed",
        "the sum of all biases is added to every map",
        lambda call, b: np.full_like(b, b.sum()),
    ),
    (
        "bias_averaged",
        "the mean of all biases is added to every map",
        lambda call, b: np.full_like(b, b.mean()),
    ),
    (
        "bias_for_each_channel",
        "the bias is added once for every input channel",
        lambda call, b: b * call.x.shape[1],
    ),
    (
        "bias_for_each_channel_of_a_group",
        "the bias is added once for every channel of its filter",
        lambda call, b: b * call.filters.shape[1],
    ),
    (
        "bias_for_each_tap",
        "the bias is added once for every tap of the kernel",
        lambda call, b: b * call.filters[0, 0].size,
    ),
    (
        "bias_for_each_product",
        "the bias is added once for every product",
        lambda call, b: b * call.filters[0].size,
    ),
    (
        "bias_for_each_group",
        "the bias is added once for every group",
        lambda call, b: b * call.groups,
    ),
    (
        "bias_for_each_item",
        "the bias is added once for every item of the batch",
        lambda call, b: b * len(call.x),
    ),
    (
        "bias_of_the_first_group",
        "the biases of the first group are repeated for every group",
        lambda call, b: np.tile(b[: len(b) // call.groups], call.groups),
    ),
    (
        "bias_interleaved",
        "the biases are dealt out to the groups in turn",
        lambda call, b: b.reshape(-1, call.groups).T.ravel(),
    ),
    (
        "bias_gathered",
        "the biases are gathered from the groups in turn",
        lambda call, b: b.reshape(call.groups, -1).T.ravel(),
    ),
):
    _rearranged(_name, _sentence, _used)


def _only(values: Array, at: int) -> Array:
    kept = np.zeros_like(values)
    kept[at] = values[at]
    return kept


def _but_last(values: Array) -> Array:
    kept = values.copy()
    kept[-1] = 0
    return kept


def _somewhere(name: str, sentence: str, keep: Callable[[Array], None]) -> None:
    """``keep`` sets to zero where the bias is not added."""

    def added(call: Call, bias: Array) -> Array:
        result = correlate(call, bias=None)
        whole = np.broadcast_to(offset(call, bias), result.shape).copy()
        keep(whole)
        return whole

    _bias(name, sentence, added)


def _clear(*index: slice | int) -> Callable[[Array], None]:
    def clear(whole: Array) -> None:
        whole[(..., *index)] = 0

    return clear


def _clear_items(whole: Array) -> None:
    whole[1:] = 0


def _clear_first_item(whole: Array) -> None:
    whole[:1] = 0


for _where, _words, _keep in (
    ("bias_missing_in_the_first_column", "the bias is missing in the first column", _clear(0)),
    ("bias_missing_in_the_last_column", "the bias is missing in the last column", _clear(-1)),
    (
        "bias_in_the_first_column_only",
        "the bias is added to the first column only",
        _clear(slice(1, None)),
    ),
    (
        "bias_for_the_first_item_only",
        "the bias is added to the first item of a batch only",
        _clear_items,
    ),
    (
        "bias_missing_in_the_first_item",
        "the bias is missing in the first item of a batch",
        _clear_first_item,
    ),
):
    _somewhere(_where, _words, _keep)


def _along(axis: int, words: str, name: str) -> None:
    def added(call: Call, bias: Array) -> Array:
        result = correlate(call, bias=None)
        if result.shape[axis] != len(bias):
            return offset(call, bias)
        shape = [1] * result.ndim
        shape[axis] = -1
        return bias.reshape(shape)

    _bias(name, words, added)


_along(-1, "the bias runs along the last axis and not the feature maps", "bias_on_the_last_axis")
_along(2, "the bias runs along the first spatial axis and not the feature maps", "bias_on_a_row")
_along(0, "the bias runs along the batch and not the feature maps", "bias_on_the_batch")


@mistake("results are multiplied by the bias")
def bias_multiplies(call: Call) -> Array:
    return np.asarray(correlate(call, bias=None) * (1 if call.bias is None else offset(call)))


@mistake("a bias of zeros is taken as ones")
def zero_bias_is_one(call: Call) -> Array:
    none = call.bias is None or call.bias.any()
    return correlate(call) if none else correlate(call) + 1
