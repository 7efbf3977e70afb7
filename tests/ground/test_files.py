"""Files that are there whole or not at all: hashing while writing, walking, replacing, following logs."""

from __future__ import annotations

import os
import stat
from array import array
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from jupyter_deploy.files import link_tree, remove_tree, tail, walk_tree, write_atomic
from jupyter_deploy.store.hashing import CHUNK, HashingFile, copy_hashed

MB = 1 << 20


def pattern(size: int) -> bytes:
    """Bytes that differ from place to place, so that a swapped or lost piece changes the digest."""
    return (b"".join(number.to_bytes(4, "big") for number in range(8192)) * (size // 32768 + 1))[:size]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([], id="nothing"),
        pytest.param([b""], id="an empty piece"),
        pytest.param([b"abc"], id="one small piece"),
        pytest.param([b"%d," % number for number in range(5000)], id="many small pieces"),
        pytest.param([pattern(MB - 1), b"x", b"y"], id="small pieces up to the limit"),
        pytest.param([pattern(MB)], id="just large"),
        pytest.param([pattern(2 * CHUNK + 17)], id="several chunks"),
        pytest.param([b"head", pattern(CHUNK + 1), b"tail", pattern(3 * MB), b"end"], id="small and large in turn"),
        pytest.param([memoryview(pattern(5 * MB))], id="memoryview"),
        pytest.param([bytearray(pattern(2 * MB)), bytearray(b"small")], id="bytearray"),
        pytest.param([array("d", range(200_000)), array("i", [1, 2, 3])], id="items wider than a byte"),
        pytest.param([memoryview(pattern(2 * MB)).cast("B", (2, MB))], id="two dimensions"),
    ],
)
def test_hashing_file_agrees_with_blake3(tmp_path: Path, pieces: list[Any]) -> None:
    whole = b"".join(bytes(memoryview(piece).cast("B")) for piece in pieces)
    positions = [0]
    with HashingFile(tmp_path / "file") as file:
        for piece in pieces:
            assert file.write(piece) == memoryview(piece).nbytes
            positions.append(file.tell())
    assert (tmp_path / "file").read_bytes() == whole
    assert file.hexdigest() == blake3(whole).hexdigest()
    assert file.size == len(whole)
    assert positions == list(accumulate((memoryview(piece).nbytes for piece in pieces), initial=0))


@pytest.mark.parametrize("size", [100, 6 * MB])
def test_a_buffer_changed_after_its_write_is_hashed_as_it_was_written(tmp_path: Path, size: int) -> None:
    before = pattern(size)
    buffer = bytearray(before)
    with HashingFile(tmp_path / "file") as file:
        file.write(memoryview(buffer))
        buffer[:] = bytes(size)
    assert file.hexdigest() == blake3(before).hexdigest()
    assert (tmp_path / "file").read_bytes() == before


def test_hashing_file_refuses_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError):
        HashingFile(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_hashing_file_can_be_closed_twice(tmp_path: Path) -> None:
    file = HashingFile(tmp_path / "file")
    file.write(b"abc")
    file.close()
    first = file.hexdigest()
    file.close()
    assert first == file.hexdigest() == blake3(b"abc").hexdigest()


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1])
def test_copy_hashed(tmp_path: Path, size: int) -> None:
    data = pattern(size)
    (tmp_path / "from").write_bytes(data)
    assert copy_hashed(tmp_path / "from", tmp_path / "to") == (blake3(data).hexdigest(), size)
    assert (tmp_path / "to").read_bytes() == data


def make(folder: Path, *entries: str) -> Path:
    """Make files (``a/b``), folders (``a/``) and links (``a -> b``) below a folder."""
    for entry in entries:
        name, _, target = entry.partition(" -> ")
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if target:
            place.symlink_to(target)
        elif name.endswith("/"):
            place.mkdir(parents=True)
        else:
            place.write_text(name)
    return folder


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["b", "a", "c/z", "c/y"], ["a", "b", "c/y", "c/z"], id="in a fixed order"),
        pytest.param([".hidden", "a b/ü"], [".hidden", "a b/ü"], id="all names"),
        pytest.param(["empty/", "a/inner/"], ["a/inner/", "empty/"], id="empty folders"),
        pytest.param(["real/x", "link -> real/x"], ["link", "real/x"], id="a link to a file"),
        pytest.param(["a/x", "a/loop -> ."], ["a/x"], id="a link to its own folder"),
        pytest.param(["a/b/x", "a/b/up -> .."], ["a/b/x"], id="a link to its parent"),
        pytest.param(["x", "top -> ."], ["x"], id="a link to the start"),
        pytest.param(
            ["a/x", "a/b -> ../b", "b/y", "b/a -> ../a"], ["a/b/y", "a/x", "b/a/x", "b/y"], id="two in a ring"
        ),
        pytest.param(["v1/x", "current -> v1"], ["current/x", "v1/x"], id="a link beside its target shows both"),
        pytest.param(["v1/x", "a -> v1", "z -> v1"], ["a/x", "v1/x", "z/x"], id="two links to one folder"),
    ],
)
def test_walk_tree(tmp_path: Path, entries: list[str], expected: list[str]) -> None:
    folder = make(tmp_path / "folder", *entries)
    folder.mkdir(exist_ok=True)
    found = [name + "/" if empty else name for name, empty in walk_tree(folder)]
    assert sorted(found) == expected
    assert found == [name + "/" if empty else name for name, empty in walk_tree(folder)]


def test_walk_tree_follows_links_out_of_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "outside/x", "folder/link -> ../outside")
    assert list(walk_tree(tmp_path / "folder")) == [("link/x", False)]


def test_link_tree_shares_the_bytes(tmp_path: Path) -> None:
    source = make(tmp_path / "from", "a", "b/c", "empty/")
    link_tree(source, tmp_path / "to")
    assert sorted(walk_tree(tmp_path / "to")) == [("a", False), ("b/c", False), ("empty", True)]
    assert (tmp_path / "to" / "b" / "c").samefile(source / "b" / "c")


def test_remove_tree(tmp_path: Path) -> None:
    make(tmp_path, "gone/a/b", "kept", "trash/")
    remove_tree(tmp_path / "gone", trash=tmp_path / "trash")
    remove_tree(tmp_path / "was never there", trash=tmp_path / "trash")
    assert sorted(walk_tree(tmp_path)) == [("kept", False), ("trash", True)]


@pytest.mark.parametrize("before", [None, 0o666])
@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o644, 0o644)])
def test_write_atomic_sets_the_mode(tmp_path: Path, before: int | None, mode: int, expected: int) -> None:
    path = tmp_path / "token"
    if before is not None:
        path.write_text("old")
        path.chmod(before)
    old = os.umask(0o022)
    try:
        write_atomic(path, "sécret", mode=mode)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == expected
    assert path.read_bytes() == "sécret".encode()
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]


def test_write_atomic_gives_a_new_file_and_leaves_the_old_to_its_readers(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with path.open("rb") as reader:
        write_atomic(path, b"new and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new and longer"


def test_write_atomic_leaves_nothing_behind_where_it_fails(tmp_path: Path) -> None:
    make(tmp_path, "folder/x")
    with pytest.raises(OSError):
        write_atomic(tmp_path / "folder", b"data")
    assert list(walk_tree(tmp_path)) == [("folder/x", False)]


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("", 5, ""),
        ("a\nb\nc\n", 0, ""),
        ("a\nb\nc\n", -1, ""),
        ("a\nb\nc\n", 2, "b\nc\n"),
        ("a\nb\nc\n", 9, "a\nb\nc\n"),
        ("a\nb", 1, "b\n"),
        ("a\n\n\n", 2, "\n\n"),
        ("é\nü\n", 1, "ü\n"),
        ("x" * 5000 + "\nlast\n", 2, "x" * 4000 + " … (5,000 characters)\nlast\n"),
    ],
)
def test_tail(tmp_path: Path, text: str, lines: int, expected: str) -> None:
    (tmp_path / "log").write_text(text, encoding="utf-8")
    assert tail(tmp_path / "log", lines) == expected


def test_tail_of_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "log", 3) == ""


def test_tail_ends_where_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\ntwo\nthree\n")
    assert tail(tmp_path / "log", 1, until=8) == "two\n"


def test_tail_survives_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"ok\n\xff\xfe\n")
    assert tail(tmp_path / "log", 2) == "ok\n��\n"


def test_tail_reads_the_end_of_a_large_file_only(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a line of text\n" * (6 * MB // 15) + b"last\n")
    found = tail(path, 10**9)
    assert found.endswith("a line of text\nlast\n")
    assert 3 * MB < len(found) <= 4 * MB + 1
