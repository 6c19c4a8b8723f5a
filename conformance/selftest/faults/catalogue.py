"""The catalogue: a wrong convolution under each name, and the clause that must catch it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adapters import Adapter, Capabilities
from adapters.contract import NAMED_PADDING
from adapters.operations import Progress, perform
from adapters.reference_adapter import Reference
from reference.geometry import Array

Wrong = Callable[..., Any]

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
    operation: str = "cross_correlate"

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        words = [_ACRONYMS.get(word, word) for word in self.name.split("_")]
        words[0] = words[0][0].upper() + words[0][1:]
        return " ".join([" ".join(words) + ".", self.explanation]).strip()

    def adapter(self) -> Adapter:
        return Faulty(self) if self.operation == "cross_correlate" else FaultyOperation(self)


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
        result: Array = self.wrong(x, filters, bias, **parameters)
        return result


class FaultyOperation(Reference):
    """The reference with one operation replaced by a fault."""

    def __init__(self, fault: Fault) -> None:
        self.name, self.operation = fault.name, fault.operation
        self.wrong = fault.make()

    def perform(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> dict[str, Array]:
        if operation != self.operation:
            return perform(Reference(), operation, arrays, parameters, progress)
        found = self.wrong(**arrays, **parameters)
        return found if isinstance(found, dict) else {"result": np.asarray(found)}


FAULTS: dict[str, Fault] = {}


def fault(
    clause: str, dtype: str = "float64", operation: str = "cross_correlate"
) -> Callable[[Wrong], Wrong]:
    """Enter the decorated convolution into the catalogue; its name says what is wrong with it."""

    def enter(wrong: Wrong) -> Wrong:
        _enter(wrong, clause, dtype, lambda: wrong, operation)
        return wrong

    return enter


def fault_with_state(
    clause: str, dtype: str = "float64", operation: str = "cross_correlate"
) -> Callable[[Callable[[], Wrong]], Callable[[], Wrong]]:
    """The same for a fault that remembers: the decorated function makes it."""

    def enter(make: Callable[[], Wrong]) -> Callable[[], Wrong]:
        _enter(make, clause, dtype, make, operation)
        return make

    return enter


def _enter(
    decorated: Callable[..., Any],
    clause: str,
    dtype: str,
    make: Callable[[], Wrong],
    operation: str = "cross_correlate",
) -> None:
    name = decorated.__name__
    assert name not in FAULTS, f"two faults are called {name}"
    explanation = " ".join((inspect.getdoc(decorated) or "").split())
    FAULTS[name] = Fault(name, clause, dtype, make, explanation, operation)
