"""Grades: how accurate a backend is in a regime, by bounds that are derived and never tuned.

| grade | means |
|---|---|
| A+ | integers exact at full width; errors that grow as those of a random walk at most |
| A | within the error of any direct algorithm |
| B | within a bound on norms only: an FFT, Winograd's algorithms |
| C(b) | within the error of any direct algorithm, once the inputs are rounded to b bits |
| F | none of these |

Half precision has a suffix: w where the sums are kept in float32, n where they are as narrow as
the results.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from conformance import probes
from conformance.calls import Call
from conformance.data import FLOATS, fill_integers
from conformance.judge import bits_of, error_ratios
from conformance.probes import Regime
from conformance.subject import Subject
from reference.bounds import (
    Growth,
    flushable,
    gamma,
    lemma,
    magnitude,
    normwise,
    random_walk,
    term_count,
)
from reference.exact import truth
from reference.formats import FORMATS, Format
from reference.geometry import Array

KINDS = tuple(FLOATS)
Rng = np.random.Generator

_WIDE = FORMATS["float32"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Some results of a call on real numbers, ``got``, and all that their bounds are made of.

    ``call`` has the items and the filters behind these results alone, ``asked`` had all of them.
    """

    asked: Call
    call: Call
    got: Array
    high: Array
    low: Array
    terms: Array
    magnitude: Array
    flushable: Array

    @classmethod
    def of(cls, asked: Call, call: Call, got: Array) -> "Sample":
        arrays = call.x, call.filters, call.bias, call.parameters
        counted = term_count(*arrays), magnitude(*arrays), flushable(*arrays)
        return cls(asked, call, got, *truth(*arrays), *counted)

    def shares(self, bound: Array) -> Array:
        """Each error as a fraction of its bound."""
        with np.errstate(invalid="ignore", over="ignore"):
            difference = (self.got - self.high) - self.low
        return error_ratios(difference, np.broadcast_to(bound, difference.shape))

    def within(self, bound: Array) -> bool:
        return bool((self.shares(bound) <= 1).all())

    def by_lemma(self, sums: Format, u_in: float = 0.0, growth: Growth = gamma) -> Array:
        return lemma(
            self.terms,
            self.magnitude,
            self.high,
            result=self.call.format,
            accumulator=sums,
            input_roundoff=u_in,
            flushable=self.flushable,
            growth=growth,
        )

    def by_norms(self) -> Array:
        call = self.call
        return normwise(call.x, call.filters, call.bias, call.parameters, call.format)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a backend did in a regime: the format that its sums fill (None: not even their own),
    the bits of the inputs that it uses, whether small integers came out exact, and samples of
    real numbers of every kind.
    """

    format: Format
    sums: Format | None
    width: int
    integers_exact: bool
    samples: tuple[Sample, ...]

    @property
    def grade(self) -> str:
        """The best grade that all of it earns."""
        results = sum(sample.got.size for sample in self.samples)
        if self.width == self.format.precision and self.integers_exact:
            for grade, growth in (("A+", random_walk(results)), ("A", gamma)):
                if (suffix := self._by_lemma(0.0, growth)) is not None:
                    return grade + suffix
        elif 0 < self.width < self.format.precision and (
            (suffix := self._by_lemma(2.0 ** (1 - self.width))) is not None
        ):
            return f"C({self.width}){suffix}"
        return "B" if all(sample.within(sample.by_norms()) for sample in self.samples) else "F"

    def _by_lemma(self, u_in: float, growth: Growth = gamma) -> str | None:
        """The suffix with which the lemma holds, None if it does not."""
        half = self.format.precision < _WIDE.precision
        for sums in (_WIDE, self.format) if half and self.sums == _WIDE else (self.format,):
            if all(sample.within(sample.by_lemma(sums, u_in, growth)) for sample in self.samples):
                return "" if not half else "w" if sums == _WIDE else "n"
        return None


def measure(subject: Subject, regime: Regime, rng: Rng) -> Measured:
    """Everything that a grade needs to know."""
    format_ = FORMATS[subject.dtype]
    samples = tuple(_samples(subject, regime, rng))
    sums = probes.accumulator(subject, regime, rng)
    if sums is None:  # no direct algorithm: how wide its inputs are is of no account
        return Measured(format_, None, 0, False, samples)
    widths = (
        probes.input_width(subject, regime, rng).bits,
        probes.filter_width(subject, regime, rng).bits,
    )
    exact = probes.is_exact(subject, _integers(subject, regime, rng))
    return Measured(format_, sums, min(widths), exact, samples)


def _integers(subject: Subject, regime: Regime, rng: Rng) -> Call:
    limit = FORMATS[subject.dtype].exact_below
    shapes = regime.x, regime.filters, regime.filters[:1]
    x, filters, _ = fill_integers(rng, *shapes, limit, wide=False)
    return regime.call(x.astype(subject.numpy_dtype), filters.astype(subject.numpy_dtype))


def _samples(subject: Subject, regime: Regime, rng: Rng) -> Iterator[Sample]:
    """Batches whose items are each of another kind, under filters each of another kind. Of many
    items and filters a few are judged: every kind, and the last of each.
    """
    items = sorted({*range(min(regime.batch, len(KINDS))), regime.batch - 1})
    maps = sorted({*range(0, len(KINDS), 2), regime.filters[0] - 1})
    for first in range(0, len(KINDS), regime.batch):
        asked = regime.call(
            _of_every_kind(subject, rng, regime.x, first),
            _of_every_kind(subject, rng, regime.filters),
            data="every kind",
        )
        with np.errstate(invalid="ignore", over="ignore"):
            got = subject.result(asked).astype("float64")
        shape = (*regime.x[:1], *regime.filters[:1], *regime.x[2:])
        if got.shape != shape:
            got = np.full(shape, np.nan)
        few = asked.but(x=asked.x[items], filters=asked.filters[maps])
        yield Sample.of(asked, few, got[items][:, maps])


def _of_every_kind(subject: Subject, rng: Rng, shape: tuple[int, ...], first: int = 0) -> Array:
    format_ = FORMATS[subject.dtype]
    kinds = [KINDS[(first + at) % len(KINDS)] for at in range(shape[0])]
    return np.stack([FLOATS[kind](rng, shape[1:], format_) for kind in kinds]).astype(
        subject.numpy_dtype
    )


# -- Grades beside each other -------------------------------------------------------------------


def order(grade: str) -> tuple[int, int, bool]:
    """For sorting, best first."""
    bits = bits_of(grade.rstrip("wn"))
    place = ("A+", "A", "B", "C", "F").index("C" if bits else grade.rstrip("wn"))
    return place, -(bits or 0), grade.endswith("n")


def meets(grade: str, promise: str) -> bool:
    """Whether a grade is at least what was promised: A, B or C(b)."""
    plain = grade.rstrip("wn")
    if plain in ("A+", "A"):
        return True
    promised, reached = bits_of(promise), bits_of(plain)
    if promised is not None:
        return reached is not None and reached >= promised
    return plain == promise


def summarize(grades: dict[Regime, str]) -> dict[str, str]:
    """The worst grade, and each grade that was met with the regimes where it was."""
    met = sorted(set(grades.values()), key=order)
    facts = {"grade": met[-1]}
    if len(met) == 1:
        return facts
    for grade in met:
        where = [regime for regime, reached in grades.items() if reached == grade]
        facts[grade] = f"{len(where)} of {len(grades)} regimes: {_described(where)}"
    return facts


def _described(regimes: list[Regime]) -> str:
    """Regimes as a product of sizes where they are one, by kernel where those are, else listed."""
    by_kernel: dict[str, list[int]] = {}
    for kernel in sorted({regime.kernel for regime in regimes}):
        of_kernel = [regime for regime in regimes if regime.kernel == kernel]
        by_kernel.setdefault(_product(of_kernel), []).append(kernel)
    return "; ".join(f"{sizes}, kernel {_listed(kernels)}" for sizes, kernels in by_kernel.items())


def _product(regimes: list[Regime]) -> str:
    batches = {regime.batch for regime in regimes}
    channels = {regime.channels for regime in regimes}
    if len(batches) * len(channels) == len(regimes):
        return f"batch {_listed(batches)}, channels {_listed(channels)}"
    return ", ".join(f"batch {r.batch} channels {r.channels}" for r in regimes)


def _listed(numbers: Iterable[int]) -> str:
    return "/".join(map(str, sorted(numbers)))
