"""A package index of a test's own: small wheels made on the spot, behind a password where one is given."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pip._internal.models.index import PyPI


def wheel(name: str, version: str, source: str = "") -> tuple[str, bytes]:
    """The file name and content of a wheel with one module."""
    files = {
        f"{name}/__init__.py": source or f"__version__ = {version!r}\n",
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_hash(text.encode())},{len(text)}\n" for path, text in files.items())
    files[f"{name}-{version}.dist-info/RECORD"] = f"{record}{name}-{version}.dist-info/RECORD,,\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for path, text in files.items():
            opened.writestr(path, text)
    return f"{name}-{version}-py3-none-any.whl", archive.getvalue()


def _hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


class Index(ThreadingHTTPServer):
    """Serves ``/simple/NAME/`` and wheels; names that it does not know are PyPI's, where ``others`` says so."""

    daemon_threads = True

    def __init__(self, host: str, wheels: Mapping[str, bytes], credentials: str, others: bool) -> None:
        super().__init__((host, 0), _Pages)
        self.wheels = dict(wheels)
        self.credentials = credentials
        self.others = others
        self.asked: list[str] = []
        self.gate = threading.Event()  # cleared: nobody gets an answer
        self.gate.set()

    @property
    def host_and_port(self) -> str:
        """For URLs."""
        return f"{self.server_address[0]!s}:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """With the credentials in it."""
        before = f"{self.credentials}@" if self.credentials else ""
        return f"http://{before}{self.host_and_port}/simple"


class _Pages(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.gate.wait(60)
        wanted = f"Basic {base64.b64encode(self.server.credentials.encode()).decode()}"
        if self.server.credentials and self.headers.get("Authorization") != wanted:
            self._answer(401, b"", ("WWW-Authenticate", 'Basic realm="index"'))
            return
        *_, kind, name = self.path.strip("/").split("/")
        if kind == "files" and name in self.server.wheels:
            self._answer(200, self.server.wheels[name], ("Content-Type", "application/octet-stream"))
            return
        found = [file for file in self.server.wheels if file.partition("-")[0].replace("_", "-") == name]
        if found:
            page = "".join(f'<a href="/files/{file}">{file}</a>\n' for file in found)
            self._answer(
                200, f"<!DOCTYPE html><html><body>{page}</body></html>".encode(), ("Content-Type", "text/html")
            )
        elif self.server.others:
            self._answer(302, b"", ("Location", f"{PyPI.simple_url}/{name}/"))
        else:
            self._answer(404, b"", ("Content-Type", "text/plain"))

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes, header: tuple[str, str]) -> None:
        self.send_response(status)
        self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def serve(
    *wheels: tuple[str, bytes], host: str = "127.0.0.1", credentials: str = "", others: bool = False
) -> Iterator[Index]:
    """An index on a free port, until the end of the block."""
    with Index(host, dict(wheels), credentials, others) as index:
        thread = threading.Thread(target=index.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield index
        finally:
            index.shutdown()
            thread.join()
