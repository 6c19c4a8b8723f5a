"""Every layer of PyTorch, and its gradients, is that of the reference."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import Array
from adapters.dtypes import numpy_dtype
from adapters.operations import GRADIENTS_OF, perform
from adapters.tests.layer_calls import CALLS, ROUNDING, Arrays, changed, check, with_gradient

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("error:The given NumPy array is not writ")

COUNTED = {"max_pool": "", "average_pool": ", counted=True"}
LINEAR = ("cross_correlate", "transposed_cross_correlate", "dense")


@pytest.fixture(scope="module")
def torch_cpu() -> Adapter:
    return load("torch-cpu")


@pytest.mark.parametrize("name", CALLS)
def test_results_and_gradients(torch_cpu: Adapter, name: str) -> None:
    check(torch_cpu, CALLS[name], 1e-12)
    check(torch_cpu, with_gradient(CALLS[name]), 1e-12)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_other_dtypes(torch_cpu: Adapter, name: str, dtype: str) -> None:
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    # Few bits, so that the arguments themselves are the same in every dtype.
    call = changed(CALLS[name], lambda a: (np.round(a * 8) / 8).astype(numpy_dtype(dtype)))
    for asked in (call, with_gradient(call)):
        if name.startswith("average_pool, 3") and dtype != "float32":
            with pytest.raises(Unsupported, match="not implemented for"):
                perform(torch_cpu, *asked)
        else:
            check(torch_cpu, asked, ROUNDING[dtype])


@pytest.mark.parametrize("name", [name for name in CALLS if CALLS[name][0] in LINEAR])
def test_linear_operations_are_exact_on_integers(torch_cpu: Adapter, name: str) -> None:
    call = changed(CALLS[name], lambda a: np.rint(3 * a))
    check(torch_cpu, call, 0)
    check(torch_cpu, with_gradient(call), 0)


@pytest.mark.parametrize("name", CALLS)
def test_arguments_are_neither_changed_nor_shared(torch_cpu: Adapter, name: str) -> None:
    for call in (CALLS[name], with_gradient(CALLS[name])):
        operation, arrays, parameters = call
        copies = {name: array.copy() for name, array in arrays.items()}
        results = perform(torch_cpu, operation, arrays, parameters).values()
        for name, array in arrays.items():
            assert np.array_equal(array, copies[name])
            assert not any(np.shares_memory(array, result) for result in results)


@pytest.mark.parametrize("lay", [np.flip, np.asfortranarray, lambda a: np.broadcast_to(a, a.shape)])
@pytest.mark.parametrize(
    "name", ["cross_correlate, 2, uneven", "batch_norm, (2, 3, 4), training=True"]
)
def test_arrays_may_lie_in_memory_in_any_way(
    torch_cpu: Adapter, name: str, lay: Callable[[Array], Array]
) -> None:
    check(torch_cpu, changed(CALLS[name], lay), 1e-12)
    check(torch_cpu, changed(with_gradient(CALLS[name]), lay), 1e-12)


# Dropout, where each backend draws its own places


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.7])
def test_dropout(torch_cpu: Adapter, rate: float) -> None:
    def drop(seed: int) -> Array:
        return torch_cpu.dropout(x, rate=rate, seed=seed, training=True)

    x = 1 + np.random.default_rng(0).random((100, 100))
    kept = drop(seed=3) != 0
    assert drop(seed=3)[kept] == pytest.approx(x[kept] / (1 - rate), rel=1e-15)
    assert kept.mean() == pytest.approx(1 - rate, abs=0.03)
    assert np.array_equal(drop(seed=3), drop(seed=3))
    assert rate == 0 or not np.array_equal(drop(seed=3), drop(seed=4))


def test_dropouts_gradient_has_the_same_places(torch_cpu: Adapter) -> None:
    x, parameters = np.ones((5, 7)), {"rate": 0.5, "seed": 3, "training": True}
    forward = perform(torch_cpu, "dropout", {"x": x}, parameters)["result"]
    arrays = {"x": x, "gradient": 3 * x}
    backward = perform(torch_cpu, "gradients of dropout", arrays, parameters)["x"]
    assert np.array_equal(backward, 3 * forward)


def test_no_dropout_draws_from_the_random_state_of_all(torch_cpu: Adapter) -> None:
    import torch

    before = torch.get_rng_state()
    torch_cpu.dropout(np.ones((5, 7)), rate=0.5, seed=3, training=True)
    assert torch.equal(torch.get_rng_state(), before)


# What is declined


def declined(operation: str, arrays: Arrays, parameters: dict[str, Any]) -> str:
    with pytest.raises(Unsupported) as why:
        perform(load("torch-cpu"), operation, arrays, parameters)
    return str(why.value)


@pytest.mark.parametrize("operation", ["max_pool", "average_pool"])
@pytest.mark.parametrize(
    ("padding", "message"),
    [
        (((1, 0), (1, 1)), "one amount of padding for both sides"),
        (((0, 0), (2, 2)), "half of its kernel at most"),
        ("same_upper", "by the name 'same_upper'"),
        ("same_lower", "by the name 'same_lower'"),
    ],
)
def test_padding_that_pools_do_not_have(operation: str, padding: Any, message: str) -> None:
    _, arrays, parameters = CALLS[f"{operation}, 2, ceil_mode=False" + COUNTED[operation]]
    parameters = parameters | {"kernel": (3, 3), "padding": padding}
    assert message in declined(operation, arrays, parameters)
    asked = arrays | {"gradient": np.ones(1)}
    if padding != "same_lower":
        assert message in declined(GRADIENTS_OF + operation, asked, parameters)


def test_transposed_with_uneven_padding() -> None:
    operation, arrays, parameters = CALLS["transposed, 1"]
    uneven = parameters | {"padding": ((1, 0),)}
    assert "both sides" in declined(operation, arrays, uneven)


def test_a_variance_that_is_not_kept() -> None:
    operation, arrays, parameters = CALLS["batch_norm, (5, 3), training=True"]
    assert "unbiased" in declined(operation, arrays, parameters | {"unbiased": False})
    at_rest = parameters | {"unbiased": False, "training": False}
    check(load("torch-cpu"), (operation, arrays, at_rest), 1e-12)


def test_a_mean_that_does_not_heed_the_class_weights() -> None:
    operation, arrays, parameters = CALLS["loss, smoothing=0.0, sum, class weights"]
    assert "mean" in declined(operation, arrays, parameters | {"reduction": "mean"})


def test_an_activation_that_there_is_not() -> None:
    assert "'mish'" in declined("activation", {"x": np.ones(3)}, {"kind": "mish"})


def test_other_errors_stay_errors(torch_cpu: Adapter) -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        torch_cpu.dense(np.ones((2, 3)), np.ones((4, 5)))
