"""Mistakes that no single answer shows: state, layout in memory, chance, arguments written to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from adapters import Unsupported
from conformance import variations
from conformance.calls import Call
from conformance.layouts import (
    Layout,
    backwards,
    channels_last,
    crop,
    expanded,
    fortran,
    gaps,
    offset,
    read_only,
)
from conformance.mistakes.catalogue import correlate
from conformance.smallest import impossibility
from conformance.subject import BackendFailure, NotTried, Subject
from conformance.witnesses import same
from reference.geometry import Array

Rng = np.random.Generator

_TRIALS = 3
_LAYOUTS: dict[Layout, str] = {
    fortran: "have the first axis fastest (Fortran order)",
    channels_last: "have the channels last",
    gaps: "have gaps",
    crop: "are part of a larger array",
    offset: "do not begin where their memory does",
    backwards: "run backwards",
    read_only: "are read-only",
    expanded: "hold one number for many",
}


@dataclass(frozen=True)
class Behaviour:
    name: str
    sentence: str


def behaviour_of(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    """The mistake of this kind that a backend makes around a call, if it makes one."""
    if impossibility(call) is not None:
        return None
    for look in (_dtype, _empty_batch, _no_channels, _arguments, _repetition, _layout, _memory):
        try:
            if found := look(subject, call, rng):
                return found
        except (NotTried, Unsupported):
            return None
    return None


def _answer(subject: Subject, call: Call) -> Array | None:
    """A copy of what the backend returns; None if it raises."""
    try:
        with np.errstate(all="ignore"):
            return subject.result(call).astype("float64")
    except BackendFailure:
        return None


def _right(subject: Subject, call: Call) -> bool:
    return same(_answer(subject, call), correlate(call))


def _fresh(call: Call, rng: Rng) -> Call:
    return variations.refilled(call, rng) if np.prod(call.x.shape) else call


# -- Form ---------------------------------------------------------------------------------------


def _dtype(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    try:
        dtypes = {subject.result(_fresh(call, rng)).dtype for _ in range(_TRIALS)}
    except BackendFailure:
        return None
    if call.x.dtype in dtypes or len(dtypes) > 1:
        return None
    (found,) = dtypes
    return Behaviour("other_dtype", f"results of {call.x.dtype} arguments come back as {found}")


def _empty_batch(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    """A batch of no items, where one of some comes out right."""
    if len(call.x):
        return None
    full = call.but(x=np.ones((2, *call.x.shape[1:]), call.x.dtype))
    if not _right(subject, full):
        return None
    got = _answer(subject, call)
    if got is None:
        return Behaviour("empty_batch_refused", "an empty batch is refused")
    right = correlate(call).shape
    if len(got):
        return Behaviour("empty_batch_is_not_empty", "an empty batch is given items in its result")
    words = f"the result of an empty batch has the wrong shape: {got.shape}, not {right}"
    return None if got.shape == right else Behaviour("empty_batch_misshapen", words)


def _no_channels(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    """An input without channels, where one of some comes out right."""
    if call.x.shape[1]:
        return None
    x, filters = (np.ones((len(a), 2, *a.shape[2:]), a.dtype) for a in (call.x, call.filters))
    got, right = _answer(subject, call), correlate(call)
    if got is None or not _right(subject, call.but(x=x, filters=filters, groups=1)):
        return None
    words = f"the result of no channels has the wrong shape: {got.shape}, not {right.shape}"
    if got.shape == right.shape:
        words = "the result of no channels is not zero or the bias"
    return None if same(got, right) else Behaviour("no_channels_misread", words)


# -- Arguments ----------------------------------------------------------------------------------


def _arguments(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    written: list[set[str]] = []
    for _ in range(_TRIALS):
        fresh = _fresh(call, rng)
        given = {
            name: array.copy()
            for name in ("x", "filters", "bias")
            if (array := getattr(fresh, name)) is not None
        }
        try:
            subject.result_as_is(fresh.but(**given))
        except BackendFailure:
            return None
        written.append({n for n, a in given.items() if not np.array_equal(a, getattr(fresh, n))})
    if not (always := set.intersection(*written)):
        return None
    words = {"x": "the input", "filters": "the filters", "bias": "the bias"}
    names = " and ".join(words[name] for name in words if name in always)
    return Behaviour(
        "arguments_written_to", f"the call writes to {names}: the caller's array changes"
    )


# -- Chance -------------------------------------------------------------------------------------


def _repetition(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    """Equal calls, which must have equal results."""
    for asked in (call, *(_fresh(call, rng) for _ in range(2))):
        got = [_answer(subject, asked) for _ in range(8)]
        if all(same(got[0], other) for other in got):
            continue
        if any(answer is None for answer in got):
            return Behaviour(
                "refused_at_times", "equal calls are answered at times, refused at others"
            )
        right = correlate(asked)
        if _pile_up(got, right):
            return Behaviour(
                "results_pile_up",
                "results pile up: each call adds to what the last one left behind",
            )
        if _by_address(subject, asked):
            return Behaviour(
                "remembered_by_address",
                "results depend on where the arguments lie in memory: something is remembered by "
                "address",
            )
        later = [same(answer, got[1]) for answer in got[1:]]
        if all(later) and asked.exact:
            first = "wrong" if not same(got[0], right) else "right, and later ones are wrong"
            return Behaviour("first_call_differs", f"the first of several equal calls is {first}")
        return Behaviour(
            "not_deterministic",
            "equal calls give different results: the backend is not deterministic",
        )
    return None


def _by_address(subject: Subject, call: Call) -> bool:
    """Whether the very same arrays have the same result, so often that it is no chance, though
    copies have not.
    """
    try:
        got = [subject.result_as_is(call).astype("float64") for _ in range(60)]
    except BackendFailure:
        return False
    return all(same(got[0], other) for other in got)


def _pile_up(got: list[Array | None], right: Array) -> bool:
    pairs = pairwise(got)
    return all(
        a is not None
        and b is not None
        and a.shape == b.shape == right.shape
        and np.allclose(b - a, right, rtol=1e-3, atol=1e-3)
        for a, b in pairs
    ) and bool(right.any())


# -- Layout -------------------------------------------------------------------------------------


def _layout(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    """Arrays that are not contiguous, where contiguous ones come out right."""
    arrays = [a for a in (call.x, call.filters, call.bias) if a is not None]
    if all(a.flags.owndata and a.flags.c_contiguous and a.flags.writeable for a in arrays):
        return None
    broken: dict[str, set[str]] = {}
    refused = False
    for lay, words in _LAYOUTS.items():
        for name in ("x", "filters", "bias"):
            outcomes = list(_laid_out(subject, call, rng, lay, name))
            if outcomes and all(outcome != "right" for outcome in outcomes):
                broken.setdefault(words, set()).add(name)
                refused |= "refused" in outcomes
    if not broken:
        return None
    names = {"x": "inputs", "filters": "filters", "bias": "biases"}
    which = set.union(*broken.values())
    what = " or ".join(names[name] for name in names if name in which)
    verb = "refused" if refused else "misread"
    if list(broken) == [_LAYOUTS[read_only]]:
        return Behaviour("read_only_refused", f"{what} that are read-only are {verb}")
    return Behaviour(
        "layout_ignored",
        f"the layout in memory is not respected: {what} are {verb} that " + ", or ".join(broken),
    )


def _laid_out(subject: Subject, call: Call, rng: Rng, lay: Layout, name: str) -> Iterator[str]:
    """How calls come out with one of the arrays laid out so; nothing where that changes nothing."""
    for _ in range(_TRIALS):
        fresh = variations.larger(call, rng)
        array = getattr(fresh, name)
        if array is None or not _right(subject, fresh):
            return
        laid = lay(array)
        if lay is not read_only and laid.strides == array.strides:
            return
        given = fresh.but(**{name: laid})
        try:
            got = subject.result_as_is(given).astype("float64")
        except BackendFailure:
            yield "refused"
            continue
        yield "right" if same(got, correlate(given)) else "wrong"


# -- Memory of earlier calls --------------------------------------------------------------------


def _memory(subject: Subject, call: Call, rng: Rng) -> Behaviour | None:
    """Pairs of calls of the same shapes, which must know nothing of each other."""
    if not len(call.x):
        return None
    seen: Counter[str] = Counter()
    for trial in range(_TRIALS):
        first = variations.unheard_of(call, rng, trial)
        seen.update(_remembered(subject, first, variations.refilled(first, rng)))
        seen.update(_planned(subject, variations.unheard_of(call, rng, trial + _TRIALS)))
    for name, sentence in _REMEMBERED.items():
        if seen[name] >= _TRIALS - 1:
            return Behaviour(name, sentence)
    return None


_REMEMBERED = {
    "first_call_of_shapes": "the first call of new shapes is wrong, and right when repeated",
    "result_buffer_shared": "results share their memory: later calls overwrite earlier results",
    "stale_results": "results are stale: a call gets the result of an earlier one of its shapes",
    "stale_filters": "filters are stale: a call gets the filters of an earlier one of its shapes",
    "stale_inputs": "inputs are stale: a call gets the input of an earlier one of its shapes",
    "stale_bias": "the bias is stale: a call gets the bias of an earlier one of its shapes",
    "results_pile_up": "results pile up: each call adds to what the last one left behind",
    "stale_padding": "the padding is stale: a call gets that of an earlier one of its shapes",
    "stale_stride": "the stride is stale: a call gets that of an earlier one of its shapes",
    "stale_dilation": "the dilation is stale: a call gets that of an earlier one of its shapes",
    "bias_forgotten": "the bias is left out where an earlier call of the same shapes had none",
    "broken_by_refusal": "after a call that was refused, the results of later calls are wrong",
}


def _remembered(subject: Subject, first: Call, second: Call) -> set[str]:
    """What the second call gets of the first, or does to it."""
    try:
        kept = subject.result(first)
    except BackendFailure:
        return set()
    before = kept.astype("float64")
    found = set()
    if not same(before, correlate(first)) and _right(subject, first):
        found.add("first_call_of_shapes")
    got = _answer(subject, second)
    if not same(before, kept.astype("float64")):
        found.add("result_buffer_shared")
    right = correlate(second)
    if got is None or same(got, right):
        return found | _after_refusal(subject, second, right)
    stale = {
        "stale_results": first,
        "stale_filters": second.but(filters=first.filters),
        "stale_inputs": second.but(x=first.x),
        "stale_bias": second.but(bias=first.bias),
    }
    found |= {name for name, mixed in stale.items() if same(got, correlate(mixed))}
    if same(got, correlate(first) + right):
        found.add("results_pile_up")
    return found


def _planned(subject: Subject, call: Call) -> set[str]:
    """What a call takes from an earlier one of its shapes, and has right when it is the first."""
    plain = call.but(padding=((0, 0),) * call.axes, bias=None, named_padding=None)
    pairs: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "stale_padding": ({"padding": ((1, 3),) * call.axes}, {"padding": ((3, 1),) * call.axes}),
        "stale_stride": ({"stride": (1,) * call.axes}, {"stride": (2,) * call.axes}),
        "stale_dilation": ({"dilation": (2,) * call.axes}, {"dilation": (1,) * call.axes}),
        "bias_forgotten": ({"bias": False}, {"bias": True}),
    }
    found = set()
    for at, (name, (earlier, later)) in enumerate(pairs.items()):
        # Each has a number of filters of its own, so that none knows of another.
        alone, shared = (_times(plain, count) for count in (2 * at + 2, 2 * at + 3))
        first, second = _changed(shared, earlier), _changed(shared, later)
        if not (impossibility(first) is None and _right(subject, _changed(alone, later))):
            continue
        if _right(subject, first) and not _right(subject, second):
            mixed = correlate(_changed(second, earlier))
            found |= {name} if same(_answer(subject, second), mixed) else set()
    return found


def _times(call: Call, count: int) -> Call:
    return call.but(filters=np.concatenate([call.filters] * count))


def _changed(call: Call, changes: dict[str, Any]) -> Call:
    """The call with other parameters; ``bias`` tells whether it has one."""
    if "bias" not in changes:
        return call.but(**changes)
    bias = np.arange(1, len(call.filters) + 1).astype(call.x.dtype)
    return call.but(bias=bias if changes["bias"] else None)


def _after_refusal(subject: Subject, call: Call, right: Array) -> set[str]:
    longest = [n + sum(pads) + 1 for n, pads in zip(call.x.shape[2:], call.padding, strict=True)]
    too_large = np.ones((*call.filters.shape[:2], *longest)).astype(call.filters.dtype)
    if too_large.size > 10**6:
        return set()
    refused = _answer(subject, call.but(filters=too_large, named_padding=None)) is None
    return {"broken_by_refusal"} if refused and not same(_answer(subject, call), right) else set()
