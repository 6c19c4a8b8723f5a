"""Messages between the suite and a worker, over any pair of byte streams.

A message is one frame that holds a JSON object, and then one frame for each array that the object
lists under "arrays", with the values in C order. A frame is its length as four bytes, big-endian,
and then its bytes: the framing of Python's ``multiprocessing.connection``. Nothing is pickled, and
nothing that comes in is believed: lengths, dtypes and shapes are checked against each other.

An array is listed as {"name", "dtype", "shape"}, and where it must lie in memory otherwise than
in C order, or be read-only, with its "strides" in bytes and "writeable".
"""

import json
from collections.abc import Mapping
from math import prod
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from adapters.contract import LARGEST_ARRAY, RESULT_DTYPES, Array
from adapters.dtypes import numpy_dtype

LARGEST_HEADER = 2**22
_BETWEEN = 0x55


class ChannelError(Exception):
    """What came through the channel is no message."""


def send(connection: Connection, header: dict[str, Any], arrays: Mapping[str, Array]) -> None:
    """Send an object and its arrays; the other side gets them with :func:`receive`."""
    for frame in frames(header, arrays):
        connection.send_bytes(frame)


def frames(header: dict[str, Any], arrays: Mapping[str, Array]) -> list[bytes]:
    listed = [_described(name, array) for name, array in arrays.items()]
    first = json.dumps(header | {"arrays": listed}).encode("ascii")
    return [first, *(array.tobytes() for array in arrays.values())]


def receive(connection: Connection) -> tuple[dict[str, Any], dict[str, Array]]:
    """The next object and its arrays.

    Raises ChannelError for anything that is no message, EOFError at the end of the stream.
    """
    try:
        header = json.loads(connection.recv_bytes(LARGEST_HEADER))
        listed = header.pop("arrays")
        arrays = {str(entry["name"]): _array(entry, connection) for entry in listed}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ChannelError(f"no message: {type(error).__name__}: {str(error)[:200]}") from error
    return header, arrays


def _described(name: str, array: Array) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "dtype": array.dtype.name, "shape": array.shape}
    if not array.flags.c_contiguous:
        entry["strides"] = array.strides
    if not array.flags.writeable:
        entry["writeable"] = False
    return entry


def _array(entry: dict[str, Any], connection: Connection) -> Array:
    name, shape = entry["dtype"], tuple(entry["shape"])
    if name not in RESULT_DTYPES:
        raise ValueError(f"an array of dtype {name!r}")
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"an array of shape {shape}")
    dtype = numpy_dtype(name)
    content = connection.recv_bytes(LARGEST_ARRAY)
    if len(content) != prod(shape) * dtype.itemsize:
        raise ValueError(f"{len(content)} bytes for an array of {name} of shape {shape}")
    array = np.frombuffer(bytearray(content), dtype).reshape(shape)
    if "strides" in entry:
        array = _laid_out(array, tuple(entry["strides"]))
    array.flags.writeable = entry.get("writeable", True)
    return array


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
