"""Running error analysis: numbers that carry the error with which a backend may have computed them.

Formulas written for plain numbers run on these as well, and give a result and its bound. Where
fl(a op b) = (a op b)(1 + delta), |delta| <= u, an operation passes on the errors of its operands
and adds u times the size of its result. Source: Higham (2002), section 3.3.
"""

import functools
from dataclasses import dataclass
from typing import Self, Union

import numpy as np

from reference.formats import Format
from reference.geometry import Array

_EXTENDED = np.longdouble
_TRUTH = float(np.finfo(_EXTENDED).eps) / 2
_FUNCTION = 4  # unit roundoffs: exp, log, powers, roots and quotients within 2 ulp
_ZERO, _INFINITY = np.zeros((), _EXTENDED), np.full((), np.inf, _EXTENDED)


@dataclass(frozen=True)
class Arithmetic:
    """That of a backend: ``unit`` is its unit roundoff, ``tiny`` what may be lost when a product
    or a quotient underflows, ``largest`` its largest number.

    ``reordered``: formulas may be rearranged into others of at most twice as many operations,
    whose partial results are no larger than the sum of the magnitudes of the operands: each
    operation is charged one more rounding, of that size.
    """

    unit: Array
    tiny: Array
    smallest_normal: Array
    largest: Array
    reordered: bool = False

    @classmethod
    def of(cls, format_: Format, reordered: bool = False, smallest_scale: float = 1.0) -> Self:
        """The arithmetic of a format. ``smallest_scale``: a factor that some order of evaluation
        multiplies by before the others, so that more underflows.

        The truth is computed in NumPy's longdouble, whose unit roundoff is added to the unit, so
        that a bound holds between a backend and the truth as computed here: on platforms where it
        is float64, judging float64 by float64 counts every error twice.
        """
        smallest = format_.smallest_normal
        return cls(
            unit=np.asarray(format_.unit_roundoff + _TRUTH, _EXTENDED),
            tiny=np.asarray(smallest / min(1.0, smallest_scale), _EXTENDED),
            smallest_normal=np.asarray(smallest, _EXTENDED),
            largest=np.asarray(format_.largest, _EXTENDED),
            reordered=reordered,
        )

    def given(self, array: Array) -> "Computed":
        """An argument, exact unless it is subnormal, which may be flushed to zero."""
        value = array.astype(_EXTENDED)
        size = np.abs(value)
        return Computed(value, np.where(size < self.smallest_normal, size, _ZERO), self)

    def rounded(self, number: float) -> "Computed":
        """A parameter, which is rounded to the format first, or kept as it is."""
        value = np.asarray(number, _EXTENDED)
        lost = self.smallest_normal if abs(number) < self.smallest_normal else 0.0
        return Computed(value, np.abs(value) * self.unit + lost, self)


@dataclass(frozen=True, eq=False)
class Computed:
    """``value``, and the ``error`` of whoever computes it in this ``arithmetic``: infinite where
    something may overflow. Zero stays zero: an operation on exact zeros costs nothing.
    """

    value: Array
    error: Array
    arithmetic: Arithmetic

    @functools.cached_property
    def size(self) -> Array:
        """The largest absolute value that it may have."""
        return np.asarray(np.abs(self.value) + self.error)

    def __add__(self, other: "Number") -> "Computed":
        b = self._number(other)
        both = (self.size > _ZERO) & (b.size > _ZERO)
        with np.errstate(over="ignore", invalid="ignore"):
            value, error = self.value + b.value, self.error + b.error
            return self._result(value, error, self.size + b.size, rounded=both, tiny=_ZERO)

    def __sub__(self, other: "Number") -> "Computed":
        return self + -self._number(other)

    def __mul__(self, other: "Number") -> "Computed":
        b = self._number(other)
        with np.errstate(over="ignore", invalid="ignore"):
            error = self.size * b.error + self.error * np.abs(b.value)
            return self._result(self.value * b.value, error, self.size * b.size)

    def __truediv__(self, other: "Number") -> "Computed":
        """Infinitely wrong where the divisor may be zero."""
        b = self._number(other)
        least = np.abs(b.value) - b.error
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            quotient = self.value / b.value
            error = (self.error + np.abs(quotient) * b.error) / least
            error = np.where(least > _ZERO, error, _INFINITY)
            return self._result(quotient, error, np.abs(quotient) + error, _FUNCTION)

    def __pow__(self, exponent: int | float) -> "Computed":
        """Powers of whole numbers, and of 0.5."""
        if exponent == 0.5:
            return self.sqrt()
        with np.errstate(over="ignore", invalid="ignore"):
            error = exponent * self.size ** (exponent - 1) * self.error
            power = self.value**exponent
            return self._result(power, error, np.abs(power) + error, _FUNCTION + exponent)

    def __neg__(self) -> "Computed":
        return Computed(-self.value, self.error, self.arithmetic)

    def __radd__(self, other: "Number") -> "Computed":
        return self + other

    def __rsub__(self, other: "Number") -> "Computed":
        return -self + other

    def __rmul__(self, other: "Number") -> "Computed":
        return self * other

    def sqrt(self) -> "Computed":
        """The square root; NumPy's finds it by this name."""
        root = np.sqrt(self.value)
        least = np.sqrt(np.maximum(self.value - self.error, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.fmin(self.error / (root + least), np.sqrt(self.error))
        return self._result(root, error, root + error, _FUNCTION)

    def exp(self) -> "Computed":
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            error = np.exp(self.value + self.error) * -np.expm1(-self.error)
            value = np.exp(self.value)
        return self._result(value, error, value + error, _FUNCTION, tiny=self.arithmetic.tiny)

    def log(self) -> "Computed":
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.where(
                self.error < self.value, -np.log1p(-self.error / self.value), _INFINITY
            )
            value = np.log(self.value)
        return self._result(value, error, np.abs(value) + error, _FUNCTION)

    def sum(self, axis: int) -> "Computed":
        """In any order: each of m terms that are not zero takes part in at most m - 1 sums."""
        sums = np.maximum((self.size > 0).sum(axis=axis) - 1, 0)
        built_up = np.expm1(sums * np.log1p(self.arithmetic.unit))
        size = self.size.sum(axis=axis)
        with np.errstate(invalid="ignore"):
            error = self.error.sum(axis=axis) + built_up * size
        return self._result(self.value.sum(axis=axis), error, size, 0, tiny=_ZERO)

    def or_by(self, other: "Computed") -> "Computed":
        """The same value computed in either of two ways: the larger error."""
        return Computed(self.value, np.maximum(self.error, other.error), self.arithmetic)

    def _number(self, other: "Number") -> "Computed":
        """Plain numbers in a formula are exact."""
        if isinstance(other, Computed):
            return other
        return Computed(np.asarray(other, _EXTENDED), np.zeros((), _EXTENDED), self.arithmetic)

    def _result(
        self,
        value: Array,
        error: Array,
        operands: Array,
        roundings: float = 1,
        *,
        rounded: Array | None = None,
        tiny: Array | None = None,
    ) -> "Computed":
        """``error`` is what the operands had, ``operands`` the size that counts if the formula is
        rearranged, ``rounded`` where anything is rounded; a result that cannot be other than zero
        has no error.
        """
        arithmetic = self.arithmetic
        magnitude = np.abs(value)
        with np.errstate(invalid="ignore", over="ignore"):
            charged = np.asarray((magnitude + error) * (roundings * arithmetic.unit))
            if arithmetic.reordered and roundings:
                charged = np.asarray(charged + operands * arithmetic.unit)
            if rounded is not None:
                np.copyto(charged, _ZERO, where=~rounded)
            charged = np.asarray(error + charged + (arithmetic.tiny if tiny is None else tiny))
            np.copyto(charged, _ZERO, where=operands == _ZERO)
            np.copyto(charged, _INFINITY, where=~(magnitude + charged < arithmetic.largest))
        return Computed(value, charged, arithmetic)


Number = Union[Computed, int, float]  # noqa: UP007 (a forward reference)
