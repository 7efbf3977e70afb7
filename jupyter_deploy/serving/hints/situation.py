"""What is known about a failure where it happens."""

from __future__ import annotations

import ast
import json
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

_NOTHING = object()
_LONGEST = 10_000


@dataclass(frozen=True)
class Situation:
    """An exception and its circumstances."""

    error: BaseException
    stage: str  # "load", "init" or "run"
    entry: str  # the script's path
    root: str = ""  # the application's folder, which holds the script's own modules
    body: bytes | None = field(default=None, repr=False)  # the request's; None if there was none

    @cached_property
    def message(self) -> str:
        """The exception's text; of a very long one the beginning, since patterns are searched in it."""
        try:
            return str(self.error)[:_LONGEST]
        except Exception:  # noqa: BLE001 - the user's own __str__
            return ""

    @cached_property
    def frames(self) -> list[tuple[FrameType, int]]:
        """Frames and lines, from the outermost to the one that raised."""
        return list(traceback.walk_tb(self.error.__traceback__))

    @cached_property
    def own(self) -> list[tuple[FrameType, int]]:
        """The frames of the script."""
        return [(frame, line) for frame, line in self.frames if frame.f_code.co_filename == self.entry]

    @cached_property
    def raised_in(self) -> str:
        """``"script"``, ``"module"`` (beside it) or the name of the library whose code raised."""
        return self.raised_below("")

    def raised_below(self, library: str) -> str:
        """Say whose code raised, or called ``library``; its own frames do not count. As :attr:`raised_in`."""
        for frame, _ in reversed(self.frames):
            file, name = frame.f_code.co_filename, str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if file.startswith("<frozen") or (library and name == library):
                continue
            if file == self.entry:
                return "script"
            return "module" if self.root and file.startswith(f"{self.root}{os.sep}") else name
        return "script"

    @cached_property
    def source(self) -> str:
        """The script's text."""
        try:
            return Path(self.entry).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @cached_property
    def tree(self) -> ast.Module | None:
        """The script, parsed."""
        try:
            return ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def line(self) -> str:
        """The script's line that led to the failure."""
        lines = self.source.split("\n")
        number = self.own[-1][1] if self.own else 0
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    @cached_property
    def text(self) -> str | None:
        """The request's body as text."""
        if self.body is None or self.stage != "run":
            return None
        return self.body.decode("utf-8", "replace")

    @cached_property
    def sent(self) -> Any:
        """The request's JSON; a unique value if it is not JSON."""
        if self.text is None:
            return _NOTHING
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return _NOTHING

    @property
    def was_json(self) -> bool:
        """Whether the request was JSON."""
        return self.sent is not _NOTHING

    def parts_sent(self) -> Iterator[Any]:
        """Yield the request's JSON and its parts, two levels deep."""
        if not self.was_json:
            return
        level = [self.sent]
        for _ in range(3):
            yield from level
            level = [
                item
                for part in level
                for item in (part.values() if isinstance(part, dict) else part[:1] if isinstance(part, list) else ())
            ]

    def local(self, name: str) -> Any:
        """Return a variable of the script's innermost frame; a unique value if there is none of that name."""
        if not self.own:
            return _NOTHING
        frame = self.own[-1][0]
        return frame.f_locals.get(name, frame.f_globals.get(name, _NOTHING))

    def came_in(self, value: Any) -> bool:
        """Whether a value is the request's, or a part of it."""
        if value is _NOTHING or isinstance(value, (bool, int, float, type(None))):
            return False
        try:
            return any(type(part) is type(value) and bool(part == value) for part in self.parts_sent()) or (
                isinstance(value, str) and value == self.text
            )
        except Exception:  # noqa: BLE001 - a comparison of the user's own
            return False
