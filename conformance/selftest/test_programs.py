"""Clauses on backends in other languages: programs that speak the protocol of PROTOCOL.md."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapters
from adapters.process.isolation import Isolated, Limits
from conformance.clauses import clauses
from conformance.selftest.test_faults import DEFAULT
from conformance.subject import BackendGarbled, Subject

CLIENT = Path(adapters.__file__).parent / "clients" / "plain_loops.py"
PRINTS = """\
        if arrays["filters"].shape[1] > 2:
            os.write(answers.fileno(), b"epoch 1\\n")
"""
ASKED = "        parameters = header.get"
LOOP = "while True:\n"


@pytest.fixture
def garbled(tmp_path: Path) -> Iterator[Isolated]:
    """The client in plain loops, that prints among its answers, and keeps count of its starts."""
    source = CLIENT.read_text("utf-8")
    assert ASKED in source
    assert LOOP in source
    count = f"open({str(tmp_path / 'starts')!r}, 'a').write('.')\n"
    program = tmp_path / "program.py"
    program.write_text(source.replace(ASKED, PRINTS + ASKED, 1).replace(LOOP, count + LOOP, 1))
    spec = f"pipe:{shlex.join((sys.executable, str(program)))}"
    adapter = Isolated(spec, Limits(), tmp_path / "in-flight.call")
    yield adapter.ready()
    adapter.close()


def test_what_is_no_answer_is_asked_for_a_few_times_only(garbled: Isolated, tmp_path: Path) -> None:
    subject = Subject(garbled, "float64")
    with pytest.raises(BackendGarbled, match="epoch 1") as failure:
        clauses()["CHAN-3"].hold(subject, DEFAULT, seed=0)
    assert failure.value.outcome == "error"
    assert failure.value.evidence.call.filters.shape[1] > 2
    assert len((tmp_path / "starts").read_text()) <= 6


def test_what_is_no_answer_is_no_refusal(garbled: Isolated) -> None:
    subject = Subject(garbled, "float64")
    with pytest.raises(BackendGarbled):
        clauses()["GEOM-5"].hold(subject, DEFAULT, seed=0)
