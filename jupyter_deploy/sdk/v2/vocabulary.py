"""The words of the SDK's classes: wrong ones are answered with the right one, errors are Azure's exceptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ...errors import DeployError
from ..words import Dictionary, WrongWord
from .exceptions import AzureError, translated

# What people write, and what the SDK calls it.
_ARGUMENTS = {
    "env": "environment",
    "conda_env": "environment",
    "environment_name": "environment",
    "env_vars": "environment_variables",
    "env_variables": "environment_variables",
    "variables": "environment_variables",
    "code": "code_configuration",
    "code_config": "code_configuration",
    "inference_config": "code_configuration",
    "models": "model",
    "model_name": "name",
    "model_path": "path",
    "local_path": "path",
    "file_path": "path",
    "entry_script": "scoring_script",
    "score_script": "scoring_script",
    "script": "scoring_script",
    "source_directory": "code",
    "code_path": "code",
    "endpoint": "endpoint_name",
    "deployment": "deployment_name",
    "instances": "instance_count",
    "replicas": "instance_count",
    "count": "instance_count",
    "num_replicas": "instance_count",
    "vm_size": "instance_type",
    "sku": "instance_type",
    "size": "instance_type",
    "auth": "auth_mode",
    "auth_type": "auth_mode",
    "traffic_percentile": "traffic",
    "mirror": "mirror_traffic",
    "conda": "conda_file",
    "conda_dependencies": "conda_file",
    "docker_image": "image",
    "base_image": "image",
    "container": "image",
    "dockerfile": "dockerfile_path",
    "timeout_ms": "request_timeout_ms",
    "timeout": "request_timeout_ms",
    "request_timeout": "request_timeout_ms",
    "max_concurrent_requests": "max_concurrent_requests_per_instance",
    "max_queue_wait": "max_queue_wait_ms",
    "readiness": "readiness_probe",
    "liveness": "liveness_probe",
    "min": "min_instances",
    "max": "max_instances",
    "app_insights": "app_insights_enabled",
    "enable_app_insights": "app_insights_enabled",
    "collector": "data_collector",
    "num_lines": "lines",
    "data": "input_data",
    "request": "request_file",
    "resource_group": "resource_group_name",
    "workspace": "workspace_name",
    "subscription": "subscription_id",
    "key": "key_type",
}
# Where an argument is given that another class takes.
_PLACES = {
    **dict.fromkeys(
        ("request_timeout_ms", "max_concurrent_requests_per_instance", "max_queue_wait_ms"), "OnlineRequestSettings(…)"
    ),
    **dict.fromkeys(("dockerfile_path",), "BuildContext(…)"),
    **dict.fromkeys(("instance_count", "instance_type", "model", "code_configuration"), "ManagedOnlineDeployment(…)"),
    **dict.fromkeys(("scoring_script",), "CodeConfiguration(…)"),
    **dict.fromkeys(("traffic", "mirror_traffic", "auth_mode"), "ManagedOnlineEndpoint(…)"),
    **dict.fromkeys(("image", "conda_file"), "Environment(…)"),
    **dict.fromkeys(("cpu", "memory", "gpu"), "ResourceSettings(…)"),
    **dict.fromkeys(("min_instances", "max_instances"), "TargetUtilizationScaleSettings(…)"),
}
_ATTRIBUTES = {
    "list_keys": "get_keys",
    "keys": "get_keys",
    "get_token": "get_keys",
    "regenerate_keys": "begin_regenerate_keys",
    "regen_key": "begin_regenerate_keys",
    "create_or_update": "begin_create_or_update",
    "create": "begin_create_or_update",
    "begin_create": "begin_create_or_update",
    "begin_update": "begin_create_or_update",
    "delete": "begin_delete",
    "logs": "get_logs",
    "score": "invoke",
    "predict": "invoke",
    "run": "invoke",
    "register": "create_or_update",
    "endpoint": "online_endpoints",
    "endpoints": "online_endpoints",
    "deployments": "online_deployments",
    "url": "scoring_uri",
    "swagger_uri": "openapi_uri",
    "state": "provisioning_state",
    "env": "environment",
    "primary": "primary_key",
    "secondary": "secondary_key",
    "token": "access_token",
    "expiry_on": "expiry_time_utc",
    "traffic_rules": "traffic",
    "get": "result",
}
# What the documents have that the SDK never had: what really does it.
_ELSEWHERE = {
    "update": (
        "endpoint.traffic = {'blue': 90, 'green': 10}, then ml_client.online_endpoints.begin_create_or_update(endpoint)"
    ),
    "set_traffic": (
        "endpoint.traffic = {'blue': 90, 'green': 10}, then ml_client.online_endpoints.begin_create_or_update(endpoint)"
    ),
    "wait_for_deployment": "ml_client.online_deployments.begin_create_or_update(deployment).result()",
    "wait_for_completion": "the poller's result()",
}
WORDS = Dictionary(_ARGUMENTS, _PLACES, _ATTRIBUTES, _ELSEWHERE)


class Vocabulary(type):
    """The metaclass of the SDK's classes."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Vocabulary:
        """Put every public function behind the translation."""
        for key, value in namespace.items():
            if not key.startswith("_") or key == "__post_init__":
                namespace[key] = _spoken(name, value)
        namespace.setdefault("__getattr__", _lacking)
        return super().__new__(mcs, name, bases, namespace)

    if not TYPE_CHECKING:

        def __call__(cls, *given: Any, **named: Any) -> Any:
            """Make an object; words that the class does not take are answered first."""
            refuse_wrong_words(cls.__name__, cls.__init__, given, named)
            return super().__call__(*given, **named)

        def __getattr__(cls, wanted: str) -> Any:
            raise AttributeError(WORDS.no_attribute(cls, wanted))


def _lacking(thing: object, wanted: str) -> Any:
    raise AttributeError(WORDS.no_attribute(type(thing), wanted, list(vars(thing))))


def _spoken(owner: str, value: Any) -> Any:
    if isinstance(value, (staticmethod, classmethod)):
        return type(value)(_function(owner, value.__func__))
    if isinstance(value, property):
        read, write = (_function(owner, each) if each else None for each in (value.fget, value.fset))
        return property(read, write, doc=value.__doc__)
    return _function(owner, value) if isinstance(value, FunctionType) else value


def _function(owner: str, function: Callable[..., Any]) -> Callable[..., Any]:
    called = owner if function.__name__ == "__post_init__" else f"{owner}.{function.__name__}"

    @wraps(function)
    def spoken(*given: Any, **named: Any) -> Any:
        if named:
            refuse_wrong_words(called, function, given, named)
        try:
            return function(*given, **named)
        except AzureError:
            raise
        except DeployError as problem:
            raise translated(problem) from problem

    return spoken


@cache
def _taken(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...], bool, bool]:
    """Return the arguments that a function takes by name and by place, and whether it takes any others by either."""
    named, placed, any_named, any_placed = list[str](), list[str](), False, False
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            any_named = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            any_placed = True
        elif name not in {"self", "cls"}:
            named.append(name)
            placed += [name] if parameter.kind is not parameter.KEYWORD_ONLY else []
    return tuple(named), tuple(placed), any_named, any_placed


def refuse_wrong_words(
    called: str, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """Answer an argument that a call does not take, or one by place that it takes by name."""
    takes, placed, any_named, any_placed = _taken(function)
    for word in () if any_named else named:
        if word not in takes:
            raise WrongWord(WORDS.no_argument(called, word, takes))
    # A method's own object is the first of those given.
    own = 1 if "." in called else 0
    if len(given) - own > len(placed) and not any_placed and takes:
        free = next((name for name in takes if name not in placed and name not in named), takes[0])
        raise WrongWord(f"{called}() takes its arguments by name: {called}({free}=…).")
