"""Requests for the loss, its gradient, and the trajectories of optimizers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from adapters.dtypes import numpy_dtype
from adapters.operations import GRADIENTS_OF, optimizer_of, plain
from conformance.data import FLOATS, Rng
from conformance.makers import makes
from conformance.requests import Request
from conformance.strategies import Dice, few_shapes, once, rolled
from conformance.subject import Subject
from reference.formats import FORMATS, Format
from reference.geometry import Array, Sizes
from reference.loss import REDUCTIONS
from reference.optimizers import SGD, Adam, Optimizer

LOSS = "softmax_cross_entropy"
LOSS_GRADIENT = GRADIENTS_OF + LOSS

SMOOTHINGS = (0.1, 0.25, 0.3, 0.05)
LEARNING_RATES = (0.1, 0.05, 0.01, 0.003, 0.3, 0.5)
MOMENTA = (0.9, 0.5, 0.7, 0.99)
DECAYS = (0.01, 0.1, 0.003)
EPSILONS = (1e-8, 1e-7, 1e-3)
_MOST_CLASSES = 1000


def _moderate(rng: Rng, shape: Sizes, format_: Format) -> Array:
    return 3 * rng.standard_normal(shape)


def _far_apart(rng: Rng, shape: Sizes, format_: Format) -> Array:
    return rng.choice([-1e4, -1e3, -10.0, 0.0, 10.0, 1e3, 1e4], shape) + rng.uniform(-1, 1, shape)


def _one_ahead(rng: Rng, shape: Sizes, format_: Format) -> Array:
    logits = rng.uniform(-1, 1, shape)
    logits[np.arange(shape[0]), rng.integers(shape[1], size=shape[0])] = 3e4
    return logits


def _equal(rng: Rng, shape: Sizes, format_: Format) -> Array:
    return np.full(shape, rng.choice([-1e4, -1.0, 0.0, 3.0, 1e4]))


EXTREME = {"far apart": _far_apart, "one far ahead": _one_ahead, "equal": _equal}
ORDINARY = FLOATS | {"moderate": _moderate}
LOGITS = {"moderate": _moderate} | EXTREME | FLOATS


def loss_request(
    dice: Dice, dtype: str, *, kinds: Sequence[str] = tuple(LOGITS), **fixed: Any
) -> Request:
    """The loss of some logits. ``fixed`` sets ``items``, ``classes``, ``label_smoothing``,
    ``weighted`` (are there class weights?) or ``reduction``.
    """
    kind = dice.kind(kinds)
    items = (dice.between(1, 6), dice.between(1, 40))[dice.between(0, 3) == 3]
    classes = (dice.between(2, 12), dice.between(1, 100))[dice.between(0, 3) == 3]
    drawn = {
        "items": items,
        "classes": classes,
        "label_smoothing": dice.one_of((0.0, *SMOOTHINGS)),
        "weighted": bool(dice.between(0, 1)),
        "reduction": dice.one_of(REDUCTIONS),
    } | fixed
    seed = dice.seed()
    rng = np.random.default_rng(seed)
    shape = drawn["items"], drawn["classes"]
    logits = LOGITS[kind](rng, shape, FORMATS[dtype])
    arrays = {
        "logits": logits.astype(numpy_dtype(dtype)),
        "labels": rng.integers(shape[1], size=shape[0]),
    }
    if drawn["weighted"]:
        weights = _class_weights(rng, arrays["labels"], shape[1])
        arrays["class_weights"] = weights.astype(numpy_dtype(dtype))
    settings = {name: drawn[name] for name in ("label_smoothing", "reduction")}
    return Request(LOSS, arrays, settings, kind, seed)


def _class_weights(rng: Rng, labels: Array, classes: int) -> Array:
    """Positive, save that one class may count for nothing, if it is not that of all labels."""
    weights = rng.uniform(0.25, 2, classes)
    idle = rng.integers(classes)
    if rng.random() < 0.3 and (labels != idle).any():
        weights[idle] = 0
    return weights


def backward(request: Request, upstream: float = 1.0) -> Request:
    """The gradient of that loss, where ``upstream`` is the gradient by the loss."""
    gradient = np.asarray(upstream).astype(request.arrays["logits"].dtype)
    return request.but(operation=LOSS_GRADIENT).with_arrays(gradient=gradient)


def losses(subject: Subject, **fixed: Any) -> st.SearchStrategy[Request]:
    """Losses, as Hypothesis draws them."""
    return _losses_of(subject.dtype, few_shapes(subject), **fixed)


def trajectories(subject: Subject, **fixed: Any) -> st.SearchStrategy[Request]:
    """Trajectories, as Hypothesis draws them."""
    return _trajectories_of(subject.dtype, few_shapes(subject), **fixed)


@once
def _losses_of(dtype: str, shapes: tuple[bytes, ...], **fixed: Any) -> st.SearchStrategy[Request]:
    return rolled(lambda dice: loss_request(dice, dtype, **fixed), shapes)


@once
def _trajectories_of(
    dtype: str, shapes: tuple[bytes, ...], **fixed: Any
) -> st.SearchStrategy[Request]:
    return rolled(lambda dice: trajectory_request(dice, dtype, **fixed), shapes)


def trajectory_request(
    dice: Dice,
    dtype: str,
    *,
    optimizer: Optimizer | None = None,
    kinds: Sequence[str] = tuple(FLOATS),
    scale: float | None = None,
    steps: tuple[int, int] = (1, 8),
) -> Request:
    """The steps of an optimizer along given gradients, which are multiplied by ``scale``: so small
    at times that Adam's epsilon counts, where the format holds their squares.
    """
    kind = dice.kind(kinds)
    length = dice.between(*steps)
    shape = tuple([dice.between(1, 4) for _ in range(3)][: dice.between(0, 3)])
    longer = dice.between(1, 100)
    if dice.between(0, 3) == 3:
        shape = (longer, *shape[1:])
    drawn = optimizer_of_dice(dice, dtype)
    chosen = drawn if optimizer is None else optimizer
    small = 2.0**-27 if isinstance(chosen, Adam) and FORMATS[dtype].min_exponent < -100 else 1.0
    drawn_scale = dice.one_of((1.0, 1.0, small))
    seed = dice.seed()
    rng = np.random.default_rng(seed)
    weight = FLOATS[kind](rng, shape, FORMATS[dtype])
    gradients = FLOATS[kind](rng, (length, *shape), FORMATS[dtype])
    gradients = gradients * (drawn_scale if scale is None else scale)
    arrays = {
        "weight": np.asarray(weight).astype(numpy_dtype(dtype)),
        "gradients": np.asarray(gradients).astype(numpy_dtype(dtype)),
    }
    return Request("optimize", arrays, {"optimizer": plain(chosen)}, kind, seed)


def optimizer_of_dice(dice: Dice, dtype: str) -> Optimizer:
    """Any optimizer, of any convention."""
    family = dice.one_of(("plain", "momentum", "adam"))
    weight_decay = dice.one_of((0.0, *DECAYS))
    decoupled, option = bool(dice.between(0, 1)), bool(dice.between(0, 1))
    rate, momentum = dice.one_of(LEARNING_RATES), dice.one_of(MOMENTA)
    decay: dict[str, Any] = {"weight_decay": weight_decay, "decoupled": decoupled}
    if family == "adam":
        return adam(dice, dtype, epsilon_hat=option, **decay)
    if family == "momentum":
        return SGD(rate, momentum, option, **decay)
    return SGD(rate, **decay)


def adam(dice: Dice, dtype: str, **settings: Any) -> Adam:
    """An Adam whose 1 - beta2 the format can tell from zero."""
    narrow = FORMATS[dtype].precision < 24
    beta1, beta2 = dice.one_of(((0.75, 0.875),) if narrow else ((0.9, 0.999), (0.8, 0.99)))
    epsilon = 1e-3 if narrow else dice.one_of(EPSILONS)
    return Adam(dice.one_of(LEARNING_RATES), beta1, beta2, epsilon, **settings)


def drawn_adam(subject: Subject, data: st.DataObject, **settings: Any) -> Adam:
    """An Adam, as Hypothesis draws it."""
    return adam(Dice(data.draw(st.binary(min_size=8, max_size=8))), subject.dtype, **settings)


def by(optimizer: Optimizer, request: Request) -> Request:
    """The same gradients, followed by another optimizer."""
    return request.but(parameters={"optimizer": plain(optimizer)})


def with_either_epsilon(request: Request) -> dict[str, Request]:
    """Adam with its epsilon in either place."""
    optimizer: Any = optimizer_of(request.parameters["optimizer"])
    return {
        "added after the correction": request,
        "added before the correction": by(replace(optimizer, epsilon_hat=True), request),
    }


@makes(LOSS)
def _losses(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    return loss_request(dice, dtype)


@makes(LOSS_GRADIENT)
def _gradients(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    return backward(loss_request(dice, dtype), dice.one_of((1.0, 1.0, -2.5, 0.3)))


@makes("optimize")
def _trajectories(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    return trajectory_request(dice, dtype)
