"""What an adapter does beside its answers: to its arguments, to earlier results, to its claims."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from adapters.contract import DTYPES, NAMED_PADDING, Array, Unsupported
from adapters.doctor.asking import NO_REASON, Advice, Asked, ask, near, tried
from adapters.doctor.trials import Trial, operations, right
from adapters.dtypes import numpy_dtype, representable
from adapters.operations import perform
from adapters.process.isolation import CrashError, Isolated, RemoteError
from adapters.reference_adapter import Reference
from adapters.skeleton import PLACEHOLDER
from reference.formats import FORMATS

_LONG_START = 20.0  # seconds
_LONG_CALL = 1.0
_WELL_ROUNDED = 4  # unit roundoffs
_COPY = "Copy what the backend may write to or keep: np.array(x) is a copy, np.asarray(x) is not."
_STATE = (
    "What is kept from call to call, such as a compiled function or a session, must not hold the "
    "values of an earlier call: pass filters and bias as arguments, or make them part of its key."
)
_FULL_WIDTH = (
    "Have the backend compute in {0} (JAX: jax_enable_x64; on GPUs: no TF32), or leave {0} out of "
    "capabilities.dtypes, or promise what it does: Capabilities(promises={{'{0}': 'C(11)'}})."
)
_DECLINE = 'Raise Unsupported("why") for what the backend does not offer.'
_LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "with negative strides": lambda array: np.flip(np.flip(array).copy()),
    "in Fortran order": np.asfortranarray,
    "that are read-only": lambda array: np.frombuffer(array.tobytes(), array.dtype).reshape(
        array.shape
    ),
}


def faults(adapter: Isolated, asked: Sequence[Asked]) -> Iterator[Advice]:
    """What must be mended; to find it, the adapter is asked some more."""
    yield from _changed(asked)
    yield from _dtypes(asked)
    fine = [one.trial for one in asked if one.is_right and one.trial.padding is None]
    if fine:
        richest = max(fine, key=lambda trial: trial.call.x.size)
        yield from _memory(adapter, richest)
        yield from _state(adapter, richest)
        yield from _precision(adapter, asked)
    yield from _operations(adapter)


def remarks(adapter: Isolated, asked: Sequence[Asked], started: float) -> Iterator[Advice]:
    """What may be mended, or may be as it should; ``started``: the seconds that it took."""
    if adapter.version in ("unknown", PLACEHOLDER):
        how = "Set version, such as version = acme.__version__: results are of a version."
        yield Advice("It does not say which version it is.", how)
    if adapter.version == PLACEHOLDER:
        how = "Put your backend's call into cross_correlate, where it says so."
        yield Advice("It may still compute by the reference, as it was written.", how)
    if started > _LONG_START:
        how = "Do at the first call what need not be done before, and import no more than you need."
        yield Advice(f"It took {started:.0f} s to start.", how)
    for one in asked:
        if one.trial.claimed and one.answer.declined:
            what = f"It claims {one.trial.name}, and declines it: {one.answer.declined}."
            yield Advice(what, one.trial.refused, (one.trial.name,))
    yield from _slow(adapter, asked)
    yield from _unclaimed(adapter, asked)
    yield from _impossible(adapter, asked)
    silent = tuple(one.trial.name for one in asked if one.answer.declined == NO_REASON)
    if silent:
        yield Advice("It declines without a reason.", 'Say why: Unsupported("no groups").', silent)


def _changed(asked: Sequence[Asked]) -> Iterator[Advice]:
    for name in ("x", "filters", "bias"):
        if seen_in := tuple(one.trial.name for one in asked if name in one.changed):
            yield Advice(f"It changes {name} in place.", _COPY, seen_in)


def _dtypes(asked: Sequence[Asked]) -> Iterator[Advice]:
    others: dict[tuple[str, str], list[str]] = {}
    for one in asked:
        if one.answer.array is not None and one.answer.array.dtype.name != one.trial.dtype:
            pair = one.trial.dtype, one.answer.array.dtype.name
            others.setdefault(pair, []).append(one.trial.name)
    for (given, found), seen_in in others.items():
        how = (
            f"Have the backend compute in {given}, if it can (JAX: jax_enable_x64); if it cannot, "
            f"leave {given} out of capabilities.dtypes. A conversion of the result only hides it."
        )
        yield Advice(f"The result of {given} is {found}.", how, tuple(seen_in))


def _memory(adapter: Isolated, trial: Trial) -> Iterator[Advice]:
    for kind, laid_out in _LAYOUTS.items():
        arrays = {name: laid_out(array) for name, array in trial.call.arrays(trial.dtype).items()}
        answer = ask(adapter, arrays, trial.parameters())
        how = "Copy such arrays first: np.array(x, order='C') is writeable and contiguous."
        if answer.error:
            yield Advice(f"Arrays {kind} raise an error: {answer.error}", how)
        elif answer.array is not None and not near(answer.array, right(trial.call), trial.dtype):
            yield Advice(f"Arrays {kind} are read as if they lay otherwise in memory.", how)


def _state(adapter: Isolated, trial: Trial) -> Iterator[Advice]:
    """Calls of the same shapes, with other values, and the first once more."""
    first = trial.call
    bias = None if first.bias is None else first.bias + 1
    other = replace(first, x=-first.x, filters=first.filters + 1, bias=bias)
    found = ask(adapter, first.arrays(trial.dtype), trial.parameters()).array
    kept = None if found is None else found.copy()
    second = tried(adapter, replace(trial, call=other))
    if found is not None and kept is not None and not np.array_equal(found, kept):
        yield Advice("A result changes when the next call is made.", _COPY)
    if not (second.is_right and tried(adapter, trial).is_right):
        yield Advice("Calls of the same shapes with other values are not answered rightly.", _STATE)


def _precision(adapter: Isolated, asked: Sequence[Asked]) -> Iterator[Advice]:
    """Digits lost in each dtype, where no less is promised than to keep them."""
    claims = adapter.capabilities
    axes = asked[0].trial.call.x.ndim - 2
    for dtype in claims.dtypes:
        if dtype in claims.promises and claims.promises[dtype] != "A":
            continue
        if error := _lost(adapter, dtype, axes):
            kept = f"some {max(-np.log2(error), 0):.0f} bits" if error < 1 else "nothing"
            how = _FULL_WIDTH.format(dtype)
            yield Advice(f"Of the {FORMATS[dtype].precision} bits of {dtype} it keeps {kept}.", how)


def _lost(adapter: Isolated, dtype: str, axes: int) -> float:
    """How far a filter of a single 1 is from giving back its input: 0 where by few roundings only,
    or where there is no such answer, which other trials show.
    """
    one = {"stride": (1,) * axes, "padding": ((0, 0),) * axes, "dilation": (1,) * axes, "groups": 1}
    x = 1 + np.random.default_rng(0).random((1, 1, *(4,) * axes)).astype(numpy_dtype(dtype))
    found = ask(adapter, {"x": x.copy(), "filters": np.ones((1,) * x.ndim, x.dtype)}, one).array
    if found is None or found.shape != x.shape or found.dtype != x.dtype:
        return 0.0
    error = float(np.abs(found.astype(float) - x.astype(float)).max())
    return 0.0 if error <= _WELL_ROUNDED * FORMATS[dtype].unit_roundoff else error


def _operations(adapter: Isolated) -> Iterator[Advice]:
    """What the adapter offers beside cross-correlations of its own, once each."""
    dtype, axes = adapter.capabilities.dtypes[0], adapter.capabilities.spatial_axes
    for operation in operations(1 if 1 in axes else min(axes)):
        if adapter.offers(operation.name) != "own":
            continue
        expected = perform(Reference(), operation.name, operation.arrays, operation.parameters)
        arrays = {
            name: array.astype(numpy_dtype(dtype)) if array.dtype == float else array.copy()
            for name, array in operation.arrays.items()
        }
        how = f"See Adapter.{operation.name.partition(' ')[0]} in adapters/contract.py."
        try:
            found = perform(adapter, operation.name, arrays, operation.parameters)
        except Unsupported:
            continue
        except (RemoteError, CrashError) as error:
            yield Advice(f"{operation.name}: {error}", f"{how} {_DECLINE}")
            continue
        if missing := [name for name in expected if name not in found]:
            yield Advice(f"{operation.name}: there is no {' and no '.join(missing)}.", how)
        elif wrong := [name for name in expected if not near(found[name], expected[name], dtype)]:
            yield Advice(
                f"{operation.name}: {' and '.join(wrong)} differs from the reference.", how
            )


def _slow(adapter: Isolated, asked: Sequence[Asked]) -> Iterator[Advice]:
    started = time.monotonic()
    tried(adapter, asked[0].trial)
    taken = time.monotonic() - started
    if taken > _LONG_CALL:
        how = "Keep what need not be made for each call: sessions, compiled functions, devices."
        yield Advice(f"A small call that was made before took {taken:.1f} s.", how)


def _unclaimed(adapter: Isolated, asked: Sequence[Asked]) -> Iterator[Advice]:
    """Claims that could be made, and calls beyond them that are not declined."""
    claims, plain = adapter.capabilities, asked[0].trial
    others = (dtype for dtype in representable(*DTYPES) if dtype not in claims.dtypes)
    if works := [dtype for dtype in others if _computes_in(adapter, replace(plain, dtype=dtype))]:
        how = "Claim what the backend is to be held to: Capabilities(dtypes=...)."
        yield Advice(f"What is not claimed works, too: {', '.join(works)}.", how)
    names = (name for name in NAMED_PADDING if name not in claims.named_padding)
    trials = (replace(plain, padding=name) for name in names)
    if taken := [str(t.padding) for t in trials if not tried(adapter, t).answer.declined]:
        how = "Begin with self.decline_unclaimed(padding), or claim the names if they are right."
        yield Advice(f"Padding by name is not claimed, nor declined: {', '.join(taken)}.", how)


def _computes_in(adapter: Isolated, trial: Trial) -> bool:
    """Rightly, and with all the digits of the dtype."""
    one = tried(adapter, trial)
    same = one.answer.array is not None and one.answer.array.dtype == trial.dtype
    return one.is_right and same and not _lost(adapter, trial.dtype, trial.call.x.ndim - 2)


def _impossible(adapter: Isolated, asked: Sequence[Asked]) -> Iterator[Advice]:
    call = asked[0].trial.call
    impossible = {
        "filters larger than x": replace(call, x=call.x[..., :1]),
        "more channels than the filters have": replace(call, x=call.x.repeat(3, axis=1)),
        "groups that do not divide C": replace(call, groups=2),
    }
    for what, wrong in impossible.items():
        answer = tried(adapter, replace(asked[0].trial, call=wrong)).answer
        if answer.array is not None:
            how = "Raise an error, whichever: there is no result of such a call."
            yield Advice(f"A call with {what} is answered: {answer.array.shape}.", how)
