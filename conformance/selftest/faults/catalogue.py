"""The catalogue: a wrong convolution under each name, and the clause that must catch it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters import Adapter, Capabilities
from adapters.contract import NAMED_PADDING
from reference.geometry import Array

Wrong = Callable[..., Array]

_ACRONYMS = {"rgb": "RGB", "bgr": "BGR", "tf32": "TF32", "nan": "NaN"}


@dataclass(frozen=True)
class Fault:
    """``make`` gives a fresh wrong convolution, so that none keeps state between two tests;
    ``explanation`` is for what the name does not say.
    """

    name: str
    clause: str
    dtype: str
    make: Callable[[], Wrong]
    explanation: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        words = [_ACRONYMS.get(word, word) for word in self.name.split("_")]
        words[0] = words[0][0].upper() + words[0][1:]
        return " ".join([" ".join(words) + ".", self.explanation]).strip()

    def adapter(self) -> Adapter:
        return Faulty(self)


class Faulty(Adapter):
    """An adapter whose backend is a fault."""

    capabilities = Capabilities(
        dtypes=("float64", "float32", "float16"), named_padding=NAMED_PADDING
    )

    def __init__(self, fault: Fault) -> None:
        self.name = fault.name
        self.wrong = fault.make()

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        return self.wrong(x, filters, bias, **parameters)


FAULTS: dict[str, Fault] = {}


def fault(clause: str, dtype: str = "float64") -> Callable[[Wrong], Wrong]:
    """Enter the decorated convolution into the catalogue; its name says what is wrong with it."""

    def enter(wrong: Wrong) -> Wrong:
        _enter(wrong, clause, dtype, lambda: wrong)
        return wrong

    return enter


def fault_with_state(
    clause: str, dtype: str = "float64"
) -> Callable[[Callable[[], Wrong]], Callable[[], Wrong]]:
    """The same for a fault that remembers: the decorated function makes it."""

    def enter(make: Callable[[], Wrong]) -> Callable[[], Wrong]:
        _enter(make, clause, dtype, make)
        return make

    return enter


def _enter(
    decorated: Callable[..., Any], clause: str, dtype: str, make: Callable[[], Wrong]
) -> None:
    name = decorated.__name__
    assert name not in FAULTS, f"two faults are called {name}"
    explanation = " ".join((inspect.getdoc(decorated) or "").split())
    FAULTS[name] = Fault(name, clause, dtype, make, explanation)
