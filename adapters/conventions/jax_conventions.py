"""The conventions of JAX."""

import jax
import jax.numpy as jnp
from jax import lax

VERSION = jax.__version__


def _convolved(size: int, taps: list[float], padding: object) -> list[float]:
    x = jnp.zeros((1, 1, size)).at[0, 0, size // 2].set(1)
    filters = jnp.asarray(taps).reshape(1, 1, -1)
    return [float(value) for value in lax.conv_general_dilated(x, filters, (1,), padding).ravel()]


def kernel_flip() -> str:
    return "no" if _convolved(3, [1.0, 2, 3], "SAME") == [3, 2, 1] else "yes"


def odd_zero_of_same() -> str:
    found = _convolved(1, [1.0, 2], "SAME"), _convolved(1, [1.0, 2], "SAME_LOWER")
    side = {1.0: "after", 2.0: "before"}
    return f"{side[found[0][0]]}; SAME_LOWER {side[found[1][0]]}"


def _transposed(size: int, taps: list[float], stride: int, padding: str) -> list[float]:
    x, filters = jnp.ones((1, 1, size)), jnp.asarray(taps).reshape(1, 1, -1)
    layout = ("NCH", "OIH", "NCH")
    found = lax.conv_transpose(
        x, filters, (stride,), padding, dimension_numbers=layout, transpose_kernel=True
    )
    return [float(value) for value in found.ravel()]


def odd_value_of_a_transpose() -> str:
    return {1.0: "after", 2.0: "before"}[_transposed(1, [1.0, 2], 1, "SAME")[0]]


def size_of_a_valid_transpose() -> str:
    size = len(_transposed(2, [1.0], 3, "VALID"))
    return {4: "(size - 1) * stride + kernel", 6: "size * stride"}[size]


def kernel_beyond_the_input() -> str:
    return "an empty result" if _convolved(2, [1.0] * 3, "VALID") == [] else "a result"


def negative_padding() -> str:
    return "crops" if len(_convolved(5, [1.0], [(-1, -1)])) == 3 else "does not crop"


def nan_in_a_max_pool() -> str:
    got = lax.reduce_window(jnp.array([1.0, jnp.nan]), -jnp.inf, lax.max, (2,), (2,), "VALID")
    return "reaches the result" if bool(jnp.isnan(got).all()) else "is dropped"


def gradient_of_a_tie() -> str:
    def pooled(x: jax.Array) -> jax.Array:
        return lax.reduce_window(x, -jnp.inf, lax.max, (2,), (2,), "VALID").sum()

    first, last = map(float, jax.grad(pooled)(jnp.ones(2)))
    return {
        (1.0, 0.0): "to the first",
        (0.0, 1.0): "to the last",
        (1.0, 1.0): "to each, whole",
    }.get((first, last), "shared")


def slope_of_leaky_relu() -> str:
    return f"{-float(jax.nn.leaky_relu(-1.0)):g}"


def gelu_by_default() -> str:
    return "erf" if abs(float(jax.nn.gelu(1.0)) - 0.8413447460685429) < 1e-5 else "tanh"


def derivative_of_relu_at_0() -> str:
    return f"{float(jax.grad(jax.nn.relu)(0.0)):g}"


def derivative_of_maximum_at_a_tie() -> str:
    return f"{float(jax.grad(lambda x: jnp.maximum(x, 0.0))(0.0)):g}"
