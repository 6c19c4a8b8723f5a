"""PyTorch's optimizers and training are those of the reference, compiled and in a worker, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import OPERATIONS
from adapters.dtypes import numpy_dtype
from adapters.operations import perform, plain
from adapters.process.isolation import Isolated, Limits
from adapters.tests.layer_calls import (
    CALLS,
    ROUNDING,
    changed,
    check,
    random_arrays,
    with_gradient,
)
from adapters.tests.training_calls import NETWORKS, check_training, learned, training
from reference.optimizers import SGD, Adam, Optimizer

pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("error:The given NumPy array is not writ")


@pytest.fixture(scope="module")
def torch_cpu() -> Adapter:
    return load("torch-cpu")


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isolated]:
    worker = Isolated("torch-cpu", Limits(), tmp_path_factory.mktemp("worker") / "in-flight.call")
    yield worker.ready()
    worker.close()


# Optimizers

OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": SGD(0.1),
    "momentum": SGD(0.1, momentum=0.9),
    "Nesterov": SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "decoupled, but no decay": SGD(0.1, decoupled=True),
    "Adam": Adam(0.1, beta1=0.8, beta2=0.99, epsilon=1e-3),
    "Adam, decay": Adam(0.1, weight_decay=0.1),
    "AdamW": Adam(0.1, weight_decay=0.1, decoupled=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("shape", [(), (3, 2)])
@pytest.mark.parametrize("steps", [0, 20])
def test_optimizers(torch_cpu: Adapter, name: str, shape: tuple[int, ...], steps: int) -> None:
    arrays = random_arrays(weight=shape, gradients=(steps, *shape))
    call = ("optimize", arrays, {"optimizer": plain(OPTIMIZERS[name])})
    check(torch_cpu, call, 1e-13)
    check(torch_cpu, changed(call, lambda a: a.astype("float32")), 1e-4)


# Training and prediction


@pytest.mark.parametrize("optimizer", ["SGD", "Nesterov"])
@pytest.mark.parametrize("name", NETWORKS)
def test_training(torch_cpu: Adapter, name: str, optimizer: str) -> None:
    check_training(torch_cpu, training(name, OPTIMIZERS[optimizer]), 1e-14)
    check_training(torch_cpu, training(name, OPTIMIZERS[optimizer], dtype="float32"), 1e-5)


def test_training_by_adam(torch_cpu: Adapter) -> None:
    check_training(torch_cpu, training("as usual", Adam(0.01)), 1e-11)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_training_with_few_bits(torch_cpu: Adapter, dtype: str) -> None:
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    call = training("as usual", SGD(0.1))
    expected = perform(load("reference"), *call)["losses"]
    got = perform(torch_cpu, *training("as usual", SGD(0.1), dtype=numpy_dtype(dtype).name))
    assert got["losses"].dtype == numpy_dtype(dtype)
    assert got["losses"].astype("float64") == pytest.approx(expected, abs=ROUNDING[dtype])


def test_progress_is_told(torch_cpu: Adapter) -> None:
    told: list[int] = []
    perform(torch_cpu, *training("as usual", SGD(0.1)), told.append)
    assert told == list(range(1, 31))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [20, 1003])
def test_predictions(torch_cpu: Adapter, name: str, count: int) -> None:
    network, weights, images = learned(name, count)
    expected = load("reference").predict(network, weights, images)
    assert torch_cpu.predict(network, weights, images) == pytest.approx(expected, abs=1e-13)


def test_no_model_draws_from_the_random_state_of_all(torch_cpu: Adapter) -> None:
    import torch

    before = torch.get_rng_state()
    torch_cpu.predict(*learned())
    assert torch.equal(torch.get_rng_state(), before)


# Compiled


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-5)])
def test_compiled_training(torch_cpu: Adapter, dtype: str, tolerance: float) -> None:
    call = training("as usual", OPTIMIZERS["Nesterov"], dtype=dtype, compiled=True)
    try:
        check_training(torch_cpu, call, tolerance)
    except Unsupported as why:
        pytest.skip(str(why))


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, since PyTorch looks for the compiler once."""
    monkeypatch.setenv("CXX", "no such compiler")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    worker = Isolated("torch-cpu", Limits(), tmp_path / "in-flight.call").ready()
    with pytest.raises(Unsupported, match="No working C"):
        perform(worker, *training("as usual", SGD(0.1), compiled=True))
    worker.close()


# In a worker


def test_it_is_offered_in_a_worker(isolated: Isolated) -> None:
    assert {isolated.offers(operation) for operation in OPERATIONS} == {"own"}


@pytest.mark.parametrize("name", CALLS)
def test_a_worker_answers_the_same(torch_cpu: Adapter, isolated: Isolated, name: str) -> None:
    for call in (CALLS[name], with_gradient(CALLS[name])):
        check(isolated, call, 1e-12)


def test_a_worker_learns_the_same(isolated: Isolated) -> None:
    check_training(isolated, training("all parameters", OPTIMIZERS["Nesterov"]), 1e-14)


# What is declined


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (SGD(0.1, weight_decay=0.1, decoupled=True), "no decoupled weight decay"),
        (SGD(0.1, nesterov=True), "nesterov with a momentum only"),
        (Adam(0.1, epsilon_hat=True), "epsilon"),
    ],
)
def test_conventions_that_torch_does_not_have(
    torch_cpu: Adapter, isolated: Isolated, optimizer: Optimizer, message: str
) -> None:
    arrays = random_arrays(weight=(3,), gradients=(4, 3))
    for adapter in (torch_cpu, isolated):
        with pytest.raises(Unsupported, match=message):
            perform(adapter, "optimize", arrays, {"optimizer": plain(optimizer)})
        with pytest.raises(Unsupported, match=message):
            perform(adapter, *training("as usual", optimizer))
