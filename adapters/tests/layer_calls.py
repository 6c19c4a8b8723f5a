"""One call of each kind, for the tests of all adapters: the reference says what is right."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from adapters import Adapter, Unsupported, load
from adapters.contract import Array
from adapters.operations import GRADIENTS_OF, perform
from reference.activations import ACTIVATIONS

Arrays = dict[str, Array]
Call = tuple[str, Arrays, dict[str, Any]]

ROUNDING = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-2, "bfloat16": 1e-1}


def random_arrays(**shapes: tuple[int, ...]) -> Arrays:
    rng = np.random.default_rng(sum(map(len, shapes)))
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def correlations() -> Iterator[tuple[str, Call]]:
    for axes, bias in ((1, False), (2, True), (3, True)):
        one = (1,) * axes
        arrays = random_arrays(x=(2, 4, *(7, 6, 5)[:axes]), filters=(6, 2, *(2, 3, 2)[:axes]))
        given = {
            "stride": (2, 1, 2)[:axes],
            "padding": ((1, 1), (0, 0), (2, 2))[:axes],
            "dilation": (1, 2, 1)[:axes],
            "groups": 2,
        }
        if bias:
            arrays |= random_arrays(bias=(6,))
        yield f"cross_correlate, {axes}", ("cross_correlate", arrays, given)
        uneven = given | {"padding": ((1, 0), (0, 2), (2, 1))[:axes], "dilation": one}
        yield f"cross_correlate, {axes}, uneven", ("cross_correlate", arrays, uneven)

        arrays = random_arrays(x=(2, 4, *(4, 3, 5)[:axes]), filters=(4, 3, *(2, 3, 2)[:axes]))
        if bias:
            arrays |= random_arrays(bias=(6,))
        given = {
            "stride": (2, 3, 2)[:axes],
            "padding": ((1, 1), (0, 0), (2, 2))[:axes],
            "output_padding": (1, 2, 0)[:axes],
            "dilation": (2, 1, 3)[:axes],
            "groups": 2,
        }
        yield f"transposed, {axes}", ("transposed_cross_correlate", arrays, given)


def pools() -> Iterator[tuple[str, Call]]:
    for axes in (1, 2, 3):
        arrays = random_arrays(x=(2, 3, *(9, 8, 7)[:axes]))
        for ceil_mode in (False, True):
            given = {
                "kernel": (3, 2, 4)[:axes],
                "stride": (2, 2, 3)[:axes],
                "padding": ((1, 1), (1, 1), (2, 2))[:axes],
                "ceil_mode": ceil_mode,
            }
            case = f"{axes}, {ceil_mode=}"
            dilated = given | {"dilation": (2, 1, 2)[:axes]}
            yield f"max_pool, {case}", ("max_pool", arrays, dilated)
            for counted in (False, True):
                average = given | {"count_include_pad": counted}
                yield f"average_pool, {case}, {counted=}", ("average_pool", arrays, average)
        valid = given | {"padding": "valid", "dilation": (1,) * axes}
        yield f"max_pool, {axes}, valid", ("max_pool", arrays, valid)


def layers() -> Iterator[tuple[str, Call]]:
    for kind in ACTIVATIONS:
        yield kind, ("activation", random_arrays(x=(3, 4)), {"kind": kind})
    arrays = random_arrays(x=(3, 4), weights=(5, 4))
    yield "dense", ("dense", arrays, {})
    yield "dense, bias", ("dense", arrays | random_arrays(bias=(5,)), {})
    for shape in ((5, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 2)):
        arrays = random_arrays(x=shape, scale=(3,), shift=(3,), mean=(3,))
        arrays["variance"] = np.array([0.5, 1.0, 2.0])
        for training in (False, True):
            given = {"training": training, "momentum": 0.3, "epsilon": 1e-3, "unbiased": True}
            yield f"batch_norm, {shape}, {training=}", ("batch_norm", arrays, given)
    given = {"rate": 0.5, "seed": 1, "training": False}
    yield "dropout", ("dropout", random_arrays(x=(3, 4)), given)


def losses() -> Iterator[tuple[str, Call]]:
    arrays = random_arrays(logits=(5, 3)) | {"labels": np.array([2, 0, 1, 1, 2])}
    weighted = arrays | {"class_weights": np.array([0.5, 1.0, 3.0])}
    for smoothing in (0.0, 0.2):
        for reduction in ("mean", "weighted mean", "sum"):
            given = {"label_smoothing": smoothing, "reduction": reduction}
            case = f"loss, {smoothing=}, {reduction}"
            yield case, ("softmax_cross_entropy", arrays, given)
            if reduction != "mean":
                yield f"{case}, class weights", ("softmax_cross_entropy", weighted, given)


CALLS = {name: call for calls in (correlations, pools, layers, losses) for name, call in calls()}


def plain_calls() -> Iterator[tuple[str, Call]]:
    """What every backend with such an operation has: no groups, dilation or ceil_mode."""
    for axes in (1, 2, 3):
        one: tuple[int, ...] = (1,) * axes
        arrays = random_arrays(
            x=(2, 4, *(4, 3, 5)[:axes]), filters=(4, 3, *(2, 3, 2)[:axes]), bias=(3,)
        )
        given: dict[str, Any] = {
            "stride": (2, 3, 2)[:axes],
            "padding": ((1, 1), (0, 0), (1, 1))[:axes],
            "output_padding": (1, 2, 0)[:axes],
            "dilation": one,
            "groups": 1,
        }
        yield f"transposed, {axes}", ("transposed_cross_correlate", arrays, given)
        given |= {"stride": (1, 2, 1)[:axes], "output_padding": (0,) * axes}
        for padding in ("valid", "same_upper"):
            call = "transposed_cross_correlate", arrays, given | {"padding": padding}
            yield f"transposed, {axes}, {padding}", call
        arrays = random_arrays(x=(2, 3, *(9, 8, 7)[:axes]))
        for padding in ("valid", "same_upper"):
            given = {
                "kernel": (3, 2, 4)[:axes],
                "stride": (2, 2, 3)[:axes],
                "padding": padding,
                "ceil_mode": False,
            }
            yield f"max_pool, {axes}, {padding}", ("max_pool", arrays, given | {"dilation": one})
            average = given | {"count_include_pad": False}
            yield f"average_pool, {axes}, {padding}", ("average_pool", arrays, average)
    arrays = random_arrays(x=(5, 3, 4), scale=(3,), shift=(3,), mean=(3,))
    arrays["variance"] = np.array([0.5, 1.0, 2.0])
    given = {"training": True, "momentum": 0.3, "epsilon": 1e-3, "unbiased": False}
    yield "batch_norm", ("batch_norm", arrays, given)


PLAIN_CALLS = dict(plain_calls())


def changed(call: Call, change: Callable[[Array], Array]) -> Call:
    """The same with other numbers; labels stay."""
    operation, arrays, parameters = call
    others = {name: a if name == "labels" else change(a) for name, a in arrays.items()}
    return operation, others, parameters


def with_gradient(call: Call) -> Call:
    """The gradients of the operation, for a random gradient by its result."""
    operation, arrays, parameters = call
    result = perform(load("reference"), *wide(call))["result"]
    gradient = np.random.default_rng(1).integers(-3, 4, result.shape)
    like = next(iter(arrays.values()))
    return GRADIENTS_OF + operation, arrays | {"gradient": gradient.astype(like.dtype)}, parameters


def wide(call: Call) -> Call:
    return changed(call, lambda a: a.astype("float64"))


def check(adapter: Adapter, call: Call, tolerance: float) -> None:
    """The same arrays by the same names as the reference, of the dtype of the call."""
    expected = perform(load("reference"), *wide(call))
    got = perform(adapter, *call)
    dtype = next(iter(call[1].values())).dtype
    assert got.keys() == expected.keys()
    for name, array in got.items():
        assert array.dtype == dtype
        assert array.shape == expected[name].shape
        assert array.astype("float64") == pytest.approx(
            expected[name], rel=tolerance, abs=tolerance
        )


def check_all_ways(adapter: Adapter, call: Call, tolerance: float) -> None:
    """What is offered of a call and its gradients is right, or declined."""
    for asked in (call, with_gradient(call)):
        if adapter.offers(asked[0]) != "not offered":
            with contextlib.suppress(Unsupported):
                check(adapter, asked, tolerance)
