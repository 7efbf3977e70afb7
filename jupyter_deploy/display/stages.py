"""How long work looks while it goes on and at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..progress import STAGES, Step
from . import markup, plain

_WIDTH = 20
_WORTH_TELLING = 0.05
_BAR = "var(--jp-brand-color1,#1976d2)"


@dataclass
class _Part:
    stage: str
    seconds: float = 0.0


class Stages:
    """The steps of some work, and their times on the clock of ``started``."""

    def __init__(self, started: float) -> None:
        self.said = ""
        self.fraction: float | None = None
        self._started = started
        self._since = started
        self._parts: list[_Part] = []
        self._current: _Part | None = None

    @property
    def stage(self) -> str:
        """The current stage; empty for work that has none."""
        return self._current.stage if self._current else ""

    def take(self, text: str, now: float) -> None:
        """Note a step: a :class:`Step`, or plain words."""
        stage = text.stage if isinstance(text, Step) else ""
        if stage and stage != self.stage:
            self._end_part(now)
            found = next((part for part in self._parts if part.stage == stage), None)
            self._current = found or _Part(stage)
            if found is None:
                self._parts.append(self._current)
        self.said = text.words if isinstance(text, Step) else text
        self.fraction = text.fraction if isinstance(text, Step) else None

    def _end_part(self, now: float) -> None:
        if self._current:
            self._current.seconds += now - self._since
        self._since = now

    def _shown(self) -> list[tuple[str, str, float]]:
        """List stages, each done, current or still to come."""
        done = [(part.stage, "now" if part is self._current else "done", part.seconds) for part in self._parts]
        seen = [stage for stage, _, _ in done]
        if self.stage in STAGES or {"pull", "build"} & set(seen):
            last = max((STAGES.index(stage) for stage in seen if stage in STAGES), default=0)
            done += [(stage, "to come", 0.0) for stage in STAGES[last + 1 :]]
        return done

    def text(self, now: float) -> str:
        """Write the progress in one line."""
        marks = {"done": "✓", "now": "…", "to come": ""}
        stages = "  ".join(
            f"{stage} {marks[how]}{plain.seconds(took) if how == 'done' else ''}".rstrip()
            for stage, how, took in self._shown()
        )
        bar = ""
        if self.fraction is not None:
            full = round(min(max(self.fraction, 0.0), 1.0) * _WIDTH)
            bar = f"{'█' * full}{'░' * (_WIDTH - full)} {self.fraction:.0%}"
        parts = [stages, bar, f"{self.said} …", plain.seconds(now - self._started)]
        return plain.readable("  ".join(part for part in parts if part))

    def html(self, now: float) -> str:
        """Draw the progress: a line of stages, and a bar if the current stage tells its fraction."""
        chips = [_chip(*shown) for shown in self._shown()]
        arrow = markup.element("span", "›", aria_hidden="true", style="opacity:.5")
        said = markup.muted(f"{self.said} … {plain.seconds(now - self._started)}")
        row = markup.line(*_between(chips, arrow), said)
        return markup.plain_block(row, _bar(self.fraction) if self.fraction is not None else "", status=True)

    def summary(self, words: str, now: float) -> str:
        """Write the result, such as ``"created"``, in one line with the time of each stage."""
        self._end_part(now)
        # What took no time is not worth telling.
        took = [part for part in self._parts if part.seconds >= _WORTH_TELLING]
        parts = ", ".join(f"{part.stage} {plain.seconds(part.seconds)}" for part in took)
        return f"{words} {plain.seconds(now - self._started)}" + (f": {parts}" if len(took) > 1 else "")


def _chip(stage: str, how: str, seconds: float) -> str:
    if how == "done":
        tick = markup.element("span", "✓", aria_hidden="true")
        return markup.element("span", f"{stage} ", tick, " ", markup.muted(plain.seconds(seconds)))
    if how == "now":
        return markup.bold(stage)
    return markup.muted(stage)


def _between(items: Sequence[str], sign: str) -> list[str]:
    return [part for item in items for part in (sign, item)][1:]


def _bar(fraction: float) -> str:
    percent = str(round(min(max(fraction, 0.0), 1.0) * 100))
    outer = f"height:6px;max-width:360px;border-radius:3px;margin:4px 0 0;overflow:hidden;background:{markup.SHADE}"
    return markup.element(
        "div",
        markup.element("div", style=f"height:6px;width:{percent}%;background:{_BAR}"),
        role="progressbar",
        aria_valuenow=percent,
        aria_valuemin="0",
        aria_valuemax="100",
        aria_label="progress",
        style=outer,
    )
