"""What is drawn is always possible, exact where it must be, and spread over every regime."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import Capabilities
from adapters.operations import GRADIENTS_OF
from conformance.calls import Call, Recipe
from conformance.data import FLOATS, INTEGERS
from conformance.layer_requests import drawn, pool
from conformance.loss_requests import losses, trajectories
from conformance.makers import requests
from conformance.strategies import (
    few_shapes,
    float_calls,
    integer_calls,
    integer_recipes,
    recipes,
)
from reference import output_size
from reference.bounds import magnitude
from reference.formats import FORMATS

DRAWN = hypothesis.settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("headroom", [1, 8])
def test_integers_are_exact_in_any_order(dtype: str, headroom: int) -> None:
    @DRAWN
    @given(recipes(dtype, headroom=headroom))
    def check(recipe: Recipe) -> None:
        call = recipe.call()
        for array in (call.x, call.filters, call.bias):
            assert array is None or np.array_equal(array.astype("float64") % 1, 0 * array)
        largest = magnitude(call.x, call.filters, call.bias, call.parameters).max(initial=0)
        assert largest * headroom <= FORMATS[dtype].exact_below

    check()


def draws(**fixed: Any) -> list[Recipe]:
    drawn: list[Recipe] = []

    @DRAWN
    @given(recipes("float32", data=(*INTEGERS, *FLOATS), **fixed))
    def collect(recipe: Recipe) -> None:
        drawn.append(recipe)

    collect()
    return drawn


def test_every_drawn_size_is_possible() -> None:
    for recipe in draws():
        sizes = recipe.size, recipe.kernel, recipe.stride, recipe.padding, recipe.dilation
        assert min(output_size(*sizes)) >= 1


def test_what_tells_faults_apart_is_drawn() -> None:
    drawn = draws()
    met = {
        "1-D": [len(r.size) == 1 for r in drawn],
        "2-D": [len(r.size) == 2 for r in drawn],
        "3-D": [len(r.size) == 3 for r in drawn],
        "batch > 16": [r.batch > 16 for r in drawn],
        "channels > 32": [r.channels > 32 for r in drawn],
        "filters > 32": [r.filters > 32 for r in drawn],
        "kernel > 7": [max(r.kernel) > 7 for r in drawn],
        "even kernel": [any(k % 2 == 0 for k in r.kernel) for r in drawn],
        "1 x 1 with stride": [max(r.kernel) == 1 < min(r.stride) for r in drawn],
        "depthwise": [r.channels == 1 < r.groups for r in drawn],
        "strides differ": [len(set(r.stride)) > 1 for r in drawn],
        "dilations differ": [len(set(r.dilation)) > 1 for r in drawn],
        "pad sides differ": [any(low != high for low, high in r.padding) for r in drawn],
        "groups, inputs, outputs differ": [
            len({r.groups, r.groups * r.channels, r.groups * r.filters}) == 3 for r in drawn
        ],
        "bias": [r.bias for r in drawn],
        **{kind: [r.data == kind for r in drawn] for kind in (*INTEGERS, *FLOATS)},
    }
    rare = {what: sum(which) for what, which in met.items() if sum(which) < len(drawn) / 100}
    assert not rare


def test_parameters_can_be_fixed() -> None:
    for recipe in draws(stride=1, padding=0, groups=(2, 3), bias=False, batch=0):
        assert set(recipe.stride) == {1}
        assert set(recipe.padding) == {(0, 0)}
        assert recipe.groups in (2, 3)
        assert (recipe.bias, recipe.batch) == (False, 0)


def test_failures_shrink_to_the_smallest() -> None:
    smallest = hypothesis.find(
        recipes("float32"), lambda r: r.channels > 2 and r.stride[0] > 1, settings=DRAWN
    )
    assert (smallest.channels, smallest.stride, smallest.groups) == (3, (2,), 1)
    assert smallest.size == smallest.kernel == (1,)


def subject(seed: int, *, compiles: bool, effort: int = 50) -> Any:
    claims = Capabilities(compiles=compiles)
    return SimpleNamespace(capabilities=claims, dtype="float32", seed=seed, effort=effort)


STRATEGIES: dict[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "calls": integer_calls,
    "real numbers": float_calls,
    "recipes": integer_recipes,
    "losses": losses,
    "trajectories": trajectories,
    "gradients": lambda of: requests(of, GRADIENTS_OF + "cross_correlate"),
    "pools": lambda of: drawn(of, pool("max_pool")),
    "networks": lambda of: requests(of, "predict"),
}


def shapes_and_values(strategy: st.SearchStrategy[Any], count: int = 50) -> tuple[int, int]:
    """Of so many examples: how many shapes there are, with their parameters, and how many of these
    with other values.
    """
    shapes, values = set(), set()

    @hypothesis.settings(DRAWN, max_examples=count)
    @given(strategy)
    def look(found: Any) -> None:
        if isinstance(found, Recipe):
            found = found.call()
        arrays = (
            {"x": found.x, "filters": found.filters} if isinstance(found, Call) else found.arrays
        )
        sizes = {name: array.shape for name, array in arrays.items()}
        shapes.add(f"{sizes} {found.parameters}")
        values.add(found.key)

    look()
    return len(shapes), len(values)


@pytest.mark.parametrize("name", STRATEGIES)
def test_who_compiles_is_shown_few_shapes_on_many_values(name: str) -> None:
    make = STRATEGIES[name]
    shapes, values = shapes_and_values(make(subject(1, compiles=True)))
    assert shapes <= 12
    assert values >= 15
    if name != "networks":  # there are two of them
        shapes, _ = shapes_and_values(make(subject(1, compiles=False)))
        assert shapes > 25


def test_the_few_shapes_hang_on_the_seed_and_the_effort() -> None:
    assert few_shapes(subject(1, compiles=False)) == ()
    first, again, other = (few_shapes(subject(seed, compiles=True)) for seed in (1, 1, 2))
    assert first == again != other
    counts = [len(few_shapes(subject(1, compiles=True, effort=n))) for n in (8, 50, 1000)]
    assert counts == [2, 12, 250]
