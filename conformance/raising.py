"""Where does a backend raise? What the calls that it raises for have, and no other."""

from collections.abc import Callable, Iterable
from itertools import chain

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
    telling = [
        words
        for words, holds in (FEATURES | _own(call)).items()
        if all(map(holds, failing)) and not any(map(holds, answered))
    ]
    return f"it raises where {telling[0]}, and only there" if len(telling) == 1 else ""


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
