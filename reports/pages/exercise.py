"""An exercise of the lesson: images, filters, and the feature maps that each backend answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from reference import EDGES, cross_correlate, edge_filters
from reference.errors import SpecError
from reports.pages.pictures import (
    Picture,
    Shade,
    coloured,
    described,
    difference,
    gray,
    largest_of,
    number,
    shades,
    signed,
)
from reports.pages.report import Report, Thing
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
from reports.words import plural

SHOWN = 5  # answers that are shown as pictures, beside that of the reference
COLOURS = ("red", "green", "blue")
_LARGEST_SIDE, _MOST_MAPS, _MOST_LINKS = 64, 48, 3
_COUNTED = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Kernel:
    """A filter: a matrix of numbers for each input channel that it looks at, and what it finds."""

    name: str
    channels: tuple[tuple[str, tuple[tuple[Shade, ...], ...]], ...]


@dataclass(frozen=True)
class Answer:
    """What some backends answered, equal to the bit, beside the answer of the reference.

    Without `maps` it is told in words alone. `differences` are of those maps that differ, by the
    names of their filters.
    """

    whose: tuple[Whose, ...]
    outcome: str
    failures: tuple[Thing, ...]
    verdict: str
    is_same: bool
    has_own_images: bool
    maps: tuple[Picture, ...] = ()
    differences: tuple[tuple[str, Picture], ...] = ()


@dataclass(frozen=True)
class Exercise:
    """Images, each as its channels; filters; the reference's feature maps; and the answers.

    `is_own` where no backend left images: then the reference answers alone.
    """

    clause: str
    images: tuple[tuple[Picture, ...], ...]
    filters: tuple[Kernel, ...]
    maps: tuple[Picture, ...]
    largest: str
    answers: tuple[Answer, ...]
    others: tuple[Answer, ...]
    left_out: tuple[LeftOut, ...]
    is_own: bool


@dataclass(frozen=True, eq=False)
class _Task:
    """What one backend was asked in one dtype, what it answered, and what it should have."""

    outcome: Outcome
    images: Values
    filters: Values
    answer: Values
    expected: Values

    @property
    def question(self) -> tuple[object, ...]:
        return tuple((array.shape, array.tobytes()) for array in (self.images, self.filters))

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for those that share a row."""
        answer = self.answer.shape, self.answer.tobytes()
        return self.question, answer, self.outcome.outcome

    @property
    def gap(self) -> float:
        """The largest difference to the reference, inf where there is no saying."""
        if self.answer.shape != self.expected.shape:
            return np.inf
        with np.errstate(all="ignore"):
            gaps = np.abs(self.answer - self.expected)
        return float(np.where(np.isnan(gaps), np.inf, gaps).max())


def correlated(images: Values, filters: Values) -> Values:
    """The feature maps of the reference: stride 1, no padding, as many groups as the filters ask.

    Raises SpecError where images and filters do not fit each other.
    """
    with np.errstate(all="ignore"):
        maps = cross_correlate(images, filters, groups=max(1, images.shape[1] // filters.shape[1]))
    return np.asarray(maps)


def exercise(report: Report, clause: str, images: Values, filters: Values) -> Exercise:
    """What the results hold of the exercise of this clause; with these images and filters where
    they hold nothing of it.
    """
    found, missing = _tasks(report, clause)
    tasks = sorted(found, key=lambda task: task.gap > 0)
    if tasks:
        images, filters = tasks[0].images, tasks[0].filters
    expected = correlated(images, filters)
    largest = largest_of(expected)
    named = kernels(filters)
    question = tasks[0].question if tasks else ()
    alike: dict[tuple[object, ...], list[_Task]] = {}
    for task in tasks:
        alike.setdefault(task.key, []).append(task)
    # First who is right, then who is farthest from it.
    groups = sorted(alike.values(), key=lambda group: -group[0].gap if group[0].gap else -np.inf)
    answers = [_answer(report, group, question) for group in groups]
    return Exercise(
        clause=clause,
        images=tuple(_channels(image, at, len(images)) for at, image in enumerate(images)),
        filters=named,
        maps=_pictures(expected, named, "the reference", largest),
        largest=number(largest, 3),
        answers=tuple(
            _drawn(answer, group[0], named, largest)
            for answer, group in zip(answers[:SHOWN], groups, strict=False)
        ),
        others=tuple(answers[SHOWN:]),
        left_out=left_out(missing),
        is_own=not tasks,
    )


def _tasks(report: Report, clause: str) -> tuple[list[_Task], list[tuple[Outcome, str]]]:
    """What can be shown, and why the rest cannot."""
    found, missing = [], []
    for outcome in of_clause(report.results, clause):
        try:
            found.append(_task(outcome))
        except SeriesError as error:
            missing.append((outcome, str(error)))
    return found, missing


def _task(outcome: Outcome) -> _Task:
    images = measured(outcome, "images", None, None, None, None)
    filters = measured(outcome, "filters", None, None, 3, 3)
    answer = measured(outcome, "feature maps", None, None, None, None)
    if max(images.shape[2:]) > _LARGEST_SIDE or len(images) * len(filters) > _MOST_MAPS:
        raise SeriesError("the images are too large, or too many, to be shown")
    try:
        expected = correlated(images, filters)
    except SpecError as error:
        raise SeriesError(f"the images and the filters do not fit: {error}") from error
    return _Task(outcome, images, filters, answer, expected)


def _answer(report: Report, group: list[_Task], question: tuple[object, ...]) -> Answer:
    keys = [("failure", *task.outcome.key) for task in group]
    verdict, is_same = _verdict(group[0])
    return Answer(
        whose(task.outcome for task in group),
        group[0].outcome.outcome,
        tuple(key for key in keys if report.has(*key))[:_MOST_LINKS],
        verdict,
        is_same,
        group[0].question != question,
    )


def _verdict(task: _Task) -> tuple[str, bool]:
    answer, expected = task.answer, task.expected
    if answer.shape != expected.shape:
        return f"the shape is {answer.shape}, where it should be {expected.shape}", False
    if answer.tobytes() == expected.tobytes():
        return "the same to the bit", True
    wrong = int((answer != expected).sum())
    if not wrong:
        return "the same, but for the sign of zeros", True
    lost = int((~np.isfinite(answer)).sum())
    share = f"{wrong:,} of {plural(answer.size, 'value')} differ"
    if lost:
        return f"{share}, {lost:,} of them not finite", False
    gaps = np.abs(answer - expected)
    place = tuple(map(int, np.unravel_index(gaps.argmax(), gaps.shape)))
    allowed = ": rounding allows that" if task.outcome.outcome == "pass" else ""
    return f"{share}, the most at {place}, by {number(task.gap, 3)}{allowed}", False


def _drawn(answer: Answer, task: _Task, named: tuple[Kernel, ...], largest: float) -> Answer:
    """The answer with its pictures, if it has a shape to be shown in."""
    if task.answer.shape != task.expected.shape:
        return answer
    names = named if len(named) == len(task.filters) else kernels(task.filters)
    whom = answer.whose[0].backends[0]
    with np.errstate(all="ignore"):
        gaps = np.asarray(task.answer - task.expected)
    by = f"{whom}, less that of the reference"
    pictures = _pictures(gaps, names, by, largest_of(gaps), difference)
    differ = (gaps != 0).any(axis=(2, 3)).ravel().tolist()
    differences = tuple(
        (names[at % len(names)].name, picture) for at, picture in enumerate(pictures) if differ[at]
    )
    maps = _pictures(task.answer, names, whom, largest)
    return replace(answer, maps=maps, differences=differences)


def _pictures(
    maps: Values,
    named: tuple[Kernel, ...],
    by: str,
    largest: float,
    drawn: Callable[[Values, str, float], Picture] = signed,
) -> tuple[Picture, ...]:
    """Every feature map of every image."""
    return tuple(
        drawn(
            feature_map,
            f"Feature map for the {kernel.name}{_of_image(at, len(maps))}, by {by}: "
            f"{described(feature_map)}",
            largest,
        )
        for at, image in enumerate(maps)
        for kernel, feature_map in zip(named, image, strict=True)
    )


def _of_image(at: int, count: int) -> str:
    return f" on the {counted(at)} image" if count > 1 else ""


def counted(at: int) -> str:
    """The place as a word, from 0 on."""
    return _COUNTED[at] if at < len(_COUNTED) else f"{at + 1}th"


def _channels(image: Values, at: int, count: int) -> tuple[Picture, ...]:
    """An image as its channels; one of three colours first as it is."""
    which = f"{counted(at).capitalize()} image" if count > 1 else "The image"
    if (image < 0).any():
        return tuple(
            signed(channel, f"{which}, channel {c + 1}: {described(channel)}", largest_of(image))
            for c, channel in enumerate(image)
        )
    if len(image) == 3:
        parts = (
            gray(channel, f"Its {colour} channel: {described(channel)}")
            for colour, channel in zip(COLOURS, image, strict=True)
        )
        return (coloured(image, f"{which}, in colours"), *parts)
    return tuple(gray(channel, f"{which}: {described(channel)}") for channel in image)


def kernels(filters: Values) -> tuple[Kernel, ...]:
    """The filters with names: those that find one edge in one channel are called so."""
    return tuple(
        Kernel(
            _name(filters, at),
            tuple(
                (_channel_name(filters.shape, at, c), shades(matrix, largest_of(filters)))
                for c, matrix in enumerate(kernel)
            ),
        )
        for at, kernel in enumerate(filters)
    )


def _name(filters: Values, at: int) -> str:
    kernel = filters[at]
    used = [c for c, matrix in enumerate(kernel) if matrix.any()]
    if len(used) == 1:
        for edge, matrix in zip(EDGES, edge_filters()[:, 0], strict=True):
            if np.array_equal(kernel[used[0]], matrix):
                where = _channel_name(filters.shape, at, used[0])
                return f"{edge} edge{f', {where}' if where in COLOURS else ''}"
    return f"filter {at + 1}"


def _channel_name(shape: tuple[int, ...], at: int, channel: int) -> str:
    """What an input channel is called, of a filter at this place among 12 of three colours."""
    count, depth = shape[:2]
    if depth == 3:
        return COLOURS[channel]
    if depth == 1 and count == 12:
        return COLOURS[at // 4]
    return f"channel {channel + 1}"
