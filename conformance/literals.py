"""Arrays and words as Python source: exact, and closed against whatever a backend may say."""

import base64
import textwrap
import zlib
from math import isfinite
from typing import Any

import numpy as np

from reference.geometry import Array

_WIDTH = 96
_READABLE = 300  # values
_SPARSE = 16  # values


def assignment(name: str, array: Array) -> str:
    """Lines that make ``array``, to the last bit, under this name. They may use ``np``,
    ``ml_dtypes``, ``base64`` and ``zlib``.
    """
    array = np.ascontiguousarray(array).reshape(array.shape)
    ways = (_written_out, _constant, _sparse)
    if array.size > 8:
        ways = (_constant, _sparse, _written_out)
    for way in ways:
        source = way(name, array)
        if source and _is(source, name, array):
            return source
    return _packed(name, array)


def comment(text: str) -> str:
    """Text as lines of comment: in ASCII, and with nothing in it that could end a line."""
    # Of spaces, only the common one is where textwrap may cut.
    return "\n".join(f"# {line}" for line in textwrap.wrap(harmless(text), _WIDTH)) or "#"


def harmless(text: str) -> str:
    """Text in printable ASCII, in one line; what is not becomes its escape."""
    characters = (c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)
    return "".join(characters)


def _dtype(array: Array) -> str:
    name = array.dtype.name
    return "ml_dtypes.bfloat16" if name == "bfloat16" else f'"{name}"'


def _number(value: Any) -> str:
    """The shortest that gives this value of its dtype back."""
    number = float(value)
    if not isfinite(number):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(number), "np.nan")
    if number.is_integer() and abs(number) < 10**9:
        return "-0.0" if number == 0 and np.signbit(number) else str(int(number))
    return str(value) if type(value) in (np.float16, np.float32) else repr(number)


def _written_out(name: str, array: Array) -> str:
    if array.size > _READABLE or not array.size:
        return ""
    nested = np.array2string(
        array,
        separator=", ",
        threshold=array.size + 1,
        max_line_width=_WIDTH - 8,
        formatter={"all": _number},
    )
    line = f"{name} = np.array({nested}, dtype={_dtype(array)})"
    if "\n" not in nested and len(line) <= _WIDTH:
        return line
    block = textwrap.indent(nested, "    ")
    return f"{name} = np.array(\n{block},\n    dtype={_dtype(array)},\n)"


def _constant(name: str, array: Array) -> str:
    if not array.size:
        return f"{name} = np.zeros({array.shape}, dtype={_dtype(array)})"
    value = _number(array.flat[0])
    return f"{name} = np.full({array.shape}, {value}, dtype={_dtype(array)})"


def _sparse(name: str, array: Array) -> str:
    places = np.argwhere(array != 0).tolist()
    if len(places) > min(_SPARSE, array.size // 3):
        return ""
    lines = [f"{name} = np.zeros({array.shape}, dtype={_dtype(array)})"]
    for place in places:
        index = ", ".join(map(str, place))
        lines.append(f"{name}[{index}] = {_number(array[tuple(place)])}")
    return "\n".join(lines)


def _packed(name: str, array: Array) -> str:
    """The bytes themselves, compressed."""
    text = base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()
    lines = "\n".join(f'        "{part}"' for part in textwrap.wrap(text, _WIDTH - 10))
    return (
        f"{name} = np.frombuffer(\n"
        f"    zlib.decompress(base64.b64decode(\n{lines}\n    )),\n"
        f"    dtype={_dtype(array)},\n"
        f").reshape({array.shape}).copy()"
    )


def _is(source: str, name: str, array: Array) -> bool:
    """Whether the source makes this array: what is shortened must not be changed."""
    names: dict[str, Any] = {"np": np}
    if array.dtype.name == "bfloat16":
        import ml_dtypes

        names["ml_dtypes"] = ml_dtypes
    exec(source, names)  # of numbers and names of dtypes only
    made = names[name]
    return bool(made.shape == array.shape and made.tobytes() == array.tobytes())
