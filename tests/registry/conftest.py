"""What several tests register."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of several files."""
    (tmp_path / "outputs" / "churn" / "deep").mkdir(parents=True)
    (tmp_path / "outputs" / "churn" / "a.txt").write_text("a")
    (tmp_path / "outputs" / "churn" / "b.txt").write_text("bb")
    (tmp_path / "outputs" / "churn" / "deep" / "c.txt").write_text("ccc")
    return tmp_path / "outputs" / "churn"
