"""Filters before and after training, and what a trained network makes of a digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference import EDGES, cross_correlate, edge_filters, sobel_filters
from reference.activations import activate
from reference.errors import SpecError
from reference.geometry import Array
from reference.pooling import max_pool
from reference.training import normalised
from reports.pages.learned import learned
from reports.pages.pictures import (
    Picture,
    described,
    largest_of,
    number,
    signed,
    signed_places,
)
from reports.pages.series import (
    LeftOut,
    SeriesError,
    Values,
    Whose,
    left_out,
    measured,
    of_clause,
    whose,
)
from reports.records import Outcome
from reports.results import Results

CLAUSE = "TRAIN-9"
SHOWN = 3  # banks of filters that are shown as pictures
RESPONSE, MOVED = "response to edges", "filters moved, in norms of their start"
_MOST = 32


@dataclass(frozen=True)
class Bank:
    """The first layer's filters of some backends, before and after, and what was measured.

    `spread` says how much they differ, if they do. Beyond the first few banks there are no
    pictures.
    """

    whose: tuple[Whose, ...]
    outcome: str
    facts: tuple[tuple[str, str], ...]
    before: tuple[Picture, ...]
    after: tuple[Picture, ...]
    largest_before: str
    largest_after: str
    spread: str


@dataclass(frozen=True)
class Emerged:
    """Every bank there is, filters made by hand to compare with, and who has none."""

    banks: tuple[Bank, ...]
    by_hand: tuple[tuple[str, Picture], ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, eq=False)
class _Trained:
    outcome: Outcome
    before: Values
    after: Values

    @property
    def look(self) -> tuple[object, ...]:
        """Equal for those that are shown as one."""
        banks = self.before, self.after
        places = [signed_places(bank, largest_of(bank)).tobytes() for bank in banks]
        return (*places, self.outcome.outcome, *self.facts)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        facts = self.outcome.facts
        return tuple((name, facts[name]) for name in (RESPONSE, MOVED) if name in facts)


@dataclass(frozen=True)
class Layers:
    """What a trained network makes of a digit, layer by layer, and who trained it.

    Of filters that come with the package, only the first layer is known.
    """

    source: str
    filters: tuple[Picture, ...]
    first: tuple[Picture, ...]
    pooled: tuple[Picture, ...] = ()
    second: tuple[Picture, ...] = ()


def emerged(results: Results) -> Emerged:
    """The filters of all that trained; those that no picture tells apart are together."""
    alike: dict[tuple[object, ...], list[_Trained]] = {}
    missing = []
    for outcome in of_clause(results, CLAUSE):
        try:
            before, after = _filters(outcome, "filters before"), _filters(outcome, "filters after")
        except SeriesError as error:
            missing.append((outcome, str(error)))
            continue
        trained = _Trained(outcome, before, after)
        alike.setdefault(trained.look, []).append(trained)
    banks = tuple(_bank(group, at < SHOWN) for at, group in enumerate(alike.values()))
    return Emerged(banks, _by_hand(), left_out(missing))


def layers(results: Results, digit: Values) -> Layers:
    """The digit (28, 28) through the two convolutional layers of the first network that was
    trained, as the reference computes them; where none is there, through published filters.
    """
    image = normalised(digit.clip(0, 255).astype(np.uint8)[None])
    for outcome in of_clause(results, CLAUSE):
        try:
            return _layers(outcome, image)
        except (SeriesError, SpecError):
            continue
    known = learned(results)
    filters = np.array(known.filters)[:, None]
    return Layers(known.source, _kernels(filters, "after training"), _first(image, filters, None))


def _filters(outcome: Outcome, name: str) -> Values:
    filters = measured(outcome, name, None, 1, 3, 3)
    if len(filters) > _MOST:
        raise SeriesError(f"the {name} are too many to be shown")
    return filters


def _bank(group: list[_Trained], is_drawn: bool) -> Bank:
    first = group[0]
    with np.errstate(all="ignore"):
        spread = largest_of(*(one.after - first.after for one in group))
    return Bank(
        whose(one.outcome for one in group),
        first.outcome.outcome,
        first.facts,
        _kernels(first.before, "before") if is_drawn else (),
        _kernels(first.after, "after") if is_drawn else (),
        number(largest_of(first.before), 2),
        number(largest_of(first.after), 2),
        f"They look the same: no weight differs by more than {number(spread, 1)}."
        if spread
        else "",
    )


def _kernels(filters: Values, when: str) -> tuple[Picture, ...]:
    return tuple(
        signed(kernel[0], f"Filter {at + 1} {when}: {_rows(kernel[0])}", largest_of(filters))
        for at, kernel in enumerate(filters)
    )


def _rows(matrix: Values) -> str:
    return "; ".join(" ".join(number(value, 2) for value in row) for row in matrix.tolist())


def _by_hand() -> tuple[tuple[str, Picture], ...]:
    named = zip([f"{edge} edge" for edge in EDGES], edge_filters(), strict=True)
    sobels = zip(["Sobel, across", "Sobel, down"], sobel_filters(), strict=True)
    return tuple(
        (name, signed(kernel[0], f"{name}: {_rows(kernel[0])}"))
        for name, kernel in (*named, *sobels)
    )


def _layers(outcome: Outcome, image: Array) -> Layers:
    filters = _filters(outcome, "filters after")
    count = len(filters)
    bias = measured(outcome, "biases after", count)
    second = measured(outcome, "second filters after", None, count, 3, 3)
    if len(second) > _MOST:
        raise SeriesError("the second filters are too many to be shown")
    second_bias = measured(outcome, "second biases after", len(second))
    with np.errstate(all="ignore"):
        first = cross_correlate(image, filters, bias)
        pooled = max_pool(activate(first, "relu"), 2)
        last = activate(cross_correlate(pooled, second, second_bias), "relu")
    where = f" in {outcome.dtype}" if outcome.dtype else ""
    return Layers(
        source=f"trained by {outcome.backend}{where}, the first in these results to have them",
        filters=_kernels(filters, "after training"),
        first=_first(image, filters, bias),
        pooled=_maps(pooled, "Feature map {} after ReLU and pooling"),
        second=_maps(last, "Feature map {} of the second layer, after ReLU"),
    )


def _first(image: Array, filters: Values, bias: Values | None) -> tuple[Picture, ...]:
    with np.errstate(all="ignore"):
        return _maps(cross_correlate(image, filters, bias), "Feature map {} of the first layer")


def _maps(maps: Array, words: str) -> tuple[Picture, ...]:
    values = np.asarray(maps[0], np.float64)
    return tuple(
        signed(one, f"{words.format(at + 1)}: {described(one)}", largest_of(values))
        for at, one in enumerate(values)
    )
