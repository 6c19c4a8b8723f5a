"""How close is close enough: error bounds derived from rounding-error analysis, none tuned.

Notation: u is the unit roundoff of a format; A, the magnitude behind each result, is the absolute
input correlated with the absolute filters (+ the absolute bias); m is the number of terms summed
into it. Source of the analysis: Higham, Accuracy and Stability of Numerical Algorithms, 2nd
edition (2002), chapters 3 and 24.
"""

import math
from collections.abc import Callable

import numpy as np

from reference.correlation import cross_correlate
from reference.formats import FORMATS, Format
from reference.geometry import Array, Parameters

_FLOAT64 = FORMATS["float64"]


Growth = Callable[[Array, float], Array]


def gamma(terms: Array, unit_roundoff: float) -> Array:
    """m u / (1 - m u): the relative error that m successive roundings can build up; infinite
    from m u = 1 on.

    >>> gamma(np.array([1.0, 3.0]), 0.25)
    array([0.33333333, 3.        ])
    """
    growth = np.asarray(terms, "float64") * unit_roundoff
    with np.errstate(divide="ignore"):
        return np.where(growth < 1, growth / np.maximum(1 - growth, 0), np.inf)


def random_walk(results: int, chance: float = 1e-9) -> Growth:
    """What roundings that do not conspire build up instead: min(m, lambda sqrt(m)) u, where
    lambda = sqrt(2 ln(2 m M / chance)) is exceeded by none of M ``results``, save by that chance.

    Source: Higham and Mary, A new approach to probabilistic rounding error analysis (2019).
    """

    def growth(terms: Array, unit_roundoff: float) -> Array:
        m = np.maximum(np.asarray(terms, "float64"), 1)
        reach = np.sqrt(2 * np.log(2 * m * max(results, 1) / chance) * m)
        return np.asarray(np.minimum(m, reach) * unit_roundoff)

    return growth


def term_count(x: Array, filters: Array, bias: Array | None, parameters: Parameters) -> Array:
    """How many products (and the bias) are summed into each result, shape (1, 1, \\*out): ones
    correlated with ones, since padding contributes no terms, in each channel of a group.
    """
    ones, kernel = np.ones((1, 1, *x.shape[2:])), np.ones((1, 1, *filters.shape[2:]))
    alone: Parameters = {**parameters, "groups": 1}
    counts = filters.shape[1] * cross_correlate(ones, kernel, **alone)
    return np.asarray(counts if bias is None else counts + 1)


def magnitude(x: Array, filters: Array, bias: Array | None, parameters: Parameters) -> Array:
    """A: the same cross-correlation of absolute values, in float64, shape (N, K, \\*out)."""
    x, filters = np.abs(x.astype("float64")), np.abs(filters.astype("float64"))
    bias = None if bias is None else np.abs(bias.astype("float64"))
    return cross_correlate(x, filters, bias, **parameters)


def flushable(x: Array, filters: Array, bias: Array | None, parameters: Parameters) -> Array:
    """How much of each result hangs on subnormal arguments, which a backend may take as zero: the
    magnitude of all products with one, shape (N, K, \\*out), in float64.
    """
    format_ = FORMATS[x.dtype.name]

    def subnormal(a: Array) -> Array:
        return np.asarray(np.where(np.abs(a) < format_.smallest_normal, a, 0))

    few_x, few_filters = subnormal(x), subnormal(filters)
    few_bias = None if bias is None else subnormal(bias)
    if not (few_x.any() or few_filters.any() or (few_bias is not None and few_bias.any())):
        return np.zeros(())
    of_x = magnitude(few_x, filters, few_bias, parameters)
    return of_x + magnitude(x, few_filters, None, parameters)


def lemma(
    terms: Array,
    magnitude: Array,
    exact: Array,
    *,
    result: Format,
    accumulator: Format,
    input_roundoff: float = 0.0,
    flushable: Array | float = 0.0,
    growth: Growth = gamma,
) -> Array:
    """The largest error of any direct algorithm: any order or tree of sums, fused or not::

        (1 + u_out) [(1 + u_in)^2 (1 + gamma_m(u_acc)) - 1] A + u_out |y| + m eta_acc + eta_out

    ``result``: the format of the results; ``accumulator``: the format summed in, which leaves
    u_out = 0 when it is the same one; ``input_roundoff``: u_in, for backends that round their
    inputs first. eta is the smallest normal number, so that flushing subnormals is allowed: each
    of m products may be lost, or else each of the sums of two that are left. ``flushable`` adds
    what is lost with subnormal inputs. ``growth`` may replace gamma (see :func:`random_walk`).
    Infinite where an intermediate sum could overflow: there nothing is required.

    Added to it: the error of the truth that results are compared with (see
    :func:`reference.exact.truth`) and of the magnitude itself.
    """
    u_out = 0.0 if result == accumulator else result.unit_roundoff
    built_up = growth(terms, accumulator.unit_roundoff)
    with np.errstate(over="ignore", invalid="ignore"):
        relative = (1 + input_roundoff) ** 2 * (1 + built_up) - 1
        rounding = (1 + u_out) * relative * magnitude + u_out * np.abs(exact)
        lost = (terms * accumulator.smallest_normal + flushable) * (1 + relative) * (1 + u_out)
        bound = rounding + lost + result.smallest_normal + _truth_error(terms, magnitude, result)
        overflows = magnitude * (1 + relative) * (1 + u_out) >= min(
            result.largest, accumulator.largest
        )
        unbounded = overflows | ~np.isfinite(built_up)
        return np.where(unbounded, np.inf, bound * (1 + (terms + 8) * 2 * _FLOAT64.unit_roundoff))


def normwise(
    x: Array, filters: Array, bias: Array | None, parameters: Parameters, result: Format
) -> Array:
    """The error bound of fast algorithms (FFT, Winograd), which mix values that no window shares,
    shape (N, K, 1, ...): it knows the norms of a whole input and a whole filter only::

        u [2 n max|x| norm1(w) + (20 t + n + 5) norm2(x) norm2(w)] (+ 2 u |bias|)

    n: the terms of a filter; t: log2 of the length of the transform. The first part is that of
    Winograd's F(2, 3) and F(4, 3). The second is that of an FFT: a transform of t stages has a
    relative error of at most t eta in the 2-norm, eta = u + gamma_4 sqrt(2) = 6.7 u (Higham,
    theorem 24.2); two transforms, their product and the transform back give 3 t eta + 5 u by the
    inequality of Cauchy and Schwarz, and summing n products adds n u. The first part alone does
    not hold for an FFT with filters of one or two values. Infinite where a spectrum may overflow.
    """
    u, n = result.unit_roundoff, filters[0].size
    groups = parameters["groups"]
    grouped = np.abs(x.astype("float64")).reshape(len(x), groups, math.prod(x.shape[1:]) // groups)
    weights = np.abs(filters.astype("float64")).reshape(groups, len(filters) // groups, -1)
    padded = [
        size + low + high + dilation * kernel
        for size, (low, high), kernel, dilation in zip(
            x.shape[2:],
            parameters["padding"],
            filters.shape[2:],
            parameters["dilation"],
            strict=True,
        )
    ]
    stages = math.ceil(sum(map(math.log2, (*padded, 2 * max(1, filters.shape[1]))))) + len(padded)

    def outer(of_input: Array, of_filter: Array) -> Array:
        products: Array = of_input[:, :, None] * of_filter[None]
        return products.reshape(len(x), len(filters))

    def norm2(values: Array) -> Array:
        largest = np.maximum(values.max(axis=-1, initial=0), np.finfo("float64").tiny)
        return np.asarray(np.linalg.norm(values / largest[..., None], axis=-1) * largest)

    with np.errstate(over="ignore", invalid="ignore"):
        winograd = 2 * n * outer(grouped.max(axis=-1, initial=0), weights.sum(axis=-1))
        fft = (20 * stages + n + 5) * outer(norm2(grouped), norm2(weights))
        bound = u * (winograd + fft) + (n + 1) * result.smallest_normal
        # Either spectrum may be the largest number met, or the sums of the transform back.
        spectra = (np.maximum(a.sum(axis=-1), 1) for a in (grouped, weights))
        bound = np.where(np.ldexp(outer(*spectra), stages) < result.largest, bound, np.inf)
        if bias is not None:
            bound = bound + 2 * u * (np.abs(bias.astype("float64")) + bound)
    return np.asarray(bound).reshape(*bound.shape, *(1,) * len(padded))


def _truth_error(terms: Array, magnitude: Array, result: Format) -> Array:
    growth = gamma(terms, _FLOAT64.unit_roundoff)
    return np.asarray((2 * growth * growth if result == _FLOAT64 else growth) * magnitude)
