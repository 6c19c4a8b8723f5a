"""``python -m adapters doctor SPEC``: is an adapter right? A few small calls, and advice in words.

The suite finds out what a backend does wrong. This finds out first what an adapter does wrong: it
takes a moment, compares so coarsely that rounding is no matter, and says what mends it.
"""

import shlex
import tempfile
import textwrap
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adapters.doctor.asking import Advice, Asked, tried, without_the_file
from adapters.doctor.explaining import errors, slips, unexplained
from adapters.doctor.manners import faults, remarks
from adapters.doctor.trials import trials
from adapters.process.isolation import Isolated, Limits, OverdueError

_WIDTH = 100
_NAMED = 4
_OVERDUE = (
    "The rest was not asked. Make such a call to the backend itself; if it answers in time there, "
    "look for what the adapter does beside."
)


@dataclass(frozen=True)
class Checkup:
    """``asked``: the trials and what came of them; ``faults`` must be mended, ``remarks`` may."""

    spec: str
    name: str
    version: str
    started: float
    asked: tuple[Asked, ...]
    faults: tuple[Advice, ...]
    remarks: tuple[Advice, ...]


def examined(spec: str, limits: Limits = Limits()) -> Checkup:  # noqa: B008 (it is frozen)
    """Ask the adapter. Raises Unavailable, with the reason, if it cannot be loaded at all."""
    with tempfile.TemporaryDirectory(prefix="convspec-") as folder:
        begun = time.monotonic()
        adapter = Isolated(spec, limits, Path(folder, "in-flight.call")).ready()
        started = time.monotonic() - begun
        try:
            return _examined(spec, adapter, started)
        finally:
            adapter.close()


def _examined(spec: str, adapter: Isolated, started: float) -> Checkup:
    claims = adapter.capabilities
    asked: list[Asked] = []
    found: list[Advice] = []
    noted: list[Advice] = []
    if not (claims.dtypes and claims.spatial_axes):
        how = "Capabilities() says what most backends can: leave out what yours cannot."
        found.append(Advice("It claims no dtype, or no number of spatial axes.", how))
    else:
        try:
            for trial in trials(claims.spatial_axes, claims.dtypes, claims.named_padding):
                asked.append(tried(adapter, trial))
            found += faults(adapter, asked)
            noted += remarks(adapter, asked, started)
        except OverdueError as error:
            what = f"After {len(asked)} trials: {without_the_file(error)}."
            found.append(Advice(what, _OVERDUE))
    found = [*_explained(asked, found), *_plainest_declined(asked)]
    return Checkup(
        spec, adapter.name, adapter.version, started, tuple(asked), tuple(found), tuple(noted)
    )


def _explained(asked: list[Asked], others: list[Advice]) -> Iterable[Advice]:
    """Why answers are wrong, among the ``others``, which may be the cause, too."""
    found = list(slips(asked))
    explained = {name for one in found for name in one.seen_in}
    left = [one for one in asked if one.is_wrong and one.trial.name not in explained]
    yield from found
    yield from errors(left)
    yield from others
    yield from unexplained(left, after_others=bool(found or others))


def _plainest_declined(asked: list[Asked]) -> Iterable[Advice]:
    if asked and (why := asked[0].answer.declined):
        how = "Raise Unsupported only for what the backend does not offer: this is all it is for."
        yield Advice(f"It declines the plainest call: {why}", how, (asked[0].trial.name,))


def told(checkup: Checkup) -> str:
    """What a person reads."""
    lines = [f"{checkup.name} {checkup.version} ({checkup.spec}), in {checkup.started:.1f} s"]
    lines += [f"  {_state(asked):<9} {asked.trial.name}{_why(asked)}" for asked in checkup.asked]
    for title, advice in (("To mend:", checkup.faults), ("To consider:", checkup.remarks)):
        if advice:
            lines += ["", title]
            lines += [_numbered(number, one) for number, one in enumerate(advice, 1)]
    if not checkup.faults:
        suite = f"python -m conformance --backend {shlex.quote(checkup.spec)}"
        lines += ["", f"Nothing to mend. Next: {suite}"]
    return "\n".join(lines)


def _state(asked: Asked) -> str:
    if asked.answer.declined:
        return "declined"
    if asked.answer.error:
        return "error"
    return "right" if asked.is_right else "WRONG"


def _why(asked: Asked) -> str:
    return f": {asked.answer.declined}" if asked.answer.declined else ""


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names if more < 2 else (*names[:_NAMED], f"{more} more"))


def _numbered(number: int, advice: Advice) -> str:
    seen = f" (seen in: {_some(advice.seen_in)})" if advice.seen_in else ""
    first, *code = advice.how.split("\n")
    lines = [
        textwrap.fill(
            f"{advice.what}{seen}", _WIDTH, initial_indent=f"{number:2}. ", subsequent_indent="    "
        ),
        textwrap.fill(first, _WIDTH, initial_indent="    ", subsequent_indent="    "),
        *(f"    {line}" for line in code),
    ]
    return "\n".join(lines)
