"""Cross-correlation: what the operation computes, one parameter at a time."""

import numpy as np
from hypothesis import strategies as st

from conformance.clauses import clause
from conformance.judge import Reading
from conformance.strategies import PLAIN, REGIMES, integer_calls
from conformance.subject import Subject
from reference import effective_kernel, every, pad

DEFINITION = "Goodfellow, Bengio, Courville (2016), Deep Learning, equation 9.6"
SIGNALS = "Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 2"
ARITHMETIC = "Dumoulin and Visin (2016), A guide to convolution arithmetic"


@clause(
    "CORR-1",
    "Each value of a feature map is the sum of the element-wise products of the filter and the "
    "window that it lies on.",
    source=DEFINITION,
)
def test_sum_of_products(subject: Subject, data: st.DataObject) -> None:
    regimes = ("small", "exact fit", "large batch", *2 * ("large kernel", "large input"))
    subject.check(
        data.draw(
            integer_calls(subject, regimes=regimes, channels=1, filters=1, **PLAIN, bias=False)
        )
    )


@clause(
    "CORR-2",
    "The filter is not flipped: the answer to a single one in the input is the filter turned "
    "round.",
    source=DEFINITION + ": cross-correlation, in contrast to equation 9.4",
)
def test_not_flipped(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, channels=1, batch=1, **PLAIN, bias=False))
    kernel = call.filters.shape[2:]
    one = np.zeros((1, 1, *(2 * k - 1 for k in kernel)), call.x.dtype)
    one[(0, 0, *(k - 1 for k in kernel))] = 1
    axes = tuple(range(2, one.ndim))
    turned = np.flip(call.filters[:, 0], tuple(axis - 1 for axis in axes))[None].astype("float64")
    probe = call.but(x=one)
    subject.agree(
        subject.ask(probe), Reading(turned, np.zeros(())), probe, "the answer to a single one"
    )


@clause(
    "CORR-3",
    "The result is linear in the input.",
    source=SIGNALS,
)
def test_linear_in_the_input(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, bias=False, headroom=2))
    other = np.roll(call.x, 1, axis=-1)[::-1].copy()
    total = call.but(x=call.x + other)
    parts = subject.check(call) + subject.ask(call.but(x=other))
    subject.agree(subject.ask(total), parts, total, "the result for a sum of two inputs")


@clause(
    "CORR-4",
    "The result is linear in the filters.",
    source=SIGNALS,
)
def test_linear_in_the_filters(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, bias=False, headroom=3))
    minus_twice = subject.ask(call.but(filters=call.filters * call.filters.dtype.type(-2)))
    subject.agree(
        minus_twice, subject.check(call).times(-2), call, "the result for -2 times the filters"
    )


@clause(
    "CORR-5",
    "Shifting the input shifts the feature maps (where the stride is 1 and nothing is padded).",
    source="Goodfellow, Bengio, Courville (2016), Deep Learning, section 9.2",
)
def test_shift_equivariant(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, stride=1, padding=0))
    axis = data.draw(st.integers(2, call.x.ndim - 1))
    wider = call.but(x=np.concatenate([call.x.take([0], axis), call.x], axis))
    later = (slice(None),) * axis + (slice(1, None),)
    subject.agree(subject.ask(wider)[later], subject.check(call), wider, "the shifted result")


@clause(
    "CORR-6",
    "A filter of a single one at its centre gives back the input.",
    source=SIGNALS,
)
def test_delta_is_the_identity(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, **PLAIN, bias=False))
    channels = call.x.shape[1]
    centre = tuple((k - 1) // 2 for k in call.filters.shape[2:])
    delta = np.zeros((channels, channels, *call.filters.shape[2:]), call.x.dtype)
    delta[(np.arange(channels), np.arange(channels), *centre)] = 1
    sides = tuple((c, k - 1 - c) for c, k in zip(centre, delta.shape[2:], strict=True))
    same = call.but(filters=delta, padding=sides)
    identity = Reading(call.x.astype("float64"), np.zeros(()))
    subject.agree(subject.ask(same), identity, same, "the result of the delta filter")


@clause(
    "CORR-7",
    "A stride of s keeps every s-th value of the result with stride 1.",
    source=ARITHMETIC,
)
def test_stride_is_subsampling(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject, regimes=("small", *REGIMES, "pointwise", "pointwise")))
    dense = subject.ask(call.but(stride=(1,) * call.axes))
    subject.agree(subject.check(call), dense[every(call.stride)], call, "the strided result")


@clause(
    "CORR-8",
    "A dilation of d is a filter with d - 1 zeros between its values.",
    source="Yu and Koltun (2016), Multi-scale context aggregation by dilated convolutions",
)
def test_dilation_is_a_filter_with_holes(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    extent = effective_kernel(call.filters.shape[2:], call.dilation)
    holed = np.zeros((*call.filters.shape[:2], *extent), call.filters.dtype)
    holed[every(call.dilation)] = call.filters
    with_holes = subject.ask(call.but(filters=holed, dilation=(1,) * call.axes))
    subject.agree(subject.check(call), with_holes, call, "the dilated result")


@clause(
    "CORR-9",
    "Padding of (low, high) is that many zeros before and after the input.",
    source=ARITHMETIC,
)
def test_padding_is_explicit_zeros(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    explicit = call.but(x=pad(call.x, call.padding), padding=((0, 0),) * call.axes)
    subject.agree(subject.check(call), subject.ask(explicit), call, "the padded result")


@clause(
    "CORR-10",
    "The spatial axes are alike: exchanging two of them in all arguments exchanges them in the "
    "result.",
    source=DEFINITION + " is symmetric in its spatial axes",
)
def test_axes_are_alike(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    order = data.draw(st.permutations(range(call.axes)))
    axes = (0, 1, *(2 + axis for axis in order))
    turned = call.but(
        x=call.x.transpose(axes).copy(),
        filters=call.filters.transpose(axes).copy(),
        stride=tuple(call.stride[axis] for axis in order),
        padding=tuple(call.padding[axis] for axis in order),
        dilation=tuple(call.dilation[axis] for axis in order),
    )
    back = tuple(int(axis) for axis in np.argsort(axes))
    got = subject.ask(turned)
    got = Reading(
        got.value.transpose(back) if got.value.ndim == len(back) else got.value, got.bound
    )
    subject.agree(got, subject.check(call), turned, "the result with exchanged axes")


@clause(
    "CORR-11",
    "An axis of size 1 under a kernel of size 1 changes nothing: 1-D, 2-D and 3-D are one "
    "operation.",
    source=DEFINITION + ", for any number of axes",
)
def test_one_operation_for_any_rank(subject: Subject, data: st.DataObject) -> None:
    call = data.draw(integer_calls(subject))
    if call.axes + 1 not in subject.capabilities.spatial_axes:
        subject.check(call)
        return
    flat = call.but(
        x=call.x[..., None],
        filters=call.filters[..., None],
        stride=(*call.stride, 1),
        padding=(*call.padding, (0, 0)),
        dilation=(*call.dilation, 1),
    )
    subject.agree(
        subject.ask(flat)[..., 0], subject.check(call), flat, "the result with an axis of 1"
    )


@clause(
    "CORR-12",
    "All parameters work together: stride, padding, dilation, groups, bias, batch and channels.",
    source=DEFINITION,
)
def test_all_together(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(integer_calls(subject)))


@clause(
    "CORR-13",
    "The layers of everyday networks are right: square filters of odd size, padding that keeps the "
    "size, strides and dilations of 1 or 2, channels by the dozen, in one group, a few or as many.",
    source="He, Zhang, Ren, Sun (2016), Deep residual learning for image recognition, section 3.3",
)
def test_everyday_layers(subject: Subject, data: st.DataObject) -> None:
    subject.check(data.draw(integer_calls(subject, regimes=("everyday",))))
