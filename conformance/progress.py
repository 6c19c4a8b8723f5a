"""Long work shows how far it has got, where somebody is watching."""

import sys
import time
from typing import TextIO

import pytest

from adapters.operations import Progress

_EVERY = 0.5  # seconds


def teller(config: pytest.Config, name: str, stream: TextIO | None = None) -> Progress:
    """What tells, on a terminal, which step a test has come to; nothing is told elsewhere."""
    stream = sys.__stderr__ if stream is None else stream
    capture = config.pluginmanager.getplugin("capturemanager")
    if stream is None or capture is None or not stream.isatty() or hasattr(config, "workerinput"):
        return lambda step: None
    told = time.monotonic()

    def tell(step: int) -> None:
        nonlocal told
        if time.monotonic() < told + _EVERY:
            return
        told = time.monotonic()
        with capture.global_and_fixture_disabled():
            stream.write(f"\r{name}: step {step} ")
            stream.flush()

    return tell
