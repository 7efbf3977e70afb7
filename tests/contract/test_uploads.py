"""A server that does not see the folders of bundles: it gets them by upload, whole, or not at all."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.contract.uploads import Far, archive, bundle, entry, far, tar


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("bundles")
    return bundle(root, "one"), bundle(root, "two", model="m2")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, made: tuple[Path, Path]) -> Iterator[Far]:
    """A server that serves its first bundle."""
    one, _ = made
    with far(tmp_path_factory.mktemp("far"), one.name, bundle_limit=1 << 20) as found:
        assert found.upload(one.name, archive(one)).status_code == 201
        found.wait()
        yield found


def test_a_server_waits_for_its_first_bundle_and_serves_it(tmp_path: Path, made: tuple[Path, Path]) -> None:
    one, _ = made
    with far(tmp_path / "far", one.name) as server:
        server.wait(503)
        assert server.upload(one.name, archive(one)).status_code == 201
        server.wait()
        assert server.score() == ["one", "m1"]


def test_a_first_bundle_that_fails_ends_the_server_with_its_reason(tmp_path: Path) -> None:
    broken = bundle(tmp_path, "broken", init="raise ValueError('no')")
    with far(tmp_path / "far", broken.name) as server:
        server.upload(broken.name, archive(broken))
        assert server.process.wait(20) == 3
        assert "ValueError: no" in (server.folder / "failure.json").read_text()


def test_new_code_by_upload_under_a_request_loop(tmp_path: Path, made: tuple[Path, Path]) -> None:
    one, two = made
    with far(tmp_path / "far", one.name) as server:
        server.upload(one.name, archive(one))
        server.wait()
        answers: list[str] = []
        over = threading.Event()

        def ask() -> None:
            with requests.Session() as session:
                while not over.is_set():
                    answer = session.post(f"{server.url}/score", b"{}", timeout=20)
                    assert answer.status_code == 200
                    answers.append(answer.json()[0])

        with ThreadPoolExecutor() as pool:
            loop = pool.submit(ask)
            assert server.reload(digest=two.name).status_code == 409
            assert server.upload(two.name, archive(two)).status_code == 201
            done = server.reload(digest=two.name)
            assert done.status_code == 200
            assert done.json()["generation"] == 2
            assert server.score() == ["two", "m2"]
            over.set()
            loop.result(20)
        assert answers == sorted(answers)
        while server.there() != {two.name}:
            # The one before goes with its last worker.
            pass


def test_a_bundle_that_fails_leaves_the_one_before(server: Far, made: tuple[Path, Path], tmp_path: Path) -> None:
    one, _ = made
    broken = bundle(tmp_path, "broken", init="raise ValueError('no')")
    assert server.upload(broken.name, archive(broken)).status_code == 201
    failed = server.reload(digest=broken.name)
    assert failed.status_code == 422
    assert failed.json()["failure"]["message"] == "no"
    assert server.score() == ["one", "m1"]
    assert server.reload(digest=one.name).status_code == 200
    while server.there() != {one.name}:
        pass


def test_the_same_bundle_eight_times_at_once_is_there_once(server: Far, tmp_path: Path) -> None:
    more = bundle(tmp_path, "more")
    body = archive(more)
    with ThreadPoolExecutor(8) as pool:
        found = sorted(answer.status_code for answer in pool.map(lambda _: server.upload(more.name, body), range(8)))
    assert found == [200] * 7 + [201]
    assert more.name in server.there()
    assert not [name for name in server.there() if name.startswith(".")]
    assert server.reload(digest=more.name).status_code == 200
    assert server.score()[0] == "more"


EVIL = {
    "a path out of it": entry("../out"),
    "a path out of a folder in it": entry("code/../../out"),
    "an absolute path": entry("/tmp/out"),
    "another place": entry("source/out"),
    "a link": entry("code/link", tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link": entry("models/link", tarfile.LNKTYPE, "bundle.json"),
    "a pipe": entry("models/pipe", tarfile.FIFOTYPE),
    "a device": entry("models/null", tarfile.CHRTYPE),
    "a file twice": entry("code/score.py"),
    "more code": entry("code/more.py"),
    "a folder of our links": entry("code/azureml-models/net/1/more"),
}


@pytest.mark.parametrize("more", EVIL.values(), ids=EVIL)
def test_what_is_no_plain_file_of_the_bundle_is_refused(
    server: Far, made: tuple[Path, Path], more: tarfile.TarInfo
) -> None:
    _, two = made
    before = server.there()
    refused = server.upload(two.name, tar(two, more))
    assert refused.status_code == 400
    assert "This is not bundle" in refused.json()["message"]
    assert server.there() <= before


@pytest.mark.parametrize("more", [{"cwd": "../../out"}, {"names": ["../../../out"]}, {"cwd": "/out"}], ids=str)
def test_a_manifest_whose_links_would_lead_out_is_refused(server: Far, tmp_path: Path, more: dict[str, object]) -> None:
    import hashlib
    import json

    whole = bundle(tmp_path, "evil")
    manifest = json.dumps({**json.loads((whole / "bundle.json").read_text()), **more}).encode()
    refused = server.upload(hashlib.sha256(manifest).hexdigest(), tar(whole, contents={"bundle.json": manifest}))
    assert refused.status_code == 400
    assert "leads out of it" in refused.json()["message"]


def test_a_bundle_is_what_its_digest_says(server: Far, made: tuple[Path, Path]) -> None:
    one, two = made
    body = archive(two)
    assert "another bundle's" in server.upload("0" * 64, body).json()["message"]
    changed = tar(two, contents={"code/score.py": b"def run(data): return 1"})
    assert "differs from the manifest" in server.upload(two.name, changed).json()["message"]
    on_the_way = server.upload(two.name, tar(two, contents={"models/net/1/weights": b"m3"}), Content_Digest=_of(body))
    assert "changed on the way" in on_the_way.json()["message"]
    assert server.upload(two.name, body, Content_Digest="").status_code == 400
    assert server.upload("../" + one.name, body).status_code in {400, 404}
    assert server.upload(two.name, body, Authorization="Bearer other").status_code == 401
    assert two.name not in server.there()


def _of(body: bytes) -> str:
    import io

    from jupyter_deploy.serving.archive import content_digest

    return content_digest(io.BytesIO(body))


def test_an_archive_over_the_limit_is_refused_with_or_without_its_length(server: Far, tmp_path: Path) -> None:
    large = bundle(tmp_path, "large", model="x" * (1 << 20))
    body = archive(large)
    assert server.upload(large.name, body).status_code == 413
    headers = {"Authorization": "Bearer secret", "Content-Digest": _of(body)}
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    chunked = requests.post(f"{server.url}/-/bundles/{large.name}", pieces, headers=headers, timeout=20)
    assert chunked.status_code == 413
    assert large.name not in server.there()
    assert server.reload(settings={"bundle_limit": 2 << 20}).status_code == 200
    assert server.upload(large.name, body).status_code == 201
    assert server.reload(settings={"bundle_limit": 1 << 20}).status_code == 200


def test_an_upload_is_larger_than_what_the_front_may_hold(tmp_path: Path, made: tuple[Path, Path]) -> None:
    one, _ = made
    large = bundle(tmp_path, "large", model="x" * (24 << 20))
    with far(tmp_path / "far", one.name, buffer_limit=1 << 20, body_limit=1 << 20) as server:
        assert server.upload(one.name, archive(one)).status_code == 201
        server.wait()
        assert server.upload(large.name, archive(large)).status_code == 201
        assert server.reload(digest=large.name).status_code == 200
        assert server.score()[0] == "large"


def test_a_server_that_takes_none_says_so(tmp_path: Path, made: tuple[Path, Path]) -> None:
    one, _ = made
    (tmp_path / "far" / "bundles").mkdir(parents=True)
    one.rename(tmp_path / "far" / "bundles" / one.name)
    try:
        with far(tmp_path / "far", one.name, bundle_folder="") as server:
            server.wait()
            refused = server.upload(one.name, b"x")
            assert refused.status_code == 404
            assert "takes no bundles" in refused.json()["message"]
    finally:
        (tmp_path / "far" / "bundles" / one.name).rename(one)
