"""A run that was stopped goes on in its own file: nothing is lost, and nothing is invented."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.merging import merge, write
from reports.records import Array, Case, End, ResultsError
from reports.results import Results, Writer, as_line, count, read
from reports.tests.samples import CLAUSES, RUN, backend, outcome
from reports.tests.test_results import flat

SMALL = Case({}, {"got": Array("float32", (1,), (1.0,))})
OUTCOMES = [outcome(), outcome("fail", "float64", case=SMALL), outcome("crash", "int8")]
RECORDS = [RUN, CLAUSES[0], backend(), *OUTCOMES, End("2025-11-22T15:47:55Z", 1, count(OUTCOMES))]
LINES = [as_line(record) for record in RECORDS]
FIRST_OUTCOME = 3
WHOLE = b"".join(LINES)
HEADER = len(LINES[0]) - 1


def finish(path: Path) -> Results:
    """Resume the run and write what its file has not; what was there is returned."""
    writer, found = Writer.resume(path)
    with writer:
        for record in RECORDS:
            if record not in flat(found):
                writer.write(record)
    return found


def kept(results: Results) -> list[bytes]:
    """The lines of the results, whatever their order."""
    return sorted(map(as_line, flat(results)))


def test_a_file_cut_at_any_byte_is_resumed_to_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "run"
    for size in range(HEADER, len(WHOLE) + 1):
        path.write_bytes(WHOLE[:size])
        found = flat(finish(path))
        assert path.read_bytes() == WHOLE, size
        whole_lines = WHOLE.count(b"\n", 0, size + 1)
        assert found == RECORDS[: min(whole_lines, len(RECORDS) - 1)], size


def test_the_file_is_whole_lines_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run"
    for size in range(HEADER, len(WHOLE) + 1, 9):
        path.write_bytes(WHOLE[:size])
        writer, found = Writer.resume(path)
        writer.close()
        assert path.read_bytes() == b"".join(map(as_line, flat(found)))
        assert found.outcomes == read(path).outcomes


@pytest.mark.parametrize("size", [0, 1, HEADER - 1])
def test_a_file_without_a_header_is_refused_and_left_alone(size: int, tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(WHOLE[:size])
    with pytest.raises(ResultsError):
        Writer.resume(path)
    assert path.read_bytes() == WHOLE[:size]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Writer.resume(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_merged_results_cannot_be_resumed(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(WHOLE)
    write(merge([read(path)]), path)
    before = path.read_bytes()
    with pytest.raises(ResultsError, match="merged results cannot be resumed"):
        Writer.resume(path)
    with pytest.raises(ResultsError, match="merged results cannot be resumed"):
        read(path, resumed=True)
    assert path.read_bytes() == before


def test_outcomes_after_an_end_are_kept(tmp_path: Path) -> None:
    path, more = tmp_path / "run", outcome("crash", "float128")
    path.write_bytes(WHOLE + as_line(more) + LINES[-1])
    writer, found = Writer.resume(path)
    writer.close()
    assert found.outcomes[-1] == more
    assert path.read_bytes() == b"".join([*LINES[:-1], as_line(more)])
    assert found.damage == ()


@pytest.mark.parametrize("damage", [b"", b"\n", b"x", b"}\n{", b"\xff", b"\r\n\r\n"])
def test_damage_in_the_middle_is_left_out_and_said(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run"
    for at in range(1, len(LINES)):
        line = LINES[at]
        path.write_bytes(b"".join([*LINES[:at], line[:9] + damage + line[12:], *LINES[at + 1 :]]))
        found = finish(path)
        assert found.damage
        after = read(path)
        assert after.damage == ()
        assert kept(after) == sorted(LINES)


def test_an_outcome_that_is_there_twice_is_run_again(tmp_path: Path) -> None:
    path = tmp_path / "run"
    twice = LINES[FIRST_OUTCOME].replace(b'"examples": 10', b'"examples": 11')
    path.write_bytes(b"".join([*LINES[: FIRST_OUTCOME + 1], twice, *LINES[FIRST_OUTCOME + 1 :]]))
    found = finish(path)
    assert "more than once" in found.damage[-1]
    assert kept(read(path)) == sorted(LINES)


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_whatever_the_damage_what_can_be_read_is_kept(data: st.DataObject) -> None:
    contents = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(contents) - 1))
        contents[at] = data.draw(st.sampled_from(b'\n"{}x1') | st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        path.write_bytes(contents)
        try:
            before, foretold = read(path), read(path, resumed=True)
        except ResultsError:
            return
        writer, found = Writer.resume(path)
        writer.close()
        assert found == foretold
        assert set(map(as_line, before.outcomes)) <= set(map(as_line, found.outcomes))
        assert kept(read(path)) == kept(found)
        assert count(found.outcomes).get("pass", 0) <= 1
        assert os.listdir(folder) == ["run"]


def test_an_interrupted_rewriting_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "run"
    damaged = WHOLE.replace(LINES[FIRST_OUTCOME], b"damaged\n")
    for name in ("replace", "write_bytes"):
        path.write_bytes(damaged)
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, stopped)
            with pytest.raises(KeyboardInterrupt):
                Writer.resume(path)
        assert path.read_bytes() == damaged
        assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "run", tmp_path / "latest"
    path.write_bytes(WHOLE.replace(LINES[FIRST_OUTCOME], b"damaged\n"))
    link.symlink_to(path)
    finish(link)
    assert link.is_symlink()
    assert kept(read(path)) == sorted(LINES)
