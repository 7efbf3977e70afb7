"""File systems of a test's own: small ones to fill up, and views that are read-only."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _run(*command: str) -> None:
    # Where root is not who tests, sudo may be there without a password, as on hosted runners.
    words = command if os.getuid() == 0 else ("sudo", "-n", *command)
    subprocess.run(words, check=True, capture_output=True, text=True)


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something on a folder; the test is skipped where nobody may, but never where CI runs it."""
    folder.mkdir(exist_ok=True)
    try:
        _run("mount", *options, str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI") and shutil.which("mount"):
            raise
        pytest.skip(f"no file system can be mounted here: {getattr(error, 'stderr', error)}")
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


@contextmanager
def small(folder: Path, megabytes: int) -> Iterator[Path]:
    """An empty file system in memory of that size, for whoever tests."""
    owner = f"size={megabytes}m,mode=0700,uid={os.getuid()},gid={os.getgid()}"
    with mounted(folder, "-t", "tmpfs", "-o", owner, "tmpfs"):
        yield folder


@contextmanager
def read_only(folder: Path, view: Path) -> Iterator[Path]:
    """The same folder at another place, where nothing can be written, whoever tries."""
    with mounted(view, "--bind", str(folder)):
        _run("mount", "-o", "remount,ro,bind", str(view))
        yield view


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Use up a file system to the last byte, or but for a few."""
    place = folder / f"fill-{leave}"
    with place.open("wb", buffering=0) as file:
        for piece in (1 << 16, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(piece))
        if leave:
            file.truncate(file.tell() - leave)
    return place
