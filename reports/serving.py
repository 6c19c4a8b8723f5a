"""A site of results, served to this machine alone, and made anew when the results change."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from reports.pages import write_site
from reports.reading import read_together
from reports.results import ResultsError
from reports.tables import visible

HOST = "127.0.0.1"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}


class Site:
    """The files of a site, as the results files are now, and by their names: nothing else is there.

    A results file that cannot be used, as when it is just being replaced, leaves the site as it is.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._lock = Lock()
        self._seen = self._state()
        self._not_before = 0.0
        self.finished = False
        self.files: Mapping[str, bytes] = self._made()

    def file(self, name: str) -> bytes | None:
        """The file of this name, made anew if the results changed; None if there is none."""
        with self._lock:
            now = self._state()
            # A site that takes long is not made so often that nothing else is done.
            if now != self._seen and time.monotonic() >= self._not_before:
                self._seen = now
                try:
                    self.files = self._made()
                except ResultsError as error:
                    print(visible(f"the pages stay as they were: {error}"), file=sys.stderr)
            return self.files.get(name)

    def _made(self) -> dict[str, bytes]:
        began = time.monotonic()
        results = read_together(self._paths)
        self.finished = results.end is not None
        with tempfile.TemporaryDirectory() as folder:
            write_site(results, folder)
            files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        ended = time.monotonic()
        self._not_before = ended + (ended - began)
        return files

    def _state(self) -> list[tuple[int, int] | None]:
        return [_stamp(path) for path in self._paths]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def server(site: Site, port: int, reload: int = 0) -> ThreadingHTTPServer:
    """A server of the site that listens, at any free port if that is 0; raises like a socket.

    While the run did not finish, browsers are told to reload their page every `reload` seconds.
    """
    return _Server((HOST, port), _handler(site, reload))


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # what a browser holds open must not keep it from stopping

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a browser may go away at any time
            super().handle_error(request, client_address)


def _handler(site: Site, reload: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "convspec"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def log_message(self, *args: Any) -> None:
            """Say nothing: what is asked for is of no interest."""

        def _answer(self, *, with_body: bool) -> None:
            # A page of another site may have a name of its own point to this machine.
            assert isinstance(self.server, ThreadingHTTPServer)
            port = self.server.server_port
            if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
                self._send(403, "text/plain", b"not for this host\n", with_body)
                return
            name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
            content = site.file(name)
            if content is None:
                self._send(404, "text/plain", b"no such page\n", with_body)
            else:
                kind = _TYPES.get(Path(name).suffix, "application/octet-stream")
                self._send(200, kind, content, with_body)

        def _send(self, status: int, kind: str, content: bytes, with_body: bool) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            if reload and not site.finished:
                self.send_header("Refresh", str(reload))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if with_body:
                self.wfile.write(content)

    return Handler
