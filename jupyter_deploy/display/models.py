"""Faces of models and scripts."""

from __future__ import annotations

from ..models import Model
from ..scripts import Script
from . import markup, plain
from .face import Face

_LOAD_FILE = 'joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "{entry}"))'


def _model_rows(model: Model) -> list[tuple[str, str]]:
    rows = [
        ("framework", f"{model.framework} {model.framework_version}".strip()),
        ("content", f"{model.entry}, {plain.human_size(model.size)}, {model.digest[:12]}"),
        ("registered", f"{model.created.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("description", model.description),
        ("tags", plain.pairs_text(model.tags)),
        ("properties", plain.pairs_text(model.properties)),
        ("needs", ", ".join(model.requirements)),
        ("load it with", _LOAD_FILE.format(entry=model.entry) if model.entry.endswith((".joblib", ".pkl")) else ""),
        ("note", "; ".join(model.notices)),
    ]
    return [(label, value) for label, value in rows if value]


def _model_html(model: Model) -> str:
    title = markup.line(f"<b>{markup.esc(model.name)}</b>", markup.muted(f"model, version {model.version}"))
    return markup.card(f"model {model.name}", title, markup.facts(_model_rows(model), copied=["load it with"]))


def _sentences(script: Script) -> list[str]:
    if script.changes:
        return [change.sentence() for change in script.changes]
    return [f"stored; serve it with: %deploy {script.name}"]


def _lines(script: Script) -> str:
    return plain.counted(len(script.source.splitlines()) - (0 if script.path else 1), "line")


def _script_text(script: Script) -> str:
    told = [f"Script {script.name}, {_lines(script)}, checked", *(f"  {one}" for one in _sentences(script))]
    return plain.readable("\n".join(told))


def _script_html(script: Script) -> str:
    title = markup.line(f"<b>{markup.esc(script.name)}</b>", markup.muted(f"script, {_lines(script)}, checked"))
    if script.changes:
        told = "".join(f"<div>{markup.esc(one)}</div>" for one in _sentences(script))
    else:
        told = markup.line(markup.muted("stored; serve it with"), markup.code(f"%deploy {script.name}"))
    return markup.card(f"script {script.name}", title, told)


MODEL = Face(
    "model",
    lambda model: plain.block(f"Model {model.id}", _model_rows(model)),
    _model_html,
    lambda model: {**model.as_dict(), "notices": list(model.notices)},
)
SCRIPT = Face("script", _script_text, _script_html, lambda script: {**script.as_dict(), "label": script.label})
