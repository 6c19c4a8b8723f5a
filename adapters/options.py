"""What adapters with options share."""

from collections.abc import Collection

from adapters.contract import Unavailable


def one_of(options: Collection[str], *exclusive: str) -> str | None:
    """The one of the ``exclusive`` options that was chosen, if any was.

    Raises Unavailable if there are more, since they contradict each other.
    """
    chosen = [option for option in exclusive if option in options]
    if len(chosen) > 1:
        raise Unavailable(f"the options {' and '.join(chosen)} contradict each other")
    return chosen[0] if chosen else None
