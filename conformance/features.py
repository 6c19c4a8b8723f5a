"""What a call has and others have not: where a mistake shows is said in these words."""

from collections.abc import Callable

from conformance.calls import Call
from conformance.mistakes.catalogue import correlate

Feature = Callable[[Call], bool]


def _more_than(limit: int, number: Callable[[Call], int]) -> Feature:
    return lambda call: number(call) > limit


FEATURES: dict[str, Feature] = {
    "there are several groups": lambda c: c.groups > 1,
    "there is one group": lambda c: c.groups == 1,
    "each filter sees one channel of several": lambda c: c.groups > 1 and c.filters.shape[1] == 1,
    "the stride is more than 1": lambda c: max(c.stride) > 1,
    "the stride is 1": lambda c: max(c.stride) == 1,
    "the strides of the axes differ": lambda c: len(set(c.stride)) > 1,
    "the dilation is more than 1": lambda c: max(c.dilation) > 1,
    "the dilation is 1": lambda c: max(c.dilation) == 1,
    "there is padding": lambda c: max(map(max, c.padding)) > 0,
    "there is no padding": lambda c: max(map(max, c.padding)) == 0,
    "an axis has unlike padding on its sides": lambda c: any(a != b for a, b in c.padding),
    "the padding is asked for by its name": lambda c: c.named_padding is not None,
    "there is a bias": lambda c: c.bias is not None,
    "there is no bias": lambda c: c.bias is None,
    "there is one spatial axis": lambda c: c.axes == 1,
    "there are two spatial axes": lambda c: c.axes == 2,
    "there are three spatial axes": lambda c: c.axes == 3,
    "the kernel has one tap": lambda c: c.filters[0, 0].size == 1,
    "the filter covers the padded input": lambda c: correlate(c)[:1, 0].size == 1,
    "the last axis of the kernel is even": lambda c: c.filters.shape[-1] % 2 == 0,
    "the last axis of the kernel is odd": lambda c: c.filters.shape[-1] % 2 == 1,
    "there is one filter": lambda c: len(c.filters) == 1,
    "there is one channel": lambda c: c.x.shape[1] == 1,
    "a batch has one item": lambda c: len(c.x) == 1,
}
for _n in (1, 2, 4, 8, 16, 32):
    FEATURES[f"a batch has more than {_n} items"] = _more_than(_n, lambda c: len(c.x))
    FEATURES[f"filters have more than {_n} channels"] = _more_than(_n, lambda c: c.filters.shape[1])
    FEATURES[f"there are more than {_n} filters"] = _more_than(_n, lambda c: len(c.filters))
for _n in (2, 3, 5, 7):
    FEATURES[f"an axis of the kernel is longer than {_n}"] = _more_than(
        _n, lambda c: max(c.filters.shape[2:])
    )
