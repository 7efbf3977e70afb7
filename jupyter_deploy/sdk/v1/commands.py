"""``az ml model …`` as the documents write it: the flags of that command line, for the same work here.

A command is Azure's when one of its flags is; everything else is this package's own grammar.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelProblem, UsageProblem
from ...registry import Lineage, Resources
from ...verbs import Argument, Done, Session, Verb, argument, pairs
from ...workspace import Workspace as LocalWorkspace
from .vocabulary import of_v1

if TYPE_CHECKING:
    from .model import Model
    from .workspace import Workspace

_PLACES = ("-g", "--resource-group", "-w", "--workspace-name", "--subscription-id")
_SERVICE = ("-n", "--name", "-m", "--ic", "--inference-config-file")
# The flags that only Azure's command has.
_FLAGS = {
    "register": {"-n", "--name", "-p", "--model-path", "--asset-path", "--run-id", "--experiment-name", "-d", *_PLACES},
    "download": {"-i", "--model-id", "-t", "--target-dir", *_PLACES},
    "deploy": {*_SERVICE, "--dc", "--deploy-config-file", "-e", "--env-name", "--ev", "--ct", *_PLACES, "--overwrite"},
    "package": {*_SERVICE, "--output-path", *_PLACES},
    "profile": {*_SERVICE, "--idi", "--input-dataset-id", *_PLACES},
}


def az_verb(name: str, words: list[str]) -> Verb | None:
    """Return Azure's command of that name where the words are Azure's; None where they are not."""
    flags = _FLAGS.get(name, set())
    return _COMMANDS[name] if any(word.partition("=")[0] in flags for word in words) else None


def _workspace(given: argparse.Namespace, session: Session) -> Workspace:
    ignored = [
        f"{flag} {value}" for flag, value in (("-g", given.resource_group), ("-w", given.workspace_name)) if value
    ]
    if ignored:
        # Said in scripts and logs, too, where nothing else is noted.
        say = session.note if session.variables is not None else partial(print, file=sys.stderr)
        say(f"{' and '.join(ignored)}: a label; there is one workspace on this machine.")
    found: Workspace = of_v1("Workspace")(given.subscription_id, given.resource_group, given.workspace_name)
    return found


def _register(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    from .run_files import locate

    _workspace(given, session)
    path, lineage = given.model_path or given.asset_path, Lineage()
    if not path:
        raise UsageProblem("Which file? -p PATH, or --asset-path PATH of a run.", hint="-n churn -p outputs/model.pkl")
    source: Path = Path(path)
    if given.run_id:
        run = workspace.runs.get(given.run_id)
        if given.experiment_name and given.experiment_name != run.experiment:
            raise UsageProblem(
                f"The run {run.id} belongs to the experiment {run.experiment}, not {given.experiment_name}.",
                hint="Leave --experiment-name out.",
            )
        source, lineage = locate(workspace.runs, run.id, path), Lineage(experiment=run.experiment)
    return workspace.register(
        given.name,
        source,
        tags=pairs(given.tag, "--tag"),
        properties=pairs(given.property, "--property"),
        description=given.description or "",
        framework=given.model_framework or "",
        framework_version=given.model_framework_version or "",
        run_id=given.run_id or "",
        lineage=lineage,
        resources=Resources(given.cpu_cores, given.memory_gb) if given.cpu_cores or given.memory_gb else None,
        progress=session.note,
    )


def _download(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    _workspace(given, session)
    try:
        path = workspace.models.download(given.model_id, given.target_dir, exist_ok=given.overwrite)
    except ModelProblem as error:
        # In the words of this command line.
        message = error.message.replace("set exist_ok to True", "give --overwrite")
        raise ModelProblem(message, hint="--overwrite, or another --target-dir") from error
    return Done(f"{given.model_id} is now in {path}", {"path": str(path)})


def _models(ws: Workspace, given: argparse.Namespace) -> list[Model]:
    model = of_v1("Model")
    return [model(ws, id=reference) for reference in given.model or ()]


def _config(ws: Workspace, given: argparse.Namespace) -> Any:
    if not given.ic:
        return None
    config = of_v1("load_inference_config")(given.ic)
    if getattr(given, "env_name", None):
        config.environment = of_v1("Environment").get(ws, given.env_name, given.ev)
    return config


def _deploy(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    config = of_v1("load_deployment_config")(given.dc).configuration() if given.dc else None
    target = of_v1("ComputeTarget")(ws, given.ct) if given.ct else None
    how = (_config(ws, given), config, target, given.overwrite)
    of_v1("Model").deploy(ws, given.name, _models(ws, given), *how).wait_for_deployment()
    return workspace.services[given.name]


def _package(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    made = of_v1("Model").package(
        ws, _models(ws, given), _config(ws, given), bool(given.output_path), image_name=given.name
    )
    made.wait_for_creation()
    if given.output_path:
        made.save(given.output_path)
        return Done(f"The build context is in {given.output_path}", {"path": given.output_path})
    return Done(f"The image is {made.location}", {"image": made.location})


def _profile(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    dataset = of_v1("Dataset").get_by_id(ws, given.input_dataset_id)
    limits = (given.cpu_cores, given.memory_in_gb, given.description)
    made = of_v1("Model").profile(ws, given.name, _models(ws, given), _config(ws, given), dataset, *limits)
    made.wait_for_completion()
    return made.get_details()


_LABELS: tuple[Argument, ...] = (
    argument("-g", "--resource-group", metavar="GROUP", help="a label; nothing depends on it"),
    argument("-w", "--workspace-name", metavar="NAME", help="a label; nothing depends on it"),
    argument("--subscription-id", metavar="ID", help="a label; nothing depends on it"),
    argument("-v", "--verbose", action="store_true", help="changes nothing: notices are always shown"),
)
_NAME = argument("-n", "--name", required=True, help="the name")
_DESCRIPTION = argument("-d", "--description", metavar="TEXT", help="free text")
_SERVED = (
    _NAME,
    argument("-m", "--model", action="append", metavar="NAME:VERSION", help="a registered model; may be repeated"),
    argument("--ic", "--inference-config-file", dest="ic", metavar="FILE", help="JSON or YAML"),
)
_REGISTER = (
    _NAME,
    argument("-p", "--model-path", metavar="PATH", help="a file or folder"),
    argument("--asset-path", metavar="PATH", help="a file or folder of the run"),
    argument("--run-id", metavar="ID", help="the run"),
    argument("--experiment-name", metavar="NAME", help="the run's experiment"),
    argument("--tag", action="append", metavar="K=V", help="a tag; may be repeated"),
    argument("--property", action="append", metavar="K=V", help="a property, never changed; may be repeated"),
    argument("-f", "--model-framework", metavar="F", help="for example ScikitLearn"),
    argument("--model-framework-version", metavar="V", help="goes with --model-framework"),
    argument("--cc", "--cpu-cores", dest="cpu_cores", type=float, metavar="N", help="what a service of it needs"),
    argument("--gb", "--memory-gb", dest="memory_gb", type=float, metavar="N", help="what a service of it needs"),
    _DESCRIPTION,
)
_DOWNLOAD = (
    argument("-i", "--model-id", required=True, metavar="NAME:VERSION", help="the model"),
    argument("-t", "--target-dir", default=".", metavar="DIR", help="the folder; the current one by default"),
    argument("--overwrite", action="store_true", help="replace files that are there"),
)
_DEPLOY = (
    *_SERVED,
    argument("--dc", "--deploy-config-file", dest="dc", metavar="FILE", help="JSON or YAML"),
    argument("-e", "--env-name", metavar="NAME", help="a registered environment"),
    argument("--ev", "--env-version", dest="ev", metavar="VERSION", help="its version"),
    argument("--ct", "--compute-target", dest="ct", metavar="NAME", help="a compute target"),
    argument("--overwrite", action="store_true", help="update the service of that name"),
)
_PACKAGE = (
    argument("-n", "--name", metavar="NAME", help="the image's name"),
    *_SERVED[1:],
    argument("--output-path", metavar="DIR", help="write a build context there instead of an image"),
)
_PROFILE = (
    *_SERVED,
    argument(
        "--idi", "--input-dataset-id", dest="input_dataset_id", required=True, metavar="NAME:VERSION", help="rows"
    ),
    argument("--cc", "--cpu-cores", dest="cpu_cores", type=float, metavar="N", help="the limit"),
    argument("--gb", "--memory-in-gb", dest="memory_in_gb", type=float, metavar="N", help="the limit"),
    _DESCRIPTION,
)
_COMMANDS = {
    "register": Verb(
        "register", "register a file or folder, as az ml model register", (*_REGISTER, *_LABELS), _register
    ),
    "download": Verb("download", "copy a model's files, as az ml model download", (*_DOWNLOAD, *_LABELS), _download),
    "deploy": Verb("deploy", "deploy models, as az ml model deploy", (*_DEPLOY, *_LABELS), _deploy),
    "package": Verb("package", "make an image, as az ml model package", (*_PACKAGE, *_LABELS), _package),
    "profile": Verb("profile", "measure what is needed, as az ml model profile", (*_PROFILE, *_LABELS), _profile),
}
