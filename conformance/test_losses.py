"""Loss and optimizers: how wrong a classifier is, by which logits, and how weights follow their
gradients.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from adapters import Unsupported
from conformance.answers import answer
from conformance.clauses import clause
from conformance.data import FLOATS
from conformance.judge import Disagreement, Evidence, Reading
from conformance.loss_requests import (
    DECAYS,
    EXTREME,
    LEARNING_RATES,
    MOMENTA,
    ORDINARY,
    SMOOTHINGS,
    backward,
    by,
    drawn_adam,
    losses,
    trajectories,
    with_either_epsilon,
)
from conformance.requests import Request
from conformance.subject import BackendError, BackendFailure, Subject
from reference.geometry import Array
from reference.loss import REDUCTIONS
from reference.optimizers import SGD, Adam

CROSS_ENTROPY = "Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.2.2.3"
ERROR_ANALYSIS = "Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.3"
SMOOTHING = "Szegedy et al., Rethinking the Inception Architecture (2016), section 7"
MOMENTUM = "Sutskever, Martens, Dahl, Hinton, On the importance of momentum (2013), section 2"
ADAM = "Kingma and Ba, Adam (2015), algorithm 1 and the end of section 2"
DECAY = "Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019)"

_IDLE = 0.5
PLAIN: dict[str, Any] = {"label_smoothing": 0.0, "weighted": False, "reduction": "mean"}


def check_both(subject: Subject, request: Request, meaning: str = "") -> None:
    """The loss, and its gradient if there is one."""
    subject.check_request(request, meaning)
    with suppress(Unsupported):
        subject.check_request(backward(request), meaning)


def check_any(subject: Subject, requests: Mapping[str, Request], fact: str) -> None:
    """Check those of some conventions that the backend has, and note which they are."""
    met, why = [], ""
    for name, request in requests.items():
        try:
            subject.check_request(request, name)
        except Unsupported as declined:
            why = str(declined)
        else:
            met.append(name)
    if not met:
        raise Unsupported(why)
    subject.facts[fact] = " and ".join(met)


def check_kind(request: Request, name: str, got: Array, shape: tuple[int, ...]) -> None:
    if (got.shape, got.dtype.name) != (shape, request.dtype):
        message = f"the {name} is {got.dtype} of {got.shape}, not {request.dtype} of {shape}"
        part = "logits" if name == "gradient" else "result"
        raise Disagreement(message, Evidence(request, got=got, part=part))


@clause(
    "LOSS-1",
    "The loss is one number, of the dtype of the logits; its gradient has their shape and dtype.",
    source="The definition of a gradient",
)
def test_shape_of_the_loss(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(losses(subject, weighted=False))
    check_kind(request, "loss", subject.perform(request)["result"], ())
    with suppress(Unsupported):
        got = subject.perform(backward(request))["logits"]
        check_kind(request, "gradient", got, request.arrays["logits"].shape)


@clause(
    "LOSS-2",
    "The loss is the mean of -log softmax at the labels, within the rounding error of any way "
    "that subtracts the largest logit first.",
    source=f"{CROSS_ENTROPY}; {ERROR_ANALYSIS}",
)
def test_loss(subject: Subject, data: st.DataObject) -> None:
    subject.check_request(data.draw(losses(subject, kinds=tuple(ORDINARY), **PLAIN)))


@clause(
    "LOSS-3",
    "The gradient by the logits is softmax less one at the label, divided by the number of items, "
    "within rounding error.",
    source=f"{CROSS_ENTROPY}; {ERROR_ANALYSIS}",
)
def test_gradient_of_the_loss(subject: Subject, data: st.DataObject) -> None:
    subject.check_request(backward(data.draw(losses(subject, kinds=tuple(ORDINARY), **PLAIN))))


@clause(
    "LOSS-4",
    "Logits however far apart, or all equal, have a finite loss and gradient, and the right ones.",
    source="Goodfellow, Bengio, Courville (2016), section 4.1",
)
def test_extreme_logits(subject: Subject, data: st.DataObject) -> None:
    check_both(subject, data.draw(losses(subject, kinds=tuple(EXTREME), **PLAIN)))


@clause(
    "LOSS-5",
    "With a single class, the loss is 0 and so is its gradient.",
    source="log 1 = 0",
)
def test_one_class(subject: Subject, data: st.DataObject) -> None:
    check_both(subject, data.draw(losses(subject, classes=1)), "a single class")


@clause(
    "LOSS-6",
    "A number added to all logits of an item changes neither its loss nor the gradient.",
    source="The definition of softmax",
)
def test_shifted_logits(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(losses(subject, **PLAIN))
    # Whole numbers whose sums the format holds.
    logits = np.rint(8 * np.tanh(request.arrays["logits"].astype("float64")))
    most = request.format.exact_below - 8
    shift = data.draw(st.sampled_from((-most, -100, 17, 100, most)))
    still, shifted = (
        request.with_arrays(logits=(logits + more).astype(subject.numpy_dtype))
        for more in (0, shift)
    )
    meaning = f"all logits {shift:+}"
    right = answer(still, subject.promise)
    subject.agree_on(shifted, subject.perform(shifted), right, meaning)
    with suppress(Unsupported):
        right = answer(backward(still), subject.promise)
        subject.agree_on(backward(shifted), subject.perform(backward(shifted)), right, meaning)


@clause(
    "LOSS-7",
    "The gradient by the logits of an item sums to 0.",
    source="Softmax, and the shares of the classes, sum to the same",
)
def test_gradient_sums_to_zero(subject: Subject, data: st.DataObject) -> None:
    request = backward(data.draw(losses(subject, weighted=False)))
    bound = answer(request, subject.promise)["logits"].bound.sum(axis=1)
    got = subject.perform(request)["logits"].astype(np.longdouble).sum(axis=1).astype("float64")
    sums, zeros = Reading(got, np.zeros(())), Reading(np.zeros(len(bound)), bound)
    subject.agree(sums, zeros, request, "the sums of the gradient over the classes")


@clause(
    "LOSS-8",
    "Label smoothing s takes the share s from the label and spreads it over all classes, the "
    "label's own among them.",
    source=SMOOTHING,
)
def test_label_smoothing(subject: Subject, data: st.DataObject) -> None:
    smoothing = data.draw(st.sampled_from(SMOOTHINGS))
    request = data.draw(losses(subject, **PLAIN | {"label_smoothing": smoothing}))
    check_both(subject, request, f"smoothed by {smoothing}")


@clause(
    "LOSS-9",
    "Class weights multiply the part of each class; the sum of the losses is divided by their "
    "number, by the sum of the weights of the labels, or by nothing: whichever a backend has.",
    source="The definitions of torch.nn.CrossEntropyLoss and of the losses of Keras",
)
def test_class_weights(subject: Subject, data: st.DataObject) -> None:
    smoothing = data.draw(st.sampled_from((0.0, 0.0, *SMOOTHINGS)))
    request = data.draw(losses(subject, weighted=True, label_smoothing=smoothing))
    reduced = {
        r: request.but(parameters={**request.parameters, "reduction": r}) for r in REDUCTIONS
    }
    check_any(subject, reduced, "reductions with class weights")
    with suppress(Unsupported):
        backwards = {name: backward(one) for name, one in reduced.items()}
        check_any(subject, backwards, "gradients with class weights")


@clause(
    "LOSS-10",
    "Without class weights, the reductions are the mean over the items and the sum.",
    source="The definition of a mean",
)
def test_reductions(subject: Subject, data: st.DataObject) -> None:
    reduction = data.draw(st.sampled_from(("mean", "sum")))
    request = data.draw(losses(subject, **PLAIN | {"reduction": reduction}))
    check_both(subject, request, f"by {reduction}")


@clause(
    "LOSS-11",
    "The gradient by the loss multiplies that by the logits.",
    source="The chain rule",
)
def test_gradient_by_the_loss(subject: Subject, data: st.DataObject) -> None:
    upstream = data.draw(st.sampled_from((-2.5, 0.0, 0.3, 100.0)))
    request = backward(data.draw(losses(subject, weighted=False)), upstream)
    subject.check_request(request, f"the gradient by the loss {upstream}")


@clause(
    "LOSS-12",
    "There may be a thousand classes, or one item.",
    source="ImageNet has a thousand classes",
)
def test_many_classes(subject: Subject, data: st.DataObject) -> None:
    items, classes = data.draw(st.sampled_from(((1, 1000), (2, 999), (3, 257), (70, 10), (1, 2))))
    kinds = ("moderate", "one far ahead", *FLOATS)  # sums of the second are exact in any format
    drawn = losses(subject, kinds=kinds, items=items, classes=classes, **PLAIN)
    check_both(subject, data.draw(drawn))


@clause(
    "LOSS-13",
    "The loss hangs on nothing but the arguments, and changes none of them.",
    source="The definition of a function",
)
def test_loss_remembers_nothing(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(losses(subject, weighted=False))
    other = request.with_arrays(logits=request.arrays["logits"][::-1].copy())
    for asked in (request, other, request):
        with suppress(Unsupported):
            unchanged(subject, backward(asked))
        unchanged(subject, asked)


def unchanged(subject: Subject, request: Request) -> None:
    """Check it, and that the arrays are left as they were."""
    given = {name: array.copy() for name, array in request.arrays.items()}
    got = subject.perform_as_is(request.but(arrays=given))
    for name, array in request.arrays.items():
        if not np.array_equal(given[name], array):
            message = f"{request.operation} changed the argument {name}"
            raise Disagreement(message, Evidence(request, array, given[name]))
    subject.agree_on(request, got, answer(request, subject.promise), "called several times")


@clause(
    "LOSS-14",
    "Whatever is made of labels out of range (which is reported), the next loss is right.",
    source="The definition of a function",
)
def test_labels_out_of_range(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(losses(subject, kinds=("moderate",), **PLAIN))
    labels, classes = request.arrays["labels"], request.arrays["logits"].shape[1]
    for name, label in (("label -1", -1), ("label too large", classes)):
        wrong = labels.copy()
        wrong[0] = label
        subject.facts[name] = made_of(subject, request.with_arrays(labels=wrong))
    subject.check_request(request, "after labels out of range")


def made_of(subject: Subject, request: Request) -> str:
    try:
        loss = subject.perform(request)["result"]
    except BackendFailure as failure:
        return "refused" if isinstance(failure, BackendError) else failure.outcome
    return "a number" if np.isfinite(loss.astype("float64")).all() else "NaN or infinity"


@clause(
    "LOSS-15",
    "A step of gradient descent takes the gradient times the learning rate from the weight, all "
    "in the dtype of the weight, and there are the weights after every step.",
    source="Goodfellow, Bengio, Courville (2016), algorithm 8.1",
)
def test_gradient_descent(subject: Subject, data: st.DataObject) -> None:
    rate = data.draw(st.sampled_from(LEARNING_RATES))
    request = data.draw(trajectories(subject, optimizer=SGD(rate)))
    got = subject.check_request(request, f"learning rate {rate}")
    check_kind(request, "weights", got["result"], request.arrays["gradients"].shape)


@clause(
    "LOSS-16",
    "Momentum keeps a velocity, mu v + g, which is the gradient at the first step; Nesterov's "
    "moves by g + mu v.",
    source=MOMENTUM,
)
def test_momentum(subject: Subject, data: st.DataObject) -> None:
    rate, momentum = (data.draw(st.sampled_from(a)) for a in (LEARNING_RATES, MOMENTA))
    request = data.draw(trajectories(subject, optimizer=SGD(rate, momentum)))
    nesterov = by(SGD(rate, momentum, nesterov=True), request)
    check_any(subject, {"plain": request, "Nesterov's": nesterov}, "momentum")


@clause(
    "LOSS-17",
    "Where all gradients are zero, no weight moves; where they become zero, momentum moves it on.",
    source=MOMENTUM,
)
def test_zero_gradients(subject: Subject, data: st.DataObject) -> None:
    rate, momentum = (data.draw(st.sampled_from(a)) for a in (LEARNING_RATES, MOMENTA))
    request = data.draw(trajectories(subject, optimizer=SGD(rate), steps=(2, 4)))
    zeros = np.zeros_like(request.arrays["gradients"])
    still = request.with_arrays(gradients=zeros)
    moving = zeros.copy()
    moving[0] = request.arrays["gradients"][0]
    subject.check_request(still, "zero gradients")
    with suppress(Unsupported):
        subject.check_request(by(SGD(rate, momentum), still), "momentum, and zero gradients")
        coasting = by(SGD(rate, momentum), request.with_arrays(gradients=moving))
        subject.check_request(coasting, "gradients that become zero")


@clause(
    "LOSS-18",
    "Weight decay goes by the weight before the step: it is part of the gradient, or shrinks the "
    "weight aside from it, whichever a backend has.",
    source=DECAY,
)
def test_weight_decay(subject: Subject, data: st.DataObject) -> None:
    rate, decay = (data.draw(st.sampled_from(a)) for a in (LEARNING_RATES, DECAYS))
    momentum = data.draw(st.sampled_from((0.0, *MOMENTA)))
    nesterov = momentum > 0 and data.draw(st.booleans())
    optimizer = SGD(rate, momentum, nesterov, weight_decay=decay)
    request = data.draw(trajectories(subject, optimizer=optimizer))
    decays = {"coupled": request, "decoupled": by(replace(optimizer, decoupled=True), request)}
    check_any(subject, decays, "weight decay")


@clause(
    "LOSS-19",
    "Adam divides a mean of the gradients by the root of a mean of their squares, both corrected "
    "for starting at zero: its first step is about the learning rate times the gradient's sign.",
    source=ADAM,
)
def test_adam(subject: Subject, data: st.DataObject) -> None:
    optimizer = drawn_adam(subject, data)
    request = data.draw(trajectories(subject, optimizer=optimizer, scale=1.0))
    check_any(subject, with_either_epsilon(request), "epsilon of Adam")


@clause(
    "LOSS-20",
    "Adam's epsilon is added to the root of the mean of squares, after its correction or before "
    "it, whichever a backend has: with small gradients the two are far apart.",
    source=ADAM,
)
def test_epsilon(subject: Subject, data: st.DataObject) -> None:
    optimizer = drawn_adam(subject, data)
    scale = optimizer.epsilon * data.draw(st.sampled_from((0.25, 1.0, 8.0)))
    kinds = ("uniform", "positive", "normal", "cancelling")
    request = data.draw(trajectories(subject, optimizer=optimizer, kinds=kinds, scale=scale))
    check_any(subject, with_either_epsilon(request), "epsilon of Adam")


@clause(
    "LOSS-21",
    "Adam has weight decay as part of the gradient, or, as AdamW, aside from it.",
    source=DECAY,
)
def test_weight_decay_of_adam(subject: Subject, data: st.DataObject) -> None:
    decay = data.draw(st.sampled_from(DECAYS))
    request = data.draw(trajectories(subject, scale=1.0))
    choices = {
        f"{'decoupled' if decoupled else 'coupled'}, epsilon {'before' if hat else 'after'}": by(
            drawn_adam(subject, data, epsilon_hat=hat, weight_decay=decay, decoupled=decoupled),
            request,
        )
        for decoupled in (False, True)
        for hat in (False, True)
    }
    check_any(subject, choices, "weight decay of Adam")


@clause(
    "LOSS-22",
    "A trajectory hangs on nothing but the arguments, not on one before it, and changes none.",
    source="The definition of a function",
)
def test_optimizers_remember_nothing(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(trajectories(subject))
    other = request.with_arrays(gradients=request.arrays["gradients"][::-1].copy())
    for asked in (request, other, request):
        unchanged(subject, asked)


@clause(
    "LOSS-23",
    "With its customary numbers, 0.9, 0.999 and 1e-8, Adam works in every dtype: the first step "
    "moves each weight by about the learning rate, and one without any gradient never moves.",
    source=ADAM,
)
def test_customary_adam(subject: Subject, data: st.DataObject) -> None:
    rate = data.draw(st.sampled_from((0.1, 0.05, 0.3)))
    request = data.draw(trajectories(subject, optimizer=Adam(rate), kinds=("uniform",)))
    given = request.arrays["gradients"].astype("float64")
    # As large as 1 or more, so that their squares are numbers, or zero at every step.
    idle = np.abs(given[0]) < _IDLE
    gradients = np.where(idle, 0, np.copysign(1 + np.abs(given), given))
    request = request.with_arrays(gradients=gradients.astype(subject.numpy_dtype)).but(data="idle")
    check_any(subject, with_either_epsilon(request), "epsilon of Adam")
