"""What is done so far, in a file beside the output: a run that was killed goes on behind its last whole line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from ..serving import decode, to_json
from ..store import told
from .asking import Failed, Outcome, Predicted
from .sources import Row

ENDING = ".partial.jsonl"
_FLUSH_SECONDS = 1.0
_WORDS = {
    "digest": "the input's content",
    "service": "the service",
    "bundle": "what the service runs",
    "rows": "--rows",
    "columns": "--columns",
    "kinds": "--kind",
    "form": "--form",
    "key": "--key",
    "prediction": "--prediction",
    "only": "--only",
}


class Journal:
    """Outcomes in the order of the rows, one a line.

    Parameters
    ----------
    output : pathlib.Path
        The output that it belongs to.
    about : mapping
        What decides the outcomes: a journal about something else is refused, by name.
    fresh : bool
        Throw away what is there.
    """

    def __init__(self, output: Path, about: Mapping[str, Any], fresh: bool) -> None:
        self.path = output.with_name(output.name + ENDING)
        self.done = self.failed = 0
        self.first_failed: list[tuple[int, Failed]] = []
        if fresh:
            self.path.unlink(missing_ok=True)
        with told(self.path.parent):
            self._file = self.path.open("ab+")
            end = self._read(dict(about))
            self._file.truncate(end)
            if not end:
                self._file.write(_line({"scoring": dict(about)}))
        self._flushed = time.monotonic()
        self.resumed = self.done

    def _read(self, about: dict[str, Any]) -> int:
        """Count what is there; returns where its last whole line ends."""
        self._file.seek(0)
        end = 0
        for place, line in enumerate(self._file):
            found = _whole(line)
            if found is None:
                # Torn by a kill; what follows, after a crash of the machine, is not to be trusted either.
                break
            if place == 0:
                self._compare(found.get("scoring"), about)
            else:
                self._count(_outcome(found))
            end += len(line)
        return end

    def _compare(self, before: Any, now: dict[str, Any]) -> None:
        if not isinstance(before, dict):
            self._file.close()
            raise UsageProblem(
                f"{self.path} is not what an interrupted scoring leaves.", hint="Remove it, or rename it."
            )
        changed = [name for name in now if before.get(name) != json.loads(json.dumps(now[name]))]
        if not changed:
            return
        self._file.close()
        words = " and ".join(_WORDS.get(name, name) for name in changed)
        short = [
            f"{_WORDS[name]}: {_shown(before.get(name))} → {_shown(now[name])}" for name in changed if name in _WORDS
        ]
        raise UsageProblem(
            f"A scoring was interrupted here, and it cannot go on: {words} changed since.",
            details="\n".join(f"  {line}" for line in short),
            hint="Give the same again to go on, or add --fresh to start from the first row.",
        )

    def _count(self, outcome: Outcome) -> None:
        self.done += 1
        if isinstance(outcome, Failed):
            self.failed += 1
            if len(self.first_failed) < 5:
                self.first_failed.append((self.done, outcome))

    def add(self, rows: list[Row], outcomes: list[Outcome]) -> None:
        """Append the outcomes of the next rows; a failed row is kept with them."""
        with told(self.path.parent):
            self._file.write(b"".join(_written(row, outcome) for row, outcome in zip(rows, outcomes, strict=True)))
            # Beyond this process, so that a kill does not take it away; on the disk each second.
            self._file.flush()
            if time.monotonic() - self._flushed > _FLUSH_SECONDS:
                self._flushed = time.monotonic()
                os.fsync(self._file.fileno())
        for outcome in outcomes:
            self._count(outcome)

    def outcomes(self) -> Iterator[Outcome]:
        """Read all outcomes, in order."""
        with self.path.open("rb") as file:
            next(file)
            for line in file:
                yield _outcome(decode(line))

    def failures(self) -> Iterator[dict[str, Any]]:
        """Read the failed rows as they are written into the side file."""
        with self.path.open("rb") as file:
            next(file)
            for number, line in enumerate(file, 1):
                if line.startswith(b'{"failed"'):
                    found = json.loads(line)
                    yield {"row": number, **found["failed"], "input": found["input"]}

    def close(self) -> None:
        """Write the rest to the disk."""
        if not self._file.closed:
            with told(self.path.parent):
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()

    def remove(self) -> None:
        """Remove the file: the output is there."""
        self.close()
        self.path.unlink(missing_ok=True)


def _whole(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        found = decode(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _written(row: Row, outcome: Outcome) -> bytes:
    if isinstance(outcome, Predicted):
        return _line({"value": outcome.value})
    return _line({"failed": outcome.as_dict(), "input": _plain(row.value)})


def _plain(value: Any) -> Any:
    try:
        return json.loads(to_json(value))
    except (TypeError, ValueError, RecursionError):
        # That it has no form in JSON may be why the row failed.
        return str(value)


def _line(value: Any) -> bytes:
    return to_json(value) + b"\n"


def _outcome(found: dict[str, Any]) -> Outcome:
    return Failed(**found["failed"]) if "failed" in found else Predicted(found.get("value"))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"
