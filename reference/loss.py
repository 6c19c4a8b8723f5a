"""The loss of a classifier: how unlikely it found the right labels."""

import numpy as np

from reference.errors import ParameterError, ShapeError
from reference.geometry import Array

REDUCTIONS = ("mean", "weighted mean", "sum")


def log_softmax(logits: Array) -> Array:
    """The logarithm of the share that each class has, (N, C) from ``logits`` (N, C)::

        d - log(sum of exp(d)),  d = logits - max(logits)

    The largest exponent is 0, so nothing overflows, and the sum is at least 1. A logit of -inf
    rules its class out; one of +inf or NaN leaves NaN.

    >>> log_softmax(np.array([[1000.0, 1000.0, -1e9]])).round(3).tolist()
    [[-0.693, -0.693, -1000001000.693]]
    """
    with np.errstate(invalid="ignore", over="ignore"):
        d = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(d - np.log(np.exp(d).sum(axis=1, keepdims=True)))


def softmax_cross_entropy(
    logits: Array,
    labels: Array,
    class_weights: Array | None = None,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Array:
    """The mean over the batch of ``-log softmax(logits)[label]``, a scalar.

    ``logits`` (N, C); ``labels`` (N,), ints of 0 to C - 1. ``label_smoothing`` s gives the share
    1 - s to the label and s / C to every class, the label's own among them. ``class_weights`` (C,)
    multiply the part of each class. ``reduction``: "mean" divides the sum by N; "weighted mean" by
    the sum of the weights of the labels; "sum" by nothing. PyTorch's mean is the weighted one,
    that of TensorFlow divides by N.

    >>> float(softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1])).round(3))
    0.693

    Raises ShapeError or ParameterError for arguments that do not fit together.
    """
    shares = _shares(logits, labels, class_weights, label_smoothing, reduction)
    surprise = -log_softmax(logits)
    with np.errstate(invalid="ignore"):  # a class ruled out, whose share is 0: 0 times infinity
        parts = np.where(shares == 0, 0, shares.astype(surprise.dtype) * surprise)
    return np.asarray(parts.sum())


def softmax_cross_entropy_gradient(
    logits: Array,
    labels: Array,
    class_weights: Array | None = None,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Array:
    """The gradient by the ``logits`` (N, C): softmax less the share that the labels give.

    >>> softmax_cross_entropy_gradient(np.array([[0.0, 0.0]]), np.array([1]))
    array([[ 0.5, -0.5]])
    """
    softmax = np.exp(log_softmax(logits))
    shares = _shares(logits, labels, class_weights, label_smoothing, reduction)
    shares = shares.astype(softmax.dtype)
    return np.asarray(softmax * shares.sum(axis=1, keepdims=True) - shares)


def _shares(
    logits: Array,
    labels: Array,
    class_weights: Array | None,
    label_smoothing: float,
    reduction: str,
) -> Array:
    """What each -log softmax is multiplied by, (N, C)."""
    _check(logits, labels, class_weights)
    if not 0 <= label_smoothing <= 1:
        raise ParameterError(f"label_smoothing must be 0 to 1, but is {label_smoothing}")
    if reduction not in REDUCTIONS:
        raise ParameterError(f"reduction {reduction!r} is unknown: use one of {REDUCTIONS}")
    count, classes = logits.shape
    weights = np.ones(classes) if class_weights is None else class_weights.astype("float64")
    shares = np.full((count, classes), label_smoothing / classes)
    shares[np.arange(count), labels] += 1 - label_smoothing
    divisor = {"mean": count, "weighted mean": weights[labels].sum(), "sum": 1}[reduction]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(shares * weights / divisor)


def _check(logits: Array, labels: Array, class_weights: Array | None) -> None:
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            f"logits {logits.shape} and labels {labels.shape} must have the shapes (N, C) and (N,)"
        )
    classes = logits.shape[1]
    if labels.dtype.kind not in "iu":
        raise ParameterError(f"labels must be ints, but are {labels.dtype}")
    for label in labels[(labels < 0) | (labels >= classes)]:
        raise ParameterError(f"labels must be 0 to {classes - 1}, but {label} is among them")
    if class_weights is not None and class_weights.shape != (classes,):
        raise ShapeError(f"class_weights must have the shape ({classes},): {class_weights.shape}")
