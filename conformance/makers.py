"""How requests are made from drawn numbers: one maker for each operation, which serves Hypothesis
and the diagnosis alike.
"""

import importlib
from collections.abc import Callable, Sequence
from functools import partial

from hypothesis import strategies as st

from adapters.operations import GRADIENTS_OF
from conformance.data import INTEGERS
from conformance.requests import Request, gradient_request, transposed_request
from conformance.strategies import Dice, few_shapes, once, recipe_of, rolled
from conformance.subject import Subject

Maker = Callable[[Dice, str, Sequence[int]], Request]

# Half of the transposes have no groups and dilation: many backends cannot have them there.
LIMITS_OF_TRANSPOSES: tuple[dict[str, int], ...] = ({"groups": 1, "dilation": 1}, {})
MAKERS: dict[str, Maker] = {}
_MODULES: tuple[str, ...] = (
    "layer_requests",
    "loss_requests",
    "training_requests",
)


def makes(operation: str) -> Callable[[Maker], Maker]:
    """The decorated function makes requests of this operation from dice, for a dtype and numbers
    of spatial axes to choose from.
    """

    def enter(maker: Maker) -> Maker:
        MAKERS[operation] = maker
        return maker

    return enter


def maker(operation: str) -> Maker:
    """The maker of an operation."""
    for module in _MODULES:
        importlib.import_module(f"conformance.{module}")
    return MAKERS[operation]


def maker_like(request: Request, names: Sequence[str]) -> Maker:
    """The maker of others like a request: where its padding is that of a transpose, and has a name,
    theirs has one of these ``names``.
    """
    operation, padding = request.operation, request.parameters.get("padding")
    if isinstance(padding, str) and operation.endswith("transposed_cross_correlate"):
        backward = operation.startswith(GRADIENTS_OF)
        return partial(transposed_by_name, names=names, backward=backward)
    return maker(operation)


def requests(subject: Subject, operation: str) -> st.SearchStrategy[Request]:
    """Requests of an operation, as Hypothesis draws them."""
    axes = tuple(subject.capabilities.spatial_axes)
    return _requests(operation, subject.dtype, axes, few_shapes(subject))


@once
def _requests(
    operation: str, dtype: str, axes: tuple[int, ...], shapes: tuple[bytes, ...]
) -> st.SearchStrategy[Request]:
    make = maker(operation)
    return rolled(lambda dice: make(dice, dtype, axes), shapes)


@makes(GRADIENTS_OF + "cross_correlate")
def _gradients(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    return gradient_request(recipe_of(dice, dtype, axes, INTEGERS, 1, {}))


@makes("transposed_cross_correlate")
def _transposed(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    return transposed_request(recipe_of(dice, dtype, axes, INTEGERS, 1, {}))


def transposed_by_name(
    dice: Dice, dtype: str, axes: Sequence[int], *, names: Sequence[str], backward: bool = False
) -> Request:
    """A transpose with padding of one of these names, or its gradients."""
    name = dice.one_of(names)
    limits = {"padding": 0, **dice.one_of(LIMITS_OF_TRANSPOSES)}
    recipe = recipe_of(dice, dtype, axes, INTEGERS, 1, limits)
    return transposed_request(recipe, name, backward=backward)


@makes(GRADIENTS_OF + "transposed_cross_correlate")
def _of_transposed(dice: Dice, dtype: str, axes: Sequence[int]) -> Request:
    return transposed_request(recipe_of(dice, dtype, axes, INTEGERS, 1, {}), backward=True)
