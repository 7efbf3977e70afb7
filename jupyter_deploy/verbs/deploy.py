"""``deploy``: create, update or repair a service."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..deploying import Asked, own_image
from ..endpoints import balanced
from ..errors import UsageProblem
from ..services import AUTH
from ..targets import CHOICES
from ..workspace import EndpointDeployment, Workspace
from .verb import SETTING, STORED, Session, Verb, agreed, argument, pairs

_SCRIPT = "a script cell's name, or a file; by default the script cell of the service's name"
_SOURCE = "a folder to ship whole, which the script is in; by default the script's own, without what .amlignore names"
_ENVIRONMENT = (
    "kernel, inferred, inferred+PACKAGE, a conda or requirements file, a Dockerfile, or a registered environment's name"
)
_VARIABLE = "an environment variable of the script; KEY alone takes its value here, KEY= removes it; may be repeated"
_ENDPOINT = "make it a deployment of this endpoint, instead of a service; the first word is its script then"
_FOLLOW = "latest: a new version of its model is deployed when it is registered, wherever that is done; none: it stays"
_ON_CHANGE = "an address or a command that gets each change of its state as JSON; may be repeated; none: removes all"
_OF_DEPLOYMENTS = (
    *("instances", "timeout_ms", "concurrency", "queue_ms", "min_instances", "max_instances", "requests_per_instance"),
    *("cool_down", "idle"),
)
_LEAST = "with --endpoint: between it and --max-instances, their number follows the requests; 0: none without requests"
_DEBUG = "let a debugger attach on loopback, at this port or a free one; off: no longer"
_MODEL = "a model for it; may be repeated; by default the registered model of the service's name; none: no model"


def _variables(words: list[str], environ: Mapping[str, str]) -> dict[str, str] | str:
    if words == ["default"] and "default" not in environ:
        return "default"
    found = {}
    for key, value in pairs(words, "--env", bare=True).items():
        if value is None and key not in environ:
            raise UsageProblem(f"--env {key}: there is no variable {key} here.", hint=f"Write --env {key}=VALUE.")
        found[key] = environ[key] if value is None else value
    return found


def _tags(words: list[str]) -> dict[str, str | None]:
    return {key: value or None for key, value in pairs(words, "--tag").items()}


def _number(text: str) -> int | str:
    return text if text in {"default", "any"} else int(text)


# argparse's word for the type when it refuses a value.
_number.__name__ = "int"


def asked_of(given: argparse.Namespace, session: Session, new: bool) -> Asked:
    """Build the request from the words of a command line; the user's defaults are for a new service."""
    # Defaults are for new services only, and not for an image of the user's own.
    defaults = session.defaults if new and not given.image else None
    return Asked.of(
        script=given.script,
        models=given.model,
        target=given.target or (defaults.target if defaults else None) or None,
        port=given.port,
        environment=given.environment or (defaults.environment if defaults else None) or None,
        workers=given.workers,
        replicas=given.replicas,
        settings="default" if given.set == ["default"] else pairs(given.set, "--set") if given.set else None,
        variables=_variables(given.env, os.environ) if given.env else None,
        memory=given.memory,
        cpus=given.cpus,
        image=own_image(given.image, given.image_port, given.scoring, given.liveness, given.readiness),
        source=given.source,
        tags="default" if given.tag == ["default"] else _tags(given.tag) if given.tag else None,
        description=given.description,
        auth=given.auth,
        tls=given.tls,
        tls_key=given.tls_key,
        follow_model=given.follow_model,
        on_change=given.on_change,
        debug=given.debug,
        debug_wait=given.debug_wait or None,
    )


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    if given.endpoint or given.deployment:
        return _deployment(workspace, given, session)
    if given.service is None:
        raise UsageProblem("Which service?", hint="For example: jupyter model deploy churn")
    for option in (*_OF_DEPLOYMENTS, "traffic"):
        if getattr(given, option) is not None:
            raise UsageProblem(
                f"--{option.replace('_', '-')} is for a deployment of an endpoint.",
                hint="Give --endpoint and --deployment too, or leave it out.",
            )
    return agreed(
        partial(
            workspace.apply,
            given.service,
            asked_of(given, session, given.service not in workspace.services),
            living=None if given.stored else session.living,
            wait=not given.no_wait,
            progress=session.say,
        ),
        given.yes,
        session,
    )


def _deployment(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    """Deploy to an endpoint, which is created if there is none of that name."""
    if not given.endpoint or not given.deployment:
        raise UsageProblem(
            "A deployment needs a name and an endpoint.", hint="For example --endpoint churn --deployment green."
        )
    if given.no_wait:
        raise UsageProblem("A deployment is waited for.", hint="Leave --no-wait out.")
    if given.endpoint not in workspace.endpoints:
        workspace.endpoints.create(given.endpoint, auth=given.auth, progress=session.say)
    endpoint = workspace.endpoints[given.endpoint]
    new = given.deployment not in endpoint.deployments
    script = given.script or given.service
    asked = asked_of(argparse.Namespace(**{**vars(given), "script": script, "auth": None}), session, new)
    wanted = {key: getattr(given, key) for key in _OF_DEPLOYMENTS}
    living = None if given.stored else session.living

    def act(large: bool) -> EndpointDeployment:
        how: dict[str, Any] = {"large": large, "living": living, "progress": session.say}
        return endpoint.bring(given.deployment, asked, **wanted, **how)

    made = agreed(act, given.yes, session)
    if given.traffic is not None:
        others = {name: share for name, share in endpoint.traffic.items() if name != given.deployment}
        endpoint.route(balanced({**others, given.deployment: 0}, given.deployment, given.traffic))
    elif new and endpoint.record.without_traffic:
        session.note(f"it gets requests with: jupyter model endpoint traffic {endpoint.name} {given.deployment}=100")
    return made


VERB = Verb(
    "deploy",
    "create, update or repair a service; options that are not given stay as they are",
    (
        argument(
            "service",
            nargs="?",
            help="the service's name, or its script's; the value 'default' resets an option",
            completes="served",
        ),
        argument("--endpoint", metavar="NAME", help=_ENDPOINT, completes="endpoints"),
        argument("--deployment", metavar="NAME", help="with --endpoint: its name there", completes="deployments"),
        argument("--instances", type=int, metavar="N", help="with --endpoint: servers that run it; 1 by default"),
        argument("--min-instances", type=int, metavar="N", help=_LEAST),
        argument("--max-instances", type=int, metavar="N", help="with --endpoint: the most servers that run it"),
        argument(
            "--requests-per-instance",
            type=int,
            metavar="N",
            help="with --endpoint: requests at once that one instance is for; by default as many as it runs",
        ),
        argument(
            "--cool-down",
            type=float,
            metavar="SECONDS",
            help="with --endpoint: how long fewer must have been enough before one ends; 60 by default",
        ),
        argument(
            "--idle",
            type=float,
            metavar="SECONDS",
            help="with --endpoint: how long without a request before the last one ends; 300 by default",
        ),
        argument("--traffic", type=int, metavar="PERCENT", help="with --endpoint: its share once it is ready"),
        argument("--concurrency", type=int, metavar="N", help="with --endpoint: requests that each instance runs"),
        argument("--timeout-ms", type=int, metavar="MS", help="with --endpoint: how long a request may take"),
        argument("--queue-ms", type=int, metavar="MS", help="with --endpoint: how long a request may wait"),
        argument("--script", metavar="NAME_OR_FILE", help=_SCRIPT, completes="scripts"),
        argument("--source", metavar="DIR", help=_SOURCE, completes="files"),
        argument("--model", action="append", metavar="MODEL[:VERSION]", help=_MODEL, completes="models"),
        argument("--target", metavar="|".join(CHOICES), help="where it runs", completes="targets"),
        argument("--port", type=_number, metavar="N", help="its port; any: a free one, as by default"),
        argument("--environment", metavar="E", help=_ENVIRONMENT, completes="environments"),
        argument("--workers", type=_number, metavar="N", help="processes that run the script; 1 by default"),
        argument("--replicas", type=_number, metavar="N", help="servers behind one address, where the target can"),
        argument("--set", action="append", metavar="KEY=VALUE", help=SETTING, completes="settings"),
        argument("--env", action="append", metavar="KEY[=VALUE]", help=_VARIABLE),
        argument(
            "--memory", metavar="SIZE", help="memory of its container: 512m, 2g; half of the machine's by default"
        ),
        argument("--cpus", metavar="N", help="processors of its container; all of the machine's by default"),
        argument("--image", metavar="IMAGE", help="an image of your own, instead of a script; none: the script"),
        argument("--image-port", type=int, metavar="N", help="where the image's server listens; 5001 by default"),
        argument("--scoring", metavar="ROUTE", help="the image's route for requests; /score by default"),
        argument("--liveness", metavar="ROUTE", help="the image's liveness route; / by default"),
        argument("--readiness", metavar="ROUTE", help="the image's readiness route; / by default"),
        argument("--tag", action="append", metavar="K=V", help="a tag; K= removes it; may be repeated"),
        argument("--description", metavar="TEXT", help="what it is for"),
        argument(
            "--auth", metavar="|".join(AUTH), help="what clients must show; model keys NAME shows it", completes="auth"
        ),
        argument(
            "--tls", metavar="self-signed|FILE|none", help="HTTPS only, with a certificate (PEM)", completes="files"
        ),
        argument(
            "--tls-key", metavar="FILE", help="the certificate's key; by default in the same file", completes="files"
        ),
        argument("--follow-model", metavar="latest|none", help=_FOLLOW, completes="following"),
        argument("--on-change", action="append", metavar="URL|COMMAND", help=_ON_CHANGE),
        argument("--debug", nargs="?", const=True, metavar="PORT", help=_DEBUG),
        argument("--debug-wait", action="store_true", help="load the script only once a debugger has attached"),
        argument("--stored", action="store_true", help=STORED),
        argument("--no-wait", action="store_true", help="return before it is ready"),
    ),
    _run,
    asks=True,
    long=True,
)
