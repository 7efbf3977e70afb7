"""``az ml model …`` as the documents write it: the flags of that command line, for the same work here.

A command is Azure's when one of its flags is; everything else is this package's own grammar.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DeployError, ModelProblem, UsageProblem
from ...registry import Lineage, Resources
from ...verbs import NAMES, Argument, Done, Listing, Session, Verb, argument, find, pairs
from ...workspace import Workspace as LocalWorkspace
from .advice import in_flags
from .deploy_flags import CONFIGURATION, SCRIPT, configuration_of, inference_of
from .exceptions import AzureMLException
from .metadata_files import said_in, write_model
from .vocabulary import of_v1

if TYPE_CHECKING:
    from .model import Model
    from .workspace import Workspace


def az_verb(name: str, words: list[str]) -> Verb | None:
    """Return Azure's command of that name where the words are Azure's; None where they are not."""
    command = _COMMANDS.get(name)
    if command is None:
        return None
    own = _flags(find(name)) if name in NAMES else set()
    only_azures = _flags(command) - own
    return command if any(word.partition("=")[0] in only_azures for word in words) else None


def _in_flags(run: Callable[..., Any]) -> Callable[..., Any]:
    """Have an error of the SDK say what the command line takes: the layer's own hint, or flags for the SDK's words."""

    @wraps(run)
    def ran(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
        try:
            return run(workspace, given, session)
        except AzureMLException as error:
            cause = error.__cause__
            if isinstance(cause, DeployError) and not isinstance(cause, AzureMLException):
                if in_flags(str(cause.hint)) == cause.hint:
                    raise cause from None
                problem, hint = cause.message, str(cause.hint)
            else:
                problem, _, hint = error.message.partition("\nHint: ")
            raise ModelProblem(problem, details=error.details, hint=in_flags(hint)) from error

    return ran


def _flags(verb: Verb) -> set[str]:
    return {flag for one in verb.arguments for flag in one.flags if flag.startswith("-")}


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
    path, run_id = given.model_path or given.asset_path, given.run_id or ""
    lineage = Lineage(
        sample_input=given.sample_input_dataset_id or "", sample_output=given.sample_output_dataset_id or ""
    )
    framework = given.model_framework or ""
    if given.run_metadata_file and not Path(given.run_metadata_file).is_file() and not framework:
        # This package's own -f.
        framework = given.run_metadata_file
    elif given.run_metadata_file:
        run_id = run_id or said_in(given.run_metadata_file, "runId", "run_id")
    if not path:
        raise UsageProblem("Which file? -p PATH, or --asset-path PATH of a run.", hint="-n churn -p outputs/model.pkl")
    source: Path = Path(path)
    if run_id:
        run = workspace.runs.get(run_id)
        if given.experiment_name and given.experiment_name != run.experiment:
            raise UsageProblem(
                f"The run {run.id} belongs to the experiment {run.experiment}, not {given.experiment_name}.",
                hint="Leave --experiment-name out.",
            )
        source, lineage = locate(workspace.runs, run.id, path), replace(lineage, experiment=run.experiment)
    sizes = (given.cpu_cores, given.memory_gb, given.gpu_cores)
    made = workspace.register(
        given.name,
        source,
        tags=pairs(given.tag, "--tag"),
        properties=pairs(given.property, "--property"),
        description=given.description or "",
        framework=framework,
        framework_version=given.model_framework_version or "",
        run_id=run_id,
        lineage=lineage,
        resources=Resources(*sizes) if any(sizes) else None,
        progress=session.note,
    )
    if given.output_metadata_file:
        write_model(given.output_metadata_file, made.id)
    return made


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
    written = [said_in(path, "modelId", "id") for path in given.model_metadata_file or ()]
    return [model(ws, id=reference) for reference in (*(given.model or ()), *written)]


@_in_flags
def _deploy(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    target = of_v1("ComputeTarget")(ws, given.ct) if given.ct else None
    how = (inference_of(ws, given), configuration_of(given), target, given.overwrite)
    made = of_v1("Model").deploy(ws, given.name, _models(ws, given), *how)
    if not given.no_wait:
        made.wait_for_deployment()
    return workspace.services[given.name]


@_in_flags
def _list(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    asked = {key: [pair.split("=", 1) for pair in getattr(given, key) or ()] for key in ("tags", "properties")}
    filters = {key: [item if item[1:] else item[0] for item in items] for key, items in asked.items()}
    found = of_v1("Model").list(ws, given.model_name, **filters, run_id=given.run_id, latest=given.latest)
    return Listing("models", [workspace.models.get(model.id) for model in found])


@_in_flags
def _show(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    found = of_v1("Model")(ws, name=given.model_name, id=given.model_id, version=given.version)
    return workspace.models.get(found.id)


@_in_flags
def _delete(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    of_v1("Model")(_workspace(given, session), id=given.model_id).delete()
    return Done(f"{given.model_id} is deleted", {"deleted": given.model_id})


@_in_flags
def _package(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    image = {"image_name": given.name, "image_label": given.image_label}
    made = of_v1("Model").package(ws, _models(ws, given), inference_of(ws, given), bool(given.output_path), **image)
    made.wait_for_creation()
    if given.output_path:
        made.save(given.output_path)
        return Done(f"The build context is in {given.output_path}", {"path": given.output_path})
    return Done(f"The image is {made.location}", {"image": made.location})


@_in_flags
def _profile(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
    ws = _workspace(given, session)
    try:
        dataset = of_v1("Dataset").get_by_id(ws, given.input_dataset_id)
    except AzureMLException as error:
        problem, _, hint = error.message.partition("\nHint: ")
        raise UsageProblem(f"--idi: {problem}", hint=hint) from error
    limits = (given.cpu_cores, given.memory_in_gb, given.description)
    made = of_v1("Model").profile(ws, given.name, _models(ws, given), inference_of(ws, given), dataset, *limits)
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
    argument("-f", "--model-metadata-file", action="append", metavar="FILE", help="what register -t wrote"),
    argument("--ic", "--inference-config-file", dest="ic", metavar="FILE", help="JSON or YAML"),
    *SCRIPT,
)
_WAITS = argument("--no-wait", action="store_true", help="changes nothing: all is done when the command returns")
_LIST = (
    argument("-n", "--model-name", "--name", dest="model_name", metavar="NAME", help="only its versions"),
    argument("-l", "--latest", action="store_true", help="one version of each name"),
    argument("--tag", action="append", dest="tags", metavar="K[=V]", help="a tag; may be repeated"),
    argument("--property", action="append", dest="properties", metavar="K[=V]", help="a property; may be repeated"),
    argument("--run-id", metavar="ID", help="only those of a run"),
)
_SHOW = (
    argument("-n", "--model-name", dest="model_name", metavar="NAME", help="the model"),
    argument("-i", "--model-id", metavar="NAME:VERSION", help="one version"),
    argument("--version", metavar="VERSION", help="one version of the name; the newest otherwise"),
)
_DELETE = (argument("-i", "--model-id", required=True, metavar="NAME:VERSION", help="the version"),)
_REGISTER = (
    _NAME,
    argument("-p", "--model-path", metavar="PATH", help="a file or folder"),
    argument("--asset-path", metavar="PATH", help="a file or folder of the run"),
    argument("--run-id", metavar="ID", help="the run"),
    argument("--experiment-name", metavar="NAME", help="the run's experiment"),
    argument("--tag", action="append", metavar="K=V", help="a tag; may be repeated"),
    argument("--property", action="append", metavar="K=V", help="a property, never changed; may be repeated"),
    argument("--model-framework", metavar="F", help="for example ScikitLearn"),
    argument("--model-framework-version", metavar="V", help="goes with --model-framework"),
    argument("--cc", "--cpu-cores", dest="cpu_cores", type=float, metavar="N", help="what a service of it needs"),
    argument("--gb", "--memory-gb", dest="memory_gb", type=float, metavar="N", help="what a service of it needs"),
    argument("--gc", "--gpu-cores", dest="gpu_cores", type=int, metavar="N", help="a label; nothing depends on it"),
    argument("-f", "--run-metadata-file", metavar="FILE", help="JSON with the run's runId; also a framework's name"),
    argument("--sample-input-dataset-id", metavar="NAME:VERSION", help="rows as it takes them"),
    argument("--sample-output-dataset-id", metavar="NAME:VERSION", help="and as it answers"),
    argument("-t", "--output-metadata-file", metavar="FILE", help="write there which version it is, as JSON"),
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
    *CONFIGURATION,
    argument("--no-wait", action="store_true", help="return before it serves"),
    argument("--ct", "--compute-target", dest="ct", metavar="NAME", help="a compute target"),
    argument("--overwrite", action="store_true", help="update the service of that name"),
)
_PACKAGE = (
    argument("-n", "--name", "--image-name", dest="name", metavar="NAME", help="the image's name"),
    argument("--il", "--image-label", dest="image_label", metavar="LABEL", help="the image's tag"),
    *_SERVED[1:],
    _WAITS,
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
    _WAITS,
)
_COMMANDS = {
    "register": Verb(
        "register", "register a file or folder, as az ml model register", (*_REGISTER, *_LABELS), _register
    ),
    "download": Verb("download", "copy a model's files, as az ml model download", (*_DOWNLOAD, *_LABELS), _download),
    "deploy": Verb("deploy", "deploy models, as az ml model deploy", (*_DEPLOY, *_LABELS), _deploy),
    "list": Verb("list", "list models, as az ml model list", (*_LIST, *_LABELS), _list),
    "show": Verb("show", "show a model, as az ml model show", (*_SHOW, *_LABELS), _show),
    "delete": Verb("delete", "delete a version, as az ml model delete", (*_DELETE, *_LABELS), _delete),
    "package": Verb("package", "make an image, as az ml model package", (*_PACKAGE, *_LABELS), _package),
    "profile": Verb("profile", "measure what is needed, as az ml model profile", (*_PROFILE, *_LABELS), _profile),
}
