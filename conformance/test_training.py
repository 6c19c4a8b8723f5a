"""Training on MNIST: a CNN learns its filters, on every backend, step by step as the reference."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from adapters import Adapter, Unsupported
from adapters.operations import WEIGHTS
from conformance.clauses import clause
from conformance.ensemble import Apart, band, limit
from conformance.judge import Disagreement, Evidence, Reading
from conformance.layer_requests import drawn
from conformance.learned import edge_response, ordinary_response
from conformance.lessons import (
    CNN,
    MLP,
    TINY,
    Course,
    Run,
    asked,
    course,
    dithered,
    held_out_set,
    prediction,
    reference_accuracy,
    reference_run,
    request_of,
)
from conformance.plan import EXAMPLES
from conformance.requests import Request
from conformance.subject import Subject
from conformance.training_requests import any_prediction, any_step, readings_of
from reference.filters import edge_filters, sobel_filters
from reference.geometry import Array
from reference.network import Network
from reference.optimizers import SGD
from reference.propagation import bounded_logits, bounded_step
from reference.training import accuracy

SGD_SOURCE = "Bottou, Curtis, Nocedal, Optimization methods for large-scale machine learning (2018)"
ROUNDING = "Higham (2002), section 3.1, carried forward and backward through the network"
EMERGE = "LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition"
WIDE = ("float64", "float32")
_SURE = 6.5  # standard deviations: a chance below 1e-10
_CHANCE = 0.3
_TEST_IMAGES = 10_000
# What a network must reach after so many steps, whatever the reference's seeds reach.
_FLOORS = {CNN: ((40, 0.6), (150, 0.85), (2811, 0.97)), MLP: ((40, 0.4), (150, 0.7), (2811, 0.9))}


def only_in(subject: Subject, *dtypes: str) -> None:
    if subject.dtype not in dtypes:
        raise Unsupported(f"judged in {' and '.join(dtypes)}")


def course_for(subject: Subject, network: Network) -> Course:
    """What is derived, and slow, trains no longer than in the quick profile, unless it is to be
    thorough.
    """
    derived = subject.adapter.offers("train") == "derived"
    effort = subject.effort
    hurried = derived and effort < EXAMPLES["thorough"]
    return course(network, min(effort, EXAMPLES["quick"]) if hurried else effort)


def is_fast(subject: Subject) -> bool:
    """Whether its products promise a bound on norms only."""
    return subject.promise == "B"


def run_of(subject: Subject, lesson: Course, labels: Array | None = None) -> tuple[Request, Run]:
    """What the backend makes of a course."""
    request = asked(lesson, subject, labels)
    if labels is None:
        return request, _trained(subject, lesson, request)
    return request, _run(subject, request)


def _trained(subject: Subject, lesson: Course, request: Request) -> Run:
    """Trained once, for all clauses that look at it."""
    key = id(subject.adapter), subject.dtype, lesson
    if key not in _TRAINED:
        _TRAINED[key] = subject.adapter, _run(subject, request)
    return _TRAINED[key][1]


_TRAINED: dict[tuple[int, str, Course], tuple[Adapter, Run]] = {}


def _run(subject: Subject, request: Request) -> Run:
    got = subject.perform(request)
    names = [name for name in request.arrays if name.startswith(WEIGHTS)]
    steps = len(request.arrays["batches"])
    if got.get("losses", np.zeros(0)).shape != (steps,):
        raise Disagreement(f"there are not {steps} losses, one before each step", Evidence(request))
    for name in names:
        if name not in got or got[name].shape != request.arrays[name].shape:
            raise Disagreement(f"the trained {name} are not there", Evidence(request))
    weights = {name.removeprefix(WEIGHTS): got[name].astype("float64") for name in names}
    return Run(got["losses"].astype("float64"), weights)


def follow(subject: Subject, request: Request, run: Run, lesson: Course, what: str) -> None:
    """Raise Disagreement unless the run stays as near to the reference as those of the ensemble."""
    apart = Apart.between(run, reference_run(lesson))
    allowed = limit(lesson, fast=is_fast(subject))
    share = max(apart.losses / allowed.losses, apart.weights / allowed.weights)
    subject.judged(float(np.nan_to_num(share, nan=np.inf)))
    if not share <= 1:
        gaps = np.abs(run.losses - reference_run(lesson).losses)
        early = np.flatnonzero(~(gaps <= allowed.losses))
        when = f"first at step {early[0]}" if early.size else "in the weights"
        raise Disagreement(
            f"{what} parts from the reference: losses by {apart.losses:.3g} (allowed "
            f"{allowed.losses:.3g}), weights by {apart.weights:.3g} (allowed "
            f"{allowed.weights:.3g}), {when}",
            Evidence(request, reference_run(lesson).losses, run.losses, gaps),
        )


def keep_losses(subject: Subject, run: Run, lesson: Course) -> None:
    """Keep the course of training, and between what the ensemble goes, for the report."""
    between = band(lesson, subject.dtype, is_fast(subject))
    subject.keep(
        losses=run.losses,
        reference_losses=reference_run(lesson).losses,
        ensemble_lowest=between.lowest,
        ensemble_highest=between.highest,
        ensemble_divergence=between.divergence,
    )


@clause(
    "TRAIN-1",
    "In float64, from the same weights and batches, a CNN's losses and weights stay as close to "
    "the reference's as rounding lets them, at every step.",
    source=SGD_SOURCE,
)
def test_free_run(subject: Subject) -> None:
    only_in(subject, "float64")
    lesson = course_for(subject, CNN)
    request, run = run_of(subject, lesson)
    keep_losses(subject, run, lesson)
    follow(subject, request, run, lesson, "training")


@clause(
    "TRAIN-2",
    "One step of training from the reference's weights is within the rounding error that any "
    "implementation can make, carried forward through the network and backward.",
    source=ROUNDING,
)
def test_one_step(subject: Subject) -> None:
    narrow = subject.dtype not in WIDE
    network, batch = (TINY, 1) if narrow else (CNN, 16)
    if subject.promise != "A":
        raise Unsupported("its promise is no bound on single values")
    steps = max(3, subject.effort // 6)
    certified = 0
    for at in range(steps):
        images, labels = dithered(network, at, batch)
        lesson = Course(network, 1 + 4 * at, 16, SGD(0.05), seed=at)
        weights = reference_run(lesson).weights if network is CNN else lesson.weights()
        weights = {name: w.astype(subject.numpy_dtype) for name, w in weights.items()}
        images = images.astype(subject.numpy_dtype)
        everything = np.arange(batch)[None]
        request = request_of(network, weights, images, labels, everything, SGD(0.05))
        run = subject.perform(request)
        right = bounded_step(network, weights, images, labels, SGD(0.05), request.format)
        readings = readings_of(right, subject.dtype)
        subject.agree_on(request, run, readings, f"step {lesson.steps} of the reference's training")
        certified += right.open_choices == 0
    subject.facts["certified steps"] = f"{certified} of {steps}"


@clause(
    "TRAIN-3",
    "The logits of the trained network are within the rounding error of any implementation.",
    source=ROUNDING,
)
def test_prediction(subject: Subject) -> None:
    if subject.promise != "A":
        raise Unsupported("its promise is no bound on single values")
    lesson = course_for(subject, CNN)
    images, _ = held_out_set("float64")
    weights = reference_run(lesson).weights
    weights = {name: w.astype(subject.numpy_dtype) for name, w in weights.items()}
    request = prediction(CNN, weights, images[:600].astype(subject.numpy_dtype))
    got = subject.perform(request)
    right = bounded_logits(CNN, weights, request.arrays["images"], request.format)
    twice = 2 if subject.dtype == "float64" else 1
    error = np.where(np.isfinite(right.error), right.error, np.inf)
    subject.agree_on(request, got, {"result": Reading(right.value, twice * error)})


@clause(
    "TRAIN-4",
    "In float32, training goes on to its end. Runs part there once a choice falls the other way: "
    "when this one does is told, and not judged.",
    source=SGD_SOURCE,
)
def test_narrow_run(subject: Subject) -> None:
    only_in(subject, "float32")
    lesson = course_for(subject, CNN)
    request, run = run_of(subject, lesson)
    if not np.isfinite(run.losses).all():
        raise Disagreement("a loss is not finite", Evidence(request, got=run.losses))
    keep_losses(subject, run, lesson)
    gaps = np.abs(run.losses - reference_run(lesson).losses)
    allowed = limit(lesson, "float32", is_fast(subject)).losses
    left = np.flatnonzero(gaps > allowed)
    when = f"at step {left[0]} of {lesson.steps}" if left.size else "never"
    subject.facts["leaves the ensemble"] = when
    subject.facts["largest difference of a loss"] = f"{gaps.max():.1e}"


def judge_accuracy(subject: Subject, lesson: Course, name: str) -> None:
    """In the band of the reference's own seeds, and above the floor."""
    images, labels = held_out_set("float64")
    request, run = run_of(subject, lesson)
    weights = {k: w.astype(subject.numpy_dtype) for k, w in run.weights.items()}
    asked_for = prediction(lesson.network, weights, images.astype(subject.numpy_dtype))
    logits = subject.perform(asked_for)["result"].astype("float64")
    if logits.shape != (len(labels), 10):
        raise Disagreement(f"the logits have the shape {logits.shape}", Evidence(asked_for))
    got = accuracy(logits, labels)
    low, high = likely(lesson)
    confusion = np.zeros((10, 10), "int64")
    np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
    subject.keep(confusion=confusion)
    subject.facts[f"{name} accuracy"] = f"{100 * got:.2f} %"
    subject.facts[f"{name} right, by digit"] = " ".join(
        f"{c}: {100 * row[c] / row.sum():.1f} %" for c, row in enumerate(confusion)
    )
    if not low <= got <= high:
        raise Disagreement(
            f"{100 * got:.2f} % of the test images are right, where {100 * low:.2f} to "
            f"{100 * high:.2f} % was to be expected",
            Evidence(request, got=run.losses),
        )


@lru_cache
def likely(lesson: Course) -> tuple[float, float]:
    """The accuracies to be expected: what three seeds of the reference reach, widened by what
    chance can do to a share of 10,000 images, twice; never below the floor.
    """
    found = [reference_accuracy(replace(lesson, seed=seed)) for seed in range(3)]
    widths = [_SURE * (2 * p * (1 - p) / _TEST_IMAGES) ** 0.5 for p in found]
    floor = max(share for steps, share in _FLOORS[lesson.network] if steps <= lesson.steps)
    low = min(p - width for p, width in zip(found, widths, strict=True))
    return max(low, floor), max(p + w for p, w in zip(found, widths, strict=True))


@clause(
    "TRAIN-5",
    "The trained CNN reads the 10,000 test images as well as the reference does.",
    source=EMERGE,
)
def test_accuracy(subject: Subject) -> None:
    # In float64 it is that of the reference, to which TRAIN-1 and TRAIN-3 hold the backend.
    only_in(subject, "float32" if "float32" in subject.capabilities.dtypes else "float64")
    judge_accuracy(subject, course_for(subject, CNN), "CNN")


@clause(
    "TRAIN-6",
    "A dense network without any filters trains like the reference's, and is told beside the CNN.",
    source=EMERGE,
)
def test_dense_network(subject: Subject) -> None:
    only_in(subject, *WIDE)
    lesson = course_for(subject, MLP)
    request, run = run_of(subject, lesson)
    subject.keep(losses=run.losses, reference_losses=reference_run(lesson).losses)
    if subject.dtype == "float64":
        follow(subject, request, run, lesson, "training of a dense network")
    judge_accuracy(subject, lesson, "dense network")


@clause(
    "TRAIN-7",
    "Nothing leaks: with shuffled labels the test images are read no better than by chance.",
    source="Zhang et al., Understanding deep learning requires rethinking generalization (2017)",
)
def test_shuffled_labels(subject: Subject) -> None:
    only_in(subject, "float32")
    lesson = Course(CNN, 40, 16, SGD(0.05))
    labels = np.random.default_rng(1).integers(0, 10, 60_000)
    request, run = run_of(subject, lesson, labels)
    images, right = held_out_set("float64")
    weights = {k: w.astype(subject.numpy_dtype) for k, w in run.weights.items()}
    few = images[:1000].astype(subject.numpy_dtype)
    logits = subject.perform(prediction(CNN, weights, few))["result"].astype("float64")
    got = accuracy(logits, right[:1000])
    subject.facts["accuracy with shuffled labels"] = f"{100 * got:.1f} %"
    if got > _CHANCE:
        message = f"with shuffled labels {100 * got:.1f} % of the test images are right"
        raise Disagreement(message, Evidence(request, got=run.losses))


@clause(
    "TRAIN-8",
    "Only the images of a batch are learned from, in the order of the batches; and nothing is left "
    "behind for the next run, nor changed in the arguments.",
    source=SGD_SOURCE,
)
def test_only_the_batches(subject: Subject) -> None:
    only_in(subject, "float64")
    lesson = Course(CNN, 4, 8, SGD(0.05, momentum=0.9))
    request = asked(lesson, subject)
    shown = np.concatenate([request.arrays["batches"], request.arrays["batches"][::-1] // 2])
    request = request.with_arrays(batches=shown)
    shape = request.arrays["images"].shape
    noise: Array = np.asarray(np.random.default_rng(0).normal(size=shape))
    hidden = np.setdiff1d(np.arange(len(noise)), shown)
    more = np.concatenate([request.arrays["images"], noise])
    labels = np.concatenate([request.arrays["labels"], 9 - request.arrays["labels"]])
    more[hidden] = noise[hidden]
    first = _run(subject, request)
    copies = {name: array.copy() for name, array in request.arrays.items()}
    subject.perform_as_is(request.but(arrays=copies))
    for name, array in request.arrays.items():
        if not np.array_equal(copies[name], array):
            raise Disagreement(f"training changed its argument {name}", Evidence(request))
    second = _run(subject, request.with_arrays(images=more, labels=labels))
    apart, allowed = Apart.between(second, first), limit(lesson, fast=is_fast(subject))
    if not (apart.losses <= 2 * allowed.losses and apart.weights <= 2 * allowed.weights):
        raise Disagreement(
            "training again, beside images that are in no batch, went another way",
            Evidence(request, first.losses, second.losses),
        )
    _check_order(subject, request)


def _check_order(subject: Subject, request: Request) -> None:
    """The loss before the first step is that of the first batch."""
    single = request.with_arrays(batches=request.arrays["batches"][:1])
    losses = _run(subject, single).losses, _run(subject, request).losses[:1]
    if not np.allclose(*losses, rtol=1e-9, atol=0):
        message = "the first loss is not that of the first batch"
        raise Disagreement(message, Evidence(request, losses[0], losses[1]))


@clause(
    "TRAIN-9",
    "Filters emerge: those of the first layer end far from their random start, and look for "
    "oriented edges more than random filters do.",
    source=EMERGE,
)
def test_filters_emerge(subject: Subject) -> None:
    only_in(subject, *WIDE)
    lesson = course_for(subject, CNN)
    request, run = run_of(subject, lesson)
    start, learned = lesson.weights()["0.filters"], run.weights["0.filters"]
    moved = float(np.linalg.norm(learned - start) / np.linalg.norm(start))
    response, ordinary = edge_response(learned), ordinary_response(learned.shape)
    subject.keep(
        digits=6,
        filters_before=start,
        filters_after=learned,
        biases_after=run.weights["0.bias"],
        second_filters_after=run.weights["3.filters"],
        second_biases_after=run.weights["3.bias"],
    )
    subject.facts["filters moved, in norms of their start"] = f"{moved:.2f}"
    subject.facts["response to edges"] = (
        f"{response:.2f} (at the start {edge_response(start):.2f}, random filters up to "
        f"{ordinary:.2f}, the four edge filters {edge_response(edge_filters()):.2f}, Sobel's "
        f"{edge_response(sobel_filters()):.2f})"
    )
    if not (moved > 1 and response > ordinary):
        raise Disagreement(
            f"the filters moved by {moved:.2f} of their norm, and respond to edges by "
            f"{response:.2f}, where random filters reach {ordinary:.2f}",
            Evidence(request, start, learned),
        )


@clause(
    "TRAIN-10",
    "A compiled model trains like one that runs step by step.",
    source=SGD_SOURCE,
)
def test_compiled(subject: Subject) -> None:
    only_in(subject, "float64")
    lesson = replace(course_for(subject, CNN), steps=20)
    request = asked(lesson, subject)
    request = request.but(parameters={**request.parameters, "compiled": True})
    follow(subject, request, _run(subject, request), lesson, "compiled training")


@clause(
    "TRAIN-11",
    "The logits of any small network are those of its layers, one after the other: on integers to "
    "the last bit, else within the rounding error of any implementation.",
    source=ROUNDING,
)
def test_any_network(subject: Subject, data: st.DataObject) -> None:
    if subject.promise != "A":
        raise Unsupported("its promise is no bound on single values")
    subject.check_request(data.draw(drawn(subject, any_prediction)))


@clause(
    "TRAIN-12",
    "One step of training of any small network is within the rounding error that any "
    "implementation can make, carried forward through the network and backward.",
    source=ROUNDING,
)
def test_one_step_of_any_network(subject: Subject, data: st.DataObject) -> None:
    only_in(subject, *WIDE)
    if subject.promise != "A":
        raise Unsupported("its promise is no bound on single values")
    subject.check_request(data.draw(drawn(subject, any_step)))
