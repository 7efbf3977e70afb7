"""``ml_client.online_deployments``."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from functools import partial

from ....deploying import told_of_debugger
from ....endpoints import check_endpoint_name
from ....errors import DeployError, Hint
from ....workspace import Endpoint, EndpointDeployment, Workspace
from ...notices import notice
from ..entities import Model, OnlineDeployment
from ..exceptions import AzureError, HttpResponseError, ValidationException, translated
from ..kept import LABEL, changed, deployment_entity, deployment_label, snapshot
from ..plan import Parts, notices_of, plan_of
from ..poller import LROPoller, entity_of
from ..telling import TELLER
from ..vocabulary import Vocabulary
from .environments import EnvironmentOperations
from .models import ModelOperations
from .underway import UNDERWAY
from .versions import found

_COMMAND = re.compile(r"(^|\W)(?:jupyter model |%)deploy [\w.\-]+")
_CONTAINERS = ("inference-server", "storage-initializer")


class OnlineDeploymentOperations(metaclass=Vocabulary):
    """Deployments of endpoints. ``local=True`` is accepted everywhere: there is no other place; calls wait with it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._models = ModelOperations(workspace)
        self._environments = EnvironmentOperations(workspace)

    def begin_create_or_update(
        self,
        deployment: OnlineDeployment,
        *,
        local: bool = False,
        vscode_debug: bool = False,
        skip_script_validation: bool = False,
        local_enable_gpu: bool = False,
    ) -> LROPoller[OnlineDeployment]:
        """Create a deployment, or change the one of its name in place, without a lost request; its traffic stays.

        Raises
        ------
        ValidationException
            At once, for what no deployment can have; what fails in its script is raised by ``result()``.
        """
        given = entity_of(deployment)
        if not isinstance(given, OnlineDeployment):
            raise ValidationException(
                f"A {type(given).__name__} is no online deployment.",
                hint="ManagedOnlineDeployment(name='blue', endpoint_name='churn-endpoint', model=…)",
            )
        name, endpoint = check_endpoint_name(given.name, "a deployment"), self._endpoint_name(given)
        changes = changed(given)
        parts = self._checked(given, changes)
        for text in notices_of(given) if changes is None else ():
            notice(f"{name}: {text}")
        key = (endpoint, name)
        known = not UNDERWAY.word((endpoint,)) and name in self._workspace.endpoints[endpoint].deployments
        word = "Updating" if known else "Creating"
        UNDERWAY.begin(key, word)

        def work(say: Callable[[str], None]) -> OnlineDeployment:
            with UNDERWAY.ending(key, word):
                UNDERWAY.until_created((endpoint,))
                try:
                    live = self._deploy(self._workspace.endpoints[endpoint], given, parts, changes, say, vscode_debug)
                except DeployError as error:
                    raise self._told(error, endpoint, name) from error
                self._tell_of_traffic(live)
                if given._facts.get("as_it_was") is not None:
                    given._facts["as_it_was"] = snapshot(given)
            return deployment_entity(live)

        return LROPoller(f"deployment {name}", work).ended(local)

    def _endpoint_name(self, given: OnlineDeployment) -> str:
        if not given.endpoint_name:
            raise ValidationException(
                "The deployment names no endpoint.", hint=f"endpoint_name='churn-endpoint' for {given.name}"
            )
        if not UNDERWAY.word((given.endpoint_name,)):
            return self._workspace.endpoints[given.endpoint_name].name
        return given.endpoint_name

    def _checked(self, given: OnlineDeployment, changes: frozenset[str] | None) -> Parts:
        """Look up, at once, what the deployment names; nothing is copied or installed."""
        if changes is None or "code_configuration" in changes:
            given.check()
        if changes is not None and not changes & {"environment", "model", "code_configuration"}:
            return Parts()
        environment, image = self._environments._reference(given.environment, f"{given.endpoint_name}-{given.name}")
        if isinstance(given.model, Model) and not given.model.id and given.model.path is not None:
            given.model.source()
        elif given.model is not None:
            self._models._reference(given.model)
        if given.code_configuration is None and given.model is None and image is None:
            raise ValidationException(
                f"Deployment {given.name} has neither model nor code_configuration.",
                hint="model='azureml:churn:1', code_configuration=CodeConfiguration('./src', 'score.py')",
            )
        return Parts(environment, image)

    def _deploy(
        self,
        endpoint: Endpoint,
        given: OnlineDeployment,
        parts: Parts,
        changes: frozenset[str] | None,
        say: Callable[[str], None],
        debug: bool,
    ) -> EndpointDeployment:
        name = str(given.name)
        model = self._models._reference(given.model) if given.model is not None else None
        before = found(endpoint.deployments, name)
        plan = plan_of(given, parts, model, before, changes)
        reference = parts.environment if isinstance(parts.environment, str) else None
        registered = reference if reference in self._workspace.environments else None
        plan.options["labels"] = {LABEL: deployment_label(given, model, registered)}
        if debug or (before is not None and before.served and before.served.spec.settings.get("debug_port")):
            plan.options["debug"] = debug
        made = endpoint.deploy(name, **plan.how, progress=say, **plan.options)
        if debug and made.served:
            for text in told_of_debugger(made.served.spec, self._workspace.home.service(made.served.name)):
                TELLER.at_the_end(partial(str, f"{name}: {text}"))
        return made

    def _told(self, error: DeployError, endpoint: str, name: str) -> AzureError:
        """Speak of the deployment, not of the service that is its instance; give calls in place of commands."""
        member = re.compile(rf"{re.escape(endpoint.lower())}\.{re.escape(name.lower())}\.\d+")
        title = f"Deployment {name} of {endpoint}"
        advice = error.hint.advice if isinstance(error.hint, Hint) else str(error.hint)
        advice = _COMMAND.sub(r"\1ml_client.begin_create_or_update(deployment)", advice)
        hint = member.sub(title, advice)
        live = found(self._workspace.endpoints, endpoint)
        if live is not None and name in live.deployments:
            logs = f"ml_client.online_deployments.get_logs({name!r}, {endpoint!r}) shows more."
            hint = f"{hint.rstrip('.')}. {logs}".lstrip(". ")
        changed_error = type(error)(member.sub(title, error.message), hint=hint, details=error.details)
        return translated(changed_error)

    def _tell_of_traffic(self, live: EndpointDeployment) -> None:
        name = live.endpoint

        def told() -> str:
            endpoint = found(self._workspace.endpoints, name)
            if endpoint is None or any(endpoint.traffic.values()):
                return ""
            return (
                f"{name} has no traffic yet, so its clients get 404. To give it to {live.name}: "
                f"endpoint.traffic = {{'{live.name}': 100}}, then "
                "ml_client.online_endpoints.begin_create_or_update(endpoint).result()"
            )

        TELLER.at_the_end(told, ("traffic", name))

    def get(self, name: str, endpoint_name: str, *, local: bool | None = False) -> OnlineDeployment:
        """Find a deployment.

        Raises
        ------
        ResourceNotFoundError
            With the nearest name.
        """
        made = deployment_entity(self._live(name, endpoint_name))
        word = UNDERWAY.word((endpoint_name, name))
        if word:
            made._facts["provisioning_state"] = word
        return made

    def list(self, endpoint_name: str, *, local: bool = False) -> builtins.list[OnlineDeployment]:
        """List the deployments of an endpoint, oldest first."""
        return [deployment_entity(each) for each in self._workspace.endpoints[endpoint_name].deployments.values()]

    def begin_delete(self, name: str, endpoint_name: str, *, local: bool | None = False) -> LROPoller[None]:
        """Delete a deployment that has no traffic.

        Raises
        ------
        HttpResponseError
            At once, where it has; with the call that takes it away.
        """
        live = self._live(name, endpoint_name)
        _refuse_with_traffic(self._workspace.endpoints[endpoint_name], name)
        key = (endpoint_name, name)
        UNDERWAY.begin(key, "Deleting")

        def work() -> None:
            with UNDERWAY.ending(key, "Deleting"):
                live.delete()

        return LROPoller(f"deployment {name}", lambda _: work()).ended(bool(local))

    def get_logs(
        self,
        name: str,
        endpoint_name: str,
        lines: int = 50,
        *,
        container_type: str | None = None,
        local: bool = False,
    ) -> str:
        """Return the last lines of a deployment's log."""
        kind = str(container_type or _CONTAINERS[0]).lower().replace("_", "-")
        if kind not in _CONTAINERS:
            raise ValidationException(
                f"container_type cannot be {container_type!r}.", hint=f"One of: {', '.join(_CONTAINERS)}."
            )
        if kind == _CONTAINERS[1]:
            return "Nothing is downloaded: models are on this machine.\n"
        return self._live(name, endpoint_name).logs(lines)

    def _live(self, name: str, endpoint_name: str) -> EndpointDeployment:
        UNDERWAY.until_created((endpoint_name,))
        deployments = self._workspace.endpoints[endpoint_name].deployments
        if name not in deployments:
            # A notebook may go on before it is there.
            UNDERWAY.until_created((endpoint_name, name))
        return deployments[name]


def _refuse_with_traffic(endpoint: Endpoint, name: str) -> None:
    share, copied = endpoint.traffic.get(name, 0), endpoint.mirror.get(name, 0)
    if not share and not copied:
        return
    what, rules = ("traffic", dict(endpoint.traffic)) if share else ("mirror_traffic", dict(endpoint.mirror))
    others = [other for other in rules if other != name]
    after = {name: 0, **({others[0]: 100} if share and others else {})}
    raise HttpResponseError(
        f"Deployment {name} has {share or copied} % of the {'traffic' if share else 'mirrored requests'} of "
        f"{endpoint.name}: take it away first.",
        hint=f"endpoint.{what} = {after}, then ml_client.online_endpoints.begin_create_or_update(endpoint).result()",
        status_code=409,
    )
