"""The backend under test, in one dtype: it is asked, listened to, and counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from adapters import Adapter, Capabilities, Unsupported
from adapters.contract import checked, text_of
from adapters.dtypes import numpy_dtype
from adapters.operations import Progress, perform
from adapters.process.isolation import CrashError, GarbledError, OverdueError, RemoteError
from conformance.answers import answer
from conformance.calls import Call
from conformance.judge import Disagreement, Evidence, Reading, allowance, compare, expected
from conformance.requests import Request
from conformance.tally import Tally
from reference.geometry import Array
from reports import results

T = TypeVar("T")


class BackendFailure(Exception):  # noqa: N818 (its subclasses say which)
    """A backend gave no result; ``evidence`` holds the call."""

    outcome = "error"

    def __init__(self, message: str, evidence: Evidence) -> None:
        super().__init__(message)
        self.evidence = evidence


class BackendError(BackendFailure):
    """A backend raised what it should not, or returned what is no array of numbers."""


class BackendCrash(BackendFailure):
    """The process of a backend died."""

    outcome = "crash"


class BackendGarbled(BackendCrash):
    """What came from the process of a backend was no answer, and it was ended."""

    outcome = "error"


class BackendTimeout(BackendFailure):
    """A backend did not answer in time."""

    outcome = "timeout"


class NotTried(Exception):  # noqa: N818
    """A call that is not made any more: the backend has died too often."""


_DEATHS: dict[type[Exception], type[BackendFailure]] = {
    CrashError: BackendCrash,
    GarbledError: BackendGarbled,
    OverdueError: BackendTimeout,
}
_MOST_DEATHS = 5
_LARGEST_SERIES = 20_000  # values


@dataclass
class Subject:
    """One backend in one dtype, during the check of one clause.

    Of the examples ``drawn``, ``examples`` ran, and ``declined`` were refused as unsupported, each
    for its reason. ``worst`` is the largest error met, as a fraction of its bound, and ``tally``
    counts them all; ``facts`` are what was measured, by name, ``series`` the same as numbers.
    ``seed`` is what checks draw from that draw no examples, ``effort`` how many examples others
    draw; ``progress`` is told how far a long request has got.
    """

    adapter: Adapter
    dtype: str
    examples: int = 0
    declined: Counter[str] = field(default_factory=Counter)
    worst: float | None = None
    facts: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    effort: int = 50
    progress: Progress = lambda step: None
    drawn: int = 0
    tally: Tally = field(default_factory=Tally)
    series: dict[str, results.Array] = field(default_factory=dict)
    _refused_before: bool = False
    _asked: set[bytes] = field(default_factory=set)
    _deaths: dict[bytes, BackendFailure] = field(default_factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        return self.adapter.capabilities

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        return numpy_dtype(self.dtype)

    @property
    def promise(self) -> str:
        return self.capabilities.promises.get(self.dtype, "A")

    def ask(self, call: Call) -> Reading:
        """The backend's result of a call, with the error that the backend is allowed."""
        return self.read(self.result(call), call)

    def read(self, result: Array, call: Call) -> Reading:
        """A result of the backend, with the error that it may have."""
        return Reading(result.astype("float64"), allowance(call, self.promise))

    def check(self, call: Call, meaning: str = "the result") -> Reading:
        """Ask, and compare with the reference."""
        got = self.ask(call)
        self.agree(got, expected(call), call, meaning)
        return got

    def refuse(self, asked: Call | Request) -> None:
        """Raise Disagreement unless the backend refuses it with an error of any kind."""
        what, part = "call", ""
        try:
            if isinstance(asked, Call):
                got = self.result(asked)
            else:
                what = asked.operation
                part, got = next(iter(self.perform(asked).items()))
        except BackendError:
            return
        message = f"an impossible {what} was answered with an array of shape {got.shape}"
        raise Disagreement(message, Evidence(asked, got=got, part=part))

    def survive(self, impossible: Call | Request, possible: Call | Request) -> None:
        """Have a call refused, and raise Disagreement unless another one comes out right, before
        and after.
        """
        try:
            self._check_any(possible, "the result")
            self.refuse(impossible)
            self._refused_before = True
            self._check_any(possible, "the result of a possible call after an impossible one")
        except Disagreement as failure:
            if failure.evidence.asked is possible and self._refused_before:
                failure.evidence = replace(failure.evidence, after_refusal=True)
            raise

    def _check_any(self, asked: Call | Request, meaning: str) -> None:
        if isinstance(asked, Call):
            self.check(asked, meaning)
        else:
            self.check_request(asked, meaning)

    def agree(self, got: Reading, right: Reading, call: Call | Request, meaning: str) -> None:
        """Raise Disagreement unless the two readings agree; remember how close it was."""
        try:
            worst = compare(got, right, call, meaning)
        except AssertionError:
            self.judged(float("inf"))
            raise
        self.judged(worst)

    def judged(self, error: float) -> None:
        """Remember an error, as a fraction of its bound."""
        self.worst = max(self.worst or 0.0, error)
        self.tally.judged(error)

    def keep(self, digits: int | None = None, **series: Array) -> None:
        """Keep numbers for the report, under their names, with so many significant digits."""
        for name, array in series.items():
            self.series[name.replace("_", " ")] = results.Array.of(
                array, largest=_LARGEST_SERIES, digits=digits
            )

    def result(self, call: Call) -> Array:
        """What the backend returns, given copies of the arrays of ``call``."""
        bias = None if call.bias is None else call.bias.copy()
        return self.result_as_is(call.but(x=call.x.copy(), filters=call.filters.copy(), bias=bias))

    def result_as_is(self, call: Call) -> Array:
        """What the backend returns, given the very arrays of ``call``.

        Raises Unsupported if the backend declines, BackendError for anything but an array.
        """
        parameters: dict[str, Any] = {**call.parameters}
        if call.named_padding is not None:
            parameters["padding"] = call.named_padding
        got = self._known_death(call) or self._made(call, parameters)
        # Raised in this one place: Hypothesis tells failures apart by where they come from.
        if isinstance(got, BackendFailure):
            raise got
        return got

    def perform(self, request: Request) -> dict[str, Array]:
        """What the backend makes of a request, given copies of its arrays.

        Raises Unsupported if the backend declines, BackendError for anything but arrays.
        """
        copies = {name: array.copy() for name, array in request.arrays.items()}
        return self.perform_as_is(request.but(arrays=copies))

    def perform_as_is(self, request: Request) -> dict[str, Array]:
        """The same, given the very arrays of the request."""
        how = self.adapter.offers(request.operation)
        if how == "not offered":
            raise Unsupported(f"{request.operation}: {how}")
        if how == "derived":
            self.facts[request.operation] = "derived from its cross-correlation"
        ask = partial(
            perform,
            self.adapter,
            request.operation,
            request.arrays,
            request.parameters,
            self.progress,
        )
        got: dict[str, Array] | BackendFailure | None = self._known_death(request)
        if got is None:
            got = self._answered(request, ask)
        if isinstance(got, BackendFailure):
            raise got
        return got

    def check_request(self, request: Request, meaning: str = "") -> dict[str, Array]:
        """Perform, and compare every array of the result with what is right."""
        got = self.perform(request)
        self.agree_on(request, got, answer(request, self.promise), meaning)
        return got

    def agree_on(
        self,
        request: Request,
        got: dict[str, Array],
        right: dict[str, Reading],
        meaning: str = "",
    ) -> None:
        """Raise Disagreement unless all arrays of the result are there, and right."""
        for name, reading in right.items():
            if name not in got:
                message = f"the answer to {request.operation} has no {name!r}, but {sorted(got)}"
                raise Disagreement(message, Evidence(request))
            said = f"{request.operation}: {name}{meaning and f', {meaning}'}"
            value = Reading(got[name].astype("float64"), np.zeros(()))
            try:
                self.agree(value, reading, request, said)
            except Disagreement as failure:
                failure.evidence = replace(failure.evidence, part=name)
                raise

    def _made(self, call: Call, parameters: dict[str, Any]) -> Array | BackendFailure:
        """The call, really made."""
        return self._answered(
            call,
            lambda: checked(
                self.adapter.cross_correlate(call.x, call.filters, call.bias, **parameters)
            ),
        )

    def _answered(self, call: Call | Request, ask: Callable[[], T]) -> T | BackendFailure:
        key = call.key  # before the backend may change the arrays
        self._asked.add(key)
        self.tally.asked(call)
        started = perf_counter()
        try:
            return ask()
        except Unsupported:
            raise
        except (CrashError, GarbledError, OverdueError) as death:
            kind = _DEATHS[type(death)]
            self._deaths[key] = kind(str(death), Evidence(call, died=True))
            return self._deaths[key]
        except RemoteError as error:
            return BackendError(str(error), Evidence(call))
        except (Exception, SystemExit) as error:
            message = f"the backend raised {type(error).__name__}: {text_of(error)}"
            failure = BackendError(message, Evidence(call))
            failure.__cause__ = error
            return failure
        finally:
            self.tally.calling += perf_counter() - started

    def _known_death(self, call: Call | Request) -> BackendFailure | None:
        """A backend is not killed again by a call that killed it before, and not more often than
        is needed to find a small case: then only what it has been asked before is asked again, so
        that the same examples go the same way.
        """
        if not self._deaths:
            return None
        key = call.key
        if known := self._deaths.get(key):
            return type(known)(str(known), known.evidence)
        if key in self._asked:
            return None
        timed_out = any(isinstance(death, BackendTimeout) for death in self._deaths.values())
        if timed_out or len(self._deaths) >= _MOST_DEATHS:
            raise NotTried
        return None
