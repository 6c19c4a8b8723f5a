"""The MNIST database of handwritten digits, and the IDX format that it is written in.

Source: Yann LeCun, Corinna Cortes and Christopher J.C. Burges, "The MNIST database of handwritten
digits", http://yann.lecun.com/exdb/mnist/ (which also defines the IDX format).

Every byte is verified before it is used: a result on MNIST means nothing if the data is not MNIST.
"""

import hashlib
import math
import os
import stat
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

Split = Literal["train", "test"]

DIRECTORY_VARIABLE = "CONVSPEC_MNIST"

_PACKAGE_DATA = Path(__file__).parent / "data" / "mnist"

_FILES: dict[Split, tuple[str, str]] = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_SHAPES: dict[str, tuple[int, ...]] = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

_REMEDY = (
    f"{DIRECTORY_VARIABLE} or --mnist DIR sets the directory; "
    "leave both out to use the data that comes with the package."
)


class MnistError(ValueError):
    """MNIST could not be loaded; the message says which file, why, and what to do."""


class IdxError(MnistError):
    """The bytes are not one whole IDX file."""


class SplitError(MnistError):
    """The split is neither "train" nor "test"."""


class MissingError(MnistError):
    """A file, or its directory, is not there."""


class UnreadableError(MnistError):
    """Something is there, but it cannot be read as a file."""


class CorruptGzipError(MnistError):
    """The file is not exactly one whole gzip stream."""


class TruncatedError(MnistError):
    """The content is too short."""


class OversizedError(MnistError):
    """The content is too long."""


class SwappedError(MnistError):
    """The content is that of another MNIST file."""


class AlteredError(MnistError):
    """The content has the right length and other bytes."""


def read_idx(data: bytes, name: str = "data") -> npt.NDArray[Any]:
    """Return the array of an IDX file: read-only, in native byte order.

    The format: two zero bytes, one byte for the type, one for the number of dimensions, each
    dimension's size as a big-endian uint32, then the items, big-endian, last index fastest.

    Raises IdxError, which starts with `name`, for anything else.

    >>> read_idx(bytes([0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    array([[1, 2, 3], [4, 5, 6]], dtype=uint8)
    >>> read_idx(bytes([0, 0, 0x0B, 1, 0, 0, 0, 2, 1, 0]), "a.idx")
    Traceback (most recent call last):
    reference.mnist.IdxError: a.idx: IDX of shape (2,) and type int16 has 12 bytes, found 10.
    """
    if len(data) < 4:
        raise IdxError(f"{name}: an IDX header has 4 bytes or more, found {len(data)}.")
    if data[:2] != b"\0\0":
        raise IdxError(f"{name}: IDX starts with 2 bytes 00 00, found {data[:2].hex(' ')}.")
    code, rank = data[2], data[3]
    if code not in _IDX_TYPES:
        known = ", ".join(f"{known:02x}" for known in _IDX_TYPES)
        raise IdxError(f"{name}: byte 2 of IDX is one of the types {known}, found {code:02x}.")
    start = 4 + 4 * rank
    if len(data) < start:
        raise IdxError(f"{name}: a header of rank {rank} has {start} bytes, found {len(data)}.")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    stored = np.dtype(_IDX_TYPES[code])
    # In Python's integers: a hostile header's product overflows any fixed size.
    size = start + math.prod(shape) * stored.itemsize
    if len(data) != size:
        what = f"IDX of shape {shape} and type {stored.name}"
        raise IdxError(f"{name}: {what} has {size} bytes, found {len(data)}.")
    try:
        array = np.frombuffer(data, stored, offset=start).reshape(shape)
    except ValueError as error:
        raise IdxError(f"{name}: NumPy has no array of shape {shape}: {error}.") from error
    native = array.astype(stored.newbyteorder("="), copy=False)
    native.setflags(write=False)
    return native


@dataclass(frozen=True, eq=False)
class Mnist:
    """One split: `images` (N, 28, 28) uint8, 0 background to 255 ink; `labels` (N,) uint8, 0 to 9.

    Both arrays are read-only, since every caller of `load` shares them.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]

    def digits(self, label: int) -> npt.NDArray[np.uint8]:
        """Return a copy of the images of this label, (n, 28, 28) uint8, in their order.

        >>> load("test").digits(7).shape
        (1028, 28, 28)
        """
        return self.images[np.flatnonzero(self.labels == label)]


def load(split: Split, directory: str | os.PathLike[str] | None = None) -> Mnist:
    """Return the 60,000 digits of "train" or the 10,000 of "test", each byte verified.

    They come from `directory`; if that is None, from the directory that the environment variable
    CONVSPEC_MNIST names; if that is unset or empty, from the data that comes with the package. Each
    file may be gzipped (`t10k-labels-idx1-ubyte.gz`) or plain (`t10k-labels-idx1-ubyte`); where
    both lie, the gzipped one is read. A directory's split is read once and then kept.

    Raises a named MnistError if the split is unknown, or if a file is missing, unreadable, no whole
    gzip stream, truncated, oversized, swapped with another one, or altered.

    >>> load("test").images.shape
    (10000, 28, 28)
    >>> load("test").labels[:8]
    array([7, 2, 1, 0, 4, 1, 4, 9], dtype=uint8)
    """
    if split not in get_args(Split):
        raise SplitError(f'MNIST has no split {split!r}; ask for "train" or "test".')
    if directory is None:
        directory = os.environ.get(DIRECTORY_VARIABLE) or _PACKAGE_DATA
    try:
        resolved = os.path.realpath(directory)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{directory!r} names no directory: {error}. {_REMEDY}") from error
    return _load(split, resolved)


@lru_cache(maxsize=4)
def _load(split: Split, directory: str) -> Mnist:
    images, labels = (_read_verified(name, Path(directory)) for name in _FILES[split])
    return Mnist(images, labels)


def _read_verified(name: str, directory: Path) -> npt.NDArray[np.uint8]:
    for path in (directory / f"{name}.gz", directory / name):
        try:
            content = _read(path, _length(name))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnreadableError(f"{path} cannot be read: {error.strerror}. {_REMEDY}") from error
        _verify(name, content, path)
        return read_idx(content, str(path))
    what = f"has neither {name}.gz nor {name}" if directory.is_dir() else "does not exist"
    raise MissingError(f"{name} is not found: {directory} {what}. {_REMEDY}")


def _read(path: Path, length: int) -> bytes:
    """Return the content, decompressed; of a longer one, only one byte more than `length`."""
    # Before opening, since opening a named pipe waits for a writer, perhaps for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnreadableError(f"{path} is not a regular file. {_REMEDY}")
    with path.open("rb") as stream:
        if path.suffix != ".gz":
            return stream.read(length + 1)
        # gzip lengthens what it cannot compress by far less than this: more is not our file.
        packed = stream.read(2 * length + 1024)
    # Not the gzip module, which joins members and skips trailing zeros without a word.
    decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = decompressor.decompress(packed, length + 1)
    except zlib.error as error:
        raise CorruptGzipError(f"{path} is no valid gzip file: {error}. {_REMEDY}") from error
    if len(content) <= length and not decompressor.eof:
        what = f"its gzip stream does not end within {len(packed)} bytes"
        raise CorruptGzipError(f"{path}: {what}. {_REMEDY}")
    if decompressor.unused_data:
        raise CorruptGzipError(f"{path} goes on after the end of its gzip stream. {_REMEDY}")
    return content


def _verify(name: str, content: bytes, path: Path) -> None:
    found, expected = hashlib.sha256(content).hexdigest(), _SHA256[name]
    if found == expected:
        return
    for other in _SHAPES:
        if other != name and content.startswith(_header(other)):
            raise SwappedError(f"{path} has the header of {other}, not of {name}. {_REMEDY}")
    length = _length(name)
    if len(content) < length:
        raise TruncatedError(f"{path} holds {len(content)} bytes, expected {length}. {_REMEDY}")
    if len(content) > length:
        raise OversizedError(f"{path} holds more than the expected {length} bytes. {_REMEDY}")
    raise AlteredError(
        f"{path} has SHA-256 {found}, expected {expected}: it is damaged, "
        f"or another data set of the same shape. {_REMEDY}"
    )


def _header(name: str) -> bytes:
    shape = _SHAPES[name]
    return struct.pack(f">HBB{len(shape)}I", 0, 0x08, len(shape), *shape)


def _length(name: str) -> int:
    return len(_header(name)) + math.prod(_SHAPES[name])
