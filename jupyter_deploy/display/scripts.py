"""Faces of scripts, and of what came of trying one."""

from __future__ import annotations

import pprint
import textwrap
from dataclasses import replace

from ..capture import EDITED
from ..scripts import Script
from ..workspace import Living, Trial
from . import markup, plain
from .card import moved_sentence
from .face import Face

_ANSWER = 4000
_WIDTH = 110


def _notice(script: Script, _value: Script, living: Living) -> Script:
    """Add what has moved on in the notebook since the script was taken from it."""
    return replace(script, moved_on=living.moved_on(script.name, script.source))


def _sentences(script: Script) -> list[str]:
    if script.draft:
        return ["only written: nothing was saved, stored or changed"]
    if script.changes:
        return [change.sentence() for change in script.changes]
    return [f"stored; serve it with: %deploy {script.name}"]


def _lines(script: Script) -> str:
    return plain.counted(len(script.cell.splitlines()) - (0 if script.path else 1), "line")


def _title(script: Script) -> str:
    return f"{_lines(script)}, {'dry run' if script.draft else 'checked'}"


def _taken(script: Script) -> list[list[str]]:
    return [[one.name, one.summary or one.kind, one.origin] for one in script.taken]


def _gets(script: Script) -> list[str]:
    """Tell what run() gets; a schema has a line for each parameter, and what changed has one too."""
    given = script.input
    told = given.text.split("\n")
    before = script.contract_before.split("\n")
    if script.contract_before and told[0] != before[0]:
        told[0] = f"{told[0]} now; it got {before[0].partition(' gets ')[2]} before"
    elif script.contract_before:
        told += [f"before, it was {line}" for line in before[1:] if line not in told]
    return told if given.returns else [*told, "run() has no return: its answer is always {}"]


def _wrapped(row: str) -> list[str]:
    return textwrap.wrap(row, _WIDTH, subsequent_indent="    ", break_long_words=False) or [row]


def _script_text(script: Script) -> str:
    told = [f"Script {script.name}, {_title(script)}"]
    if script.taken:
        rows = plain.table(["takes", "as", "from"], _taken(script)).splitlines()
        told += [f"  {row}" for row in rows]
    told += [f"  {line}" for row in _gets(script) for line in _wrapped(row)]
    told += [f"  {row}" for row in _trial_text(script.trial).splitlines()] if script.trial else []
    told += [f"  {notice}" for notice in script.notices]
    told += [f"  changed: {one}" for one in script.moved if one != EDITED]
    told += [f"  {one}" for one in _sentences(script)]
    told += [f"  moved on: {moved_sentence(script.moved_on, f'%deploy {script.name}')}"] if script.moved_on else []
    if script.draft:
        told += ["", script.source.rstrip()]
    return plain.readable("\n".join(told))


def _script_html(script: Script) -> str:
    parts = [markup.line(markup.bold(script.name), markup.muted(f"script, {_title(script)}"))]
    if script.taken:
        parts.append(
            markup.table(["takes", "as", "from"], _taken(script), f"what {script.name} takes from the notebook")
        )
    parts += [markup.sentence(row) for row in _gets(script)]
    parts += [markup.block(notice) for notice in script.notices]
    parts += [_trial_parts(script.trial)] if script.trial else []
    parts += [markup.sentence(f"changed: {one}") for one in script.moved if one != EDITED]
    if script.changes or script.draft:
        parts += [markup.block(one) for one in _sentences(script)]
    else:
        parts.append(markup.line(markup.muted("stored; serve it with"), markup.code(f"%deploy {script.name}")))
    if script.moved_on:
        parts.append(markup.sentence(f"moved on: {moved_sentence(script.moved_on, f'%deploy {script.name}')}"))
    if script.draft:
        parts.append(markup.pre(script.source.rstrip(), f"the script {script.name}"))
    return markup.card(f"script {script.name}", *parts)


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


SCRIPT = Face(
    "script", _script_text, _script_html, lambda script: {**script.as_dict(), "label": script.label}, notice=_notice
)
TRIAL = Face(
    "trial",
    lambda trial: plain.readable(f"Script {trial.script}, tried in a fresh process\n{_trial_text(trial)}"),
    _trial_html,
    lambda trial: trial.as_dict(),
)
