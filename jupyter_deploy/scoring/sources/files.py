"""What readers of files have in common: errors, the digest, and the check that a file stays as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from ...errors import UsageProblem

_PIECE = 1 << 20


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn errors of a file into the user's."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise UsageProblem(
            f"{path} is not text in UTF-8 (byte {error.start} of a piece: {error.reason}).",
            hint="Write it again as UTF-8; in pandas: frame.to_csv(path, index=False).",
        ) from error
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror or error}.", hint="Is the path right?") from error


class Watched:
    """A file that must not change while it is scored."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        with reading(path):
            self._seen = self._look()

    def _look(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self._seen[1]

    def digest(self) -> str:
        """Return the digest of its content."""
        total = blake3()
        with reading(self.path), self.path.open("rb") as file:
            while piece := file.read(_PIECE):
                total.update(piece)
        return total.hexdigest()

    def check_unchanged(self) -> None:
        """Refuse to go on if the file is another than at first."""
        with reading(self.path):
            if self._look() != self._seen:
                raise UsageProblem(
                    f"{self.path} was changed while it was scored; nothing was published.",
                    hint="Score it again when it stays as it is: --fresh starts from its first row.",
                )
