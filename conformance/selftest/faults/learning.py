"""Faults in gradients, layers, losses, optimizers and training. The known mistakes are faults, each
by itself; so are those that follow, which show in some cases only.
"""

from conformance.mistakes.learning import WRONG
from conformance.selftest.faults.catalogue import FAULTS, Fault

for _entry in WRONG.values():
    assert _entry.name not in FAULTS, f"two faults are called {_entry.name}"
    FAULTS[_entry.name] = Fault(
        _entry.name,
        _entry.clause,
        "float64",
        lambda entry=_entry: entry.do,  # type: ignore[misc]
        f"In words: {_entry.sentence}.",
        _entry.operation,
    )
