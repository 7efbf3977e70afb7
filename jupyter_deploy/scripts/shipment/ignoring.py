"""Ignore files: ``.amlignore``, else ``.gitignore``, each for its own folder and those below, as git reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

AML, GIT = ".amlignore", ".gitignore"


class Ignored:
    """What ignore files say about the paths in one folder.

    Parameters
    ----------
    name : str
        The name of the files that count; empty for none.
    above : tuple of (str, GitIgnoreSpec)
        Prefixes of folders and their rules, the outermost first.
    """

    def __init__(self, name: str, above: tuple[tuple[str, GitIgnoreSpec], ...] = ()) -> None:
        self.name = name
        self._above = above

    @classmethod
    def of(cls, root: Path, *, whole: bool) -> Ignored:
        """Find out which files count.

        Parameters
        ----------
        root : pathlib.Path
            The folder that is shipped.
        whole : bool
            Whether the user named the folder: then only what is written for this purpose counts.

        Returns
        -------
        Ignored
            Before any rule is read.
        """
        name = AML if whole or (root / AML).is_file() else GIT
        return cls(name)

    def within(self, folder: str, prefix: str, names: frozenset[str]) -> Ignored:
        """Read a folder's own ignore file, if it has one.

        Parameters
        ----------
        folder : str
            Where the folder is.
        prefix : str
            Its path relative to the shipped one, with ``/`` at its end; empty for that one itself.
        names : frozenset of str
            What is in it.

        Returns
        -------
        Ignored
            For the paths in the folder.
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
        """Tell whether a path is ignored; the innermost file that speaks of it decides.

        Parameters
        ----------
        path : str
            Relative to the shipped folder; that of a folder ends in ``/``.

        Returns
        -------
        bool
            Whether it is left out.
        """
        for prefix, spec in reversed(self._above):
            found = spec.check_file(path[len(prefix) :]).include
            if found is not None:
                return bool(found)
        return False
