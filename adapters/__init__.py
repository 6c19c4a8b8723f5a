"""convspec: how a backend is asked: the contract, the registry, and an adapter for each backend.

All that a new backend needs is a class like this one, in any module::

    from adapters import Adapter

    class Acme(Adapter):
        name = "acme"

        def cross_correlate(self, x, filters, bias=None, *, stride, padding, dilation, groups):
            return acme.conv(x, filters, bias, stride, padding, dilation, groups).numpy()

and ``python -m conformance --backend acme_adapter:Acme``.
"""

import sys
from pathlib import Path

from adapters.contract import CONTRACT, Adapter, Capabilities, Unavailable, Unsupported
from adapters.registry import BUILT_IN, PLAIN_RUN, load

# Whoever works in this folder has it on the path, where torch/ would stand for PyTorch.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _HERE]

__all__ = [
    "BUILT_IN",
    "CONTRACT",
    "PLAIN_RUN",
    "Adapter",
    "Capabilities",
    "Unavailable",
    "Unsupported",
    "load",
]
