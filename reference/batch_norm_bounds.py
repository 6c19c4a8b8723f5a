"""How far off batch normalisation and its gradients may be, from the rounding errors of their
formulas.

Notation, for one channel of n values: m and v, mean and variance; L = max |x|; r = 1 / sqrt(v +
epsilon); u, the unit roundoff; eta, the smallest normal number, which is what flushing subnormals
may cost. The formulas may be evaluated in any order that subtracts no squares: two passes or
Welford's updates; scale r (x - m) + shift, or (scale r) x + (shift - scale r m).

mean. A sum of n values and a quotient are off by gamma_n mean|x|. An update of Welford's, m + (x -
m) / k, rounds three times: its k-th is off by 3 u (|x| + 2 |m|) / k + u |m|, which reaches the end
times k / n; in all by at most e_m = gamma_{2n+8} L.

variance. Two passes take d = x - m with an m that is off by e_m, which adds e_m^2 to v, and round
n + 3 times: gamma_{n+3} v. In Welford's sum of (x - m_{k-1})(x - m_k), which is n v, each factor
is off by e_m, and sum d^2 <= 2 n v: by the inequality of Cauchy and Schwarz that moves v by at
most 2 sqrt(2 v) e_m + e_m^2. So e_v = gamma_{n+6} v + 3 sqrt(v) e_m + 2 e_m^2.

Source of the method: Chan, Golub, LeVeque, Algorithms for computing the sample variance (1983).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from reference.bounds import gamma
from reference.formats import FORMATS, Format
from reference.geometry import Array

_FLOAT64 = FORMATS["float64"]
Bounds = dict[str, Array]


def batch_norm_bounds(
    x: Array,
    scale: Array,
    shift: Array,
    mean: Array,
    variance: Array,
    *,
    training: bool,
    momentum: float,
    epsilon: float,
    unbiased: bool,
    format_: Format,
) -> Bounds:
    """The largest errors of "result", "mean" and "variance", computed in ``format_`` and compared
    with the reference in float64, whose own error is part of them. Infinite where a sum or a square
    could overflow, or v + epsilon is lost in its own error.
    """
    given = [a.astype("float64") for a in (x, scale, shift, mean, variance)]
    kept = partial(_of_kept, momentum=momentum, unbiased=unbiased)

    def bounds(limits: Format) -> Bounds:
        channels = _Channels.of(given[0], given[3], given[4], training, epsilon, limits)
        result = channels.of_result(given[1], given[2])
        if not training:
            return {"result": result, "mean": np.zeros(()), "variance": np.zeros(())}
        return {"result": result} | kept(channels, given[3], given[4])

    return _with_the_truth(bounds, format_)


def batch_norm_gradient_bounds(
    x: Array,
    scale: Array,
    gradient: Array,
    mean: Array,
    variance: Array,
    *,
    training: bool,
    epsilon: float,
    format_: Format,
) -> Bounds:
    """The same for the gradients by "x", "scale" and "shift".

    With S = sum g and T = sum g h, h = r (x - m): S is off by gamma_n sum|g|, T by what h is off,
    and by gamma_{n+6} sum |g| r (|x| + |m|); the gradient by x, scale r (g - (S + h T) / n), by
    what its parts are off, and by ten roundings of the absolute parts.
    """
    given = [a.astype("float64") for a in (x, scale, gradient, mean, variance)]

    def bounds(limits: Format) -> Bounds:
        channels = _Channels.of(given[0], given[3], given[4], training, epsilon, limits)
        return channels.of_gradients(given[1], given[2], training)

    return _with_the_truth(bounds, format_)


def _with_the_truth(bounds: Callable[[Format], Bounds], format_: Format) -> Bounds:
    with np.errstate(all="ignore"):
        own, of_truth = bounds(format_), bounds(_FLOAT64)
        return {
            name: np.nan_to_num(own[name] + of_truth[name], nan=np.inf, posinf=np.inf)
            for name in own
        }


@dataclass(frozen=True)
class _Channels:
    """x (N, C, \\*size), and of each channel, laid out along it: m and v with their errors, r with
    its relative error; ``n`` values in the ``format``.
    """

    x: Array
    n: int
    format: Format
    mean: Array
    mean_error: Array
    variance: Array
    variance_error: Array
    root: Array
    root_error: Array

    @classmethod
    def of(
        cls, x: Array, mean: Array, variance: Array, training: bool, epsilon: float, limits: Format
    ) -> "_Channels":
        like = (slice(None), *(None,) * (x.ndim - 2))
        mean, variance, n = mean[like], variance[like], x.size // x.shape[1]
        mean_error, variance_error = np.zeros(mean.shape), np.zeros(mean.shape)
        growth = partial(_growth, limits)
        lost = limits.smallest_normal
        if training:
            axes = _axes(x)
            largest = np.abs(x).max(axis=axes, keepdims=True)[0]
            mean, variance = (
                a[0] for a in (x.mean(axes, keepdims=True), x.var(axes, keepdims=True))
            )
            mean_error = growth(2 * n + 8) * largest + 3 * lost
            spread = np.sqrt(variance) * mean_error
            variance_error = growth(n + 6) * variance + 3 * spread + 2 * mean_error**2 + 3 * lost
            overflows = n * 4 * largest**2 >= limits.largest
            variance_error = np.where(overflows, np.inf, variance_error)
        raised = variance + epsilon
        off = variance_error + growth(3) * raised + lost
        root = 1 / np.sqrt(raised)
        # 1 / sqrt is steepest at the lower end; it is taken to be within 2 ulp, as exp is.
        relative = np.sqrt(raised / np.maximum(raised - off, 0)) * (1 + growth(6)) - 1
        return cls(
            x, n, limits, mean, mean_error, variance, variance_error, root, np.asarray(relative)
        )

    def normal(self) -> tuple[Array, Array, Array]:
        """h, its error, and its magnitude r (|x| + |m|)."""
        off = self.x - self.mean
        size = self.root * (np.abs(self.x) + np.abs(self.mean))
        wrong = 1 + self.root_error
        lost = self.format.smallest_normal * (4 + 3 * self.root)
        error = np.abs(off) * self.root * self.root_error + wrong * (
            self.root * self.mean_error + _growth(self.format, 4) * size + lost
        )
        return off * self.root, error, size

    def of_result(self, scale: Array, shift: Array) -> Array:
        """The error of scale h + shift, where scale and shift add four roundings."""
        like = (slice(None), *(None,) * (self.x.ndim - 2))
        scale, shift = np.abs(scale[like]), np.abs(shift[like])
        _, error, size = self.normal()
        rounding = _growth(self.format, 6) * (1 + self.root_error) * (scale * size + shift)
        lost = self.format.smallest_normal * (4 + np.abs(self.x) + np.abs(self.mean))
        bound = (1 + _growth(self.format, 6)) * scale * error + rounding + lost
        return self.unless_overflow((1 + scale) * size + shift, bound)

    def unless_overflow(self, size: Array, bound: Array) -> Array:
        """The bound, but infinite where a sum of four terms of this size is no number."""
        reach = 4 * size * (1 + self.root_error)
        return np.where(reach + bound >= self.format.largest, np.inf, bound)

    def of_gradients(self, scale: Array, gradient: Array, training: bool) -> Bounds:
        like, axes = (slice(None), *(None,) * (self.x.ndim - 2)), _axes(self.x)
        growth, g = partial(_growth, self.format), np.abs(gradient)
        lost = self.format.smallest_normal
        scale = np.abs(scale[like])
        normal, error, size = self.normal()
        sums = g.sum(axes, keepdims=True)[0]
        sums_error = growth(self.n) * sums + self.n * lost
        wide = (g * size).sum(axes, keepdims=True)[0] * (1 + self.root_error)
        products = np.abs((gradient * normal).sum(axes, keepdims=True)[0])
        products_error = (g * error).sum(axes, keepdims=True)[0] + growth(self.n + 6) * wide
        products_error = products_error + self.n * lost * (1 + self.root)
        inside, inside_error, inside_size = np.abs(gradient), np.zeros(g.shape), g
        if training:
            shift_of = gradient.sum(axes, keepdims=True)[0]
            product_of = (gradient * normal).sum(axes, keepdims=True)[0]
            inside = np.abs(gradient - (shift_of + normal * product_of) / self.n)
            mixed = np.abs(normal) * products_error + error * (products + products_error)
            inside_error = (sums_error + mixed) / self.n
            inside_size = g + (sums + (size + error) * (wide + products_error)) / self.n
        by_x = scale * self.root * (
            inside * self.root_error
            + (1 + self.root_error) * (inside_error + growth(10) * inside_size)
        ) + lost * (4 + scale) * (1 + self.root) * (1 + inside_size)
        most = wide / np.minimum(self.root, 1)
        return {
            "x": self.unless_overflow(
                self.n * (1 + scale) * (1 + self.root) * inside_size + most, by_x
            ),
            "scale": self.unless_overflow(most, products_error).ravel(),
            "shift": self.unless_overflow(sums, sums_error).ravel(),
        }


def _of_kept(
    channels: _Channels, mean: Array, variance: Array, *, momentum: float, unbiased: bool
) -> Bounds:
    """(1 - momentum) old + momentum new, or old + momentum (new - old): new is off by its error,
    and old and new are rounded five times.
    """
    growth, lost = partial(_growth, channels.format), 3 * channels.format.smallest_normal
    share = channels.n / (channels.n - 1) if unbiased else 1.0

    def moved(old: Array, new: Array, error: Array) -> Array:
        error = error.ravel()
        size = np.abs(old) + np.abs(new.ravel()) + error
        return np.asarray(momentum * error + growth(6) * size + lost)

    of_variance = channels.variance * share, channels.variance_error * share
    return {
        "mean": moved(mean, channels.mean, channels.mean_error),
        "variance": moved(variance, *of_variance),
    }


def _axes(x: Array) -> Any:
    return (0, *range(2, x.ndim))


def _growth(format_: Format, roundings: int) -> Array:
    return gamma(np.asarray(roundings), format_.unit_roundoff)
