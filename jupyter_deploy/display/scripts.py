"""Faces of scripts, and of the results of trying them."""

from __future__ import annotations

import pprint
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..capture import EDITED
from ..workspace import Living, Trial, Written
from . import markup, plain
from .card import moved_sentence
from .face import Face

if TYPE_CHECKING:
    from ..scripts import Script

_ANSWER = 4000
_WIDTH = 110


@dataclass(frozen=True)
class Seen:
    """A script as it is shown."""

    written: Written  # the script and what writing it did; for a stored script, nothing more
    moved_on: tuple[str, ...] = ()  # what changed in the notebook since the script was taken from it

    @property
    def script(self) -> Script:
        """The script itself."""
        return self.written.script


def _notice(seen: Seen, _value: object, living: Living) -> Seen:
    return replace(seen, moved_on=living.moved_on(seen.script.name, seen.script.source))


def _sentences(written: Written) -> list[str]:
    if written.draft:
        return ["only written: nothing was saved, stored or changed"]
    if written.changes:
        return [change.sentence() for change in written.changes]
    return [f"stored; serve it with: %deploy {written.name}"]


def _lines(script: Script) -> str:
    return plain.counted(len(script.cell.splitlines()) - (0 if script.path else 1), "line")


def _title(written: Written) -> str:
    return f"{_lines(written.script)}, {'dry run' if written.draft else 'checked'}"


def _taken(script: Script) -> list[list[str]]:
    return [[one.name, one.summary or one.kind, one.origin] for one in script.taken]


def _gets(written: Written) -> list[str]:
    """Say what run() gets, with one line for each parameter of a schema and one for a change."""
    given = written.script.input
    told, before = given.lines, written.input_before
    if before and before.sentence != given.sentence:
        told[0] = f"{given.sentence} now; it got {before.gets} before"
    elif before:
        told += [f"before, it was {line}" for line in before.lines[1:] if line not in told]
    return told if given.returns else [*told, "run() has no return: its answer is always {}"]


def _moved_on(seen: Seen) -> list[str]:
    return [f"moved on: {moved_sentence(seen.moved_on, f'%deploy {seen.script.name}')}"] if seen.moved_on else []


def _wrapped(row: str) -> list[str]:
    return textwrap.wrap(row, _WIDTH, subsequent_indent="    ", break_long_words=False) or [row]


def _script_text(seen: Seen) -> str:
    written, script = seen.written, seen.script
    told = [f"Script {script.name}, {_title(written)}"]
    if script.taken:
        rows = plain.table(["takes", "as", "from"], _taken(script)).splitlines()
        told += [f"  {row}" for row in rows]
    told += [f"  {line}" for row in _gets(written) for line in _wrapped(row)]
    told += [f"  {row}" for row in _trial_text(written.trial).splitlines()] if written.trial else []
    told += [f"  {notice}" for notice in script.notices]
    told += [f"  changed: {one}" for one in written.moved if one != EDITED]
    told += [f"  {one}" for one in (*_sentences(written), *_moved_on(seen))]
    if written.draft:
        told += ["", script.source.rstrip()]
    return plain.readable("\n".join(told))


def _script_html(seen: Seen) -> str:
    written, script = seen.written, seen.script
    parts = [markup.line(markup.bold(script.name), markup.muted(f"script, {_title(written)}"))]
    if script.taken:
        label = f"what {script.name} takes from the notebook"
        parts.append(markup.table(["takes", "as", "from"], _taken(script), label))
    parts += [markup.sentence(row) for row in _gets(written)]
    parts += [markup.block(notice) for notice in script.notices]
    parts += [_trial_parts(written.trial)] if written.trial else []
    parts += [markup.sentence(f"changed: {one}") for one in written.moved if one != EDITED]
    if written.changes or written.draft:
        parts += [markup.block(one) for one in _sentences(written)]
    else:
        parts.append(markup.line(markup.muted("stored; serve it with"), markup.code(f"%deploy {script.name}")))
    parts += [markup.sentence(one) for one in _moved_on(seen)]
    if written.draft:
        parts.append(markup.pre(script.source.rstrip(), f"the script {script.name}"))
    return markup.card(f"script {script.name}", *parts)


def _script_data(seen: Seen) -> dict[str, Any]:
    return {**seen.written.as_dict(), "label": seen.script.label, "moved_on": list(seen.moved_on)}


def _answer(trial: Trial) -> str:
    text = trial.answer if isinstance(trial.answer, str) else pprint.pformat(trial.answer, width=100, compact=True)
    return text if len(text) <= _ANSWER else f"{text[:_ANSWER]}…"


def _trial_rows(trial: Trial) -> list[tuple[str, str]]:
    took = f"run() {plain.milliseconds(trial.seconds * 1000)}, init() {plain.milliseconds(trial.init_seconds * 1000)}"
    return [("tried", took), ("answered", _answer(trial))]


def _trial_text(trial: Trial) -> str:
    rows = _trial_rows(trial) + ([("printed", trial.output)] if trial.output else [])
    width = max(len(label) for label, _ in rows)
    lines = []
    for label, value in rows:
        first, *rest = value.splitlines() or [""]
        lines += [f"{label:<{width}}  {first}", *(" " * (width + 2) + line for line in rest)]
    return "\n".join(lines)


def _trial_parts(trial: Trial) -> markup.Html:
    printed = markup.pre(trial.output, "what the script printed") if trial.output else ""
    return markup.join([markup.facts(_trial_rows(trial), copied=["answered"]), printed])


def _trial_html(trial: Trial) -> str:
    title = markup.line(markup.bold(trial.script), markup.muted("tried in a fresh process"))
    return markup.card(f"trial of {trial.script}", title, _trial_parts(trial))


SCRIPT = Face("script", _script_text, _script_html, _script_data, lambda script: Seen(Written(script)), _notice)
WRITTEN = Face("script", _script_text, _script_html, _script_data, Seen, _notice)
TRIAL = Face(
    "trial",
    lambda trial: plain.readable(f"Script {trial.script}, tried in a fresh process\n{_trial_text(trial)}"),
    _trial_html,
    lambda trial: trial.as_dict(),
)
