"""What is computed long is kept, and nothing that happens to the file makes it wrong."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from conformance import remembered as module
from conformance.remembered import folder, remembered
from reference.geometry import Array


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "convspec"


@pytest.fixture
def counted(caches: Path) -> SimpleNamespace:
    """A function that is remembered, and the arguments that it was really called with."""
    calls: list[tuple[int, str]] = []

    @remembered
    def squares(count: int, dtype: str) -> dict[str, Array]:
        calls.append((count, dtype))
        return {"0.squares": np.arange(count, dtype=dtype) ** 2, "count": np.array(count)}

    return SimpleNamespace(call=squares, calls=calls)


def is_right(found: dict[str, Array]) -> bool:
    squares = found["0.squares"]
    return squares.dtype == "int64" and squares.tolist() == [0, 1, 4] and found["count"] == 3


def test_it_is_computed_once(counted: SimpleNamespace) -> None:
    assert is_right(counted.call(3, "int64"))
    assert is_right(counted.call(3, "int64"))
    assert counted.calls == [(3, "int64")]


def test_other_arguments_are_something_else(counted: SimpleNamespace) -> None:
    counted.call(3, "int64")
    assert len(counted.call(4, "int64")["0.squares"]) == 4
    assert counted.call(3, "float32")["0.squares"].dtype == "float32"


@pytest.mark.parametrize("harm", ["empty", "cut off", "garbled", "a pickle", "not all of it"])
def test_a_damaged_file_is_made_anew(counted: SimpleNamespace, harm: str) -> None:
    counted.call(3, "int64")
    (file,) = folder().iterdir()
    content = file.read_bytes()
    if harm == "a pickle":
        with file.open("wb") as stream:
            np.savez(stream, squares=np.array([object()]))
    else:
        file.write_bytes({
            "empty": b"",
            "cut off": content[: len(content) // 2],
            "garbled": content[:60] + bytes(40) + content[100:],
            "not all of it": content[:-1],
        }[harm])  # fmt: skip
    assert is_right(counted.call(3, "int64"))
    assert is_right(counted.call(3, "int64"))
    assert len(counted.calls) == 2


def test_a_folder_that_cannot_be_made_does_no_harm(counted: SimpleNamespace, caches: Path) -> None:
    caches.write_text("a file is in its place")
    assert is_right(counted.call(3, "int64"))
    assert caches.read_text() == "a file is in its place"


def test_another_version_makes_room(
    counted: SimpleNamespace, caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.call(3, "int64")
    before = folder()
    monkeypatch.setattr(module, "_digest", lambda: "another")
    assert is_right(counted.call(3, "int64"))
    assert len(counted.calls) == 2
    assert folder() != before
    assert [entry.name for entry in caches.iterdir()] == ["another"]
