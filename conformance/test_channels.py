"""Channels: a layer takes input channels to output channels, one filter for each of these."""

import contextlib
from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from adapters import Unsupported
from conformance.clauses import clause
from conformance.judge import Reading, allowance, compare_shapes, expected
from conformance.requests import call_of, gradient_request
from conformance.strategies import integer_calls, integer_recipes
from conformance.subject import BackendError, Subject

DEFINITION = "Goodfellow, Bengio, Courville (2016), Deep Learning, equation 9.7"
GROUPS = "Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep CNNs, section 3.5"

DEEP = ("small", "plain", "large kernel", "exact fit")


@clause(
    "CHAN-1",
    "The number of filters is the number of output channels; each feature map is that of its own "
    "filter alone.",
    source=DEFINITION,
)
def test_a_feature_map_for_each_filter(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, regimes=DEEP, groups=1, filters=(1, 90)))
    k = data.draw(st.integers(0, len(call.filters) - 1))
    alone = call.but(filters=call.filters[[k]], bias=None if call.bias is None else call.bias[[k]])
    got = subject.check(call)
    subject.agree(got[:, [k]], subject.ask(alone), call, f"feature map {k}")


@clause(
    "CHAN-2",
    "Every input channel contributes: the result is the sum of what each channel gives with its "
    "own slice of the filters.",
    source=DEFINITION,
)
def test_every_input_channel_contributes(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, regimes=DEEP, groups=1, channels=(2, 80), bias=False))
    cut = data.draw(st.integers(1, call.x.shape[1] - 1))
    first = subject.ask(call.but(x=call.x[:, :cut], filters=call.filters[:, :cut]))
    rest = subject.ask(call.but(x=call.x[:, cut:], filters=call.filters[:, cut:]))
    subject.agree(subject.check(call), first + rest, call, "the sum over the channels")


@clause(
    "CHAN-3",
    "A grayscale image has one input channel and an RGB image three, and so has every filter.",
    source=DEFINITION,
)
def test_grayscale_and_rgb(subject: Subject, data: st.DataObject) -> None:
    channels = data.draw(st.sampled_from((1, 3)))
    subject.check(data.draw(integer_calls(subject, groups=1, channels=channels)))


@clause(
    "CHAN-4",
    "With groups, each consecutive part of the filters sees only its own part of the channels.",
    source=GROUPS,
)
def test_groups_are_separate(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, groups=(2, 8), bias=False))
    group = data.draw(st.integers(0, call.groups - 1))
    inputs, filters = call.x.shape[1] // call.groups, len(call.filters) // call.groups
    maps = slice(group * filters, (group + 1) * filters)
    alone = call.but(
        x=call.x[:, group * inputs : (group + 1) * inputs], filters=call.filters[maps], groups=1
    )
    subject.agree(subject.check(call)[:, maps], subject.ask(alone), call, f"group {group}")


@clause(
    "CHAN-5",
    "Depthwise: with as many groups as channels, each filter sees one channel.",
    source="Chollet (2017), Xception: deep learning with depthwise separable convolutions",
)
def test_depthwise(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(integer_calls(subject, regimes=("depthwise",))))


@clause(
    "CHAN-6",
    "Permuting the filters permutes the feature maps.",
    source=DEFINITION,
)
def test_permuting_filters(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, groups=1))
    order = np.array(data.draw(st.permutations(range(len(call.filters)))))
    permuted = call.but(
        filters=call.filters[order], bias=None if call.bias is None else call.bias[order]
    )
    got = subject.check(call)[:, order]
    subject.agree(subject.ask(permuted), got, permuted, "the result with permuted filters")


@clause(
    "CHAN-7",
    "Permuting the input channels, of the input and of every filter alike, changes nothing.",
    source=DEFINITION,
)
def test_permuting_input_channels(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, groups=1))
    order = np.array(data.draw(st.permutations(range(call.x.shape[1]))))
    permuted = call.but(x=call.x[:, order], filters=call.filters[:, order])
    got = subject.check(call)
    subject.agree(subject.ask(permuted), got, permuted, "the result with permuted channels")


@clause(
    "CHAN-8",
    "The items of a batch are independent: each has the result that it has alone.",
    source=DEFINITION,
)
def test_batch_items_are_independent(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, regimes=("small", "large batch", "many channels")))
    item = data.draw(st.integers(0, len(call.x) - 1))
    alone = subject.ask(call.but(x=call.x[[item]]))
    subject.agree(subject.check(call)[[item]], alone, call, f"item {item} of the batch")


@clause(
    "CHAN-9",
    "The output of a layer is accepted as the input of the next, whose filters have as many "
    "channels as the first has filters.",
    source="LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to documents",
)
def test_layers_chain(subject: Subject, data: st.DataObject) -> None:
    taps = 8
    call = data.draw(integer_calls(subject, headroom=taps))
    rng = np.random.default_rng(call.seed)
    maps = subject.result(call)
    right = expected(call)
    compare_shapes(maps, right.value, call, "the output of the first layer")
    channels = right.value.shape[1]
    signs = rng.choice((-1.0, 1.0), (3, channels))
    signs[:, taps:] = 0
    bank = rng.permuted(signs, axis=1).reshape(3, channels, *(1,) * call.axes)
    following = call.but(
        x=maps,
        filters=bank.astype(call.filters.dtype),
        bias=None,
        stride=(1,) * call.axes,
        padding=((0, 0),) * call.axes,
        dilation=(1,) * call.axes,
        groups=1,
    )
    bound = allowance(following, subject.promise) + taps * allowance(call, subject.promise).max()
    got = Reading(subject.result_as_is(following).astype("float64"), bound)
    both = expected(following.but(x=right.value, filters=bank))
    subject.agree(got, both, following, "the output of the second layer")


@clause(
    "CHAN-10",
    "Without input channels every sum is empty: the result is the bias, or zero, in its usual "
    "shape, and the gradients by the input and the filters are empty; or an error says that there "
    "must be channels.",
    source="The definition, for C = 0",
)
def test_no_channels(subject: Subject, data: st.DataObject) -> None:
    request = gradient_request(data.draw(integer_recipes(subject, regimes=DEEP, groups=1)))
    empty = {name: request.arrays[name][:, :0] for name in ("x", "filters")}
    request = request.with_arrays(**empty)
    call = call_of(request)
    with refusal_allowed():
        subject.check(call)
    with contextlib.suppress(Unsupported), refusal_allowed():
        subject.check_request(request)


@contextlib.contextmanager
def refusal_allowed() -> Iterator[None]:
    """What raises an error does not offer this."""
    try:
        yield
    except BackendError as error:
        raise Unsupported(f"no channels: {error}") from error
