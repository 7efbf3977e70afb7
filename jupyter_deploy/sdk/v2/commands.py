"""``az ml online-endpoint …`` and ``az ml online-deployment …``: the flags of that command line, for the same work.

A command is Azure's when its action or one of its flags is; everything else is this package's own grammar.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...endpoints import read_shares
from ...errors import UsageProblem
from ...verbs import Argument, Done, Session, Verb, argument
from ...workspace import Workspace as LocalWorkspace
from .client import MLClient
from .entities import EndpointAuthKeys, ManagedOnlineDeployment, ManagedOnlineEndpoint
from .exceptions import AzureError
from .files import load_online_deployment, load_online_endpoint

_EVERYWHERE = {
    *("-g", "--resource-group", "-w", "--workspace-name", "--subscription"),
    *("--local", "--no-wait", "--query", "-o", "--output"),
}
# What the SDK's errors advise.
_RULES = re.compile(
    r"endpoint\.(traffic|mirror_traffic) = (\{[^}]*\}), then "
    r"ml_client\.online_endpoints\.begin_create_or_update\(endpoint\)\.result\(\)"
)
_ASKED = re.compile(r"deployment_name='([^']*)'")
_FLAGS = {
    "endpoint": {
        *("-n", "--name", "-f", "--file", "--auth-mode", "--request-file", "-r", "--deployment-name", "-d"),
        *("--traffic", "--mirror-traffic", *_EVERYWHERE),
    },
    "deployment": {
        *("-n", "--name", "-e", "--endpoint-name", "--endpoint", "-f", "--file", "--all-traffic", "--set"),
        *_EVERYWHERE,
    },
}
# What both grammars have, and what Azure's alone has.
_SHARED = {"endpoint": {"create", "show", "list", "invoke", "delete"}, "deployment": {"show", "list", "delete"}}
_ALONE = {
    "endpoint": {"update", "get-credentials", "regenerate-keys"},
    "deployment": {"create", "update", "get-logs"},
}


def az_verb(name: str, words: Sequence[str]) -> Verb | None:
    """Return Azure's command of that name where the words are Azure's; None where they are not."""
    if name not in _COMMANDS or not words:
        return None
    action = words[0]
    flags = {word.partition("=")[0] for word in words[1:]}
    if action in _ALONE[name] or (action in _SHARED[name] and flags & _FLAGS[name]):
        return _COMMANDS[name]
    return None


def _client(given: argparse.Namespace, session: Session) -> MLClient:
    named = [f"{flag} {value}" for flag, value in (("-g", given.resource_group), ("-w", given.workspace_name)) if value]
    if named:
        _say(session, f"{' and '.join(named)}: a label; there is one workspace on this machine.")
    return MLClient(None, given.subscription, given.resource_group, given.workspace_name)


def _say(session: Session, text: str) -> None:
    # In scripts and logs, too, where nothing else is noted.
    if session.variables is not None:
        session.note(text)
    else:
        print(text, file=sys.stderr)  # noqa: T201


def _shown(found: Any, given: argparse.Namespace) -> Done:
    """Show an entity as YAML; as JSON it is its values."""
    return _value(str(found).rstrip(), _values(found), given)


def _value(text: str, values: dict[str, Any], given: argparse.Namespace) -> Done:
    if not given.query:
        return Done(text, values)
    picked = _picked(values, given.query)
    return Done(picked if isinstance(picked, str) else json.dumps(picked), {"value": picked})


def _listed(kind: str, found: Sequence[Any], given: argparse.Namespace) -> Done:
    text = "\n---\n".join(str(each).rstrip() for each in found)
    return _value(text or f"There are no {kind} yet", {kind: [_values(each) for each in found]}, given)


def _values(entity: Any) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    found: dict[str, Any] = yaml.safe_load(str(entity))
    return found


def _picked(values: Any, query: str) -> Any:
    found = values
    for step in query.split("."):
        if not isinstance(found, Mapping) or step not in found:
            known = ", ".join(found) if isinstance(found, Mapping) else "nothing"
            raise UsageProblem(f"--query {query}: there is no {step!r}.", hint=f"There is: {known}.")
        found = found[step]
    return found


def _overrides(given: argparse.Namespace) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for text in given.set or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageProblem(f"--set {text}: not KEY=VALUE.", hint="For example --set instance_count=2")
        made.append({key: _read(value)})
    return made


def _read(value: str) -> Any:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _need(value: str | None, flag: str) -> str:
    if not value:
        raise UsageProblem(f"{flag} is missing.", hint=f"For example {flag} churn")
    return value


def _with(entity: Any, overrides: Sequence[Mapping[str, Any]], where: str) -> None:
    """Set what ``--set`` says on an entity that the workspace has; dotted keys reach into its groups."""
    for changed in overrides:
        for key, value in changed.items():
            *groups, last = key.split(".")
            inner = entity
            for group in groups:
                inner = inner[group] if isinstance(inner, dict) else getattr(inner, group)
                if inner is None:
                    raise UsageProblem(f"--set {key}: {where} has no {group} yet.", hint="Give it in a file: --file")
            if isinstance(inner, dict):
                inner[last] = value
                continue
            try:
                setattr(inner, last, value)
            except AttributeError as error:
                raise UsageProblem(f"--set {key}: {error}", hint="For example --set instance_count=2") from None


def _endpoint_create(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    overrides = _overrides(given) + ([{"name": given.name}] if given.name else [])
    if given.file:
        endpoint = load_online_endpoint(given.file, params_override=overrides)
    else:
        endpoint = ManagedOnlineEndpoint(name=_need(given.name, "--name"))
        _with(endpoint, overrides, "the endpoint")
    if given.auth_mode:
        endpoint.auth_mode = given.auth_mode
    return _shown(client.online_endpoints.begin_create_or_update(endpoint).result(), given)


def _endpoint_update(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    if given.file:
        named = [{"name": given.name}] if given.name else []
        endpoint = load_online_endpoint(given.file, params_override=_overrides(given) + named)
        client.online_endpoints.get(str(endpoint.name))
    else:
        endpoint = client.online_endpoints.get(_need(given.name, "--name"))
        _with(endpoint, _overrides(given), "the endpoint")
    for what in ("traffic", "mirror_traffic"):
        if getattr(given, what):
            getattr(endpoint, what).mute()
            setattr(endpoint, what, read_shares(" ".join(getattr(given, what))))
    return _shown(client.online_endpoints.begin_create_or_update(endpoint).result(), given)


def _endpoint_show(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    return _shown(client.online_endpoints.get(_need(given.name, "--name")), given)


def _endpoint_list(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    return _listed("endpoints", client.online_endpoints.list(), given)


def _endpoint_invoke(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    text = client.online_endpoints.invoke(
        _need(given.name, "--name"), request_file=given.request_file, deployment_name=given.deployment_name
    )
    return Done(text, {"answer": text})


def _credentials(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    found = client.online_endpoints.get_keys(_need(given.name, "--name"))
    values: dict[str, Any]
    if isinstance(found, EndpointAuthKeys):
        values = {"primaryKey": found.primary_key, "secondaryKey": found.secondary_key}
    else:
        values = {"accessToken": found.access_token, "expiryTimeUtc": found.expiry_time_utc, "tokenType": "Bearer"}
    text = "\n".join(f"{key}: {value}" for key, value in values.items())
    if session.variables is not None and not given.query:
        # A notebook would be saved with it.
        text = (
            f"{found!r}\nml_client.online_endpoints.get_keys({given.name!r}) returns it, --query primaryKey shows one"
        )
        values = {key: "********" if key.endswith(("Key", "Token")) else value for key, value in values.items()}
    return _value(text, values, given)


def _regenerate(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    client.online_endpoints.begin_regenerate_keys(
        _need(given.name, "--name"), key_type=given.key_type or "primary"
    ).result()
    return Done(f"The {given.key_type or 'primary'} key of {given.name} is another one now", {"name": given.name})


def _endpoint_delete(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    name = _need(given.name, "--name")
    client.online_endpoints.get(name)
    if not given.yes and not session.confirm(f"Delete endpoint {name} and its deployments?"):
        return Done(f"{name} stays", {"deleted": None})
    client.online_endpoints.begin_delete(name).result()
    return Done(f"{name} is deleted", {"deleted": name})


def _deployment_create(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    named = {"name": given.name, "endpoint_name": given.endpoint_name}
    overrides = _overrides(given) + [{key: value} for key, value in named.items() if value]
    if given.file:
        deployment = load_online_deployment(given.file, params_override=overrides)
    else:
        deployment = ManagedOnlineDeployment(name=_need(given.name, "--name"), endpoint_name=given.endpoint_name)
        _with(deployment, overrides, "the deployment")
    made = client.online_deployments.begin_create_or_update(deployment).result()
    if given.all_traffic:
        endpoint = client.online_endpoints.get(str(made.endpoint_name))
        endpoint.traffic = {name: 100 if name == made.name else 0 for name in endpoint.traffic}
        client.online_endpoints.begin_create_or_update(endpoint).result()
    return _shown(made, given)


def _deployment_update(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    if given.file:
        return _deployment_create(client, given, session)
    deployment = _deployment(client, given)
    _with(deployment, _overrides(given), "the deployment")
    return _shown(client.online_deployments.begin_create_or_update(deployment).result(), given)


def _deployment(client: MLClient, given: argparse.Namespace) -> Any:
    return client.online_deployments.get(_need(given.name, "--name"), _need(given.endpoint_name, "--endpoint-name"))


def _deployment_show(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    return _shown(_deployment(client, given), given)


def _deployment_list(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    name = _need(given.endpoint_name, "--endpoint-name")
    return _listed("deployments", client.online_deployments.list(name), given)


def _logs(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    text = client.online_deployments.get_logs(
        _need(given.name, "--name"),
        _need(given.endpoint_name, "--endpoint-name"),
        given.lines,
        container_type=given.container,
    )
    return Done(text.rstrip(), {"log": text})


def _deployment_delete(client: MLClient, given: argparse.Namespace, session: Session) -> Any:
    found = _deployment(client, given)
    if not given.yes and not session.confirm(f"Delete deployment {found.name} of {found.endpoint_name}?"):
        return Done(f"{found.name} stays", {"deleted": None})
    client.online_deployments.begin_delete(found.name, found.endpoint_name).result()
    return Done(f"{found.name} is deleted", {"deleted": found.name})


_Act = Callable[[MLClient, argparse.Namespace, Session], Any]
_ENDPOINT: dict[str, _Act] = {
    "create": _endpoint_create,
    "update": _endpoint_update,
    "show": _endpoint_show,
    "list": _endpoint_list,
    "invoke": _endpoint_invoke,
    "get-credentials": _credentials,
    "regenerate-keys": _regenerate,
    "delete": _endpoint_delete,
}
_DEPLOYMENT: dict[str, _Act] = {
    "create": _deployment_create,
    "update": _deployment_update,
    "show": _deployment_show,
    "list": _deployment_list,
    "get-logs": _logs,
    "delete": _deployment_delete,
}


def _runs(acts: Mapping[str, _Act]) -> Callable[[LocalWorkspace, argparse.Namespace, Session], Any]:
    def run(workspace: LocalWorkspace, given: argparse.Namespace, session: Session) -> Any:
        try:
            return acts[given.action](_client(given, session), given, session)
        except AzureError as error:
            error.message = _in_flags(error.message, getattr(given, "endpoint_name", None) or given.name)
            raise

    return run


def _in_flags(message: str, endpoint: str) -> str:
    """Give the commands in place of the SDK's calls that an error advises."""

    def command(found: re.Match[str]) -> str:
        shares = " ".join(f"{name}={share}" for name, share in ast.literal_eval(found[2]).items())
        return f'jupyter model endpoint update -n {endpoint} --{found[1].replace("_", "-")} "{shares}"'

    message = _RULES.sub(command, message)
    return _ASKED.sub(r"--deployment-name \1", message)


def _action(acts: Mapping[str, _Act]) -> Argument:
    return argument("action", choices=tuple(acts), metavar="|".join(acts), help="what to do")


_COMMON: tuple[Argument, ...] = (
    argument("-n", "--name", metavar="NAME", help="its name; wins over the file's"),
    argument("-f", "--file", metavar="FILE", help="create, update: its YAML file"),
    argument("--set", action="extend", nargs="+", metavar="K=V", help="create, update: values in place of the file's"),
    argument("--query", metavar="KEY", help="only this value, for example scoring_uri"),
    argument("-o", "--output", metavar="FORMAT", help="accepted; --json prints JSON"),
    argument("--local", action="store_true", help="accepted; there is no other place"),
    argument("--no-wait", action="store_true", help="accepted; it takes seconds"),
    argument("-g", "--resource-group", metavar="GROUP", help="a label; nothing depends on it"),
    argument("-w", "--workspace-name", metavar="NAME", help="a label; nothing depends on it"),
    argument("--subscription", metavar="ID", help="a label; nothing depends on it"),
)
_COMMANDS = {
    "endpoint": Verb(
        "endpoint",
        "create, change, call and delete endpoints, as az ml online-endpoint",
        (
            _action(_ENDPOINT),
            *_COMMON,
            argument("--auth-mode", metavar="key|aml_token", help="create: what clients must show"),
            argument("--traffic", nargs="+", metavar="NAME=N", help='update: "blue=90 green=10"'),
            argument("--mirror-traffic", nargs="+", metavar="NAME=N", help='update: "green=10"'),
            argument("-r", "--request-file", metavar="FILE", help="invoke: the request's body"),
            argument("-d", "--deployment-name", metavar="NAME", help="invoke: who must answer"),
            argument("--key-type", choices=("primary", "secondary"), help="regenerate-keys: which one"),
        ),
        _runs(_ENDPOINT),
        asks=True,
        long=True,
    ),
    "deployment": Verb(
        "deployment",
        "create, change and delete deployments of endpoints, as az ml online-deployment",
        (
            _action(_DEPLOYMENT),
            argument("-e", "--endpoint-name", "--endpoint", metavar="NAME", help="its endpoint; wins over the file's"),
            *_COMMON,
            argument("--all-traffic", action="store_true", help="create: give it all traffic"),
            argument("--skip-script-validation", action="store_true", help="accepted; the script is always tried"),
            argument("-l", "--lines", type=int, default=50, metavar="N", help="get-logs: how many"),
            argument("-c", "--container", metavar="KIND", help="get-logs: inference-server or storage-initializer"),
        ),
        _runs(_DEPLOYMENT),
        asks=True,
        long=True,
    ),
}
