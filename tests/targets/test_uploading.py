"""The client's side of uploads: one archive for any number of servers, sent where it is missing."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_deploy.bundles import Archive, Bundle
from jupyter_deploy.errors import ReloadFailed
from jupyter_deploy.targets.admin import Admin
from tests.contract.uploads import archive, bundle, far


def archive_of(folder: Path) -> Archive:
    return Archive(Bundle(folder.name, folder))


def test_the_same_bundle_is_the_same_archive(tmp_path: Path) -> None:
    one = bundle(tmp_path, "one")
    other = tmp_path / "other" / one.name
    shutil.copytree(one, other, symlinks=True)
    (other / "code" / "__pycache__").mkdir()
    (other / "code" / "__pycache__" / "score.pyc").write_text("")
    assert archive(other) == archive(one)
    with archive_of(one) as sent:
        first, second = sent.reader(), sent.reader()
        assert first.read(100) == second.read(100) == archive(one)[:100]
    assert {path.name for path in tmp_path.iterdir()} == {one.name, "other"}


def test_a_reload_sends_the_bundle_where_it_is_missing(tmp_path: Path) -> None:
    one, two = bundle(tmp_path, "one"), bundle(tmp_path, "two")
    with far(tmp_path / "a", one.name) as a, far(tmp_path / "b", one.name) as b:
        servers = [(server, Admin(server.url, lambda: "secret")) for server in (a, b)]
        with archive_of(one) as first, ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server[1].upload(first), servers))
        for server, _ in servers:
            server.wait()
        with archive_of(two) as second:
            servers[1][1].upload(second)
            for server, admin in servers:
                reloaded = admin.reload(second, 1, {})
                assert reloaded.generation == 2
                assert two.name in reloaded.in_use
                assert server.score()[0] == "two"


def test_a_model_that_the_server_has_is_not_sent_again(tmp_path: Path) -> None:
    weights = "x" * (4 << 20)
    one, two = bundle(tmp_path, "one", model=weights), bundle(tmp_path, "two", model=weights)
    other = bundle(tmp_path, "two", model=weights.upper())
    with far(tmp_path / "far", one.name, bundle_limit=8 << 20) as server:
        admin = Admin(server.url, lambda: "secret")
        with archive_of(one) as first:
            admin.upload(first)
        server.wait()
        with archive_of(two) as second:
            assert admin.reload(second, 1, {"bundle_limit": 1 << 20}).generation == 2
        assert server.score() == ["two", weights]
        assert server.reload(settings={"bundle_limit": 1 << 20}).status_code == 200
        with archive_of(one) as back:
            assert admin.reload(back, 1, {}).generation == 4
        assert server.score() == ["one", weights]
        with archive_of(other) as unknown, pytest.raises(ReloadFailed, match="larger than 1048576 bytes"):
            admin.reload(unknown, 1, {})


def test_a_model_that_the_server_does_not_have_any_more_is_sent(tmp_path: Path) -> None:
    one, two = bundle(tmp_path, "one"), bundle(tmp_path, "two", model="m2")
    digest = json.loads((two / "bundle.json").read_text())["models"][0]["digest"]
    with far(tmp_path / "far", one.name) as server, archive_of(one) as first, archive_of(two) as second:
        admin = Admin(server.url, lambda: "secret")
        admin.upload(first)
        server.wait()
        admin.upload(second, frozenset({digest}))
        assert admin.reload(second, 1, {}).generation == 2
        assert server.score() == ["two", "m2"]


def test_a_server_that_refuses_a_bundle_says_why(tmp_path: Path) -> None:
    one, large = bundle(tmp_path, "one"), bundle(tmp_path, "large", model="x" * (4 << 20))
    with far(tmp_path / "far", one.name, bundle_limit=1 << 20) as server:
        admin = Admin(server.url, lambda: "secret")
        with archive_of(one) as first:
            admin.upload(first)
        server.wait()
        with archive_of(large) as sent, pytest.raises(ReloadFailed, match="larger than 1048576 bytes"):
            admin.reload(sent, 1, {})
        assert server.score()[0] == "one"
