"""The entry script of a service whose user wrote none: short, and a start for the user's own."""

from __future__ import annotations

from .scripts import Script

_TEXT = """\
# The entry script of {model} ({framework}), written because there is none of your own. A cell that starts with
# %%score_script {name} takes its place; this text is a start for it.
import os

from jupyter_deploy.serving.nocode import ServedModel

model = ServedModel("{framework}")


def init():
    model.load(os.environ["AZUREML_MODEL_DIR"])


# Called with the texts of all requests that wait; returns an answer for each.
run_batch = model.answers
"""


def unwritten_script(name: str, model: str, framework: str, folder: str) -> Script:
    """Write the entry script of a model, ``name:version``, of a framework in :data:`jupyter_deploy.frameworks.SERVED`.

    ``folder`` has no modules. The script is not stored.
    """
    return Script(name, _TEXT.format(name=name, model=model.partition(":")[0], framework=framework), folder)
