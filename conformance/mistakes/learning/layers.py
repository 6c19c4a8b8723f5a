"""Dense layers, batch normalisation and dropout done wrong, and their gradients."""

from functools import partial
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from adapters.reference_adapter import Reference
from conformance.mistakes.learning.catalogue import wrong
from reference import layers
from reference.geometry import Array

dense_wrong = partial(wrong, "dense")
dense_gradient_wrong = partial(wrong, GRADIENTS_OF + "dense")
norm_wrong = partial(wrong, "batch_norm")
norm_gradient_wrong = partial(wrong, GRADIENTS_OF + "batch_norm")
dropout_wrong = partial(wrong, "dropout")
dropout_gradient_wrong = partial(wrong, GRADIENTS_OF + "dropout")

_REFERENCE = Reference()


@dense_wrong("LAYER-12", "the dense layer takes square weights transposed")
def dense_weights_transposed(x: Array, weights: Array, bias: Array | None = None) -> Array:
    square = weights.shape[0] == weights.shape[1]
    return layers.dense(x, weights.T if square else weights, bias)


@dense_wrong("LAYER-12", "sums of the dense layer are cut to 8 bits, not rounded")
def dense_cut_to_8_bits(x: Array, weights: Array, bias: Array | None = None) -> Array:
    products = _cut(x @ weights.T)
    return products if bias is None else products + bias


def _cut(a: Array) -> Array:
    """The first 8 bits of every value."""
    significands, exponents = np.frexp(a.astype("float64"))
    return np.asarray(np.ldexp(np.trunc(np.ldexp(significands, 8)), exponents - 8))


@dense_gradient_wrong("LAYER-12", "sums of the gradients of a dense layer are cut to 8 bits")
def dense_gradients_cut_to_8_bits(
    x: Array, weights: Array, gradient: Array, bias: Array | None = None
) -> dict[str, Array]:
    found = {"x": _cut(gradient @ weights), "weights": _cut(gradient.T @ x)}
    return found if bias is None else found | {"bias": gradient.sum(axis=0)}


@dense_wrong("LAYER-12", "the dense layer leaves the bias out")
def dense_without_bias(x: Array, weights: Array, bias: Array | None = None) -> Array:
    return layers.dense(x, weights)


@dense_wrong("LAYER-12", "the dense layer subtracts the bias")
def dense_subtracts_bias(x: Array, weights: Array, bias: Array | None = None) -> Array:
    return layers.dense(x, weights, None if bias is None else -bias)


@dense_wrong("LAYER-13", "the dense layer reads its inputs backwards")
def dense_reads_backwards(x: Array, weights: Array, bias: Array | None = None) -> Array:
    return layers.dense(x[:, ::-1], weights, bias)


@dense_gradient_wrong("LAYER-12", "the gradient by dense weights is a mean over the batch")
def dense_weight_gradient_a_mean(
    x: Array, weights: Array, gradient: Array, bias: Array | None = None
) -> dict[str, Array]:
    found = _of_dense(x, weights, gradient, bias)
    return found | {"weights": found["weights"] / len(x)}


@dense_gradient_wrong("LAYER-12", "the gradient by the bias of a dense layer is a mean")
def dense_bias_gradient_a_mean(
    x: Array, weights: Array, gradient: Array, bias: Array | None = None
) -> dict[str, Array]:
    found = _of_dense(x, weights, gradient, bias)
    return found | ({} if bias is None else {"bias": found["bias"] / len(x)})


@dense_gradient_wrong("LAYER-12", "the gradient by dense weights comes out transposed, if square")
def dense_weight_gradient_transposed(
    x: Array, weights: Array, gradient: Array, bias: Array | None = None
) -> dict[str, Array]:
    found = _of_dense(x, weights, gradient, bias)
    square = weights.shape[0] == weights.shape[1]
    return found | ({"weights": found["weights"].T} if square else {})


def _of_dense(x: Array, weights: Array, gradient: Array, bias: Array | None) -> dict[str, Array]:
    found = layers.dense_gradients(x, weights, gradient)
    return {name: a for name, a in found.items() if name != "bias" or bias is not None}


def _moments(x: Array, divisor: float = 0) -> tuple[Array, Array]:
    """Mean and variance of each channel, the variance times n / (n - 1) where that is asked for."""
    axes = (0, *range(2, x.ndim))
    count = x.size // x.shape[1]
    return x.mean(axis=axes), x.var(axis=axes) * count / max(count - divisor, 1)


def _by_moments(
    x: Array, a: dict[str, Array], p: dict[str, Any], mean: Array, variance: Array
) -> Array:
    """The result, normalised by these."""
    how = p | {"training": False}
    moments: dict[str, Any] = a | {"mean": mean, "variance": variance}
    return layers.batch_norm(x, **moments, **how)["result"]


def _split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays: dict[str, Any] = {name: given[name] for name in ("scale", "shift", "mean", "variance")}
    return arrays, {name: value for name, value in given.items() if name not in arrays}


@norm_wrong("LAYER-14", "batch normalisation divides by the unbiased variance in training")
def norm_by_the_unbiased_variance(x: Array, **given: Any) -> dict[str, Array]:
    a, p = _split(given)
    found = layers.batch_norm(x, **a, **p)
    if not p["training"]:
        return found
    return found | {"result": _by_moments(x, a, p, *_moments(x, divisor=1))}


@norm_wrong("LAYER-15", "batch normalisation keeps the biased variance where it should be unbiased")
def norm_keeps_the_biased_variance(x: Array, **given: Any) -> dict[str, Array]:
    return layers.batch_norm(x, **given | {"unbiased": False})


@norm_wrong(
    "LAYER-15", "batch normalisation takes the momentum for the share of the old statistics"
)
def norm_momentum_swapped(x: Array, **given: Any) -> dict[str, Array]:
    return layers.batch_norm(x, **given | {"momentum": 1 - given["momentum"]})


@norm_wrong("LAYER-15", "batch normalisation keeps what it had, and does not learn it")
def norm_keeps_nothing(x: Array, **given: Any) -> dict[str, Array]:
    found = layers.batch_norm(x, **given)
    return found | {name: given[name].copy() for name in ("mean", "variance")}


@norm_wrong("LAYER-15", "batch normalisation keeps the statistics of the last batch alone")
def norm_keeps_the_last_batch(x: Array, **given: Any) -> dict[str, Array]:
    return layers.batch_norm(x, **given | {"momentum": 1.0})


@norm_wrong("LAYER-16", "batch normalisation changes what it keeps in inference, too")
def norm_learns_in_inference(x: Array, **given: Any) -> dict[str, Array]:
    found = layers.batch_norm(x, **given)
    learned = layers.batch_norm(x, **given | {"training": True, "unbiased": False})
    return found | {name: learned[name] for name in ("mean", "variance")}


@norm_wrong("LAYER-16", "batch normalisation uses mean and variance of the batch in inference")
def norm_by_the_batch_in_inference(x: Array, **given: Any) -> dict[str, Array]:
    a, p = _split(given)
    return layers.batch_norm(x, **a, **p) | {"result": _by_moments(x, a, p, *_moments(x))}


@norm_wrong("LAYER-14", "batch normalisation uses what was kept in training, too")
def norm_by_what_was_kept(x: Array, **given: Any) -> dict[str, Array]:
    a, p = _split(given)
    kept = _by_moments(x, a, p, a["mean"], a["variance"])
    return layers.batch_norm(x, **a, **p) | {"result": kept}


def _with_root(x: Array, given: dict[str, Any], moved: bool) -> dict[str, Array]:
    """The result with epsilon beside the root, or left out."""
    found = layers.batch_norm(x, **given)
    mean, variance = _moments(x) if given["training"] else (given["mean"], given["variance"])
    like = (slice(None), *(None,) * (x.ndim - 2))
    root = np.sqrt(variance) + (given["epsilon"] if moved else 0)
    normal = (x - mean[like]) / root[like]
    return found | {"result": given["scale"][like] * normal + given["shift"][like]}


@norm_wrong("LAYER-18", "batch normalisation adds epsilon to the deviation, not to the variance")
def norm_epsilon_outside_the_root(x: Array, **given: Any) -> dict[str, Array]:
    return _with_root(x, given, moved=True)


@norm_wrong("LAYER-18", "batch normalisation leaves epsilon out")
def norm_without_epsilon(x: Array, **given: Any) -> dict[str, Array]:
    return _with_root(x, given, moved=False)


@norm_wrong("LAYER-14", "batch normalisation takes mean and variance of each item by itself")
def norm_of_each_item(x: Array, **given: Any) -> dict[str, Array]:
    found = layers.batch_norm(x, **given)
    if not given["training"]:
        return found
    alone = given | {"unbiased": False}
    return found | {
        "result": np.concatenate([layers.batch_norm(i[None], **alone)["result"] for i in x])
    }


@norm_wrong("LAYER-14", "batch normalisation takes mean and variance over all channels")
def norm_over_all_channels(x: Array, **given: Any) -> dict[str, Array]:
    a, p = _split(given)
    found = layers.batch_norm(x, **a, **p)
    if not p["training"]:
        return found
    mean, variance = np.full(x.shape[1], x.mean()), np.full(x.shape[1], x.var())
    return found | {"result": _by_moments(x, a, p, mean, variance)}


@norm_wrong("LAYER-14", "batch normalisation leaves out scale and shift")
def norm_without_scale_and_shift(x: Array, **given: Any) -> dict[str, Array]:
    plain: dict[str, Any] = {
        "scale": np.ones_like(given["scale"]),
        "shift": np.zeros_like(given["shift"]),
    }
    return layers.batch_norm(x, **given | plain)


def _norm_gradients(x: Array, gradient: Array, given: dict[str, Any]) -> dict[str, Array]:
    names = ("scale", "mean", "variance", "training", "epsilon")
    return layers.batch_norm_gradients(x, gradient=gradient, **{n: given[n] for n in names})


@norm_gradient_wrong(
    "LAYER-17", "the gradient of batch normalisation takes mean and variance for constants"
)
def norm_gradient_of_constants(x: Array, gradient: Array, **given: Any) -> dict[str, Array]:
    if not given["training"]:
        return _norm_gradients(x, gradient, given)
    mean, variance = _moments(x)
    fixed = {"training": False, "mean": mean, "variance": variance}
    return _norm_gradients(x, gradient, given | fixed)


@norm_gradient_wrong(
    "LAYER-17", "the gradient of batch normalisation takes the variance for a constant"
)
def norm_gradient_of_a_constant_variance(
    x: Array, gradient: Array, **given: Any
) -> dict[str, Array]:
    found: dict[str, Array] = norm_gradient_of_constants(x, gradient, **given)
    if not given["training"]:
        return found
    mean = found["x"].mean(axis=(0, *range(2, x.ndim)), keepdims=True)
    return found | {"x": np.asarray(found["x"] - mean)}


@norm_gradient_wrong(
    "LAYER-17", "the gradient by the scale of batch normalisation forgets to normalise"
)
def norm_scale_gradient_of_the_input(x: Array, gradient: Array, **given: Any) -> dict[str, Array]:
    found = _norm_gradients(x, gradient, given)
    return found | {"scale": np.asarray((gradient * x).sum(axis=(0, *range(2, x.ndim))))}


@norm_gradient_wrong("LAYER-17", "the gradient of batch normalisation leaves the scale out")
def norm_gradient_without_scale(x: Array, gradient: Array, **given: Any) -> dict[str, Array]:
    plain = {"scale": np.ones_like(given["scale"])}
    return _norm_gradients(x, gradient, given | plain)


@norm_gradient_wrong(
    "LAYER-17", "the gradients of batch normalisation are those of training in inference, too"
)
def norm_gradient_of_training(x: Array, gradient: Array, **given: Any) -> dict[str, Array]:
    return _norm_gradients(x, gradient, given | {"training": True})


@dropout_wrong("LAYER-19", "dropout does not divide by the share that it keeps")
def dropout_not_scaled(x: Array, *, rate: float, seed: int, training: bool) -> Array:
    found = _REFERENCE.dropout(x, rate=rate, seed=seed, training=training)
    return np.where(found == 0, 0, x)


@dropout_wrong("LAYER-19", "dropout divides by the rate, not by the share that it keeps")
def dropout_divided_by_the_rate(x: Array, *, rate: float, seed: int, training: bool) -> Array:
    found = _REFERENCE.dropout(x, rate=rate, seed=seed, training=training)
    return np.where(found == 0, 0, x / rate) if training else found


@dropout_wrong("LAYER-19", "dropout keeps as many values as it should drop")
def dropout_keeps_the_rate(x: Array, *, rate: float, seed: int, training: bool) -> Array:
    found = _REFERENCE.dropout(x, rate=1 - rate, seed=seed, training=training)
    return np.where(found == 0, 0, x / (1 - rate)) if training else found


@dropout_wrong("LAYER-20", "dropout drops values in inference, too")
def dropout_in_inference(x: Array, *, rate: float, seed: int, training: bool) -> Array:
    return _REFERENCE.dropout(x, rate=rate, seed=seed, training=True)


@dropout_wrong("LAYER-20", "dropout takes the seed 0 for 1")
def dropout_seed_0_is_1(x: Array, *, rate: float, seed: int, training: bool) -> Array:
    return _REFERENCE.dropout(x, rate=rate, seed=max(seed, 1), training=training)


@dropout_wrong("LAYER-20", "dropout scales in inference, as its first form did")
def dropout_scales_in_inference(x: Array, *, rate: float, seed: int, training: bool) -> Array:
    found = _REFERENCE.dropout(x, rate=rate, seed=seed, training=training)
    return found if training else found * (1 - rate)


@dropout_gradient_wrong("LAYER-21", "the gradient of dropout drops other values than dropout did")
def dropout_gradient_with_a_new_mask(
    x: Array, gradient: Array, *, rate: float, seed: int, training: bool
) -> dict[str, Array]:
    return {"x": _REFERENCE.dropout(gradient, rate=rate, seed=seed + 1, training=training)}


@dropout_gradient_wrong("LAYER-21", "the gradient of dropout is not divided by the share kept")
def dropout_gradient_not_scaled(
    x: Array, gradient: Array, *, rate: float, seed: int, training: bool
) -> dict[str, Array]:
    found = _REFERENCE.dropout(gradient, rate=rate, seed=seed, training=training)
    return {"x": np.where(found == 0, 0, gradient)}


@dropout_gradient_wrong("LAYER-21", "the gradient of dropout goes to the dropped values, too")
def dropout_gradient_ignores_the_mask(
    x: Array, gradient: Array, *, rate: float, seed: int, training: bool
) -> dict[str, Array]:
    return {"x": gradient / (1 - rate) if training else gradient.copy()}
