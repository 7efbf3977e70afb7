"""Ignore files: ``.amlignore``, else ``.gitignore``, each for its own folder and those below, as git reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

AML, GIT = ".amlignore", ".gitignore"


class Ignored:
    """What ignore files say about the paths in one folder.

    ``name`` is that of the files that count, empty for none. ``above`` has path prefixes and rules, the outermost
    first.
    """

    def __init__(self, name: str, above: tuple[tuple[str, GitIgnoreSpec], ...] = ()) -> None:
        self.name = name
        self._above = above

    @classmethod
    def of(cls, root: Path, *, whole: bool) -> Ignored:
        """Find out which ignore files count: in a folder that the user named, only those written for this purpose."""
        name = AML if whole or (root / AML).is_file() else GIT
        return cls(name)

    def within(self, folder: str, prefix: str, names: frozenset[str]) -> Ignored:
        """Add the folder's own ignore file, if it has one.

        ``prefix`` is the path relative to the shipped folder and ends in ``/``; it is empty for that folder itself.
        """
        if self.name not in names:
            return self
        from pathspec import GitIgnoreSpec

        try:
            text = Path(folder, self.name).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return self
        spec = GitIgnoreSpec.from_lines(text.splitlines())
        return Ignored(self.name, (*self._above, (prefix, spec)))

    def __call__(self, path: str) -> bool:
        """Whether a path is ignored; the innermost file that matches it decides.

        The path is relative to the shipped folder; a folder's ends in ``/``.
        """
        for prefix, spec in reversed(self._above):
            found = spec.check_file(path[len(prefix) :]).include
            if found is not None:
                return bool(found)
        return False
