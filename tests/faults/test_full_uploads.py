"""A far server whose disk is full: the upload says so, and what serves goes on."""

from __future__ import annotations

from pathlib import Path

from ..contract.uploads import archive, bundle, far
from ..mounts import fill, small


def test_an_upload_to_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    one = bundle(tmp_path, "one")
    large = bundle(tmp_path, "large", model="x" * (4 << 20))
    (tmp_path / "far").mkdir()
    with small(tmp_path / "far" / "bundles", 6) as disk, far(tmp_path / "far", one.name) as server:
        assert server.upload(one.name, archive(one)).status_code == 201
        server.wait()
        full = server.upload(large.name, archive(large))
        assert full.status_code == 507
        assert "disk is full" in full.json()["message"]
        assert server.there() == {one.name}
        fill(disk)
        assert server.score() == ["one", "m1"]
