"""A failing call made small and plain, values included, which shrinking shapes and a seed cannot.

Delta debugging: whatever can be left out or made simpler while the call still fails, is. Source:
Zeller and Hildebrandt (2002), Simplifying and isolating failure-inducing input.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from typing import Any

import numpy as np

from adapters import Unsupported
from conformance.calls import Call
from conformance.judge import Disagreement, Evidence
from conformance.subject import (
    BackendCrash,
    BackendError,
    BackendFailure,
    BackendTimeout,
    NotTried,
    Subject,
)
from reference import ShapeError, SpecError, check_shapes, output_size, resolve_padding
from reference.geometry import Array, per_axis

Failure = Disagreement | BackendFailure
Count = Callable[[Call], int]
Keep = Callable[[Call, Array], Call]

_LIMIT = 300
_QUICK = 2**21  # multiplications
_PIECES = (2, 4, 8, 16, 32, 64)


def smallest(call: Call, fails: Callable[[Call], bool], limit: int = _LIMIT) -> Call:
    """The smallest call found that ``fails`` as ``call`` does: fewer items, filters, channels,
    values and taps, plainer parameters, simpler numbers. It is asked at most ``limit`` times, and
    less often of large calls.

    ``call`` itself if it does not fail when asked alone, as for a failure of a relation or of
    state. The same arguments give the same answer.
    """
    if not fails(call):
        return call
    search = Search(call, fails, limit - cost(call))
    before = None
    while search.best is not before and search.left > 0:
        before = search.best
        plainer_parameters(search)  # first: a smaller input may need padding
        leave_out(search)
        simpler_values(search, _ZERO)
    simpler_values(search, *_SIMPLER)
    return search.best


def reduced(
    subject: Subject, failure: Failure, covered: Callable[[Evidence], bool] = lambda evidence: False
) -> Failure:
    """The same failure on the smallest call found; ``failure`` itself where the call alone does
    not fail, for NaN and infinity, which are judged otherwise, and for a backend that died, which
    is never asked again.

    ``covered`` tells of a failure that it is a known issue, and so not this one. Nothing is
    counted in ``subject``.
    """
    if isinstance(failure, BackendCrash | BackendTimeout) or not is_finite(failure.evidence.call):
        return failure
    probe = _Probe(subject, failure, covered)
    smallest(failure.evidence.call, probe.fails)
    return probe.found


def is_finite(call: Call) -> bool:
    """Whether no array of the call holds a NaN or an infinity."""
    arrays = (call.x, call.filters, call.bias)
    return all(np.isfinite(array).all() for array in arrays if array is not None)


def impossibility(call: Call) -> type[SpecError] | None:
    """What kind of error a call must be refused with; None for a possible one."""
    size, kernel = call.x.shape[2:], call.filters.shape[2:]
    try:
        check_shapes(call.x, call.filters, call.bias, call.groups)
        stride = per_axis(call.stride, len(size), "stride")
        dilation = per_axis(call.dilation, len(size), "dilation")
        pads = resolve_padding(call.padding, size, kernel, stride, dilation)
        output_size(size, kernel, stride, pads, dilation)
    except SpecError as error:
        return type(error)
    return None


class Search:
    """The best call so far, and how much more may be asked for. A call stays as possible, or as
    impossible, as it was, and exact ones stay exact.
    """

    def __init__(self, call: Call, fails: Callable[[Call], bool], left: int) -> None:
        self.best, self.fails, self.left = call, fails, left
        self.kind = impossibility(call)
        self._tried = {call.but(seed=None).key}

    def take(self, candidate: Call) -> bool:
        """Whether the candidate fails, too: then it is the best."""
        candidate = candidate.but(seed=None)
        if candidate.named_padding is not None and self.kind is not ShapeError:
            candidate = candidate.renamed(candidate.named_padding)
        if self.left <= 0 or candidate.key in self._tried or not self._is_alike(candidate):
            return False
        self._tried.add(candidate.key)
        self.left -= cost(candidate)
        if not self.fails(candidate):
            return False
        self.best = candidate
        return True

    def _is_alike(self, candidate: Call) -> bool:
        kind = impossibility(candidate)
        inexact = kind is not None or not candidate.exact
        return kind is self.kind and (inexact or candidate.in_exact_range)


def cost(call: Call) -> int:
    """1 for most calls; more for those whose every result takes a while to check."""
    taps: int = len(call.filters) * prod(call.filters.shape[2:])
    return 1 + call.x.size * taps // (call.groups * _QUICK)


# What can be left out: each function is the call with only those kept that a mask says.


def _items(call: Call, kept: Array) -> Call:
    return call.but(x=call.x[kept])


def _groups(call: Call, kept: Array) -> Call:
    chosen = np.repeat(kept, len(call.filters) // call.groups)
    return call.but(
        x=call.x[:, np.repeat(kept, call.filters.shape[1])],
        filters=call.filters[chosen],
        bias=None if call.bias is None else call.bias[chosen],
        groups=int(kept.sum()),
    )


def _filters(call: Call, kept: Array) -> Call:
    """The same ones of every group."""
    chosen = np.tile(kept, call.groups)
    bias = None if call.bias is None else call.bias[chosen]
    return call.but(filters=call.filters[chosen], bias=bias)


def _channels(call: Call, kept: Array) -> Call:
    """The same ones of every group."""
    return call.but(x=call.x[:, np.tile(kept, call.groups)], filters=call.filters[:, kept])


def _values(axis: int, call: Call, kept: Array) -> Call:
    return call.but(x=call.x.compress(kept, axis))


def _taps(axis: int, call: Call, kept: Array) -> Call:
    return call.but(filters=call.filters.compress(kept, axis))


def leave_out(search: Search) -> None:
    """Items, groups, filters, channels, rows of the input and of the filters, the bias, axes."""
    for pieces in _PIECES:
        for count, keep in _dimensions(search):
            thin(search, count, keep, pieces)
    search.take(search.best.but(bias=None))
    for axis in reversed(range(search.best.axes)):
        drop_axis(search, axis)


def _dimensions(search: Search) -> Iterator[tuple[Count, Keep]]:
    yield partial(_length, "x", 0), _items
    if search.kind is not ShapeError:
        yield lambda call: call.groups, _groups
        yield lambda call: len(call.filters) // call.groups, _filters
        yield partial(_length, "filters", 1), _channels
    yield from ((partial(_length, "x", i), partial(_values, i)) for i in _spatial(search.best.x))
    bank = search.best.filters
    yield from ((partial(_length, "filters", i), partial(_taps, i)) for i in _spatial(bank))


def _length(name: str, axis: int, call: Call) -> int:
    length: int = getattr(call, name).shape[axis]
    return length


def _spatial(array: Array) -> range:
    return range(2, array.ndim)


def thin(search: Search, count: Count, keep: Keep, pieces: int) -> None:
    """Leave out one in so many pieces of what there is, and again while that works; the last one
    is kept.
    """
    before = 0
    while (n := count(search.best)) > 1 and n != before:
        before, run = n, -(-n // pieces)
        for start in reversed(range(0, n, run)):
            kept = np.ones(count(search.best), bool)
            kept[start : start + run] = False
            if kept.any() and search.left > 0:
                search.take(keep(search.best, kept))


def drop_axis(search: Search, axis: int) -> None:
    """Leave out a spatial axis on which there is one value and one tap."""
    call = search.best
    if call.axes == 1 or call.x.ndim != call.filters.ndim:
        return
    if call.x.shape[2 + axis] == call.filters.shape[2 + axis] == 1 and not any(call.padding[axis]):
        others = [other for other in range(call.axes) if other != axis]
        search.take(
            call.but(
                x=call.x.squeeze(2 + axis),
                filters=call.filters.squeeze(2 + axis),
                stride=tuple(call.stride[other] for other in others),
                padding=tuple(call.padding[other] for other in others),
                dilation=tuple(call.dilation[other] for other in others),
            )
        )


def plainer_parameters(search: Search) -> None:
    """Strides and dilations nearer to 1, and pads nearer to 0: at once, then one by one."""
    for name in ("stride", "dilation"):
        search.take(search.best.but(**{name: (1,) * search.best.axes}))
        for axis in range(search.best.axes):
            for less in range(1, getattr(search.best, name)[axis]):
                values = list(getattr(search.best, name))
                values[axis] = less
                if search.take(search.best.but(**{name: tuple(values)})):
                    break
    search.take(search.best.but(padding=((0, 0),) * search.best.axes))
    for axis in range(search.best.axes):
        for side in (0, 1):
            for less in range(search.best.padding[axis][side]):
                pads = [list(pair) for pair in search.best.padding]
                pads[axis][side] = less
                if search.take(search.best.but(padding=tuple((low, high) for low, high in pads))):
                    break


# Numbers that are simpler: of an integer an integer, and none that is larger.


def _one(values: Array) -> Array:
    return np.where(values != 0, 1.0, 0.0)


def _at_most(largest: float, values: Array) -> Array:
    return np.sign(values) * np.minimum(np.abs(values), largest)


def _of_bits(bits: int, values: Array) -> Array:
    """The leading bits."""
    fraction, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.trunc(np.ldexp(fraction, bits)), exponent - bits))


_ZERO: Callable[[Array], Array] = np.zeros_like
_SIMPLER: tuple[Callable[[Array], Array], ...] = (
    _one,
    np.sign,
    *(partial(_at_most, largest) for largest in (2, 3, 9, 2**8, 2**16, 2**32)),
    *(partial(_of_bits, bits) for bits in (1, 3, 6, 12, 16)),
)


def simpler_values(search: Search, *ways: Callable[[Array], Array]) -> None:
    """Replace as many values as can be by simpler ones: all at once, then half by half."""
    for simpler in ways:
        for name in ("bias", "filters", "x"):
            if getattr(search.best, name) is not None:
                _simplify(search, name, simpler)


def _simplify(search: Search, name: str, simpler: Callable[[Array], Array]) -> None:
    values = getattr(search.best, name).astype("float64")
    target = simpler(values) + 0.0  # which is no -0
    parts = deque([np.flatnonzero((target != values) | (np.signbit(values) & (values == 0)))])
    while parts and search.left > 0:
        part = parts.popleft()
        changed = getattr(search.best, name).copy()
        changed.reshape(-1)[part] = target.reshape(-1)[part]
        if len(part) and not search.take(search.best.but(**{name: changed})) and len(part) > 1:
            parts += np.array_split(part, 2)


class _Probe:
    """Asks a backend whether a call fails as another did, and remembers the last that did."""

    def __init__(
        self, subject: Subject, failure: Failure, covered: Callable[[Evidence], bool]
    ) -> None:
        self.subject = Subject(subject.adapter, subject.dtype)
        self.found, self.covered = failure, covered
        self.wanted = _kind_of(failure)
        self.died = False

    def fails(self, call: Call) -> bool:
        if self.died:
            return False
        try:
            if impossibility(call) is None:
                self.subject.check(call)
            else:
                self.subject.refuse(call)
        except (BackendCrash, BackendTimeout):
            self.died = True
        except (Disagreement, BackendError) as failure:
            if _kind_of(failure) == self.wanted and not self.covered(failure.evidence):
                self.found = failure
                return True
        except (Unsupported, NotTried):
            return False
        return False


def _kind_of(failure: Failure) -> tuple[Any, ...]:
    """What two failures share that are taken for the same one."""
    if isinstance(failure, BackendFailure):
        return type(failure), str(failure).partition(":")[0]
    expected, got = failure.evidence.expected, failure.evidence.got
    shapes_agree = expected is None or got is None or expected.shape == got.shape
    return Disagreement, expected is None, shapes_agree
