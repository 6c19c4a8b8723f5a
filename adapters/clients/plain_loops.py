"""A backend that is plain loops: the client to start from. Of Python's standard library alone.

python -m conformance --backend "pipe:python3 plain_loops.py"     (in the folder of this file)
"""

import json
import os
import platform
import sys
from array import array
from itertools import product
from math import prod
from typing import Any, BinaryIO, NamedTuple

CODES = {"float64": "d", "float32": "f"}  # those of the module array
PARAMETERS = ("stride", "padding", "dilation", "groups")


class Array(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    values: "array[float]"  # in C order

    def at(self, *place: int) -> float:
        """A value, or the padding around them."""
        index = 0
        for p, n in zip(place, self.shape, strict=True):
            if not 0 <= p < n:
                return 0.0
            index = index * n + p
        return self.values[index]


def cross_correlate(
    x: Array, filters: Array, bias: Array | None = None, **parameters: Any
) -> Array:
    axes = range(len(x.shape) - 2)
    stride, padding, dilation, groups = (parameters[key] for key in PARAMETERS)
    (batch, channels, *size), (maps, depth, *kernel) = x.shape, filters.shape
    if channels != groups * depth or maps % groups or (bias and bias.shape != (maps,)):
        raise ValueError(f"{channels} channels and {maps} filters of {depth} in {groups} groups")
    if min(*stride, *dilation) < 1:
        raise ValueError("strides and dilations are 1 or more")
    spans = [dilation[i] * (kernel[i] - 1) + 1 for i in axes]
    out = [(size[i] + sum(padding[i]) - spans[i]) // stride[i] + 1 for i in axes]
    if min(out) < 1:
        raise ValueError("the filter is larger than the padded input")
    result: array[float] = array(x.values.typecode)
    for item, one, *place in product(range(batch), range(maps), *map(range, out)):
        first = one // (maps // groups) * depth
        total = bias.at(one) if bias else 0.0
        for channel, *tap in product(range(depth), *map(range, kernel)):
            seen = (place[i] * stride[i] + tap[i] * dilation[i] - padding[i][0] for i in axes)
            total += x.at(item, first + channel, *seen) * filters.at(one, channel, *tap)
        result.append(total)
    return Array(x.dtype, (batch, maps, *out), result)


def send(stream: BinaryIO, header: dict[str, Any], **arrays: Array) -> None:
    listed = [{"name": n, "dtype": a.dtype, "shape": a.shape} for n, a in arrays.items()]
    text = json.dumps(header | {"arrays": listed}).encode()
    message = len(text).to_bytes(4, "big") + text
    message += b"".join(a.values.tobytes() for a in arrays.values())
    stream.write(len(message).to_bytes(4, "big") + message)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, Array]]:
    """A request and its arrays; EOFError after the last."""
    message = stream.read(int.from_bytes(stream.read(4), "big"))
    if not message:
        raise EOFError
    start = 4 + int.from_bytes(message[:4], "big")
    header, arrays = json.loads(message[4:start]), {}
    for entry in header["arrays"]:
        values: array[float] = array(CODES[entry["dtype"]])
        shape = tuple(entry["shape"])
        end = start + prod(shape) * values.itemsize
        values.frombytes(message[start:end])
        arrays[entry["name"]], start = Array(entry["dtype"], shape, values), end
    return header, arrays


requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # whatever is printed must not come among the answers
hello = {"status": "ready", "contract": 2, "name": "plain-loops"}
send(answers, hello | {"version": f"Python {platform.python_version()}"})
while True:
    try:
        header, arrays = receive(requests)
        parameters = header.get("parameters", {})
        if header.get("operation") != "cross_correlate" or isinstance(parameters["padding"], str):
            send(answers, {"status": "unsupported", "message": "cross_correlate only"})
        else:
            result = cross_correlate(**arrays, **parameters)
            send(answers, {"status": "result"}, result=result)
    except EOFError:
        break
    except Exception as error:
        what = {"status": "error", "type": type(error).__name__, "message": str(error)}
        send(answers, what)
