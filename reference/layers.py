"""The other layers of a CNN: dense, batch normalisation, dropout; each with its gradients."""

from typing import Any

import numpy as np

from reference.errors import ParameterError, ShapeError
from reference.geometry import Array


def dense(x: Array, weights: Array, bias: Array | None = None) -> Array:
    """Every output is the inner product of all inputs with its own weights: (N, O) from ``x``
    (N, I), ``weights`` (O, I) and ``bias`` (O,) or None.

    It is the cross-correlation whose filters cover the whole input, and so stop only once.

    >>> dense(np.array([[1, 2]]), np.array([[3, 4], [0, -1]]), np.array([0, 10]))
    array([[11,  8]])

    Raises ShapeError for arrays that do not fit together.
    """
    if x.ndim != 2 or weights.ndim != 2 or x.shape[1] != weights.shape[1]:
        raise ShapeError(f"x {x.shape} and weights {weights.shape} must be (N, I) and (O, I)")
    if bias is not None and bias.shape != weights.shape[:1]:
        raise ShapeError(f"bias must have the shape {weights.shape[:1]}, but has {bias.shape}")
    # Not the operator @: its product of bfloat16 is float32.
    result: Array = np.dot(x, weights.T)
    return result if bias is None else result + bias


def dense_gradients(x: Array, weights: Array, gradient: Array) -> dict[str, Array]:
    """The gradients by ``x`` (N, I), ``weights`` (O, I) and ``bias`` (O,), for the ``gradient``
    (N, O) by the result.

    Raises ShapeError for arrays that do not fit together.
    """
    if gradient.shape != (len(x), len(weights)) or x.shape[1:] != weights.shape[1:]:
        raise ShapeError(
            f"x {x.shape}, weights {weights.shape} and gradient {gradient.shape} must be (N, I), "
            "(O, I) and (N, O)"
        )
    return {
        "x": np.dot(gradient, weights),
        "weights": np.dot(gradient.T, x),
        "bias": gradient.sum(axis=0),
    }


def batch_norm(
    x: Array,
    scale: Array,
    shift: Array,
    mean: Array,
    variance: Array,
    *,
    training: bool,
    momentum: float = 0.1,
    epsilon: float = 1e-5,
    unbiased: bool = True,
) -> dict[str, Array]:
    """Each channel of ``x`` (N, C, \\*size) shifted and scaled to mean 0 and variance 1, then by
    ``scale`` and ``shift`` (C,)::

        result = scale * (x - mean) / sqrt(variance + epsilon) + shift

    In ``training`` mean and variance are those of the batch (the variance divides by their number,
    n), and what is kept for later, ``mean`` and ``variance`` (C,), moves towards them::

        new = (1 - momentum) * old + momentum * that of the batch

    There the variance divides by n - 1 if ``unbiased``, else by n. Otherwise the kept ones are
    used, and stay. Frameworks differ: PyTorch has ``unbiased``, momentum 0.1 and epsilon 1e-5;
    Keras has none, calls 1 - momentum "momentum" (0.99) and has epsilon 1e-3.

    Returns "result", "mean" and "variance".
    Source: Ioffe and Szegedy, Batch Normalization (2015).

    >>> one, zero = np.ones(1), np.zeros(1)
    >>> batch_norm(np.array([[[1.0, 3.0]]]), one, zero, zero, one, training=True, epsilon=0)
    {'result': array([[[-1.,  1.]]]), 'mean': array([0.2]), 'variance': array([1.1])}

    Raises ShapeError for arrays that do not fit together, ParameterError where a channel has too
    few values for a variance.
    """
    _check_channels(x, scale=scale, shift=shift, mean=mean, variance=variance)
    if training:
        batch_mean, batch_variance, count = _moments(x)
        if unbiased and count < 2:
            raise ParameterError(f"x {x.shape} has too few values a channel: n - 1 divides")
        result = _normalised(x, batch_mean, batch_variance, epsilon)
        spread = batch_variance * (count / (count - 1)) if unbiased else batch_variance
        mean = (1 - momentum) * mean + momentum * batch_mean
        variance = (1 - momentum) * variance + momentum * spread
    else:
        result = _normalised(x, mean, variance, epsilon)
    like = _channelwise(x.ndim)
    return {
        "result": scale[like] * result + shift[like],
        "mean": mean.astype(result.dtype),
        "variance": variance.astype(result.dtype),
    }


def batch_norm_gradients(
    x: Array,
    scale: Array,
    gradient: Array,
    mean: Array,
    variance: Array,
    *,
    training: bool,
    epsilon: float = 1e-5,
) -> dict[str, Array]:
    """The gradients by ``x``, ``scale`` and ``shift``. In training the mean and the variance of
    the batch depend on every value of it, too.
    """
    _check_channels(x, scale=scale, mean=mean, variance=variance)
    if gradient.shape != x.shape:
        raise ShapeError(f"the gradient {gradient.shape} must have the shape {x.shape} of x")
    like, axes = _channelwise(x.ndim), (0, *range(2, x.ndim))
    if training:
        mean, variance, count = _moments(x)
    root = np.sqrt(variance + epsilon)[like]
    normal = (x - mean[like]) / root
    by_scale, by_shift = (gradient * normal).sum(axis=axes), gradient.sum(axis=axes)
    by_x = gradient
    if training:
        by_x = gradient - (by_shift[like] + normal * by_scale[like]) / count
    return {"x": scale[like] * by_x / root, "scale": by_scale, "shift": by_shift}


def dropout(x: Array, mask: Array, rate: float) -> Array:
    """``x`` where the ``mask`` is true, divided by the share 1 - ``rate`` that is kept, and zero
    elsewhere. Its gradient is dropout of the gradient, with the same mask.

    >>> dropout(np.array([1.0, 2.0]), np.array([False, True]), rate=0.5)
    array([0., 4.])

    Source: Srivastava et al., Dropout (2014), in the inverted form that all frameworks have.
    """
    if not 0 <= rate < 1:
        raise ParameterError(f"the rate must be at least 0 and below 1, but is {rate}")
    if mask.shape != x.shape:
        raise ShapeError(f"the mask {mask.shape} must have the shape {x.shape} of x")
    return np.where(mask, x / (1 - rate), 0)


def _moments(x: Array) -> tuple[Array, Array, int]:
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes)
    variance = ((x - mean[_channelwise(x.ndim)]) ** 2).mean(axis=axes)
    return mean, variance, x.size // x.shape[1]


def _normalised(x: Array, mean: Array, variance: Array, epsilon: float) -> Array:
    like = _channelwise(x.ndim)
    return np.asarray((x - mean[like]) / np.sqrt(variance + epsilon)[like])


def _check_channels(x: Array, **of_channels: Array) -> None:
    if x.ndim < 2:
        raise ShapeError(f"x must be (N, C, *size), but its shape is {x.shape}")
    for name, values in of_channels.items():
        if values.shape != x.shape[1:2]:
            raise ShapeError(f"{name} must have the shape {x.shape[1:2]}, but has {values.shape}")


def _channelwise(axes: int) -> Any:
    """The index that lays (C,) along the channels of (N, C, \\*size)."""
    return (slice(None), *(None,) * (axes - 2))
