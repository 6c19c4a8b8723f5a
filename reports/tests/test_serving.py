"""Serving: only the site, only to this machine, and always as the results are."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from reports.results import ResultsError
from reports.serving import HOST, Site, server
from reports.tests.samples import RUN, backend, outcome, records, written


@contextmanager
def served(*paths: Path, reload: int = 0) -> Iterator[int]:
    """The port at which the site of the results is served."""
    with server(Site(paths), 0, reload) as serving:
        thread = Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield serving.server_port
        finally:
            serving.shutdown()
            thread.join()


def asked(
    port: int, path: str, method: str = "GET", host: str = ""
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"{HOST}:{port}")
    connection.endheaders()
    with connection.getresponse() as answer:
        headers = dict(answer.getheaders())
        del headers["Date"]  # when it was asked for
        return answer.status, headers, answer.read()


@pytest.fixture
def results_file(tmp_path: Path) -> Path:
    return written(tmp_path / "r.jsonl", records([outcome()]))


def test_the_site_is_served_with_its_types(results_file: Path) -> None:
    with served(results_file) as port:
        status, headers, body = asked(port, "/")
        assert status == 200
        assert body.startswith(b"<!doctype html>")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Refresh" not in headers
        assert asked(port, "/index.html?x#y") == (status, asked(port, "/")[1], body)
        assert asked(port, "/style.css")[1]["Content-Type"] == "text/css; charset=utf-8"
        assert asked(port, "/report.js")[1]["Content-Type"] == "text/javascript; charset=utf-8"
        assert asked(port, "/", "HEAD")[2] == b""
        assert int(asked(port, "/", "HEAD")[1]["Content-Length"]) == len(body)


@pytest.mark.parametrize(
    "path",
    [
        "/none.html",
        "/r.jsonl",
        "/../r.jsonl",
        "/..%2Fr.jsonl",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/index.html/",
        "/index.html%00",
        "/./index.html",
        "/C:%5Cwindows",
    ],
)
def test_nothing_else_is_there(path: str, results_file: Path) -> None:
    with served(results_file) as port:
        status, headers, body = asked(port, path)
        assert (status, body) == (404, b"no such page\n")
        assert headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_nothing_else_can_be_done(method: str, results_file: Path) -> None:
    with served(results_file) as port:
        assert asked(port, "/", method)[0] == 501


def test_a_name_that_another_site_points_here_is_refused(results_file: Path) -> None:
    with served(results_file) as port:
        assert asked(port, "/", host="evil.example")[0] == 403
        assert asked(port, "/", host=f"evil.example:{port}")[0] == 403
        assert asked(port, "/", host=f"localhost:{port}")[0] == 200


def test_the_pages_follow_the_file(results_file: Path) -> None:
    lines = results_file.read_bytes().splitlines(keepends=True)
    results_file.write_bytes(b"".join(lines[:-2]))
    with served(results_file, reload=7) as port:
        assert asked(port, "/clause-CORR-1.html")[0] == 200
        first = asked(port, "/")
        assert first[1]["Refresh"] == "7"
        with results_file.open("ab") as file:
            file.writelines(lines[-2:])
        last = wait_for(port, lambda answer: answer[2] != first[2])
        assert "Refresh" not in last[1]
        assert asked(port, "/style.css")[0] == 200


def test_pages_stay_while_the_file_cannot_be_used(
    results_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = results_file.read_bytes()
    with served(results_file) as port:
        before = asked(port, "/")
        for damage, said in (
            (results_file.unlink, "No such file"),
            (lambda: results_file.write_bytes(b""), "the file is empty"),
        ):
            damage()
            err: list[str] = []

            def tried(answer: object, said: str = said, err: list[str] = err) -> bool:
                err.append(capsys.readouterr().err)
                return said in "".join(err)

            assert wait_for(port, tried) == before
            assert "".join(err).count("the pages stay as they were: cannot use") == 1
        results_file.write_bytes(contents.replace(RUN.started.encode(), b"2027-01-01T00:00:00Z"))
        os.utime(results_file, (1, 1))
        assert b"2027-01-01" in wait_for(port, lambda answer: answer[2] != before[2])[2]


def test_pages_that_come_and_go(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", records([outcome()]))
    with served(path) as port:
        assert asked(port, "/failure-CORR-1-acme-float32.html")[0] == 404
        written(path, records([outcome("fail")]))
        wait_for(port, lambda answer: answer[0] == 200, "/failure-CORR-1-acme-float32.html")


def test_several_files_are_merged(tmp_path: Path) -> None:
    one = written(tmp_path / "a.jsonl", records([outcome()]))
    other = [replace(RUN, id="b"), *records([])[1:4], backend("second")]
    with served(one, written(tmp_path / "b.jsonl", other)) as port:
        body = asked(port, "/")[2]
        assert b"acme" in body
        assert b"second" in body


def test_what_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="No such file"):
        Site([tmp_path / "none"])


def wait_for(port: int, holds: object, path: str = "/") -> tuple[int, dict[str, str], bytes]:
    """The first answer for which it holds; pages are made anew when they are asked for."""
    assert callable(holds)
    deadline = time.monotonic() + 30
    while not holds(answer := asked(port, path)):
        assert time.monotonic() < deadline, "the pages did not follow"
        time.sleep(0.05)
    return answer
