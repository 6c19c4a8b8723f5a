"""The loss of a classifier: how unlikely it found the right labels."""

import numpy as np

from reference.errors import ParameterError, ShapeError
from reference.geometry import Array

REDUCTIONS = ("mean", "weighted mean", "sum")


def log_softmax(logits: Array) -> Array:
    """The logarithm of the share that each class has, (N, C) from ``logits`` (N, C)::

        d - log(sum of exp(d)),  d = logits - max(logits)

    The largest exponent is 0, so nothing overflows, and the sum is at least 1.

    >>> log_softmax(np.array([[1000.0, 1000.0, -1e9]])).round(3).tolist()
    [[-0.693, -0.693, -1000001000.693]]
    """
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
    total: Array = -(shares * log_softmax(logits)).sum()
    return np.asarray(total)


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
    shares = _shares(logits, labels, class_weights, label_smoothing, reduction)
    return np.asarray(np.exp(log_softmax(logits)) * shares.sum(axis=1, keepdims=True) - shares)


def _shares(
    logits: Array,
    labels: Array,
    class_weights: Array | None,
    label_smoothing: float,
    reduction: str,
) -> Array:
    """What each -log softmax is multiplied by, (N, C)."""
    count, classes = logits.shape
    if labels.shape != (count,):
        raise ShapeError(f"labels must have the shape ({count},), but have {labels.shape}")
    if count and not 0 <= labels.min() <= labels.max() < classes:
        raise ParameterError(f"labels must be 0 to {classes - 1}, but {labels.max()} is among them")
    if reduction not in REDUCTIONS:
        raise ParameterError(f"reduction {reduction!r} is unknown: use one of {REDUCTIONS}")
    weights = np.ones(classes) if class_weights is None else class_weights.astype("float64")
    shares = np.full((count, classes), label_smoothing / classes)
    shares[np.arange(count), labels] += 1 - label_smoothing
    divisor = {"mean": count, "weighted mean": weights[labels].sum(), "sum": 1}[reduction]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((shares * weights / divisor).astype(logits.dtype))
