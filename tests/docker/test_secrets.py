"""No key, token or password is seen where others look: in images, containers, and what Docker tells of them."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jupyter_deploy.environments import Environment
from jupyter_deploy.workspace import Workspace
from tests.docker.engine import base_image
from tests.docker.probing import docker_says, identity
from tests.index import serve, wheel
from tests.secrecy import ArgumentsWatched, Secrets, lines_of_pem, rows_of
from tests.workspace.test_tls import pair

from .test_environments import _gateway

TAG = "jupyter-deploy-test-secrets:1"
SCRIPT = """
import os
import jdtest_private

def init():
    assert os.environ["PASSWORD"]

def run(data):
    return jdtest_private.__version__
"""


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


def layers(engine: docker.DockerClient, image: str) -> Iterator[bytes]:
    """What an image adds to its base: its description, and each file of each layer, hidden ones too."""
    common = len(engine.api.inspect_image(base_image())["RootFS"]["Layers"])
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.images.get(image).save()))) as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        yield archive.extractfile(manifest["Config"]).read()  # type: ignore[union-attr]
        own = manifest["Layers"][common:]
        assert own
        for name in own:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                for member in layer:
                    yield member.name.encode()
                    if member.isfile():
                        yield layer.extractfile(member).read()  # type: ignore[union-attr]


def test_no_secret_is_in_an_image_or_in_what_docker_tells(
    workspace: Workspace, home: Path, tmp_path: Path, engine: docker.DockerClient, secrets: Secrets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "score.py").write_text(SCRIPT)
    certificate, key = pair(tmp_path, "localhost")
    for line in lines_of_pem(key.read_text()):
        secrets.add("the certificate's key", line)
    password = secrets.add("the index's password", "index-pa55word")
    version = f"1.{time.time_ns()}"
    said: list[str] = []
    with (
        ArgumentsWatched() as arguments,
        serve(wheel("jdtest_private", version), host=_gateway(), credentials=f"robot:{password}", others=True) as index,
    ):
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        service = workspace.deploy(
            "guarded",
            script=tmp_path / "score.py",
            target="docker",
            environment=Environment("private", requirements=(f"jdtest-private=={version}",)),
            auth="key",
            keys={"primary": secrets.add("a given key", "given-key-of-mine"), "secondary": None},
            tls=certificate,
            tls_key=key,
            variables={"PASSWORD": secrets.add("a variable", "pass:word/4711+x")},
            progress=said.append,
        )
        secrets.add("a made key", service.get_keys().secondary)
        for path in home.rglob("admin.token"):
            secrets.add("an admin token", path.read_text())
        assert service.invoke("") == version
        package = workspace.package("guarded", image=TAG, progress=said.append)
    container = identity(service)
    try:
        told = [docker_says("inspect", name) for name in (container, TAG)]
        told += [
            docker_says("history", "--no-trunc", name)
            for name in (TAG, engine.api.inspect_container(container)["Image"])
        ]
        told += [
            docker_says("logs", container),
            docker_says("top", container),
            docker_says("ps", "--no-trunc", "--all"),
        ]
        assert secrets.shown_by(*told, *said, *package.notices, package, service, service.record) == set()
        assert secrets.shown_by(*layers(engine, TAG)) == set()
        assert secrets.shown_by(*arguments.seen) == set()
        # A variable is a part of what a service is, so the database, which is its owner's alone, has to keep it.
        assert secrets.shown_by(*rows_of(home / "state.db")) <= {"a variable"}
    finally:
        engine.images.remove(TAG, force=True)
