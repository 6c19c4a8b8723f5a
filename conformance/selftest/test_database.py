"""Failing examples outlive a run: in a folder, and in a real Redis server that machines share."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.database import DatabaseError, check, database_of
from conformance.selftest.running import run

FLIPS = """
from adapters import Adapter
import numpy as np
import reference

class Flips(Adapter):
    name = "flips"

    def cross_correlate(self, x, filters, bias=None, **parameters):
        return reference.cross_correlate(x, np.flip(filters, -1), bias, **parameters)
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    socket = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    place = f"unix://{socket}"
    deadline = time.monotonic() + 20
    while True:
        try:
            check(place)
            break
        except DatabaseError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
    yield place
    server.terminate()
    server.wait(20)


@pytest.fixture(params=["a folder", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "redis":
        return str(request.getfixturevalue("redis"))
    return str(tmp_path / "examples")


def test_others_are_read_and_never_deleted(place: str) -> None:
    mine, other = (database_of(place, name) for name in ("acme+x/y float32", "other float32"))
    mine.save(b"CORR-1", b"example")
    assert set(mine.fetch(b"CORR-1")) == {b"example"}
    other = database_of(place, "other float32")
    assert set(other.fetch(b"CORR-1")) == {b"example"}
    other.delete(b"CORR-1", b"example")
    assert set(mine.fetch(b"CORR-1")) == {b"example"}
    mine.delete(b"CORR-1", b"example")
    assert not set(database_of(place, "acme+x/y float32").fetch(b"CORR-1"))


def test_a_failure_is_the_first_example_on_another_machine(redis: str, tmp_path: Path) -> None:
    """It needs a kernel that no turn leaves as it is, which is not what is drawn first."""
    examples = []
    for machine in ("one", "two"):
        folder = tmp_path / machine
        folder.mkdir()
        (folder / "flips.py").write_text(FLIPS)
        options = ("--backend", "./flips.py:Flips", "--database", redis, "-k", "CORR-3")
        done = run(folder, *options, "--profile=quick")
        assert done.code == 1, done.output
        examples.append(done.outcomes("flips")["CORR-3", "float64"].examples)
    assert examples[1] < examples[0]


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "--database", f"unix://{tmp_path}/none.sock", "-k", "CORR-3")
    assert done.code == 4
    assert "--database: unix://" in done.output
    assert "Traceback" not in done.output


@pytest.mark.filterwarnings("ignore:the database of examples")
def test_a_server_that_goes_away_ends_no_run(tmp_path: Path) -> None:
    database = database_of(f"unix://{tmp_path}/gone.sock", "acme float32")
    database.save(b"CORR-1", b"example")
    assert not set(database.fetch(b"CORR-1"))
    database.delete(b"CORR-1", b"example")
