"""What a user writes after ``--backend``: ``TARGET[+OPTION...][@COMMAND]``, or ``pipe:COMMAND``."""

import re
from dataclasses import dataclass

from adapters.contract import Unavailable

PIPE = "pipe:"
# The path of a file may hold whatever a path may, but for a colon.
_SPEC = re.compile(
    r"(?P<target>[./~][^:]*:[^@:+]*|[^@:+]*(?::[^@:+]*)?)"
    r"(?P<options>(?:\+[^@:+]*)*)"
    r"(?:@(?P<command>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Spec:
    """``target``: a name, ``module:Class`` or ``./path/file.py:Class``; ``command``: that of the
    interpreter to run it with, "" for this one.
    """

    target: str
    options: tuple[str, ...] = ()
    command: str = ""

    @property
    def local(self) -> str:
        """The spec as the interpreter that runs it is given it: without the command."""
        return "+".join((self.target, *self.options))


def is_file(target: str) -> bool:
    """Whether a target names a class in a file, rather than one in a module."""
    path, colon, _ = target.partition(":")
    return bool(colon) and (path.endswith(".py") or "/" in path)


def parse(text: str) -> Spec:
    """The parts of a spec. Raises Unavailable for what is none."""
    if text.startswith(PIPE):
        return Spec(text)  # the command of a program may hold anything
    match = _SPEC.fullmatch(text)
    if match is None:
        raise Unavailable(
            f"{text!r} is not NAME, module:Class or ./file.py:Class, nor {PIPE}COMMAND"
        )
    options = tuple(match["options"].split("+")[1:])
    return Spec(match["target"], options, match["command"] or "")
