"""The secrets of a test, and whether anything shows one: as it is, in base64, or quoted for a URL or for JSON."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote


class Secrets:
    """Texts that must be seen by nobody."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}

    def add(self, name: str, text: str) -> str:
        """Look for a text from now on; returns it."""
        assert len(text) >= 8, "a shorter one is found by chance"
        for form in (text, quote(text, safe=""), json.dumps(text)[1:-1]):
            self._names[form.encode()] = name
        for before in range(3):
            # Among other bytes it begins at any of three places; the characters at its ends are made of those, too.
            found = base64.b64encode(b"\0" * before + text.encode()).rstrip(b"=")
            own = found[(0, 2, 3)[before] : len(found) - ((before + len(text.encode())) % 3 > 0)]
            self._names[own] = self._names[own.translate(bytes.maketrans(b"+/", b"-_"))] = f"{name} in base64"
        return text

    def shown_by(self, *things: Any) -> set[str]:
        """The names of those that are in texts, bytes, or the repr of something else."""
        pattern = re.compile(b"|".join(map(re.escape, sorted(self._names, key=len, reverse=True))))
        found: set[str] = set()
        for thing in things:
            data = thing if isinstance(thing, bytes) else (thing if isinstance(thing, str) else repr(thing)).encode()
            found |= {self._names[match] for match in set(pattern.findall(data))}
        return found

    def holders(self, *folders: Path) -> dict[str, set[str]]:
        """The files below folders that hold some, by their names."""
        found: dict[str, set[str]] = {}
        for path in (path for folder in folders for path in folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and (shown := self.shown_by(path.read_bytes())):
                found.setdefault(path.name, set()).update(shown)
        return found


def rows_of(database: Path) -> list[Any]:
    """All rows of all tables, and the bytes of the database's files."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows: list[Any] = [row for table in tables for row in opened.execute(f'SELECT * FROM "{table}"')]
    assert rows
    return [*rows, *(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))]


class ArgumentsWatched(threading.Thread):
    """Reads all processes' arguments, again and again, as everybody on the machine can."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self._end = threading.Event()

    def run(self) -> None:
        """Until the block ends."""
        while not self._end.wait(0.005):
            for entry in Path("/proc").iterdir():
                if entry.name.isdecimal():
                    with suppress(OSError):
                        self.seen.add((entry / "cmdline").read_bytes())

    def __enter__(self) -> ArgumentsWatched:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()


def lines_of_pem(text: str) -> Iterable[str]:
    """The lines of a key that hold it."""
    return (line for line in text.splitlines() if len(line) > 20 and "-----" not in line)
