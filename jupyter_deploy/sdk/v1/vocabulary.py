"""The words of the SDK's classes: wrong ones are answered with the right one, errors are the SDK's exceptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ...errors import DeployError
from ..words import Dictionary, WrongWord
from .exceptions import AzureMLException, WebserviceException, translated

# What people write, and what the SDK calls it.
_ARGUMENTS = {
    "env": "environment",
    "conda_env": "environment",
    "ws": "workspace",
    "ic": "inference_config",
    "inf_config": "inference_config",
    "dc": "deployment_config",
    "deploy_config": "deployment_config",
    "deployment_configuration": "deployment_config",
    "target": "deployment_target",
    "compute_target": "deployment_target",
    "model": "models",
    "service_name": "name",
    "entry_point": "entry_script",
    "execution_script": "entry_script",
    "score_script": "entry_script",
    "source_dir": "source_directory",
    "path": "model_path",
    "root": "relative_root",
    "memory": "memory_gb",
    "cpu": "cpu_cores",
    "packages": "conda_packages",
    "with_package": "conda_packages",
    "with_packages": "conda_packages",
    "timeout": "timeout_sec",
}
_CONFIGURE = "deploy_configuration"
_PACKAGE = __name__.partition(".")[0]
# Where an argument is given that another call does not take.
_PLACES = {
    **dict.fromkeys(("environment", "entry_script", "source_directory", "conda_file"), "InferenceConfig(…)"),
    **dict.fromkeys(
        ("cpu_cores", "memory_gb", "port", "auth_enabled", "token_auth_enabled", "num_replicas", "ssl_enabled"),
        f"{_CONFIGURE}(…)",
    ),
}
_ATTRIBUTES = {
    "list_keys": "get_keys",
    "keys": "get_keys",
    "regenerate_key": "regen_key",
    "regenerate_keys": "regen_key",
    "get_access_keys": "get_keys",
    "logs": "get_logs",
    "wait": "wait_for_deployment",
    "invoke": "run",
    "predict": "run",
    "restart": "reload",
    "url": "scoring_uri",
    "endpoint": "scoring_uri",
    "status": "state",
    "create": "register",
    "get": "list",
    "path": "get_model_path",
    "metrics": "get_metrics",
    "log_metric": "log",
    "log_scalar": "log",
    "upload": "upload_file",
    "add_tag": "add_tags",
    "to_pandas": "to_pandas_dataframe",
    "as_pandas": "to_pandas_dataframe",
    "conda": "python",
}
# What older versions of the SDK had, or the cloud alone has, and what does its work here.
_ELSEWHERE = {
    "File": "Dataset.Tabular, or open(path): a file of this machine is read as it is",
    "add_tensorflow_pip_package": "add_pip_package('tensorflow')",
    "delete": "service.delete() and model.delete(): the workspace itself stays",
    "deploy": "Model.deploy(ws, name, [model], inference_config, deployment_config)",
    "get_default_compute_target": "ComputeTarget(ws, name)",
    "get_default_keyvault": "os.environ['NAME']: secrets come from environment variables here",
    "get_mlflow_tracking_uri": "run.get_metrics(): metrics are kept in the workspace on this machine",
    "get_sas_urls": "model.download(): its files are on this machine",
    "print_configuration": "print_deploy_configuration() of a deployment configuration, or serialize()",
    "set_default_datastore": "Datastore(ws, name): ws.get_default_datastore() is always the same one",
    "deploy_from_model": "Model.deploy(ws, name, [model], inference_config, deployment_config)",
    "deploy_from_image": "Model.deploy(ws, name, models, inference_config, deployment_config)",
    "deploy_local_from_model": "Model.deploy(ws, name, models, inference_config, a LocalWebservice configuration)",
}
_WORDS = Dictionary(_ARGUMENTS, _PLACES, _ATTRIBUTES, _ELSEWHERE)


def of_v1(name: str) -> Any:
    """Load a class of the SDK's by its name: workspaces, runs and models all know each other."""
    return getattr(import_module(__package__), name)


class Vocabulary(type):
    """The metaclass of the SDK's classes.

    A class names with ``error=`` the exception that tells of what went wrong beneath it.
    """

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        error: type[AzureMLException] = WebserviceException,
    ) -> Vocabulary:
        """Put every public function, and those that make and read an object, behind the translation.

        So are those that a class of a layer beneath hands on.
        """
        for base in bases:
            if not isinstance(base, cls):
                namespace = {**_handed_on(base), **namespace}
        for key, value in namespace.items():
            if not key.startswith("_") or key in {"__init__", "__new__"}:
                namespace[key] = _spoken(name, value, error)
        namespace.setdefault("__getattr__", _lacking)
        return super().__new__(cls, name, bases, namespace)

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, namespace)

    if not TYPE_CHECKING:

        def __getattr__(cls, wanted: str) -> Any:
            raise AttributeError(_WORDS.no_attribute(cls, wanted))


def _handed_on(base: type) -> dict[str, Any]:
    ours = [parent for parent in reversed(base.__mro__) if parent.__module__.partition(".")[0] == _PACKAGE]
    found = {key: value for parent in ours for key, value in vars(parent).items()}
    # Properties with a setter and plain data stay where they are.
    return {
        key: value
        for key, value in found.items()
        if not key.startswith("_") and isinstance(value, (FunctionType, staticmethod))
    }


def _lacking(thing: object, wanted: str) -> Any:
    raise AttributeError(_WORDS.no_attribute(type(thing), wanted))


def _spoken(owner: str, value: Any, error: type[AzureMLException]) -> Any:
    if isinstance(value, (staticmethod, classmethod)):
        return type(value)(_function(owner, value.__func__, error))
    if isinstance(value, property):
        read = _function(owner, value.fget, error) if value.fget else None
        write = _function(owner, value.fset, error) if value.fset else None
        return property(read, write, doc=value.__doc__)
    return _function(owner, value, error) if isinstance(value, FunctionType) else value


def _function(owner: str, function: Callable[..., Any], error: type[AzureMLException]) -> Callable[..., Any]:
    code = function.__code__
    takes = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    anything = bool(code.co_flags & inspect.CO_VARKEYWORDS)
    called = owner if function.__name__ in {"__init__", "__new__"} else f"{owner}.{function.__name__}"
    place = takes.index("workspace") if "workspace" in takes else -1

    @wraps(function)
    def spoken(*given: Any, **named: Any) -> Any:
        for word in () if anything else named:
            if word not in takes:
                raise WrongWord(_no_argument(called, word, [name for name in takes if name not in {"self", "cls"}]))
        if place >= 0 and ("workspace" in named or place < len(given)):
            _check_workspace(called, named["workspace"] if "workspace" in named else given[place], error)
        try:
            return function(*given, **named)
        except AzureMLException:
            raise
        except DeployError as problem:
            raise translated(problem, error) from problem

    return spoken


def _check_workspace(called: str, given: object, error: type[AzureMLException]) -> None:
    """Refuse what is no workspace, as where the first two arguments have changed places."""
    if not hasattr(given, "_local"):
        raise error(
            f"{called}: workspace must be a Workspace, not of the class {type(given).__name__}.",
            hint=f"{called}(workspace=ws, …) with ws = Workspace.from_config()",
        )


def _configured_by(word: str) -> str:
    """Name the classes whose configuration has an option that another one lacks."""
    classes = ("LocalWebservice", "AciWebservice", "AksWebservice")
    takes = (name for name in classes if word in inspect.signature(getattr(of_v1(name), _CONFIGURE)).parameters)
    return " and ".join(f"{name}.{_CONFIGURE}" for name in takes)


def _no_argument(called: str, word: str, takes: list[str]) -> str:
    if word in {"with_package", "with_packages"}:
        pip = "pip_packages= and " if "pip_packages" in takes else ""
        text = f"{called}() has no argument {word!r}."
        return f"{text} Packages go into {pip}conda_packages= of CondaDependencies.create()."
    meant = _ARGUMENTS.get(word, word)
    if meant not in takes and called.endswith(f".{_CONFIGURE}") and (owners := _configured_by(meant)):
        return f"{called}() has no argument {word!r}. {meant}= belongs to {owners}."
    return _WORDS.no_argument(called, word, takes)
