"""What takes more than a comparison with the one right answer: ties, and what chance decides."""

import math
from typing import Any

import numpy as np

from adapters.operations import GRADIENTS_OF
from conformance.answers import answer
from conformance.judge import Disagreement, Evidence, compare_shapes
from conformance.layouts import laid_out
from conformance.requests import Request
from conformance.subject import Subject
from conformance.windows import Windows
from reference.bounds import gamma
from reference.geometry import Array

FLAKE = 1e-12  # the chance that a right dropout is called wrong


def values(got: dict[str, Array], name: str) -> Array:
    """An array of the answer as float64; nothing where it is missing."""
    return got[name].astype("float64") if name in got else np.zeros(0)


def check_form(subject: Subject, request: Request) -> None:
    """Every array of the answer has its shape and the dtype."""
    got = subject.perform(request)
    for name, right in answer(request, subject.promise).items():
        if name not in got:
            raise Disagreement(f"{name} is missing in {sorted(got)}", Evidence(request))
        if (got[name].shape, got[name].dtype) != (right.value.shape, subject.numpy_dtype):
            raise Disagreement(
                f"{request.operation}: {name} should be {subject.dtype} of {right.value.shape}, "
                f"and is {got[name].dtype} of {got[name].shape}",
                Evidence(request, got=got[name], part=name),
            )


def check_laid_out(subject: Subject, request: Request, number: int = 0) -> None:
    """The answer is right for arrays each of which lies in memory in a way of its own, and none of
    them is changed; ``number`` tells the ways apart in which the arrays of one seed lie.
    """
    # Equal values would leave open which of them a max pool's gradient goes to.
    distinct = ("x",) if request.operation == GRADIENTS_OF + "max_pool" else ()
    rng = np.random.default_rng((request.seed or 0, 3, number))
    laid = laid_out(rng, request.arrays, distinct)
    asked = request.but(arrays=laid.arrays)
    if laid.expanded:  # whose sums may be inexact
        asked = asked.but(data="expanded")
    read = asked.but(arrays=laid.values)
    got = subject.perform_as_is(asked)
    subject.agree_on(asked, got, answer(read, subject.promise), f"with arrays {laid.how}")
    for name, before in read.arrays.items():
        if not np.array_equal(laid.arrays[name], before):
            message = f"{request.operation} changed its argument {name}"
            raise Disagreement(message, Evidence(read, before, laid.arrays[name]))


def check_ties(subject: Subject, request: Request) -> None:
    """The gradient of a max pool lies on largest values, and is conserved in each channel, but for
    a rounding of each share and of each sum. To whom it goes is noted.
    """
    x, gradient = (request.arrays[name].astype("float64") for name in ("x", "gradient"))
    windows = Windows.of(x.shape[2:], **request.parameters)
    won = windows.winners(x)
    got = values(subject.perform(request), "x")
    if got.shape != x.shape or (got[windows.back(won) == 0] != 0).any():
        message = "a value that won no window has a gradient"
        raise Disagreement(message, Evidence(request, got=got, part="x"))
    axes: Any = tuple(range(2, x.ndim))
    rounding = gamma(np.asarray(won.shape[-1] + 1), request.format.unit_roundoff)
    lost = np.abs(got.sum(axis=axes) - gradient.sum(axis=axes))
    if not (lost <= rounding * np.abs(gradient).sum(axis=axes)).all():
        message = f"the gradients of a channel sum up to {lost.max()} more or less than they should"
        raise Disagreement(message, Evidence(request, got=got, part="x"))
    ways = {
        "first": won & (won.cumsum(axis=-1) == 1),
        "last": won & (won[..., ::-1].cumsum(axis=-1)[..., ::-1] == 1),
        "split": won / won.sum(axis=-1, keepdims=True),
    }
    seen = [
        way
        for way, share in ways.items()
        if np.allclose(got, windows.back(share * gradient[..., None]), rtol=1e-2)
    ]
    if len(seen) < len(ways):
        known = subject.facts.get("ties", " or ".join(ways))
        both = [way for way in seen if way in known.split(" or ")]
        subject.facts["ties"] = " or ".join(both) or "in several ways"


def check_dropped(request: Request, got: Array) -> Array:
    """Every value is 0, or was divided by the share that is kept, but for four roundings. Returns
    which are kept.
    """
    of = "gradient" if request.operation.startswith(GRADIENTS_OF) else "x"
    given = request.arrays[of].astype("float64")
    if got.shape != given.shape:
        raise Disagreement(f"of {given.shape} values {got.shape} are left", Evidence(request))
    scaled = given / (1 - request.parameters["rate"])
    rounding = gamma(np.asarray(4), request.format.unit_roundoff)
    kept = got != 0
    off = kept & ~(np.abs(got - scaled) <= rounding * np.abs(scaled))
    if off.any():
        place = tuple(int(i) for i in np.argwhere(off)[0])
        raise Disagreement(
            f"{request.operation}: {given[place]} at {place} became {got[place]}, which is neither "
            f"0 nor {scaled[place]}",
            Evidence(request, scaled, got),
        )
    return np.asarray(kept)


def check_share(request: Request, kept: Array) -> None:
    """As many values are kept as chance allows, in all and in each channel, and no two channels
    keep the same ones.

    Of n values, kept independently with probability q, the number kept is off n q by more than
    sqrt(n ln(2 / chance) / 2) with at most that chance: Hoeffding, Probability inequalities for
    sums of bounded random variables (1963).
    """
    share = 1 - request.parameters["rate"]
    channels = kept.reshape(-1, kept.shape[-1])
    for part in (kept.ravel(), *channels):
        allowed = math.sqrt(part.size * math.log(2 / FLAKE) / 2)
        if abs(part.sum() - share * part.size) > allowed:
            raise Disagreement(
                f"{int(part.sum())} of {part.size} values are kept, not {share:.0%} of them",
                Evidence(request, got=kept),
            )
    if len({row.tobytes() for row in channels}) < len(channels):
        raise Disagreement("two channels keep the same values", Evidence(request, got=kept))


def check_limits(subject: Subject, kind: str, limits: tuple[float, float]) -> None:
    """An activation of infinite values is its limits: of finite ones within five roundings, as
    :mod:`reference.activation_bounds` has it for large values.
    """
    x = np.array([[np.inf, -np.inf]], subject.numpy_dtype)
    request = Request("activation", {"x": x}, {"kind": kind}, data="infinite")
    got, right = values(subject.perform(request), "result"), np.array([limits])
    rounding = gamma(np.asarray(5), request.format.unit_roundoff)
    if got.shape != right.shape or not np.isclose(got, right, rtol=0, atol=rounding).all():
        message = f"{kind} of an infinite value is {got.tolist()}, not {right.tolist()}"
        raise Disagreement(message, Evidence(request, right, got))


def check_nan(subject: Subject, request: Request) -> None:
    """The NaN of the input is where it belongs in the result, and nowhere else. Of a max pool, and
    of a relu, it is only noted where it gets to: they compare, and frameworks differ.
    """
    got = values(subject.perform(request), "result")
    there = np.isnan(request.arrays["x"].astype("float64"))
    kind = request.parameters.get("kind", request.operation)
    if request.operation == "dense":
        outputs = len(request.arrays["weights"])
        there = np.broadcast_to(there.any(axis=1)[:, None], (len(there), outputs))
    elif "pool" in request.operation:
        settings = {k: v for k, v in request.parameters.items() if k != "count_include_pad"}
        windows = Windows.of(there.shape[2:], **settings)
        there = np.asarray(windows.values(there, 0).any(axis=-1))
    right = np.array_equal(np.isnan(got), there)
    if kind in ("max_pool", "relu", "leaky_relu"):
        subject.facts[f"NaN in {kind}"] = "propagates" if right else "does not propagate"
    elif not right:
        compare_shapes(got, there, request, kind)
        message = f"{kind}: a NaN gives {int(np.isnan(got).sum())} NaNs, not the {int(there.sum())}"
        evidence = Evidence(request, there, got, part="result")
        raise Disagreement(f"{message} that depend on it", evidence)
