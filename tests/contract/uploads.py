"""Bundles by hand, and a server that sees none of their folders."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from jupyter_deploy.serving.archive import content_digest, pack_bundle
from jupyter_deploy.serving.layout import link_bundle

SCRIPT = """
import os, pathlib
def init():
    {init}
def run(data):
    return ["{answer}", pathlib.Path(os.environ["AZUREML_MODEL_DIR"], "weights").read_text()]
"""


def bundle(root: Path, answer: str, *, init: str = "pass", model: str = "m1", **more: Any) -> Path:
    """Make a bundle with one model; returns its folder."""
    half = root / "half"
    code = SCRIPT.format(init=init, answer=answer).encode()
    (half / "code" / more.get("cwd", "")).mkdir(parents=True)
    (half / "code" / "score.py").write_bytes(code)
    place = half / "models" / "net" / "1"
    place.mkdir(parents=True)
    (place / "weights").write_text(model)
    digest = hashlib.sha256(model.encode()).hexdigest()
    manifest = {
        "format": 1,
        "entry": "score.py",
        "label": "score.py",
        "code": {"score.py": hashlib.sha256(code).hexdigest()},
        "models": [{"name": "net", "version": 1, "entry": "weights", "digest": digest}],
        "requirements": [],
        "preload": [],
        **more,
    }
    (half / "requirements.txt").write_text("")
    link_bundle(half, manifest)
    text = json.dumps(manifest)
    (half / "bundle.json").write_text(text)
    folder = root / hashlib.sha256(text.encode()).hexdigest()
    half.rename(folder)
    return folder


def archive(folder: Path) -> bytes:
    """Pack a bundle."""
    file = io.BytesIO()
    pack_bundle(folder, file)
    return file.getvalue()


def tar(folder: Path, *more: tarfile.TarInfo, contents: Mapping[str, bytes] | None = None) -> bytes:
    """Pack a bundle with more entries, or other contents of its files."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        with tarfile.open(fileobj=io.BytesIO(archive(folder))) as whole:
            for entry in whole:
                data = whole.extractfile(entry)
                content = data.read() if data else b""
                content = (contents or {}).get(entry.name, content)
                entry.size = len(content)
                made.addfile(entry, io.BytesIO(content))
        for entry in more:
            made.addfile(entry, io.BytesIO(bytes(entry.size)))
    return file.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    """Make an entry of an archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made


@dataclass
class Far:
    """A server that sees none of the bundles' folders."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def upload(self, digest: str, body: bytes, **headers: str) -> requests.Response:
        """Send an archive; headers by their names with underscores."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        given = {"Authorization": "Bearer secret", "Content-Digest": content_digest(io.BytesIO(body)), **named}
        return requests.post(f"{self.url}/-/bundles/{digest}", body, headers=given, timeout=20)

    def reload(self, **asked: Any) -> requests.Response:
        """Ask for a reload."""
        headers = {"Authorization": "Bearer secret"}
        return requests.post(f"{self.url}/-/reload", json=asked, headers=headers, timeout=20)

    def score(self) -> Any:
        """Ask what answers."""
        return requests.post(f"{self.url}/score", b"{}", timeout=20).json()

    def wait(self, status: int = 200) -> None:
        """Wait until it is ready."""
        while requests.get(f"{self.url}/-/ready", timeout=20).status_code != status:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.01)

    def there(self) -> set[str]:
        """List what the folder of uploads has, once no upload that was cut off is still being cleared away."""
        end = time.monotonic() + 10
        while True:
            found = {path.name for path in (self.folder / "bundles").iterdir()}
            if not any(name.startswith(".half-") for name in found) or time.monotonic() > end:
                return found
            time.sleep(0.02)


@contextmanager
def far(folder: Path, digest: str, **settings: Any) -> Iterator[Far]:
    """Serve a bundle that is yet to be uploaded."""
    folder.mkdir(exist_ok=True)
    (folder / "bundles").mkdir(exist_ok=True)
    (folder / "token").write_text("secret")
    values = {
        "port": 0,
        "token_file": str(folder / "token"),
        "bundle_folder": str(folder / "bundles"),
        "state_folder": str(folder),
        **settings,
    }
    (folder / "config.json").write_text(json.dumps(values))
    import socket

    listener = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", str(folder / "bundles" / digest)]
    command += ["--config", str(folder / "config.json"), "--listener", str(listener.fileno())]
    with listener, (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, pass_fds=[listener.fileno()], env={**os.environ, "PYTHONPATH": ""}
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield Far(url, folder, process)
    finally:
        process.terminate()
        process.wait(20)
