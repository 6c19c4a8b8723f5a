"""Gradients: how a loss changes with the input, the filters and the bias; and the transpose of
cross-correlation, which is one of them as a layer.
"""

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from hypothesis import strategies as st

from adapters import Unsupported
from adapters.operations import GRADIENTS_OF
from conformance.answers import answer
from conformance.clauses import clause
from conformance.judge import Disagreement, Evidence, Reading
from conformance.layer_checks import check_laid_out, values
from conformance.makers import LIMITS_OF_TRANSPOSES
from conformance.requests import Request, call_of, gradient_request, transposed_request
from conformance.strategies import integer_recipes, some_kinds
from conformance.subject import Subject
from conformance.vast import Vast, check_vast, vast_cases
from reference.geometry import Array, output_size

CHAIN_RULE = "Goodfellow, Bengio, Courville, Deep Learning (2016), equations 9.11 to 9.13"


def arguments(request: Request) -> list[str]:
    """The names of the arrays that there are gradients by."""
    return [name for name in request.arrays if name != "gradient"]


@clause(
    "GRAD-1",
    "There is a gradient by each argument, of its shape and dtype.",
    source="The definition of a gradient",
)
def test_gradient_shapes(subject: Subject, data: st.DataObject) -> None:
    request = gradient_request(data.draw(integer_recipes(subject)))
    got = subject.perform(request)
    for name in arguments(request):
        array = request.arrays[name]
        if name not in got:
            raise Disagreement(f"there is no gradient by {name}", Evidence(request))
        if (got[name].shape, got[name].dtype) != (array.shape, array.dtype):
            raise Disagreement(
                f"the gradient by {name}, which is {array.dtype} of {array.shape}, is "
                f"{got[name].dtype} of {got[name].shape}",
                Evidence(request, got=got[name]),
            )


@clause(
    "GRAD-2",
    "On integers, the gradients by the input, the filters and the bias are exactly the "
    "cross-correlations that the chain rule makes of them.",
    source=CHAIN_RULE,
)
def test_gradients_on_integers(subject: Subject, data: st.DataObject) -> None:
    subject.check_request(gradient_request(data.draw(integer_recipes(subject))))


@clause(
    "GRAD-3",
    "Every value of the gradients is within the rounding error that any direct algorithm can make "
    "in its dtype.",
    source="Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.1",
)
def test_rounding_of_gradients(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject))
    for kind in some_kinds(recipe.seed):
        subject.check_request(gradient_request(replace(recipe, data=kind)), f"{kind} values")


@clause(
    "GRAD-4",
    "Forward and backward are adjoint: the inner product of the result with the gradient is that "
    "of the input with its gradient, and that of the filters with theirs.",
    source="The definition of an adjoint",
)
def test_adjoint(subject: Subject, data: st.DataObject) -> None:
    if subject.promise != "A":
        raise Unsupported("its promise is no bound on single values")
    recipe = data.draw(integer_recipes(subject, bias=False, regimes=("small", "exact fit", "far")))
    request = gradient_request(recipe)
    call, gradient = call_of(request), request.arrays["gradient"]
    result = subject.result(call)
    got = subject.perform(request)
    if result.shape != gradient.shape:
        raise Disagreement(
            f"the result has the shape {result.shape}, not {gradient.shape}", Evidence(request)
        )
    forward = inner(result, gradient)
    for name in ("x", "filters"):
        given, found = request.arrays[name], values(got, name)
        if found.shape != given.shape:
            message = f"the gradient by the {name} has the shape {found.shape}, not {given.shape}"
            raise Disagreement(message, Evidence(request, got=found))
        backward = inner(given, found)
        if forward != backward:
            raise Disagreement(
                f"the result times the gradient is {forward}, the {name} times their gradient "
                f"{backward}",
                Evidence(request, got=found),
            )


def inner(a: Array, b: Array) -> int | float:
    """The sum of the products, exactly for integers."""
    a, b = a.astype("float64").ravel(), b.astype("float64").ravel()
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("nan")
    return sum(int(p) * int(q) for p, q in zip(a, b, strict=True))


@clause(
    "GRAD-5",
    "A gradient of zeros gives zeros, in every value of every result.",
    source="Linearity",
)
def test_zero_gradient(subject: Subject, data: st.DataObject) -> None:
    request = gradient_request(data.draw(integer_recipes(subject)))
    zeros = np.zeros_like(request.arrays["gradient"])
    subject.check_request(request.with_arrays(gradient=zeros))


@clause(
    "GRAD-6",
    "A gradient may be one number broadcast over its whole shape, as that of a sum is.",
    source="The gradient of a sum",
)
def test_broadcast_gradient(subject: Subject, data: st.DataObject) -> None:
    request = gradient_request(data.draw(integer_recipes(subject, regimes=("small",))))
    shape = request.arrays["gradient"].shape
    one = np.broadcast_to(np.ones((), subject.numpy_dtype), shape)
    spread = request.with_arrays(gradient=one).but(data="ones")  # whose sums may be inexact
    got = subject.perform_as_is(spread)
    right = answer(spread, subject.promise)
    subject.agree_on(spread, got, right, "with a gradient that is one number in memory")


@clause(
    "GRAD-7",
    "Values of the input that no window reaches, and taps that lie on padding at every stop, have "
    "a gradient of zero.",
    source="The definition of a gradient",
)
def test_out_of_reach(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject, stride=(2, 4), padding=(0, 4), kernel=(1, 5)))
    request = gradient_request(recipe)
    call = call_of(request)
    got = subject.perform(request)
    right = answer(request, subject.promise)
    for name, on_axes in zip(("x", "filters"), reached(call_axes(call)), strict=True):
        idle = ~reduce(np.logical_and.outer, on_axes)
        error = np.broadcast_to(right[name].bound, got[name].shape)
        if (~(np.abs(got[name].astype("float64")) <= error))[..., idle].any():
            raise Disagreement(
                f"the gradient by {name} is not zero where no window reaches",
                Evidence(request, got=got[name]),
            )


def call_axes(call: Any) -> list[tuple[int, int, int, tuple[int, int], int]]:
    """Size, kernel, stride, padding and dilation of each axis."""
    settings = call.filters.shape[2:], call.stride, call.padding, call.dilation
    return list(zip(call.x.shape[2:], *settings, strict=True))


def reached(
    axes: list[tuple[int, int, int, tuple[int, int], int]],
) -> tuple[list[Array], list[Array]]:
    """Which places of the input, and which taps, meet at any stop, on each axis."""
    places, taps = [], []
    for n, kernel, stride, pads, dilation in axes:
        (stops,) = output_size((n,), (kernel,), (stride,), (pads,), (dilation,))
        lies = np.add.outer(stride * np.arange(stops), dilation * np.arange(kernel)) - pads[0]
        inside = (lies >= 0) & (lies < n)
        places.append(np.isin(np.arange(n), lies))
        taps.append(np.asarray(inside.any(axis=0)))
    return places, taps


@clause(
    "GRAD-8",
    "A gradient of a single one puts the filter into the gradient by the input, and the window "
    "into the gradient by the filters.",
    source=CHAIN_RULE,
)
def test_single_one(subject: Subject, data: st.DataObject) -> None:
    request = gradient_request(data.draw(integer_recipes(subject)))
    gradient = np.zeros_like(request.arrays["gradient"])
    place = tuple(data.draw(st.integers(0, n - 1)) for n in gradient.shape)
    gradient[place] = 1
    subject.check_request(request.with_arrays(gradient=gradient), f"a one at {place}")


@clause(
    "GRAD-9",
    "The gradients of a batch: each item has its own gradient by the input, and the gradients by "
    "the filters add up.",
    source="The chain rule",
)
def test_batches(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject, batch=(2, 4), regimes=("small", "plain")))
    request = gradient_request(recipe)
    whole = subject.perform(request)
    parts = [
        subject.perform(
            request.with_arrays(
                x=request.arrays["x"][[n]], gradient=request.arrays["gradient"][[n]]
            )
        )
        for n in range(recipe.batch)
    ]
    summed = {
        "x": np.concatenate([part["x"] for part in parts]),
        "filters": np.sum([part["filters"].astype("float64") for part in parts], axis=0),
    }
    same(subject, request, summed, whole, "against the items one by one")


@clause(
    "GRAD-10",
    "An empty batch gives an empty gradient by the input, and zeros by the filters and the bias.",
    source="The sum over no items",
)
def test_empty_batch(subject: Subject, data: st.DataObject) -> None:
    request = gradient_request(data.draw(integer_recipes(subject, regimes=("small",))))
    empty = {name: request.arrays[name][:0] for name in ("x", "gradient")}
    subject.check_request(request.with_arrays(**empty))


@clause(
    "GRAD-11",
    "Padding by a name has the gradients of the amounts that it stands for.",
    source="The rule of TensorFlow's SAME, which ONNX calls SAME_UPPER and SAME_LOWER",
)
def test_gradients_of_named_padding(subject: Subject, data: st.DataObject) -> None:
    if not subject.capabilities.named_padding:
        raise Unsupported("it takes no padding by name")
    name = data.draw(st.sampled_from(subject.capabilities.named_padding))
    recipe = data.draw(integer_recipes(subject, padding=0))
    subject.check_request(gradient_request(recipe, name))


@clause(
    "GRAD-12",
    "The gradients hang on nothing but the arguments: neither on earlier calls nor on the layout "
    "in memory; and they change no argument.",
    source="The definition of a function",
)
def test_gradients_remember_nothing(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject, regimes=("small", "plain", "everyday")))
    first, other = (gradient_request(replace(recipe, seed=recipe.seed + more)) for more in (0, 1))
    for number, asked in enumerate((first, other, first)):
        check_laid_out(subject, asked, number)


def same(
    subject: Subject, request: Request, right: dict[str, Array], got: dict[str, Array], how: str
) -> None:
    """Two answers of the backend, each of which may be off."""
    bounds = answer(request, subject.promise)
    readings = {
        name: Reading(a.astype("float64"), 2 * bounds[name].bound) for name, a in right.items()
    }
    subject.agree_on(request, got, readings, how)


@clause(
    "GRAD-13",
    "The transposed cross-correlation is, on integers, exactly the gradient by the input, of the "
    "size that stride, padding, dilation and output padding say.",
    source="Dumoulin and Visin, A guide to convolution arithmetic (2016), chapter 4",
)
def test_transposed(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject))
    subject.check_request(transposed_request(recipe))


@clause(
    "GRAD-14",
    "The transposed cross-correlation is within the rounding error of any direct algorithm, and "
    "its gradients are cross-correlations.",
    source="Higham (2002), section 3.1; Dumoulin and Visin (2016), chapter 4",
)
def test_rounding_of_transposed(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject))
    for kind in some_kinds(recipe.seed):
        request = transposed_request(replace(recipe, data=kind))
        subject.check_request(request, f"{kind} values")
    if subject.adapter.offers(GRADIENTS_OF + "transposed_cross_correlate") == "own":
        subject.check_request(transposed_request(recipe, backward=True))


@clause(
    "GRAD-15",
    "The transposed cross-correlation, and its gradients, hang on nothing but the arguments: "
    "neither on earlier calls nor on the layout in memory; and they change no argument.",
    source="The definition of a function",
)
def test_transposed_remembers_nothing(subject: Subject, data: st.DataObject) -> None:
    recipe = data.draw(integer_recipes(subject, regimes=("small", "plain", "everyday")))
    other = replace(recipe, seed=recipe.seed + 2)  # so that both or neither pads alike
    for number, drawn in enumerate((recipe, other, recipe)):
        check_laid_out(subject, transposed_request(drawn), number)
    if subject.adapter.offers(GRADIENTS_OF + "transposed_cross_correlate") == "own":
        check_laid_out(subject, transposed_request(recipe, backward=True))


@clause(
    "GRAD-16",
    "Padding by a name makes the transpose of the cross-correlation with that padding: with 'same' "
    "its result is as long as its input times the stride. Its gradients are cross-correlations.",
    source="TensorFlow's conv2d_transpose, the gradient of conv2d; ONNX's ConvTranspose, auto_pad",
)
def test_transposed_with_named_padding(subject: Subject, data: st.DataObject) -> None:
    if not subject.capabilities.named_transposed_padding:
        raise Unsupported("it takes no padding of a transpose by name")
    name = data.draw(st.sampled_from(subject.capabilities.named_transposed_padding))
    limits = data.draw(st.sampled_from(LIMITS_OF_TRANSPOSES))
    recipe = data.draw(integer_recipes(subject, padding=0, **limits))
    subject.check_request(transposed_request(recipe, name))
    if subject.adapter.offers(GRADIENTS_OF + "transposed_cross_correlate") == "own":
        subject.check_request(transposed_request(recipe, name, backward=True))


@clause(
    "GRAD-17",
    "The gradients, and the transposed cross-correlation, are right where one number is large: of "
    "items, channels, filters, groups, or on an axis.",
    source="The definition, which sets no limit",
    cases=vast_cases,
)
def test_gradients_of_vast_sizes(subject: Subject, case: Vast) -> None:
    check_vast(subject, case, lambda recipe: subject.check_request(gradient_request(recipe)))
    check_vast(subject, case, lambda recipe: subject.check_request(transposed_request(recipe)))
