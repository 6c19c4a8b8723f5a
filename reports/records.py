"""What a run says: frozen records that check themselves against their own annotations.

A record exists only in one valid form, whether a caller makes it or a file is read, so nothing
after this module has to distrust one. JSON has no infinity and no NaN: an array or a parameter
holds them as the strings "inf", "-inf" and "nan". Half a surrogate pair, which UTF-8 cannot hold,
becomes its escape (`\\udc80`), and a NumPy scalar the Python number that it is.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from reprlib import Repr
from types import NoneType, UnionType
from typing import Annotated, Any, Self, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

FORMAT = 3
OUTCOMES = ("pass", "fail", "error", "crash", "timeout", "unsupported", "known", "not run")
LARGEST_STORED_ARRAY = 600
NON_FINITE = ("nan", "inf", "-inf")
# Where the bins of a tally end: a bin holds what lies above the end before it, up to its own; one
# more holds what lies beyond the last. Of errors, as fractions of their bound, the first are exact.
SIZES = (0, 1, 2, 3, 4, 8, 16, 32, 64)
RATIOS = (0.0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
# What is tallied of each call to a backend: one number, or one for each spatial axis.
INPUTS = (
    "axes", "batch", "channels", "filters", "groups", "size", "kernel", "stride", "dilation",
    "padding",
)  # fmt: skip


class ResultsError(ValueError):
    """A record, or a results file, that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Rule:
    """What an annotation asks of a value beyond its type."""

    holds: Callable[[Any], bool]
    words: str


def _is_storable(value: float | str) -> bool:
    return value in NON_FINITE if isinstance(value, str) else abs(value) < math.inf


Count = Annotated[int, Rule(lambda n: 0 <= n < 2**63, "from 0 to 2**63 - 1")]
Seconds = Annotated[float, Rule(lambda s: 0 <= s < math.inf, "finite and 0 or more")]
Worst = Annotated[float, Rule(lambda w: w >= 0, "0 or more (inf when unbounded, never nan)")]
Number = Annotated[float | int | str, Rule(_is_storable, "finite, or 'nan', 'inf' or '-inf'")]
Verdict = Annotated[str, Rule(OUTCOMES.__contains__, "one of " + ", ".join(OUTCOMES))]
Format = Annotated[int, Rule(FORMAT.__eq__, str(FORMAT))]
Sizes = Annotated[
    tuple[Count, ...], Rule(lambda t: len(t) == len(SIZES) + 1, f"{len(SIZES) + 1} counts")
]
Ratios = Annotated[
    tuple[Count, ...],
    Rule(lambda t: len(t) in (0, len(RATIOS) + 1), f"none, or {len(RATIOS) + 1} counts"),
]
Shard = Annotated[
    tuple[int, int],
    Rule(lambda s: len(s) == 2 and 1 <= s[0] <= s[1], "two numbers K, N with 1 <= K <= N"),
]


@dataclass(frozen=True)
class Record:
    """A value that has checked each of its fields, and brought it to one form."""

    def __post_init__(self) -> None:
        for name, hint in hints(type(self)).items():
            where = f"{type(self).__name__.lower()}.{name}"
            object.__setattr__(self, name, _checked(getattr(self, name), hint, where))


@dataclass(frozen=True)
class Run(Record):
    """What was started: the suite's version, the moment (ISO 8601, UTC), the profile, the seed.

    `shard` is (K, N) when this is the K-th of N shares of a run, and `id` tells any two runs apart.
    """

    format: Format
    suite: str
    started: str
    profile: str
    seed: int | None
    environment: dict[str, str]
    shard: Shard | None = None
    id: str = ""


@dataclass(frozen=True)
class Clause(Record):
    """One clause of the specification.

    `formula` says it in symbols, and `reference` is the function that computes it, by its dotted
    name; each is "" where there is none.
    """

    id: str
    chapter: str
    sentence: str
    source: str
    formula: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Backend(Record):
    """A backend: `promises` maps a dtype to a grade, `not_run` is why it could not be run.

    `claims` are what it says that it can do: a name for each, and in words how far.
    """

    name: str
    spec: str
    version: str
    dtypes: tuple[str, ...]
    promises: dict[str, str]
    environment: dict[str, str]
    not_run: str | None = None
    claims: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Array(Record):
    """An array; `values` are flat in C order, or None when there were too many to store."""

    dtype: str
    shape: tuple[Count, ...]
    values: tuple[Number, ...] | None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values is not None and len(self.values) != math.prod(self.shape):
            raise ResultsError(
                f"array.values holds {len(self.values)} values, which do not fill the shape "
                f"{brief(self.shape)}: give every value, or None for all"
            )

    @classmethod
    def of(
        cls,
        array: NDArray[Any],
        *,
        largest: int = LARGEST_STORED_ARRAY,
        digits: int | None = None,
    ) -> Self:
        """The array as a record: integers as they are, anything else through float64.

        Of an array with more than `largest` values none is stored; `digits` are the significant
        ones that are kept, all of them if None.

        >>> Array.of(np.array([[1.5, np.inf]], np.float32))
        Array(dtype='float32', shape=(1, 2), values=(1.5, 'inf'))
        """
        array = np.asarray(array)
        name, shape = array.dtype.name, array.shape
        if array.size > largest:
            return cls(name, shape, None)
        if array.dtype.kind in "biu":
            return cls(name, shape, tuple(int(value) for value in array.ravel().tolist()))
        if array.dtype.kind == "c":
            raise ResultsError(f"an array of {name} cannot be stored: store its two real parts")
        try:
            with np.errstate(invalid="ignore"):  # for a signalling nan, which is a nan like any
                values = array.astype(np.float64).ravel().tolist()
        except (TypeError, ValueError) as error:
            raise ResultsError(f"an array of {name} cannot be stored: {error}") from error
        if digits is not None:
            rounded = [float(f"{value:.{digits}g}") for value in values]
            values = [int(v) if v.is_integer() and abs(v) < 2**53 else v for v in rounded]
        return cls(name, shape, tuple(v if math.isfinite(v) else str(v) for v in values))


@dataclass(frozen=True)
class Case(Record):
    """The smallest failing case: how the backend was called, and the arrays in reading order.

    `diagnosis` names the mistake that explains it, or says that none is known that does; `script`
    is a program that shows it again. Both are "" where nobody tried.
    """

    parameters: dict[str, Any]
    arrays: dict[str, Array]
    diagnosis: str = ""
    script: str = ""


@dataclass(frozen=True)
class Outcome(Record):
    """What a clause came to on a backend for a dtype ("" when none has a part in it).

    `examples` ran and `declined` were refused by the backend; `worst` is the largest error as a
    fraction of its bound, 0 for exact, inf when nothing bounds it, None when none was measured.
    `facts` are what was measured, whatever it came to: a name for each, and what was found;
    `series` are what was measured as numbers. `refusals` count the declined for each reason, and
    `invalid` those that were drawn and thrown away before the backend was asked. `ratios` tally the
    errors over the bins of `RATIOS`, and `inputs` the calls over those of `SIZES`, for each of the
    names in `INPUTS`. `calling` are the seconds of the `seconds` that the backend took to answer.
    """

    clause: str
    backend: str
    dtype: str
    outcome: Verdict
    examples: Count
    declined: Count
    worst: Worst | None
    seconds: Seconds
    reason: str = ""
    case: Case | None = None
    facts: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, Count] = field(default_factory=dict)
    invalid: Count = 0
    ratios: Ratios = ()
    inputs: dict[str, Sizes] = field(default_factory=dict)
    calling: Seconds = 0.0
    series: dict[str, Array] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.clause, self.backend, self.dtype


@dataclass(frozen=True)
class End(Record):
    """When the run finished, its exit code, and how many there were of each outcome."""

    finished: str
    exit: int
    outcomes: dict[Verdict, Count]


@dataclass(frozen=True)
class Part(Record):
    """What merged results remember of each file that they were made of.

    Its run and how that ended, the ids of its clauses and its backends, both in its order, and
    what was wrong with it.
    """

    run: Run
    end: End | None
    clauses: tuple[str, ...]
    backends: tuple[Backend, ...]
    problems: tuple[str, ...] = ()


def binned(value: float, ends: tuple[float, ...]) -> int:
    """The bin of a tally, with these ends, that the value falls into; the last for nan.

    >>> binned(3, SIZES), binned(5, SIZES), binned(1000, SIZES)
    (3, 5, 9)
    """
    return bisect_left(ends, value) if value == value else len(ends)


R = TypeVar("R", bound=Record)
_brief = Repr()
_brief.maxstring = _brief.maxother = 80
brief = _brief.repr


def _hints(cls: Any) -> dict[str, Any]:
    """The fields of a record and what their annotations ask."""
    annotations = get_type_hints(cls, include_extras=True)
    return {field.name: annotations[field.name] for field in fields(cls)}


hints: Callable[[Any], dict[str, Any]] = cache(_hints)


def made(cls: type[R], values: dict[str, Any]) -> R:
    """A record from a JSON object that must have its fields, all of them and no other."""
    kind, expected = cls.__name__.lower(), hints(cls)
    for name in expected:
        if name not in values:
            raise ResultsError(f"{kind}.{name} is missing")
    for name in values:
        if name not in expected:
            raise ResultsError(f"{kind} has a field {brief(name)}, which is unknown")
    return cls(**values)


def wrong(where: str, value: Any, words: str) -> ResultsError:
    return ResultsError(f"{where} is {brief(value)}, but must be {words}")


def _checked(value: Any, hint: Any, where: str) -> Any:
    """The value in the form that the annotation asks for; JSON's own forms are understood too."""
    if isinstance(value, np.generic):
        value = value.item()
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        value = _checked(value, inner[0], where)
        if not inner[1].holds(value):
            raise wrong(where, value, inner[1].words)
        return value
    if origin in (Union, UnionType):
        if value is None and NoneType in inner:
            return None
        return _checked(value, next((k for k in inner if type(value) is k), inner[0]), where)
    if hint == tuple[Number, ...] and isinstance(value, list | tuple) and _are_finite(value):
        return tuple(value)  # the same as below, in a tenth of the time: there can be very many
    if origin is tuple and isinstance(value, list | tuple):
        return tuple([_checked(item, inner[0], where) for item in value])
    if origin is dict and isinstance(value, dict):
        return {
            _checked(key, inner[0], f"a key of {where}"): _checked(item, inner[1], f"{where}.{key}")
            for key, item in value.items()
        }
    if origin is not None:
        raise wrong(where, value, "a list" if origin is tuple else "an object")
    return _checked_plain(value, where) if hint is Any else _checked_one(value, hint, where)


def _are_finite(values: Sequence[Any]) -> bool:
    return all(type(v) in (int, float) and -math.inf < v < math.inf for v in values)


def _checked_one(value: Any, hint: Any, where: str) -> Any:
    if is_dataclass(hint):
        if isinstance(value, dict):
            return made(cast(type[Record], hint), value)
        if type(value) is hint:
            return replace(value)
    elif isinstance(value, str):
        if hint is str:
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        if hint is float and value in NON_FINITE:
            return float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if hint is int and isinstance(value, int):
            return int(value)
        if hint is float and (isinstance(value, float) or abs(value) <= sys.float_info.max):
            return float(value)
    raise wrong(where, value, f"of type {hint.__name__}")


def _checked_plain(value: Any, where: str) -> Any:
    if isinstance(value, dict):
        return {
            _checked(key, str, f"a key of {where}"): _checked(item, Any, f"{where}.{key}")
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_checked(item, Any, where) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return _checked(value, str, where)
    if value is None or isinstance(value, int):
        return value
    raise wrong(where, value, "plain JSON: text, numbers, true, false, null, lists and objects")
