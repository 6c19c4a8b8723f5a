"""How far off a loss and its gradient may be, whatever the order of evaluation.

With d = z - max z, s = sum exp d and l = log s - d, every d, exp d, s, log s and l is charged its
own rounding (exp and log c = 4, for 2 ulp) and passes on those before it. Per item this comes, in
first order, to

    loss      u [ sum p|d| + |d_y| + |l| + c log s + c + C - 1 ]
    gradient  u [ p_j (2|d_j| + sum p|d| + 2c + C + (c + 1) log s) + |g_j| ]

where p = exp d / s. The last part of p_j's factor is for backends that keep log p and take its
exponential, as PyTorch does; those that divide exp d by s stay below without it.

With label smoothing, class weights and reductions, the loss is a sum of l_nj times shares a_nj,
none of them negative, over classes and items; its gradient is p_nj A_n - a_nj, A_n = sum_j a_nj.
The shares are charged for what makes them, and the sums for C - 1 and N - 1 additions. As all
terms have one sign, factors may move from the terms to the sum and back, which costs no more.
"""

from dataclasses import replace

import numpy as np

from reference.formats import FORMATS, Format
from reference.geometry import Array
from reference.running_error import Arithmetic, Computed


def loss_within(
    logits: Array | Computed,
    labels: Array,
    class_weights: Array | None = None,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    format_: Format | None = None,
) -> Computed:
    """:func:`reference.loss.softmax_cross_entropy` and its error, in the format of the logits or
    in ``format_``. Logits that are off already pass that on. Infinitely wrong where the sum over
    the items, or over the classes that smoothing shares with, may overflow before it is divided.
    """
    given = _given(logits, format_)
    surprise = _log_softmax(given) * -1
    parts = surprise * _shares(given, labels, class_weights, label_smoothing, reduction)
    undivided = surprise * _counted(given, labels, class_weights, label_smoothing > 0)
    loss = parts.sum(1).sum(0)
    safe = np.isfinite(undivided.sum(1).sum(0).error)
    return replace(loss, error=np.where(safe, loss.error, np.inf))


def gradient_within(
    logits: Array | Computed,
    labels: Array,
    gradient: Array,
    class_weights: Array | None = None,
    *,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    format_: Format | None = None,
) -> Computed:
    """The gradient by the logits, and its error, where ``gradient`` is that by the loss."""
    given = _given(logits, format_)
    shares = _shares(given, labels, class_weights, label_smoothing, reduction)
    powers = _shifted(given).exp()
    softmax = (powers / _column(powers.sum(1))).or_by(_log_softmax(given).exp())
    by_logits = softmax * _column(shares.sum(1)) - shares
    return by_logits * given.arithmetic.given(gradient)


def _given(logits: Array | Computed, format_: Format | None) -> Computed:
    if isinstance(logits, Computed):
        return logits
    arithmetic = Arithmetic.of(format_ or FORMATS[logits.dtype.name])
    return arithmetic.given(logits)


def _shifted(logits: Computed) -> Computed:
    largest = logits.value.argmax(axis=1)[:, None]
    value, error = (np.take_along_axis(a, largest, 1) for a in (logits.value, logits.error))
    return logits - replace(logits, value=value, error=error)


def _log_softmax(logits: Computed) -> Computed:
    d = _shifted(logits)
    return d - _column(d.exp().sum(1).log())


def _column(a: Computed) -> Computed:
    return replace(a, value=a.value[:, None], error=a.error[:, None])


def _shares(
    logits: Computed,
    labels: Array,
    class_weights: Array | None,
    label_smoothing: float,
    reduction: str,
) -> Computed:
    """What each -log softmax is multiplied by, (N, C)."""
    arithmetic = logits.arithmetic
    shares = _counted(logits, labels, class_weights, False)
    if label_smoothing:
        smoothing = arithmetic.rounded(label_smoothing)
        classes = arithmetic.rounded(logits.value.shape[1])
        evenly = _counted(logits, labels, class_weights, True)
        shares = shares * (1 - smoothing) + evenly * (smoothing / classes)
    if reduction == "sum":
        return shares
    if reduction == "mean" or class_weights is None:
        return shares / arithmetic.rounded(len(labels))
    return shares / arithmetic.given(class_weights[labels]).sum(0)


def _counted(
    logits: Computed, labels: Array, class_weights: Array | None, every_class: bool
) -> Computed:
    """One for the label, or for every class, times its weight."""
    counts = (np.arange(logits.value.shape[1]) == labels[:, None]) | every_class
    ones = logits.arithmetic.given(counts)
    return ones if class_weights is None else ones * logits.arithmetic.given(class_weights)
