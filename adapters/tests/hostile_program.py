"""A program that gives every input back, as one filter of a single 1 does; but where the input
starts with 13 it answers as its first argument says, and some arguments spoil its first message.
"""

import json
import os
import sys
import time
from typing import Any

ARRAY = {"name": "result", "dtype": "float64", "shape": [1, 1, 2]}
HELLO: dict[str, Any] = {"status": "ready", "contract": 2, "name": "acme", "arrays": []}
HELLOS: dict[str, Any] = {
    "no name": HELLO | {"name": None},
    "other contract": HELLO | {"contract": 1},
    "another status": HELLO | {"status": "hello"},
    "unavailable": {"status": "unavailable", "message": "no such device", "arrays": []},
    "claims of an unknown dtype": HELLO | {"dtypes": ["float8"]},
    "dtypes of a number": HELLO | {"dtypes": 8},
    "unknown operation": HELLO | {"offers": {"maxpool": "own"}},
    "unknown way": HELLO | {"offers": {"max_pool": True}},
    "offers of a list": HELLO | {"offers": ["max_pool"]},
    "a list at first": [1, 2],
    "own training": HELLO | {"offers": {"train": "own"}},
}


def frame(header: Any, values: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    content = len(text).to_bytes(4, "big") + text + values
    return len(content).to_bytes(4, "big") + content


def result(values: bytes = bytes(16), **changes: Any) -> bytes:
    return frame({"status": "result", "arrays": [ARRAY | changes]}, values)


ANSWERS: dict[str, bytes] = {
    "prints a line": b"epoch 1 of 2\n" + result(),
    "prints a little": b"hi" + result(),
    "prints numbers": b"0.125\n" + result(),
    "lacks values": result(bytes(8)),
    "has more values": result(bytes(24)),
    "header of gigabytes": (2**31 - 1).to_bytes(4, "big") + (2**30).to_bytes(4, "big"),
    "header beyond its message": (8).to_bytes(4, "big") + (9).to_bytes(4, "big") + b"{}  ",
    "message without a header": (0).to_bytes(4, "big") + b"    ",
    "no JSON": (10).to_bytes(4, "big") + (6).to_bytes(4, "big") + b"nobody",
    "a list": frame([1]),
    "a number": frame(1),
    "no arrays": frame({"status": "result"}),
    "no result": frame({"status": "result", "arrays": []}),
    "no status": frame({"arrays": []}),
    "other status": frame({"status": "done", "arrays": []}),
    "array without a name": frame({"status": "result", "arrays": [{"dtype": "bool", "shape": []}]}),
    "unknown dtype": result(dtype="complex128"),
    "negative shape": result(shape=[-1, 2]),
    "shape of terabytes": result(shape=[10**6, 10**6]),
    "shape of fractions": result(shape=[0.5, 4]),
    "shape of a number": result(shape=2),
    "progress to nowhere": frame({"status": "progress", "step": "x", "arrays": []}),
}


def misbehave(how: str, answers: int) -> None:
    if how == "dies":
        print("out of memory", file=sys.stderr)
        os._exit(3)
    if how in ("hangs", "stops within a message"):
        os.write(answers, b"" if how == "hangs" else result()[:20])
        time.sleep(3600)
    if how == "dies within a message":
        os.write(answers, result()[:20])
        os._exit(0)
    if how == "closes its output":
        os.close(answers)
        time.sleep(3600)
    os.write(answers, ANSWERS[how])


def main() -> None:
    how = sys.argv[1] if len(sys.argv) > 1 else ""
    os.write(1, frame(HELLOS.get(how, HELLO)))
    while start := sys.stdin.buffer.read(4):
        message = sys.stdin.buffer.read(int.from_bytes(start, "big"))
        at = 4 + int.from_bytes(message[:4], "big")
        header = json.loads(message[4:at])
        values = message[at : at + 16]
        if "operation" not in header:
            os.write(1, frame({"status": "unsupported", "message": "no", "arrays": []}))
        elif values[:8] == b"\0\0\0\0\0\0\x2a\x40":  # 13.0
            misbehave(how, 1)
        else:
            os.write(1, result(values))


if __name__ == "__main__":
    main()
