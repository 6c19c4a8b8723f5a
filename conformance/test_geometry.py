"""Geometry: how large a feature map is, and which sizes are possible."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from adapters import Unsupported
from conformance.calls import Call
from conformance.clauses import clause
from conformance.judge import compare_shapes, expected
from conformance.strategies import integer_calls
from conformance.subject import Subject
from conformance.vast import Vast, check_vast, vast_cases
from reference import effective_kernel, output_size

ARITHMETIC = "Dumoulin and Visin (2016), A guide to convolution arithmetic, relationship 15"


@clause(
    "GEOM-1",
    "On every spatial axis the feature map has floor((size + low + high - dilation * (kernel - 1)"
    " - 1) / stride) + 1 values.",
    source=ARITHMETIC,
)
def test_output_size(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    compare_shapes(subject.result(call), expected(call).value, call, "the feature maps")


@clause(
    "GEOM-2",
    "A filter that covers the padded input exactly gives one value.",
    source=ARITHMETIC,
)
def test_exact_fit(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(integer_calls(subject, regimes=("exact fit",))))


@clause(
    "GEOM-3",
    "Values beyond the last window that fits have no influence.",
    source=ARITHMETIC,
)
def test_remainder(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, padding=0))
    kernel = call.filters.shape[2:]
    counts = output_size(call.x.shape[2:], kernel, call.stride, call.padding, call.dilation)
    extents = effective_kernel(kernel, call.dilation)
    reach = [
        (count - 1) * step + extent
        for count, step, extent in zip(counts, call.stride, extents, strict=True)
    ]
    seen: Any = (..., *map(slice, reach))
    changed = np.full_like(call.x, 5)
    changed[seen] = call.x[seen]
    got = subject.check(call)
    subject.agree(subject.ask(call.but(x=changed)), got, call, "with other values out of reach")


@clause(
    "GEOM-4",
    "A filter larger than the padded input is refused with an error.",
    source="The formula of GEOM-1 gives no positive size",
)
def test_impossible_sizes_are_refused(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, regimes=("exact fit",)))
    taps = st.sampled_from((1, 0, 2, 4))
    more = data.draw(st.tuples(*(taps,) * call.axes).filter(any), label="more taps")
    longer = np.pad(call.filters, ((0, 0), (0, 0), *((0, n) for n in more)), "edge")
    subject.survive(call.but(filters=longer), call)


@clause(
    "GEOM-5",
    "Filters whose channels do not fit those of the input and the groups are refused with an "
    "error.",
    source="The definition: filters are (K, C / groups, *kernel)",
)
def test_mismatched_channels_are_refused(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, channels=(2, 4)))
    count = call.x.shape[1]
    options = {
        "twice as many": np.tile(call.x, (1, 2, *(1,) * call.axes)),
        "one too many": np.concatenate([call.x, call.x[:, :1]], axis=1),
        "one too few": call.x[:, : count - 1],
        "one alone": call.x[:, :1],
    }
    channels = data.draw(st.sampled_from(sorted(options)))
    subject.survive(call.but(x=options[channels]), call)


@clause(
    "GEOM-9",
    "Filters that cannot be shared out among the groups, and a bias that is not one number for "
    "each filter, are refused with an error.",
    source="The definition: filters are (K, C / groups, *kernel), a bias is (K,)",
)
def test_mismatched_filters_are_refused(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, filters=(2, 4), groups=(2, 3), bias=True))
    assert call.bias is not None
    if data.draw(st.booleans()):
        longer = np.concatenate([call.bias, call.bias[:1]])
        wrong = call.but(bias=longer if data.draw(st.booleans()) else call.bias[:-1])
    else:
        wrong = call.but(filters=call.filters[:-1], bias=call.bias[:-1])
    subject.survive(wrong, call)


@clause(
    "GEOM-10",
    "A stride of 0, or a dilation of 0, is refused with an error.",
    source="The definition: windows that never move on have no number, nor one place several taps",
)
def test_steps_of_zero_are_refused(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    name = data.draw(st.sampled_from(("stride", "dilation")))
    steps = list(getattr(call, name))
    steps[data.draw(st.integers(0, call.axes - 1))] = 0
    subject.survive(call.but(**{name: tuple(steps)}), call)


@clause(
    "GEOM-11",
    "Each number may be large by itself: items, channels, filters, groups, an axis of the input "
    "or of the filters, its padding, its dilation, its stride.",
    source="The definition, which sets no limit",
    cases=vast_cases,
)
def test_vast_sizes(subject: Subject, case: Vast) -> None:
    check_vast(subject, case, lambda recipe: subject.check(recipe.call()))


@clause(
    "GEOM-6",
    "Padding 'valid' adds nothing: every window lies wholly in the input.",
    source="TensorFlow, tf.nn.convolution; ONNX, Conv, auto_pad VALID",
)
def test_valid_padding(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(named(subject, "valid")))


@clause(
    "GEOM-7",
    "Padding 'same' gives ceil(size / stride) values; an odd zero goes after the input.",
    source="TensorFlow, tf.nn.convolution; ONNX, Conv, auto_pad SAME_UPPER",
)
def test_same_upper_padding(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(named(subject, "same_upper")))


@clause(
    "GEOM-8",
    "Padding 'same lower' gives ceil(size / stride) values; an odd zero goes before the input.",
    source="ONNX, Conv, auto_pad SAME_LOWER",
)
def test_same_lower_padding(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(named(subject, "same_lower")))


def named(subject: Subject, name: str) -> st.SearchStrategy[Call]:
    """Calls that ask for their padding by its name."""
    if name not in subject.capabilities.named_padding:
        raise Unsupported(f"the adapter does not take padding by the name {name!r}")

    steps = st.sampled_from(((1, 5), 1))  # torch knows 'same' for stride 1 only
    return steps.flatmap(lambda step: integer_calls(subject, padding=0, stride=step)).map(
        lambda call: call.renamed(name)
    )
