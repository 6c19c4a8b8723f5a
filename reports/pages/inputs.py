"""What the backends were asked: the distributions of the inputs, and what became of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reports.pages.bars import Chart, charted, in_bins, percent
from reports.pages.report import Report, View
from reports.records import INPUTS, SIZES, Backend, Outcome
from reports.results import Results
from reports.words import dtype_order

# For each name of a tally its title, and what is counted.
_TITLES = {
    "axes": ("Spatial axes", "once a call; 0 for dense layers"),
    "batch": ("Batch", "once a call"),
    "channels": ("Input channels", "once a call"),
    "filters": ("Filters", "once a call"),
    "groups": ("Groups", "once a call"),
    "size": ("Input size", "for each axis"),
    "kernel": ("Kernel size", "for each axis"),
    "stride": ("Stride", "for each axis"),
    "dilation": ("Dilation", "for each axis"),
    "padding": ("Padding", "for each side of each axis"),
}
_ONCE = ("axes", "batch", "channels", "filters", "groups")  # counted once for a call
# What tells faults apart, and would be seldom if it were not drawn for that: more than a number.
_TELLING = (
    ("batch", 1, "of the batches hold more than one image"),
    ("groups", 1, "of the calls have several groups"),
    ("channels", 8, "of the calls have more than 8 input channels"),
    ("kernel", 4, "of the kernel sizes along an axis are above 4"),
    ("stride", 1, "of the strides are above 1"),
    ("dilation", 1, "of the dilations are above 1"),
    ("padding", 0, "of the paddings are not 0"),
)
_MOST_REASONS = 40

Tallies = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Asked:
    """How many examples were answered and declined, and how many drawn that could not be asked.

    The last are `invalid`, and were thrown away.
    """

    answered: int = 0
    declined: int = 0
    invalid: int = 0

    @property
    def drawn(self) -> int:
        return self.answered + self.declined + self.invalid

    @property
    def parts(self) -> tuple[tuple[str, int, str], ...]:
        """Each part of what was drawn: its name, its number, and its share in words."""
        named = (
            ("answered", self.answered),
            ("declined", self.declined),
            ("thrown away", self.invalid),
        )
        return tuple((name, number, percent(number, self.drawn)) for name, number in named)

    @property
    def bar(self) -> tuple[tuple[str, str, str], ...]:
        """Each part as a stretch of a bar of the width 100: its name, start and length."""
        stretches, start = [], 0.0
        for name, number, _ in self.parts:
            length = 100 * number / self.drawn if self.drawn else 0.0
            if number:
                stretches.append((name, f"{start:.4g}", f"{length:.4g}"))
            start += length
        return tuple(stretches)


@dataclass(frozen=True)
class Portion:
    """What was asked in a chapter, or in all of them together."""

    title: str
    asked: Asked
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Refusal:
    """A reason for which backends declined, and how often."""

    reason: str
    times: int
    backends: tuple[str, ...]


@dataclass(frozen=True)
class Inputs:
    """All that the page shows.

    `calls` are those that the charts count. `untallied` are the chapters that asked something, and
    do not say what. `reasons` are the most frequent ones; `further` counts the others, and
    `unexplained` what was declined without one.
    """

    whole: Portion
    calls: int
    telling: tuple[str, ...]
    chapters: tuple[Portion, ...]
    untallied: tuple[str, ...]
    backends: tuple[tuple[Backend, Asked], ...]
    reasons: tuple[Refusal, ...]
    further: int
    unexplained: int


def views(report: Report) -> Iterator[View]:
    """The page."""
    context = {"inputs": inputs_of(report.results)}
    yield View(("inputs",), "What was asked", "inputs.html", context)


def inputs_of(results: Results) -> Inputs:
    """What the outcomes say of what was asked."""
    of_chapter = {clause.id: clause.chapter for clause in results.clauses}
    parts: dict[str, list[Outcome]] = {clause.chapter: [] for clause in results.clauses}
    on: dict[str, list[Outcome]] = {backend.name: [] for backend in results.backends}
    for outcome in results.outcomes:
        parts[of_chapter[outcome.clause]].append(outcome)
        on[outcome.backend].append(outcome)
    tallies = {chapter: _tallies(outcomes) for chapter, outcomes in parts.items()}
    whole = _together(tallies.values())
    asked = {chapter: _asked(outcomes) for chapter, outcomes in parts.items()}
    refusals = _refusals(results.outcomes)
    everything = _asked(results.outcomes)
    return Inputs(
        Portion(
            "All chapters",
            everything,
            (*_charts(whole), *_by_dtype(results.outcomes)),
        ),
        max((sum(whole[name]) for name in _ONCE if name in whole), default=0),
        tuple(_telling(whole)),
        tuple(
            Portion(chapter, asked[chapter], tuple(_charts(tallies[chapter])))
            for chapter in parts
            if asked[chapter].drawn
        ),
        tuple(chapter for chapter in parts if asked[chapter].drawn and not tallies[chapter]),
        tuple((backend, _asked(on[backend.name])) for backend in results.backends),
        refusals[:_MOST_REASONS],
        sum(refusal.times for refusal in refusals[_MOST_REASONS:]),
        max(everything.declined - sum(refusal.times for refusal in refusals), 0),
    )


def _asked(outcomes: Iterable[Outcome]) -> Asked:
    together = Asked()
    for outcome in outcomes:
        together = Asked(
            together.answered + outcome.examples,
            together.declined + outcome.declined,
            together.invalid + outcome.invalid,
        )
    return together


def _tallies(outcomes: Iterable[Outcome]) -> Tallies:
    return _together(outcome.inputs for outcome in outcomes)


def _together(tallies: Iterable[Tallies]) -> Tallies:
    """The sums of tallies, name by name; a name with nothing in it is left out."""
    sums: dict[str, tuple[int, ...]] = {}
    for tally in tallies:
        for name, counts in tally.items():
            if any(counts):
                before = sums.get(name, (0,) * len(counts))
                sums[name] = tuple(map(sum, zip(before, counts, strict=True)))
    return {name: sums[name] for name in INPUTS if name in sums}


def _charts(tallies: Tallies) -> Iterator[Chart]:
    for name, tally in tallies.items():
        title, note = _TITLES[name]
        yield charted(title, in_bins(SIZES, tally), note)


def _by_dtype(outcomes: Iterable[Outcome]) -> Iterator[Chart]:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.dtype] += outcome.examples + outcome.declined
    found = sorted(filter(counts.__getitem__, counts), key=dtype_order)
    if found:
        yield charted(
            "Dtype", [(name or "none", counts[name]) for name in found], "once an example"
        )


def _telling(tallies: Tallies) -> Iterator[str]:
    """A part of a sentence on each thing that tells faults apart."""
    for name, above, words in _TELLING:
        if tally := tallies.get(name):
            beyond = sum(tally[SIZES.index(above) + 1 :])
            yield f"{percent(beyond, sum(tally))} {words}"


def _refusals(outcomes: Iterable[Outcome]) -> tuple[Refusal, ...]:
    """Every reason, the most frequent first."""
    times: Counter[str] = Counter()
    backends: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        for reason, number in outcome.refusals.items():
            times[reason] += number
            backends.setdefault(reason, {})[outcome.backend] = None
    return tuple(
        Refusal(reason, number, tuple(backends[reason]))
        for reason, number in sorted(times.items(), key=lambda entry: (-entry[1], entry[0]))
        if number
    )
