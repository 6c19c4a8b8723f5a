"""Every function of JAX that the adapter offers, and its gradients, is that of the reference."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import OPERATIONS
from adapters.dtypes import numpy_dtype
from adapters.operations import perform, plain
from adapters.tests.layer_calls import (
    CALLS,
    PLAIN_CALLS,
    ROUNDING,
    changed,
    check,
    check_all_ways,
    random_arrays,
    with_gradient,
)
from adapters.tests.test_adapters import CASES
from adapters.tests.test_adapters import check as check_case
from adapters.tests.test_scripts import got_by, script_for
from adapters.tests.training_calls import check_training, learned, training
from reference.optimizers import SGD, Adam

pytest.importorskip("jax")

OFFERED = ("transposed_cross_correlate", "max_pool", "average_pool", "activation", "dense")
SOME = ("1 axis, groups", "2 axes, uneven zeros", "3 axes, dilation")


@pytest.fixture(scope="module")
def eager() -> Adapter:
    return load("jax")


@pytest.mark.parametrize("case", CASES)
def test_cross_correlations(eager: Adapter, case: str) -> None:
    check_case(eager, CASES[case], *CASES[case].arrays())


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("case", SOME)
def test_other_dtypes(eager: Adapter, case: str, dtype: str) -> None:
    check_case(eager, CASES[case], *CASES[case].arrays(numpy_dtype(dtype)))


@pytest.mark.parametrize("padding", ["valid", "same_upper", "same_lower"])
def test_padding_by_name(eager: Adapter, padding: str) -> None:
    arrays = random_arrays(x=(1, 2, 6, 7), filters=(3, 2, 4, 3))
    given: dict[str, Any] = {"stride": (2, 1), "dilation": (1, 2), "groups": 1}
    check(eager, ("cross_correlate", arrays, given | {"padding": padding}), 1e-12)


@pytest.mark.parametrize("padding", ["valid", "same_upper"])
def test_transposes_of_less_than_the_stride(eager: Adapter, padding: str) -> None:
    arrays = random_arrays(x=(1, 2, 5), filters=(2, 3, 2))
    given = {"stride": (3,), "dilation": (1,), "groups": 1, "output_padding": (0,)}
    call = "transposed_cross_correlate", arrays, given | {"padding": padding}
    declined: Any = pytest.raises(Unsupported) if padding == "valid" else nullcontext()
    with declined:
        check(eager, call, 1e-12)


@pytest.mark.parametrize("name", PLAIN_CALLS)
def test_layers(eager: Adapter, name: str) -> None:
    call = PLAIN_CALLS[name]
    if name != "batch_norm":
        check(eager, call, 1e-12)
        check(eager, with_gradient(call), 1e-12)


@pytest.mark.parametrize("name", CALLS)
def test_layers_of_every_kind(eager: Adapter, name: str) -> None:
    check_all_ways(eager, CALLS[name], 1e-12)


@pytest.mark.parametrize(
    "name", ["cross_correlate, 2", "max_pool, 2, ceil_mode=False", "gelu", "dense, bias"]
)
def test_compiled(name: str) -> None:
    check_all_ways(load("jax+jit"), CALLS[name], 1e-12)


@pytest.mark.parametrize("name", ["transposed, 2", "max_pool, 1, valid", "average_pool, 3, valid"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_layers_in_other_dtypes(eager: Adapter, name: str, dtype: str) -> None:
    call = changed(PLAIN_CALLS[name], lambda a: (np.round(a * 8) / 8).astype(numpy_dtype(dtype)))
    check(eager, call, ROUNDING[dtype])
    check(eager, with_gradient(call), ROUNDING[dtype])


def test_what_is_offered(eager: Adapter) -> None:
    own = {"cross_correlate", *OFFERED}
    for operation in OPERATIONS:
        is_own = operation.removeprefix("gradients of ") in own
        learns = operation in ("train", "predict", "optimize")
        assert eager.offers(operation) == ("own" if is_own or learns else "not offered")


@pytest.mark.parametrize("name", ["jax", "jax+jit"])
@pytest.mark.parametrize("case", SOME)
def test_lines_make_the_same_call(name: str, case: str) -> None:
    jax, arrays = load(name), CASES[case].arrays("float32")
    got = got_by(script_for(jax, CASES[case], "float32"), *arrays)
    assert np.array_equal(got, jax.cross_correlate(*arrays, **CASES[case].parameters))


def test_a_bias_of_another_length_is_refused(eager: Adapter) -> None:
    x, filters, _ = CASES["1 axis"].arrays()
    for count in (1, 5):
        with pytest.raises(ValueError, match="4 feature maps"):
            eager.cross_correlate(x, filters, np.ones(count), **CASES["1 axis"].parameters)


# Learning


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, 0.9), SGD(0.1, 0.9, nesterov=True)])
@pytest.mark.parametrize("compiled", [False, True])
def test_training(eager: Adapter, optimizer: SGD, compiled: bool) -> None:
    check_training(eager, training("as usual", optimizer, compiled=compiled), 1e-14)


@pytest.mark.parametrize("name", ["all parameters", "one axis"])
def test_networks(eager: Adapter, name: str) -> None:
    check_training(eager, training(name, SGD(0.1), compiled=True), 1e-13)
    network, weights, images = learned(name)
    expected = load("reference").predict(network, weights, images)
    for adapter in (eager, load("jax+jit")):
        assert adapter.predict(network, weights, images) == pytest.approx(expected, abs=1e-13)


def test_training_in_the_mode_that_compiles() -> None:
    check_training(load("jax+jit"), training("as usual", SGD(0.1, 0.9)), 1e-14)


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9, nesterov=True), Adam(0.1, epsilon=1e-3)])
def test_optimizers(eager: Adapter, optimizer: SGD | Adam) -> None:
    arrays = random_arrays(weight=(3, 2), gradients=(20, 3, 2))
    check(eager, ("optimize", arrays, {"optimizer": plain(optimizer)}), 1e-13)


def test_learning_in_bfloat16(eager: Adapter) -> None:
    arrays = {"weight": np.array(0.5), "gradients": np.array([1.0, -2.0])}
    call = "optimize", arrays, {"optimizer": plain(SGD(0.25))}
    check(eager, changed(call, lambda a: a.astype(numpy_dtype("bfloat16"))), 0)
    operation, given, parameters = training("as usual", SGD(0.1))
    narrow = {
        name: a if name in ("labels", "batches") else a.astype(numpy_dtype("bfloat16"))
        for name, a in given.items()
    }
    expected = perform(load("reference"), operation, given, parameters)["losses"]
    got = perform(eager, operation, narrow, parameters)["losses"]
    assert got.astype("float64") == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize("optimizer", [SGD(0.1, weight_decay=0.1), Adam(0.1, epsilon_hat=True)])
def test_conventions_that_jax_does_not_have(eager: Adapter, optimizer: SGD | Adam) -> None:
    arrays = random_arrays(weight=(3,), gradients=(4, 3))
    with pytest.raises(Unsupported):
        perform(eager, "optimize", arrays, {"optimizer": plain(optimizer)})


def test_what_was_compiled_is_forgotten() -> None:
    from adapters.jax.memory import Compiled

    compiled = Compiled()
    for call in range(1000):
        compiled.about_to_run(str(call))
    assert len(compiled._calls) <= 50
