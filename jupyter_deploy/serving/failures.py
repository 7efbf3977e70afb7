"""What went wrong in the user's script, told in the script's own lines."""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .hints import Situation, advise
from .origins import Origin, comes_from_a_cell, place_of, relabel

_OURS = str(Path(__file__).parent)
_MESSAGE_LIMIT = 4000
_TRACEBACK_LIMIT = 40_000


@dataclass(frozen=True)
class Failure:
    """An exception of the script, fit to cross to the notebook.

    Parameters
    ----------
    stage : str
        ``"load"``, ``"init"`` or ``"run"``.
    kind : str
        The exception's class.
    message : str
        Its text.
    label : str
        The script, as tracebacks call it.
    line : int
        The script's innermost line involved; 0 where there is none.
    text : str
        That line.
    traceback : str
        The whole traceback, without this package's frames, the script called by its label.
    hint : str
        What to do about it, for :func:`jupyter_deploy.serving.hints.worded`; empty where nothing is proven.
    """

    stage: str
    kind: str
    message: str
    label: str
    line: int
    text: str
    traceback: str
    hint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a message.

        Returns
        -------
        dict
            What ``Failure(**values)`` takes.
        """
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
    """Describe an exception that the script raised.

    Parameters
    ----------
    error : BaseException
        With its traceback.
    stage : str
        ``"load"``, ``"init"`` or ``"run"``.
    entry : str
        The script's path.
    label : str
        What to call it instead.
    origins : tuple of Origin, optional
        Where its lines come from, of a script that was put together.
    root : str, optional
        The application's folder.
    body : bytes, optional
        The request's.

    Returns
    -------
    Failure
        Long messages are cut.
    """
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
    """Leave what the user wrote and the libraries in between; what was written around the cell only if nothing else."""
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
