"""Why answers are wrong: the slips that lead to just these; what errors say; what is left."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

import numpy as np

from adapters.contract import Array
from adapters.doctor.asking import Advice, Asked, near
from adapters.doctor.slips import SLIPS, Ask, Slip
from adapters.doctor.trials import right

# What an error says -> what mends it.
_ERRORS = {
    r"unexpected keyword|required (keyword-only |positional )?argument|positional arguments?": (
        "Write def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, "
        "groups)."
    ),
    r"the adapter returned": (
        "Return a NumPy array of numbers: result.numpy() or np.asarray(result), where the "
        "backend's result is none."
    ),
    r"NoneType": "Mind that bias is None where there is none.",
    r"NotImplementedError|not (yet )?(implemented|supported)|unsupported|unimplemented": (
        'Raise Unsupported("why") for what the backend does not offer, before it is asked.'
    ),
    r"^the process ": (
        "Make this call to the backend itself: if its process dies there, too, it is the backend's "
        "doing. What it cannot survive, decline: raise Unsupported."
    ),
}
_UNEXPLAINED = (
    "No usual slip leads to these answers. Make the call below to the backend itself: if the "
    "answer is the same there, it is the backend's, and the suite tells more of it."
)
_LONGEST_ERROR = 400
_ITS_OWN = "If it should be able to, the error is the backend's own: the suite tells more of it."
_AFTER_THE_OTHERS = "Mend the others first, then ask again: this may follow from them."


def slips(asked: Sequence[Asked]) -> Iterator[Advice]:
    """The slips that explain most wrong answers, one after another."""
    wrong = [one for one in asked if one.is_wrong]
    fine = [one for one in asked if one.is_right]
    made: tuple[Slip, ...] = ()
    while any(one.answer.array is not None for one in wrong):
        chains: list[tuple[Slip, ...]] = [(slip,) for slip in SLIPS]
        chains += [chain for slip in SLIPS for chain in ((slip, *made), (*made, slip)) if made]
        best = _best(chains, wrong, fine) or _best(_pairs(wrong), wrong, fine)
        if best is None:
            return
        seen_in = _explains(best, wrong)
        for slip in best:
            if slip not in made:
                yield Advice(f"{slip.what[0].upper()}{slip.what[1:]}.", slip.advice, seen_in)
        made = best
        wrong = [one for one in wrong if one.trial.name not in seen_in]


def _pairs(wrong: list[Asked]) -> Iterator[tuple[Slip, ...]]:
    """Two at once, for those that hide each other even in the plainest wrong answer."""
    plainest = next(one for one in wrong if one.answer.array is not None)
    return (pair for pair in permutations(SLIPS, 2) if _leads_to(pair, plainest))


def _best(
    chains: Iterable[tuple[Slip, ...]], wrong: list[Asked], fine: list[Asked]
) -> tuple[Slip, ...] | None:
    """The first of those that explain most answers, and then most errors."""
    best, most = None, (0, 0)
    for chain in chains:
        explains = [one for one in wrong if _leads_to(chain, one)]
        answers = sum(one.answer.array is not None for one in explains)
        score = (answers, len(explains))
        if answers and score > most and all(_leads_to(chain, one) for one in fine):
            best, most = chain, score
    return best


def _explains(chain: tuple[Slip, ...], wrong: list[Asked]) -> tuple[str, ...]:
    return tuple(one.trial.name for one in wrong if _leads_to(chain, one))


def _answering(chain: tuple[Slip, ...]) -> Ask:
    """What an adapter with these slips answers, the last of them first."""
    if not chain:
        return right
    before, made = _answering(chain[:-1]), chain[-1].made
    return lambda call: made(call, before)


def _leads_to(chain: tuple[Slip, ...], asked: Asked) -> bool:
    """Whether an adapter with these slips gives this answer: an array, or an error."""
    try:
        expected = _answering(chain)(asked.trial.call)
    except (ValueError, IndexError):  # what NumPy and the reference raise for such arrays
        return asked.answer.array is None
    found = asked.answer.array
    return found is not None and near(found, expected, asked.trial.dtype)


def errors(left: Sequence[Asked]) -> Iterator[Advice]:
    """What errors say, each once: the same mistake in other calls may have other numbers in it."""
    alike: dict[str, list[Asked]] = {}
    for one in left:
        if one.answer.error:
            text = _usual(one.answer.error) or re.sub(r"\d+", "#", one.answer.error)
            alike.setdefault(text, []).append(one)
    for asked in alike.values():
        error, seen_in = asked[0].answer.error, tuple(one.trial.name for one in asked)
        how = _usual(error) or f"{asked[0].trial.refused} {_ITS_OWN}"
        yield Advice(_shortened(error), how, seen_in)


def _usual(error: str) -> str:
    found = (how for said, how in _ERRORS.items() if re.search(said, error, re.IGNORECASE))
    return next(found, "")


def _shortened(error: str) -> str:
    text = error if len(error) <= _LONGEST_ERROR else f"{error[:_LONGEST_ERROR]} ..."
    return f"{text[:1].upper()}{text[1:]}"


def unexplained(left: Sequence[Asked], after_others: bool) -> Iterator[Advice]:
    """What else is wrong; ``after_others``: whether something was found that may explain it."""
    wrong = [one for one in left if one.answer.array is not None]
    if not wrong:
        return
    seen_in = tuple(one.trial.name for one in wrong)
    if after_others:
        yield Advice("Other answers are wrong, too.", _AFTER_THE_OTHERS, seen_in)
        return
    smallest = min(wrong, key=lambda one: one.trial.call.x.size + one.trial.call.filters.size)
    yield Advice("Answers are wrong.", f"{_UNEXPLAINED}\n{_written(smallest)}", seen_in)


def _written(asked: Asked) -> str:
    """A call as Python, what it should give, and what it gave."""
    call, found = asked.trial.call, asked.answer.array
    parameters = ", ".join(f"{name}={value}" for name, value in asked.trial.parameters().items())
    lines = [
        f"x = {_array(call.x)}",
        f"filters = {_array(call.filters)}",
        f"bias = {None if call.bias is None else _array(call.bias)}",
        f"# {parameters}, {asked.trial.dtype}",
        f"expected = {_array(right(call))}",
        f"got = {_array(found)}" if found is not None else "",
    ]
    return "\n".join(lines)


def _array(array: Array) -> str:
    """Integers without their points, in one line."""
    whole = array.astype(int) if np.array_equal(array, np.rint(array)) else array.astype(float)
    return f"np.array({whole.tolist()})"
