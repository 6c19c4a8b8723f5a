"""What JAX has compiled stays in memory, 1.6 MB for each shape, until it is told to forget it."""

import jax

_MOST = 50


class Compiled:
    """The calls that have been compiled for since JAX last forgot them."""

    def __init__(self) -> None:
        self._calls: set[str] = set()

    def about_to_run(self, call: str) -> None:
        """Have JAX forget what it compiled, if this is one call too many."""
        self._calls.add(call)
        if len(self._calls) > _MOST:
            jax.clear_caches()
            self._calls.clear()
