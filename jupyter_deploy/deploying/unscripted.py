"""Services without a script of the user's own: which model they serve, and which models need a script."""

from __future__ import annotations

from collections.abc import Sequence

from ..environments import Environment
from ..errors import DeployError, UsageProblem
from ..frameworks import SERVED, missing_library
from ..registry import Model, Models
from ..scripts import Script, unwritten_script


def script_of_model(name: str, references: Sequence[str], models: Models, folder: str) -> Script:
    """Write the script of a service with exactly one model; it is not stored.

    Several models, or a framework that needs a script, are refused.
    """
    found = list({model.id: model for model in map(models.get, references)}.values())
    if len(found) > 1:
        raise UsageProblem(
            f"Service {name} has no script, and {len(found)} models: {', '.join(model.id for model in found)}. "
            "Only one model can be served without a script.",
            hint=f"Name one: jupyter model deploy {name} --model {found[0].name}; or write run(data) in a cell that "
            f"starts with %%score_script {name}",
        )
    (model,) = found
    if model.framework not in SERVED:
        raise UsageProblem(
            f"{model.id} cannot be served without a script: its framework is {model.framework}, and those that can "
            f"are {', '.join(SERVED)}.",
            hint=f"Write run(data) in a cell that starts with %%score_script {name}, or register the model again with "
            "--framework if it is of one of these.",
        )
    return unwritten_script(name, model.id, model.framework, folder)


def answers_alone(model: Model, name: str, environment: Environment | None) -> str:
    """Say that a model is served without a script, if its library is installed to load it.

    Otherwise the error names what to install. The service's own environment is not checked; it has none if the
    interpreter is another process's.
    """
    library = missing_library(model.framework) if environment and environment.is_kernel else ""
    if library:
        raise DeployError(
            f"{model.id} is a {model.framework} model, and {library} is not installed here.",
            hint=f"pip install {library}; or let the service have an environment of its own: --environment inferred",
        )
    return f"{model.id} answers without a script: jupyter model show {name} --script"
