"""The number formats: what a rounding, an underflow and an overflow cost in each."""

import math
from dataclasses import dataclass

import numpy as np

from reference.geometry import Array


@dataclass(frozen=True)
class Format:
    """A binary floating-point format of ``precision`` significant bits (the hidden one counted).

    >>> FORMATS["float32"].unit_roundoff == 2.0**-24
    True
    """

    name: str
    precision: int
    min_exponent: int
    max_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """Half the distance from 1 to the next number: the largest relative rounding error."""
        return math.ldexp(1, -self.precision)

    @property
    def smallest_normal(self) -> float:
        return math.ldexp(1, self.min_exponent)

    @property
    def largest(self) -> float:
        return math.ldexp(2 - math.ldexp(1, 1 - self.precision), self.max_exponent)

    @property
    def exact_below(self) -> int:
        """Every integer up to this one has its own number."""
        return 1 << self.precision


FORMATS = {
    format_.name: format_
    for format_ in (
        Format("float64", 53, -1022, 1023),
        Format("float32", 24, -126, 127),
        Format("float16", 11, -14, 15),
        Format("bfloat16", 8, -126, 127),
    )
}


def overflowed(a: Array, format_: Format) -> Array:
    """What is beyond the largest number is infinite, of its sign.

    >>> overflowed(np.array([-1e5, 1e4]), FORMATS["float16"])
    array([  -inf, 10000.])
    """
    return np.where(np.abs(a) > format_.largest, np.copysign(np.inf, a), a)


def rounded(a: Array, bits: int) -> Array:
    """Each value rounded to the nearest one of so many significant bits, in the dtype of ``a``.

    >>> rounded(np.array([1.0, 1.125, 1.25, 20.0]), 3)
    array([ 1.  ,  1.  ,  1.25, 20.  ])
    """
    significands, exponents = np.frexp(a.astype("float64"))
    short = np.ldexp(np.rint(np.ldexp(significands, bits)), exponents - bits)
    return np.asarray(short.astype(a.dtype))
