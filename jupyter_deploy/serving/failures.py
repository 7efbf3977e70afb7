"""A failure of the user's script, told in the script's own lines."""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .origins import Origin, comes_from_a_cell, place_of, relabel

_OURS = str(Path(__file__).parent)
_MESSAGE_LIMIT = 4000
_TRACEBACK_LIMIT = 40_000


@dataclass(frozen=True)
class Failure:
    """An exception of the script, ready to be sent to the notebook."""

    stage: str  # "load", "init" or "run"
    kind: str  # the exception's class
    message: str
    label: str  # the script's name in tracebacks
    line: int  # the script's innermost line involved; 0 if there is none
    text: str  # that line's text
    traceback: str  # without this package's frames; the script is called by its label
    hint: str = ""  # for hints.worded(); empty if nothing is proven

    @classmethod
    def read(cls, values: object) -> Failure | None:
        """Read what :meth:`as_dict` wrote; None for anything else."""
        try:
            return cls(**values)  # type: ignore[arg-type]
        except TypeError:
            return None

    def as_dict(self) -> dict[str, Any]:
        """Return the arguments of ``Failure``, for a message."""
        return asdict(self)

    @property
    def summary(self) -> str:
        """One line: what and where."""
        where = f" in {self.label} line {self.line}" if self.line else f" in {self.label}"
        first = self.message.splitlines()[0] if self.message else ""
        return f"{self.kind}: {first}{where}".replace(":  in", " in")


def describe(
    error: BaseException,
    stage: str,
    entry: str,
    label: str,
    origins: tuple[Origin, ...] = (),
    *,
    root: str = "",
    body: bytes | None = None,
) -> Failure:
    """Describe an exception that the script raised; long messages are cut.

    ``label`` replaces the path ``entry``; ``origins`` say which cells its lines come from. ``root`` is the
    application's folder, ``body`` the request's.
    """
    # Only where something failed: what serves holds less memory, and starts sooner.
    from .hints import Situation, advise

    hint = advise(Situation(error, stage, entry, root, body))
    trace = traceback.TracebackException.from_exception(error)
    _without_our_frames(trace, entry, origins)
    line, text = 0, ""
    for frame in trace.stack:
        if frame.filename == entry:
            line, text = frame.lineno or 0, (frame.line or "").strip()
    if isinstance(error, SyntaxError) and error.filename == entry:
        line, text = error.lineno or 0, (error.text or "").strip()
    place, line = place_of(line, label, origins) if line else (label, line)
    lines = relabel("".join(trace.format()), entry, label, origins)
    if len(lines) > _TRACEBACK_LIMIT:
        lines = lines[: _TRACEBACK_LIMIT // 2] + "\n  … cut …\n" + lines[-_TRACEBACK_LIMIT // 2 :]
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 - the user's own __str__
        message = f"<its __str__ raised {type(broken).__name__}>"
    return Failure(stage, type(error).__name__, message[:_MESSAGE_LIMIT], place, line, text, lines.rstrip(), hint)


def _without_our_frames(trace: traceback.TracebackException, entry: str, origins: tuple[Origin, ...]) -> None:
    """Keep the frames of the user and of libraries; code written around the cell stays only if nothing else is left."""
    waiting: list[traceback.TracebackException | None] = [trace]
    while waiting:
        current = waiting.pop()
        if current is None:
            continue
        kept = [frame for frame in current.stack if not frame.filename.startswith((_OURS, "<frozen"))]
        around = {id(one) for one in kept if one.filename == entry and not comes_from_a_cell(one.lineno or 0, origins)}
        if any(frame.filename == entry and id(frame) not in around for frame in kept):
            kept = [frame for frame in kept if id(frame) not in around]
        current.stack = traceback.StackSummary.from_list(kept)
        waiting += [current.__cause__, current.__context__]
