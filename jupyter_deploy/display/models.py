"""The face of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import markup, plain
from .face import Face

if TYPE_CHECKING:
    from ..registry import Model

_LOAD_FILE = 'joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "{entry}"))'


def model_rows(model: Model) -> list[tuple[str, str]]:
    """List the rows of a model; empty ones are left out."""
    rows = [
        ("framework", f"{model.framework} {model.framework_version}".strip()),
        ("content", f"{model.entry}, {plain.human_size(model.size)}, {model.digest[:12]}"),
        ("registered", f"{model.created.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("description", model.description),
        ("tags", plain.pairs_text(model.tags)),
        (
            "captured by",
            f"script {model.captured_by}, from {model.properties['variable']}" if model.captured_by else "",
        ),
        ("properties", "" if model.captured_by else plain.pairs_text(model.properties)),
        ("needs", ", ".join(model.requirements)),
        ("load it with", _LOAD_FILE.format(entry=model.entry) if model.entry.endswith((".joblib", ".pkl")) else ""),
        ("note", "; ".join(model.notices)),
    ]
    return [(label, value) for label, value in rows if value]


def _model_html(model: Model) -> str:
    title = markup.line(markup.bold(model.name), markup.muted(f"model, version {model.version}"))
    return markup.card(f"model {model.name}", title, markup.facts(model_rows(model), copied=["load it with"]))


MODEL = Face(
    "model",
    lambda model: plain.block(f"Model {model.id}", model_rows(model)),
    _model_html,
    lambda model: {**model.as_dict(), "notices": list(model.notices)},
)
