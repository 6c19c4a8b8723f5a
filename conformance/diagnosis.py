"""From a failing case to the mistake behind it: the one known mistake that explains every case.

A mistake predicts what a backend that makes it would answer. One that fits the failing case, and
every fresh case that comes out wrong, is named; where none does, none is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np

from conformance import variations
from conformance.behaviours import behaviour_of
from conformance.calls import Call
from conformance.data import FLOATS, INTEGERS
from conformance.features import FEATURES
from conformance.judge import Evidence
from conformance.mistakes import MISTAKES, Mistake
from conformance.mistakes.catalogue import IMPOSSIBLE, POSSIBLE, SPECIAL
from conformance.raising import raises, where_it_raises
from conformance.smallest import is_finite
from conformance.subject import Subject
from conformance.witnesses import Bench, Witness, same
from reference.bounds import lemma, magnitude, normwise, term_count
from reference.formats import FORMATS, Format
from reference.geometry import Array

_FEWEST_WRONG = 3
_ENOUGH = 4  # cases on either side, before it is said what tells them apart
_NOT_ALWAYS = "; not always"
_LARGE = 50_000  # values of an input that is not asked about again and again
_VAST = 2048  # of an axis: the square of it, which some hypotheses need, may not fit in memory
_FAR_OFF = 50.0  # times the error of any direct algorithm


@dataclass(frozen=True)
class Diagnosis:
    """``mistake``: the name of the known mistake, "" if none explains the case; ``sentence``."""

    mistake: str
    sentence: str


NONE = Diagnosis("", "no known mistake explains this")
REMEMBERING = Diagnosis(
    "depends_on_earlier_calls",
    "whether a call comes out right depends on the calls before it: something is remembered",
)
AFTER_REFUSAL = Diagnosis(
    "broken_by_refusal",
    "a call that was refused leaves the backend broken: later results are wrong",
)


def is_vast(*arrays: Array) -> bool:
    """Whether an array is so long on an axis that nothing is tried on it."""
    return max(max(array.shape, default=0) for array in arrays) > _VAST


def diagnose(subject: Subject, evidence: Evidence) -> Diagnosis:
    """The known mistake that explains the case and fresh ones alike, or :data:`NONE`."""
    bench = Bench(Subject(subject.adapter, subject.dtype), np.random.default_rng(0))
    if evidence.after_refusal and _stays_broken(bench, evidence.call):
        return AFTER_REFUSAL
    call = evidence.call
    if is_vast(call.x, call.filters):
        return NONE
    if behaviour := behaviour_of(bench.subject, call, bench.rng):
        return Diagnosis(behaviour.name, behaviour.sentence)
    if not call.filters.size:  # there are no values to vary
        return NONE
    if not raises(bench, call):
        return _by_answers(bench, call)
    if where := where_it_raises(bench, call):
        return Diagnosis("raises", where)
    found = _by_answers(bench, call)
    mistake = MISTAKES.get(found.mistake)
    return found if mistake and mistake.answer(call) is None else NONE


def _by_answers(bench: Bench, call: Call) -> Diagnosis:
    for cases in _stages(bench, call):
        wrong = [case for case in cases if case.wrong]
        if len(wrong) >= _FEWEST_WRONG:
            return _explained(bench, wrong, [case for case in cases if not case.wrong])
    return NONE


def _stages(bench: Bench, call: Call) -> Iterator[list[Witness]]:
    """Cases of small integers, then of wide ones, of real numbers, and of the failing values in
    other places: the first that come out wrong tell most.
    """
    own = bench.witness(call)
    first = [own] if own else []
    shuffled = [variations.shuffled(call, bench.rng) for _ in range(8)]
    if own and own.right is None:
        richer = [variations.doubled(call, bench.rng) for _ in range(4)]
        yield first + bench.witnesses(shuffled + richer)
        return
    if not is_finite(call):
        spoiled = variations.spoiled(bench.subject, call, bench.rng)
        yield first + bench.witnesses(chain(shuffled, spoiled))
        return
    for kind in ("integers", "wide integers", *FLOATS):
        calls = variations.around(bench.subject, call, bench.rng, kind)
        if kind == "wide integers":
            calls = chain(variations.of_full_width(call, bench.rng), calls)
        elif kind in FLOATS:
            calls = islice(calls, 14)
        fits = call.exact if kind in INTEGERS else call.data == kind
        yield (first if fits else []) + bench.witnesses(calls)
    yield first + bench.witnesses(chain(variations.scaled(call), shuffled))


def _stays_broken(bench: Bench, call: Call) -> bool:
    answers = [bench.witness(call) for _ in range(3)]
    return all(answer is None or answer.wrong for answer in answers)


def _explained(bench: Bench, wrong: list[Witness], right: list[Witness]) -> Diagnosis:
    call = wrong[0].call
    about = IMPOSSIBLE if wrong[0].right is None else POSSIBLE if is_finite(call) else SPECIAL
    fitting = [mistake for mistake in MISTAKES.values() if mistake.about == about]
    for case in sorted(wrong, key=lambda case: case.call.x.size):
        fitting = [mistake for mistake in fitting if case.fits(mistake)]
    always = [m for m in fitting if not any(case.changed_by(m) for case in right)]
    named = _told_apart(bench, always or fitting, wrong, sometimes=not always)
    if named is None:
        return _remembering(bench, wrong, right) or _unpredicted(bench, wrong) or NONE
    where = _where(bench, named, wrong, right)
    if where.startswith(_NOT_ALWAYS):
        if about == SPECIAL:
            return NONE
        if remembering := _remembering(bench, wrong, right):
            return remembering
    return Diagnosis(named.name, named.sentence + where)


def _told_apart(
    bench: Bench, rivals: list[Mistake], wrong: list[Witness], sometimes: bool
) -> Mistake | None:
    """The one left of mistakes that explain the same cases, after calls about which they disagree;
    the first of those that never do. ``sometimes``: a right answer speaks against none of them.
    """
    for other in _disputed(bench, rivals, wrong):
        if len(rivals) < 2:
            break
        answers = [mistake.answer(other) for mistake in rivals]
        if all(same(answers[0], answer) for answer in answers):
            continue
        if (asked := bench.witness(other)) is None:
            continue
        if asked.wrong:
            rivals = [mistake for mistake in rivals if asked.fits(mistake)]
        elif not sometimes:
            rivals = [mistake for mistake in rivals if not asked.changed_by(mistake)]
    return rivals[0] if rivals else None


def _disputed(bench: Bench, rivals: list[Mistake], wrong: list[Witness]) -> Iterator[Call]:
    """Calls near those that came out wrong, and any others."""
    if len(rivals) < 2:
        return
    for case in (wrong[-1], wrong[0]):
        if case.right is None:
            yield from (variations.doubled(case.call, bench.rng) for _ in range(4))
        elif not is_finite(case.call):
            yield from variations.spoiled(bench.subject, case.call, bench.rng)
        else:
            yield from variations.of_full_width(case.call, bench.rng)
            for kind in ("integers", "log-uniform", "uniform", "wide integers"):
                yield from variations.around(bench.subject, case.call, bench.rng, kind)
    if wrong[0].right is not None and is_finite(wrong[0].call):
        yield from (variations.at_random(bench.subject, bench.rng) for _ in range(150))


def _remembering(bench: Bench, wrong: list[Witness], right: list[Witness]) -> Diagnosis | None:
    """Whether the same calls, asked again in another order, come out otherwise."""
    cases = [case for case in (*wrong[:8], *right[:8]) if case.call.x.size < _LARGE]
    for _ in range(2):
        for at in bench.rng.permutation(len(cases)):
            again = bench.witness(cases[at].call)
            if again is not None and again.wrong != cases[at].wrong:
                return REMEMBERING
    return None


# -- Where does it show? ------------------------------------------------------------------------


def _where(bench: Bench, mistake: Mistake, wrong: list[Witness], right: list[Witness]) -> str:
    """What all wrong cases have and none of the right ones, though the mistake concerns them."""
    spared = [case for case in right if case.changed_by(mistake)]
    if not spared:
        return ""
    for _ in range(60):
        if case := bench.witness(variations.at_random(bench.subject, bench.rng)):
            if case.wrong and case.fits(mistake):
                wrong = [*wrong, case]
            elif not case.wrong and case.changed_by(mistake):
                spared = [*spared, case]
    if min(len(wrong), len(spared)) >= _ENOUGH:
        telling = [
            words
            for words, holds in FEATURES.items()
            if all(holds(case.call) for case in wrong)
            and not any(holds(case.call) for case in spared)
        ]
        if len(telling) == 1:
            return f"; it shows where {telling[0]}, and only there"
    return f"{_NOT_ALWAYS}: {len(spared)} of {len(spared) + len(wrong)} calls came out right"


# -- Mistakes that no exact answer can be predicted of -------------------------------------------


def _unpredicted(bench: Bench, wrong: list[Witness]) -> Diagnosis | None:
    if wrong[0].right is None or not is_finite(wrong[0].call):
        return None
    return _by_norms(bench, wrong[0].call) or _by_sums(bench, wrong) or _never_written(wrong)


def _by_norms(bench: Bench, call: Call) -> Diagnosis | None:
    """Errors too large for a direct algorithm, yet within what a fast one may have."""
    calls = [
        vary(call, bench.rng, kind)
        for vary in (variations.refilled, variations.larger, variations.elongated)
        for kind in ("spike", "log-uniform", "lone", "uniform")
    ]
    cases = bench.witnesses(calls, len(calls))
    if not cases or max(map(_share, cases)) <= _FAR_OFF or not all(map(_within_norms, cases)):
        return None
    return Diagnosis(
        "fast_algorithm",
        "errors keep to a bound on norms only, as those of a fast algorithm do (an FFT, Winograd): "
        "the values of other windows are mixed in",
    )


def _by_sums(bench: Bench, wrong: list[Witness]) -> Diagnosis | None:
    """The widest integers that sums can pass through, if that is less than the format has."""
    call = wrong[0].call
    own = call.format

    def hold(bits: int) -> list[bool]:
        """Whether they do, with the large integers in the filters and in the input."""
        sides = []
        for in_filters in (True, False):
            calls = [variations.cancelling(call, bench.rng, bits, in_filters) for _ in range(3)]
            cases = bench.witnesses(calls)
            sides.append(bool(cases) and not any(case.wrong for case in cases))
        return sides

    if any(hold(own.precision)) or not all(hold(4)):
        return None
    bits = max(bits for bits in range(4, own.precision) if all(hold(bits)))
    if any(_share(case, replace(own, precision=bits)) > 1 for case in wrong):
        return None
    name = {f.precision: f" (as in {f.name})" for f in FORMATS.values()}.get(bits, "")
    return Diagnosis(
        f"sums_of_{bits}_bits",
        f"sums are kept in {bits} bits{name}, which is too narrow for the {own.precision} bits of "
        f"{own.name}",
    )


def _share(case: Witness, sums: Format | None = None) -> float:
    """The largest error as a fraction of that of any direct algorithm, with such sums."""
    call = case.call
    arrays = call.x, call.filters, call.bias, call.parameters
    if case.right is None or case.got.shape != case.right.shape:
        return np.inf
    size = magnitude(*arrays)
    counted = term_count(*arrays), size, size
    bound = lemma(*counted, result=call.format, accumulator=sums or call.format)
    with np.errstate(all="ignore"):
        shares = np.abs(case.got - case.right) / bound
    return float(np.nan_to_num(shares, nan=0.0, posinf=np.inf).max(initial=0.0))


def _within_norms(case: Witness) -> bool:
    call = case.call
    if case.right is None or case.got.shape != case.right.shape:
        return False
    bound = normwise(call.x, call.filters, call.bias, call.parameters, call.format)
    with np.errstate(all="ignore"):
        return bool((np.abs(case.got - case.right) <= bound).all())


def _never_written(wrong: list[Witness]) -> Diagnosis | None:
    """Results that are zero where they should not be, and right everywhere else."""
    for case in wrong:
        if case.right is None or case.got.shape != case.right.shape:
            return None
        if case.got[case.got != case.right].any():
            return None
    if not any(case.got.any() for case in wrong):
        return None
    return Diagnosis(
        "never_written", "some results are left at zero" + _places(wrong) + ", all others are right"
    )


def _places(wrong: list[Witness]) -> str:
    """Along which axis they are the last ones."""
    names = {0: "items of the batch", 1: "feature maps", -1: "places of the last axis"}
    for axis, words in names.items():
        if all(_are_last(case, axis) for case in wrong):
            return f", the last {words}"
    return ""


def _are_last(case: Witness, axis: int) -> bool:
    assert case.right is not None
    off = np.moveaxis(case.got != case.right, axis, 0).reshape(case.got.shape[axis], -1).any(axis=1)
    zero = ~np.moveaxis(case.got != 0, axis, 0).reshape(case.got.shape[axis], -1).any(axis=1)
    first = int(np.argmax(off))
    return bool(first > 0 and zero[first:].all())
