"""One sentence about the failures that people run into again and again."""

from __future__ import annotations

from pathlib import Path

from .services import ServiceRecord
from .serving.failures import Failure
from .serving.layout import tree_lines

_BY_KIND = {
    "JSONDecodeError": "run() received text that is not the JSON it expects; look at what is sent.",
    "NotFittedError": "The model was registered before it was fitted: fit it, register it again, deploy.",
    "ScoringTimeout": "The log shows where the script was. A longer limit: --set scoring_timeout_ms=60000.",
    "SampleFailed": "Correct the script, or the sample: reload --sample JSON; an empty one takes it away.",
    "MemoryError": "The service ran out of memory; send smaller requests or run fewer workers.",
}


def failure_hint(failure: Failure, record: ServiceRecord, bundle: Path) -> str:
    """Advise on a failure of the script.

    Parameters
    ----------
    failure : Failure
        What happened.
    record : ServiceRecord
        The service that it happened in.
    bundle : pathlib.Path
        The bundle's folder, for what the script finds there.

    Returns
    -------
    str
        What to try; where nothing particular is known, where to look.
    """
    if failure.kind == "ModuleNotFoundError" and "inference_schema" in failure.message:
        return "%pip install 'jupyter-model-deploy[schema]' brings the decorators; then deploy again."
    if failure.kind == "ModuleNotFoundError":
        return (
            "Install the package into the kernel's environment (%pip install …), or put the module beside the "
            "notebook; then deploy again."
        )
    if failure.kind == "FileNotFoundError":
        root = bundle / "models"
        below = root / record.models[0].replace(":", "/") if len(record.models) == 1 else root
        if not record.models:
            return f"The service has no model: deploy {record.name} --model NAME."
        shown = [line.strip() for line in tree_lines(str(below), limit=8)][1:]
        return f"AZUREML_MODEL_DIR holds: {', '.join(shown)}."
    if failure.kind == "KeyError" and "AZUREML_MODEL_DIR" in failure.message:
        return f"Give the service a model: deploy {record.name} --model NAME."
    if "OOMKilled" in failure.message:
        return f"Give it more memory, for example: deploy {record.name} --memory 2g."
    if "__main__" in failure.message:
        return "The model refers to a class of the notebook: register it from the notebook, which ships the class too."
    return _BY_KIND.get(failure.kind, f"Correct the script and run its cell again; logs {record.name} shows more.")
