"""A backend in another language: a program that answers over its pipes, as PROTOCOL.md says.

The worker that is to run it gives it its own place, so that what holds for every backend in a
process of its own holds for this one, too: limits, crashes, the call that is kept.
"""

import contextlib
import os
import shlex
import shutil
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from adapters.contract import Adapter, Array, Unavailable
from adapters.specs import PIPE

_SCRIPT = """\
import json
import subprocess

arrays = {{"x": x, "filters": filters{bias}}}
header = {{
    "operation": "cross_correlate",
    "parameters": {parameters},
    "arrays": [{{"name": n, "dtype": a.dtype.name, "shape": a.shape}} for n, a in arrays.items()],
}}
text = json.dumps(header).encode()
frame = b"".join((len(text).to_bytes(4, "big"), text, *(a.tobytes() for a in arrays.values())))
streams = {{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": {folder}}}
program = subprocess.Popen({command}, **streams)
said, _ = program.communicate(len(frame).to_bytes(4, "big") + frame)
said = said[4 + int.from_bytes(said[:4], "big") :]  # after its hello
at = 8 + int.from_bytes(said[4:8], "big")
answer = json.loads(said[8:at])
assert answer["status"] == "result", answer
result = answer["arrays"][0]
got = np.frombuffer(said, result["dtype"], np.prod(result["shape"], dtype=int), at)
got = got.reshape(result["shape"])
"""


class Program(Adapter):
    """What runs ``command`` instead of the Python of a worker; it says itself what it offers.

    Subclasses in adapters of their own set the command, and raise Unavailable where it cannot be.
    """

    name = "program"
    command: tuple[str, ...] = ()

    def cross_correlate(self, *arrays: Array | None, **parameters: Any) -> NoReturn:
        raise Unavailable("a program is asked in a process of its own only")

    def take_over(self, requests: Connection, answers: Connection) -> NoReturn:
        """Become the program, which reads requests and writes answers where this process did.

        Raises Unavailable if that cannot be.
        """
        os.dup2(requests.fileno(), 0)
        os.dup2(answers.fileno(), 1)
        # That of this process holds modules for this version of Python.
        os.environ.pop("PYTHONPATH", None)
        try:
            os.execvp(self.command[0], self.command)
        except OSError as error:
            raise Unavailable(f"{self.command[0]} cannot be run: {error}") from error


def program_of(target: str) -> Program:
    """The program that ``pipe:COMMAND`` names. Raises Unavailable if there is none."""
    program = Program()
    with contextlib.suppress(ValueError):  # an open quotation
        program.command = tuple(shlex.split(target.removeprefix(PIPE)))
    if not program.command:
        raise Unavailable(f"{target!r} has no command: it is {PIPE}COMMAND")
    if shutil.which(program.command[0]) is None:
        raise Unavailable(f"there is no program {program.command[0]}")
    return program


class Derived(Adapter):
    """What follows from the cross-correlations of a backend that is elsewhere."""

    def __init__(self, backend: Adapter) -> None:
        self.backend = backend

    def cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        return self.backend.cross_correlate(x, filters, bias, **parameters)


def script_of_program(target: str, call: Mapping[str, Any]) -> str | None:
    """The lines of Python that ask the program for such a call; None for any other backend."""
    if not target.startswith(PIPE):
        return None
    command = program_of(target).command
    parameters = {key: call[key] for key in ("stride", "padding", "dilation", "groups")}
    bias = ', "bias": bias' if call["bias"] else ""
    folder = ascii(os.getcwd())
    return _SCRIPT.format(command=list(command), parameters=parameters, bias=bias, folder=folder)
