"""Where does a backend raise? What the calls that it raises for have, and no other."""

from collections.abc import Callable, Iterable
from itertools import chain, combinations

from conformance import variations
from conformance.calls import Call
from conformance.features import FEATURES, Feature
from conformance.subject import BackendError
from conformance.witnesses import Bench

_AT_RANDOM = 150
_ENOUGH = 4  # calls on either side


def raises(bench: Bench, call: Call) -> bool:
    """Whether the backend raises for the call; that it declines is something else."""
    return isinstance(bench.failure(call), BackendError)


def where_it_raises(bench: Bench, call: Call) -> str:
    """Words for it; "" where nothing that was thought of tells such calls from the others."""
    failing, answered = [call], []
    tried = [
        *variations.around(bench.subject, call, bench.rng, "integers"),
        *(variations.at_random(bench.subject, bench.rng) for _ in range(_AT_RANDOM)),
    ]
    for other in tried:
        failure = bench.failure(other)
        if isinstance(failure, BackendError):
            failing.append(other)
        elif failure is None:
            answered.append(other)
    if not answered:
        return f"it raises for every call: {len(failing)} were tried"
    if min(len(failing), len(answered)) < _ENOUGH:
        return ""
    telling = _telling(FEATURES | _own(call), failing, answered)
    return f"it raises where {telling[0]}, and only there" if len(telling) == 1 else ""


def _telling(features: dict[str, Feature], failing: list[Call], answered: list[Call]) -> list[str]:
    """What all of those calls have, and none of these; two features together, if no one does."""
    common = {words: holds for words, holds in features.items() if all(map(holds, failing))}
    having = {
        words: {at for at, call in enumerate(answered) if holds(call)}
        for words, holds in common.items()
    }
    alone = [words for words, calls in having.items() if not calls]
    return alone or [
        f"{one} and {other}"
        for one, other in combinations(having, 2)
        if not having[one] & having[other]
    ]


def _own(call: Call) -> dict[str, Feature]:
    """What this very call has, size by size."""
    return {
        words.format(size): _has(size, sizes)
        for words, sizes in _SIZES.items()
        for size in set(sizes(call))
    }


def _has(size: int, sizes: Callable[[Call], Iterable[int]]) -> Feature:
    return lambda call: size in sizes(call)


_SIZES: dict[str, Callable[[Call], Iterable[int]]] = {
    "an axis has stride {}": lambda call: call.stride,
    "an axis has dilation {}": lambda call: call.dilation,
    "an axis of the kernel is {} long": lambda call: call.filters.shape[2:],
    "a side of an axis has {} zeros of padding": lambda call: chain(*call.padding),
}
