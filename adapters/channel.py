"""Messages between the suite and a worker, over any pair of byte streams.

A message is one frame: its length as four bytes, big-endian, and its bytes (the framing of
Python's ``multiprocessing.connection``). In it come the length of a JSON object, as four bytes
again, the object, and the values of each array that it lists under "arrays", in C order. Nothing
is pickled, and nothing that comes in is believed: lengths, dtypes and shapes are checked against
each other.

An array is listed as {"name", "dtype", "shape"}, and where it must lie in memory otherwise than
in C order, or be read-only, with its "strides" in bytes and "writeable".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from adapters.contract import LARGEST_ARRAY, RESULT_DTYPES, Array
from adapters.dtypes import numpy_dtype

RESULT = "result/"  # before the name of an array that an operation gave
_BETWEEN = 0x55


class ChannelError(Exception):
    """What came through the channel is no message."""


@dataclass(frozen=True)
class Message:
    """``contents``: the bytes that each of the arrays came as."""

    header: dict[str, Any]
    arrays: dict[str, Array]
    contents: dict[str, bytes | memoryview]


def packed(header: dict[str, Any], contents: Mapping[str, tuple[Array, bytes]]) -> bytes:
    """A message as the bytes of its frame, from arrays and their values in C order."""
    listed = [_described(name, array) for name, (array, _) in contents.items()]
    first = json.dumps(header | {"arrays": listed}).encode("ascii")
    values = (content for _, content in contents.values())
    return b"".join((len(first).to_bytes(4, "big"), first, *values))


def receive(connection: Connection) -> Message:
    """The next message.

    Raises ChannelError for anything that is none, EOFError at the end of the stream.
    """
    try:
        content = connection.recv_bytes(4 * LARGEST_ARRAY)
        start = 4 + int.from_bytes(content[:4], "big")
        header = json.loads(content[4:start])
        arrays: dict[str, Array] = {}
        contents: dict[str, bytes | memoryview] = {}
        for entry in header.pop("arrays"):
            dtype, shape = _claimed(entry)
            end = start + prod(shape) * dtype.itemsize
            values = memoryview(content)[start:end]
            array = np.frombuffer(values, dtype).reshape(shape).copy()
            if "strides" in entry:
                array = _laid_out(array, tuple(entry["strides"]))
            array.flags.writeable = entry.get("writeable", True)
            arrays[str(entry["name"])], contents[str(entry["name"])] = array, values
            start = end
        if start != len(content):
            raise ValueError(f"{len(content)} bytes, not {start}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ChannelError(f"no message: {type(error).__name__}: {str(error)[:200]}") from error
    return Message(header, arrays, contents)


def _claimed(entry: dict[str, Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    name, shape = entry["dtype"], tuple(entry["shape"])
    if name not in RESULT_DTYPES:
        raise ValueError(f"an array of dtype {name!r}")
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"an array of shape {shape}")
    return numpy_dtype(name), shape


def _described(name: str, array: Array) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "dtype": array.dtype.name, "shape": array.shape}
    if not array.flags.c_contiguous:
        entry["strides"] = array.strides
    if not array.flags.writeable:
        entry["writeable"] = False
    return entry


def _laid_out(array: Array, strides: tuple[int, ...]) -> Array:
    """A copy that lies in memory with these strides; what lies between its values is filled."""
    reach = [(n - 1) * s for n, s in zip(array.shape, strides, strict=True) if n]
    before = -sum(r for r in reach if r < 0)
    span = before + sum(r for r in reach if r > 0) + array.itemsize
    if span > LARGEST_ARRAY or any(s % array.itemsize for s in strides):
        raise ValueError(f"an array of shape {array.shape} with strides {strides}")
    memory = np.full(span, _BETWEEN, "uint8")
    view: Array = np.ndarray(array.shape, array.dtype, memory.data, before, strides)
    view[...] = array
    return view
