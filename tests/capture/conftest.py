"""A notebook in miniature for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .minibook import Minibook, minibooks


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Minibook]:
    """An empty notebook in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    yield from minibooks(tmp_path)
