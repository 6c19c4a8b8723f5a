"""MNIST and IDX: the real data is right, and every damage is named."""

import gzip
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reference import mnist

Array = npt.NDArray[Any]
Pack = Callable[[bytes], bytes]

PACKAGE_DATA = Path(mnist.__file__).parent / "data" / "mnist"
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
TYPE_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def write_idx(array: Array) -> bytes:
    code = TYPE_CODES[array.dtype.str[1:]]
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def content(name: str) -> bytes:
    return gzip.decompress((PACKAGE_DATA / f"{name}.gz").read_bytes())


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONVSPEC_MNIST", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the test split, gzipped, to be damaged."""
    for name in (IMAGES, LABELS):
        shutil.copyfile(PACKAGE_DATA / f"{name}.gz", tmp_path / f"{name}.gz")
    return tmp_path


def replace(folder: Path, name: str, data: bytes, suffix: str = "") -> Path:
    """Put these bytes, plain or with ".gz" as suffix, in the place of a file; return its path."""
    (folder / f"{name}.gz").unlink()
    path = folder / (name + suffix)
    path.write_bytes(data)
    return path


def refusal(error: type[mnist.MnistError], folder: Path) -> str:
    """The message of the error that loading raises: it names the path and the remedy."""
    with pytest.raises(error) as caught:
        mnist.load("test", folder)
    assert caught.type is error
    message = str(caught.value)
    assert str(folder) in message
    assert "CONVSPEC_MNIST or --mnist DIR" in message
    return message


# The data


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        ("train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ],
)
def test_package_data(split: mnist.Split, counts: list[int]) -> None:
    digits = mnist.load(split)
    assert digits.images.shape == (sum(counts), 28, 28)
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    assert np.bincount(digits.labels).tolist() == counts
    assert [len(digits.digits(label)) for label in range(10)] == counts


def test_digits_are_the_images_of_the_label() -> None:
    digits = mnist.load("test")
    assert (digits.digits(7)[0] == digits.images[0]).all()
    assert digits.digits(10).shape == (0, 28, 28)


@pytest.mark.parametrize("name", ["images", "labels"])
def test_arrays_are_read_only(name: str) -> None:
    array = getattr(mnist.load("test"), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.setflags(write=True)


def test_licence_lists_every_file() -> None:
    licence = (PACKAGE_DATA / "LICENSE.md").read_text(encoding="utf-8")
    for name, sha256 in mnist._SHA256.items():
        assert f"`{name}.gz`" in licence
        assert sha256 in licence


# Where the data comes from


def test_repeated_loads_are_one_object(folder: Path) -> None:
    here = os.path.join(folder, ".")
    assert mnist.load("test", folder) is mnist.load("test", here)


def test_another_directory_is_read_anew(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    good = mnist.load("test", folder)
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(folder, other, dirs_exist_ok=True)
    replace(other, LABELS, content(LABELS)[:-1])
    refusal(mnist.TruncatedError, other)
    assert mnist.load("test", folder) is good


def test_a_repaired_file_is_read_anew(folder: Path) -> None:
    damaged = replace(folder, LABELS, b"")
    refusal(mnist.TruncatedError, folder)
    damaged.write_bytes(content(LABELS))
    assert mnist.load("test", folder).labels[0] == 7


@pytest.mark.parametrize("names", [(LABELS,), (IMAGES, LABELS)], ids=["mixed", "plain"])
def test_plain_files(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        replace(folder, name, content(name))
    digits = mnist.load("test", str(folder))
    assert (digits.images == mnist.load("test").images).all()
    assert (digits.labels == mnist.load("test").labels).all()


def test_gzipped_file_beats_plain_file(folder: Path) -> None:
    (folder / LABELS).write_bytes(b"not read")
    assert mnist.load("test", folder).labels[0] == 7


def test_variable_names_the_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSPEC_MNIST", str(folder))
    assert mnist.load("test") is mnist.load("test", folder)
    (folder / "empty").mkdir()
    monkeypatch.setenv("CONVSPEC_MNIST", str(folder / "empty"))
    with pytest.raises(mnist.MissingError):
        mnist.load("test")


def test_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = mnist.load("test")
    monkeypatch.setenv("CONVSPEC_MNIST", "")
    assert mnist.load("test") is packaged


def test_directory_beats_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSPEC_MNIST", str(folder / "missing"))
    assert mnist.load("test", folder).labels[0] == 7


# Damage


@pytest.mark.parametrize("split", ["Test", "", None, ["test"]])
def test_unknown_split(split: Any) -> None:
    with pytest.raises(mnist.SplitError, match=r"no split .*; ask for"):
        mnist.load(split)


def test_missing_file(folder: Path) -> None:
    (folder / f"{LABELS}.gz").unlink()
    assert f"neither {LABELS}.gz nor {LABELS}." in refusal(mnist.MissingError, folder)


def test_missing_directory(folder: Path) -> None:
    message = refusal(mnist.MissingError, folder / "missing")
    assert IMAGES in message
    assert "does not exist" in message


def test_file_in_place_of_the_directory(folder: Path) -> None:
    refusal(mnist.UnreadableError, folder / f"{LABELS}.gz")


def test_directory_in_place_of_a_file(folder: Path) -> None:
    (folder / f"{LABELS}.gz").unlink()
    (folder / f"{LABELS}.gz").mkdir()
    assert "not a regular file" in refusal(mnist.UnreadableError, folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipe_in_place_of_a_file(folder: Path) -> None:
    (folder / f"{LABELS}.gz").unlink()
    os.mkfifo(folder / f"{LABELS}.gz")
    assert "not a regular file" in refusal(mnist.UnreadableError, folder)


def test_symbolic_link_to_itself(folder: Path) -> None:
    (folder / f"{LABELS}.gz").unlink()
    try:
        (folder / f"{LABELS}.gz").symlink_to(f"{LABELS}.gz")
    except OSError:
        pytest.skip("this system lets us make no symbolic link")
    assert f"{LABELS}.gz cannot be read: " in refusal(mnist.UnreadableError, folder)


def test_permission_denied(folder: Path) -> None:
    (folder / f"{LABELS}.gz").chmod(0)
    if os.access(folder / f"{LABELS}.gz", os.R_OK):
        pytest.skip("this user may read every file")
    assert "Permission denied" in refusal(mnist.UnreadableError, folder)


def test_impossible_directory_name() -> None:
    with pytest.raises(mnist.UnreadableError, match="null"):
        mnist.load("test", "a\0b")


def damaged_gzip() -> dict[str, tuple[bytes, str]]:
    packed = (PACKAGE_DATA / f"{LABELS}.gz").read_bytes()
    checksum = bytearray(packed)
    checksum[-8] ^= 1
    size = bytearray(packed)
    size[-1] ^= 1
    unended, goes_on, invalid = "does not end within", "goes on after the end", "no valid gzip file"
    return {
        "empty": (b"", unended),
        "truncated": (packed[: len(packed) // 2], unended),
        "without trailer": (packed[:-8], unended),
        "one byte short": (packed[:-1], unended),
        # Sound, but its header holds a file name longer than any that we read.
        "huge header": (
            b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 100_000 + b"\0" + packed[10:],
            unended,
        ),
        "bad checksum": (bytes(checksum), invalid),
        "bad size": (bytes(size), invalid),
        "not gzip": (content(LABELS), invalid),
        "trailing zero": (packed + b"\0", goes_on),
        "trailing garbage": (packed + b"garbage", goes_on),
        "second member": (packed + gzip.compress(b"more"), goes_on),
        "empty second member": (packed + gzip.compress(b""), goes_on),
    }


@pytest.mark.parametrize("damage", damaged_gzip())
def test_corrupt_gzip(folder: Path, damage: str) -> None:
    packed, complaint = damaged_gzip()[damage]
    replace(folder, LABELS, packed, ".gz")
    assert complaint in refusal(mnist.CorruptGzipError, folder)


either_kind = pytest.mark.parametrize(
    ("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz")], ids=["plain", "gzipped"]
)


@either_kind
@pytest.mark.parametrize("length", [0, 8, 10007])
def test_truncated(folder: Path, length: int, pack: Pack, suffix: str) -> None:
    replace(folder, LABELS, pack(content(LABELS)[:length]), suffix)
    assert f"holds {length} bytes, expected 10008" in refusal(mnist.TruncatedError, folder)


@either_kind
def test_oversized(folder: Path, pack: Pack, suffix: str) -> None:
    replace(folder, LABELS, pack(content(LABELS) + b"\0"), suffix)
    assert "more than the expected 10008 bytes" in refusal(mnist.OversizedError, folder)


@either_kind
def test_a_huge_file_is_not_read_to_its_end(folder: Path, pack: Pack, suffix: str) -> None:
    path = replace(folder, LABELS, pack(bytes(20_000_000)), suffix)
    assert len(mnist._read(path, 10008)) == 10009


@pytest.mark.parametrize("other", [IMAGES, "train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_swapped_labels(folder: Path, other: str) -> None:
    replace(folder, LABELS, (PACKAGE_DATA / f"{other}.gz").read_bytes(), ".gz")
    assert f"has the header of {other}, not of {LABELS}" in refusal(mnist.SwappedError, folder)


def test_swapped_images(folder: Path) -> None:
    replace(folder, IMAGES, content(LABELS))
    assert f"has the header of {LABELS}, not of {IMAGES}" in refusal(mnist.SwappedError, folder)


@pytest.mark.parametrize("name", [IMAGES, LABELS])
@pytest.mark.parametrize("position", [0, 5000, -1])
def test_altered(folder: Path, name: str, position: int) -> None:
    data = bytearray(content(name))
    data[position] ^= 1
    replace(folder, name, bytes(data))
    assert f"expected {mnist._SHA256[name]}" in refusal(mnist.AlteredError, folder)


# The IDX format


@given(
    st.sampled_from(sorted(TYPE_CODES)).flatmap(
        lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0))
    )
)
def test_idx_round_trip(array: Array) -> None:
    result = mnist.read_idx(write_idx(array))
    assert result.dtype == array.dtype
    assert result.dtype.isnative
    assert result.shape == array.shape
    assert result.tobytes() == array.tobytes()
    assert not result.flags.writeable


HEADER = st.builds(
    lambda code, sizes: bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes),
    st.sampled_from(sorted(TYPE_CODES.values())),
    st.lists(st.integers(0, 3) | st.integers(0, 2**32 - 1), max_size=100),
)


@given(st.binary() | st.builds(bytes.__add__, HEADER, st.binary(max_size=8)))
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        array = mnist.read_idx(data)
    except mnist.IdxError:
        return
    assert len(data) == 4 + 4 * array.ndim + array.nbytes


WHOLE = write_idx(np.array([[1, 2, 3], [4, 5, 6]], np.int16))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "4 bytes or more, found 0"),
        (WHOLE[:3], "4 bytes or more, found 3"),
        (b"\1" + WHOLE[1:], "2 bytes 00 00, found 01 00"),
        (b"\0\0\x0a" + WHOLE[3:], "types 08, 09, 0b, 0c, 0d, 0e, found 0a"),
        (WHOLE[:11], "rank 2 has 12 bytes, found 11"),
        (WHOLE[:-1], r"shape \(2, 3\) and type int16 has 24 bytes, found 23"),
        (WHOLE + b"\0", "has 24 bytes, found 25"),
        (b"\0\0\x0e\2" + b"\xff" * 8, f"has {12 + 8 * (2**32 - 1) ** 2} bytes, found 12"),
        (b"\0\0\x0e\3" + b"\xff" * 8 + bytes(4), "no array of shape"),
        (b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"\0", "no array of shape"),
    ],
    ids=[
        "empty",
        "no rank",
        "bad magic",
        "unknown type",
        "short header",
        "truncated",
        "trailing byte",
        "huge claim",
        "huge and empty",
        "too many dimensions",
    ],
)
def test_malformed_idx(data: bytes, complaint: str) -> None:
    with pytest.raises(mnist.IdxError, match=f"^a.idx: .*{complaint}"):
        mnist.read_idx(data, "a.idx")


def test_every_truncation_is_an_error() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(mnist.IdxError, match=f"found {length}"):
            mnist.read_idx(WHOLE[:length])
    assert mnist.read_idx(WHOLE).tolist() == [[1, 2, 3], [4, 5, 6]]
