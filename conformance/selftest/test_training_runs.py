"""What training is compared with: the ensemble, the courses, and what has emerged."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.ensemble import Apart, limit
from conformance.learned import edge_response, ordinary_response, step_edges
from conformance.lessons import CNN, MLP, TINY, Course, course, reference_run, training_set
from conformance.progress import teller
from reference import cross_correlate
from reference.filters import edge_filters, sobel_filters
from reference.geometry import Array
from reference.optimizers import SGD
from reference.training import train

SHORT = Course(CNN, 12, 8, SGD(0.05, momentum=0.5))


def run(lesson: Course, correlate: object = cross_correlate) -> Apart:
    images, labels = training_set("float64", lesson.images)
    losses, weights = [], lesson.weights()
    batches = iter(lesson.batches)
    for step in train(
        lesson.network,
        weights,
        images,
        labels,
        batches,
        lesson.optimizer,
        correlate,  # type: ignore[arg-type]
    ):
        losses.append(step.loss)
        weights = step.weights
    found = replace(reference_run(lesson), losses=np.array(losses), weights=weights)
    return Apart.between(found, reference_run(SHORT))


def backwards(x: Array, filters: Array, bias: Array | None = None, **parameters: object) -> Array:
    """Summed from the other end."""
    turned = x[:, ::-1], filters[:, ::-1]
    result = cross_correlate(*turned, **parameters)  # type: ignore[arg-type]
    return result if bias is None else result + bias.reshape(-1, *(1,) * (x.ndim - 2))


def test_another_order_of_sums_stays_within_the_ensemble() -> None:
    apart, allowed = run(SHORT, backwards), limit(SHORT)
    assert 0 < apart.losses < allowed.losses
    assert 0 < apart.weights < allowed.weights


@pytest.mark.parametrize("rate", [float(np.float32(0.05)), 0.05 * (1 + 1e-9)])
def test_another_learning_rate_does_not(rate: float) -> None:
    apart = run(replace(SHORT, optimizer=SGD(rate, momentum=0.5)))
    assert apart.weights > limit(SHORT).weights


def test_a_fast_algorithm_may_err_further() -> None:
    assert limit(SHORT, fast=True).weights > 2 * limit(SHORT).weights


@pytest.mark.parametrize(
    ("effort", "steps", "images"), [(8, 40, 640), (50, 150, 2400), (1000, 2811, 59_968)]
)
def test_a_course_is_as_long_as_the_profile_asks_for(effort: int, steps: int, images: int) -> None:
    lesson = course(CNN, effort)
    assert len(lesson.batches) == lesson.steps == steps
    assert lesson.images == images
    assert len(np.unique(lesson.batches)) == images


def test_courses_begin_alike_for_every_dtype() -> None:
    for network in (CNN, MLP, TINY):
        wide, narrow = (Course(network, 4, 8, SGD(0.1)).weights(d) for d in ("float64", "float32"))
        assert all(np.array_equal(wide[k].astype("float32"), narrow[k]) for k in wide)


def test_edges_are_edges() -> None:
    assert len(step_edges()) == 16
    assert edge_response(step_edges().reshape(16, 1, 3, 3)) == pytest.approx(1)
    assert edge_response(edge_filters()) == pytest.approx(3 / 4)
    assert edge_response(sobel_filters()) == pytest.approx(2 / 3)
    checks = np.indices((3, 3)).sum(axis=0)[None, None] % 2 - 0.5
    assert edge_response(checks) < ordinary_response((8, 1, 3, 3)) < 0.6


class Terminal:
    """A stream that somebody watches."""

    def __init__(self) -> None:
        self.written = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.written += text

    def flush(self) -> None:
        pass


def test_progress_is_told_on_a_terminal(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(pytestconfig, "workerinput", raising=False)
    monkeypatch.setattr("conformance.progress._EVERY", 0.0)
    stream = Terminal()
    teller(pytestconfig, "TRAIN-1", stream)(17)  # type: ignore[arg-type]
    assert "TRAIN-1: step 17" in stream.written
