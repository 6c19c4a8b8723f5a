"""The catalogue: a wrong convolution under each name, and the clause that must catch it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters import Adapter, Capabilities
from adapters.contract import NAMED_PADDING
from reference.geometry import Array

Wrong = Callable[..., Array]


@dataclass(frozen=True)
class Fault:
    """``make`` gives a fresh wrong convolution, so that none keeps state between two tests."""

    name: str
    clause: str
    dtype: str
    make: Callable[[], Wrong]

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
        _enter(Fault(wrong.__name__, clause, dtype, lambda: wrong))
        return wrong

    return enter


def fault_with_state(
    clause: str, dtype: str = "float64"
) -> Callable[[Callable[[], Wrong]], Callable[[], Wrong]]:
    """The same for a fault that remembers: the decorated function makes it."""

    def enter(make: Callable[[], Wrong]) -> Callable[[], Wrong]:
        _enter(Fault(make.__name__, clause, dtype, make))
        return make

    return enter


def _enter(entry: Fault) -> None:
    assert entry.name not in FAULTS, f"two faults are called {entry.name}"
    FAULTS[entry.name] = entry
