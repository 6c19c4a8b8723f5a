"""Messages between the suite and a worker, over any pair of byte streams; PROTOCOL.md tells of
them to programs in other languages.

A message is one frame: its length as four bytes, big-endian, and its bytes (the framing of
Python's ``multiprocessing.connection``). In it come the length of a JSON object, as four bytes
again, the object, and the values of each array that it lists under "arrays", in C order. Nothing
is pickled, and nothing that comes in is believed: lengths, dtypes and shapes are checked against
each other.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from adapters.contract import LARGEST_ARRAY, RESULT_DTYPES, Array, Unavailable
from adapters.dtypes import numpy_dtype

RESULT = "result/"  # before the name of an array that an operation gave
_BETWEEN = 0x55
_LARGEST_FRAME = 4 * LARGEST_ARRAY
_LONGEST_HEADER = 2**20
_LONGEST_WORDS = 200
_PATIENCE = 0.1  # seconds, for the rest of what is no message
_MORE = 2**32 - 1  # instead of a length that takes eight bytes, which follow


class ChannelError(Exception):
    """What came through the channel is no message, or no whole one."""


class BrokenOffError(ChannelError):
    """The other end was closed within a message."""


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


def header_of(message: bytes) -> bytes:
    """The JSON object in the bytes of a frame: all of a message but the values of its arrays."""
    return message[4 : 4 + int.from_bytes(message[:4], "big")]


def receive(connection: Connection) -> Message:
    """The next message.

    Raises ChannelError for anything that is none, EOFError at the end of the stream.
    """
    start, content = _frame(connection)
    try:
        header = json.loads(bytes(content[:start]))
        arrays: dict[str, Array] = {}
        contents: dict[str, bytes | memoryview] = {}
        for entry in header.pop("arrays"):
            dtype, shape = _claimed(entry)
            end = start + prod(shape) * dtype.itemsize
            if end > len(content):
                raise ValueError(f"{entry['name']} lacks {end - len(content)} of its bytes")
            values = content[start:end]
            array = np.frombuffer(values, dtype).reshape(shape).copy()
            if "strides" in entry:
                array = _laid_out(array, tuple(entry["strides"]))
            array.flags.writeable = entry.get("writeable", True)
            arrays[str(entry["name"])], contents[str(entry["name"])] = array, values
            start = end
        if start != len(content):
            raise ValueError(f"{len(content) - start} bytes more than its arrays have")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Unavailable) as error:
        said = f"{type(error).__name__}: {str(error)[:_LONGEST_WORDS]}"
        raise ChannelError(f"no message: {said}") from error
    return Message(header, arrays, contents)


def _frame(connection: Connection) -> tuple[int, memoryview]:
    """The length of a message's JSON object, and all that follows. Other output is refused by its
    first eight bytes: the lengths that they make may be of gigabytes that will never come.
    """
    first = _exactly(connection, 4)
    size = int.from_bytes(first, "big")
    if size == _MORE:
        first = _exactly(connection, 8, before=4)
        size = int.from_bytes(first, "big")
    header = _exactly(connection, 4, before=4)
    length = int.from_bytes(header, "big")
    if length > min(_LONGEST_HEADER, size - 4) or size > _LARGEST_FRAME:
        said = bytes(first) + bytes(header) + _what_follows(connection)
        raise ChannelError(f"no message, which begins with two lengths: {said!r}")
    return length, _exactly(connection, size - 4, before=8)


def _exactly(connection: Connection, size: int, before: int = 0) -> memoryview:
    """The next bytes, of a message of which there were some ``before``."""
    content, there = memoryview(bytearray(size)), 0
    while there < size:
        try:
            count = os.readv(connection.fileno(), [content[there:]])
        except OSError as error:
            raise ChannelError(f"no message: {error}") from error
        if not count and not there and not before:
            raise EOFError
        if not count:
            raise BrokenOffError(f"its last message broke off after {before + there} bytes")
        there += count
    return content


def _what_follows(connection: Connection) -> bytes:
    return os.read(connection.fileno(), _LONGEST_WORDS) if connection.poll(_PATIENCE) else b""


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
