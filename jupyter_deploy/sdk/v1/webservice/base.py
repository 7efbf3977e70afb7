"""``azureml.core.webservice.Webservice``: the attributes and calls that all classes of services have."""

from __future__ import annotations

import builtins
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ....errors import InvokeProblem, NotFound, ServiceDown, UsageProblem
from ....services import Health, ServiceRecord, known_hint
from ....workspace import Endpoint, Service
from ..exceptions import WebserviceException
from ..vocabulary import Vocabulary, of_v1
from ..workspace import Workspace
from .attributes import AttributesOfAll
from .bodies import as_it_is
from .finding import check_number
from .known import class_of, found, names_of, not_found
from .labels import compute_type_of, configuration_of
from .serializing import serialized
from .states import FINAL, told, until_deployed

if TYPE_CHECKING:
    from ..environment import Environment
    from ..model import Model

_LOGS = "More information can be found using '.get_logs()'"
_POLL_SECONDS = 0.05


class Webservice(AttributesOfAll, metaclass=Vocabulary):
    """A deployed service. ``Webservice(workspace, name)`` returns an object of the service's own class.

    Attributes are read from the service when they are asked for: none of them is a snapshot.
    """

    _compute_type = ""

    def __new__(cls, workspace: Workspace, name: str, *_: Any, **__: Any) -> Webservice:
        """Make an object of the service's own class."""
        record = found(workspace, name)
        kind: type[Webservice] = class_of(compute_type_of(record)) if record else cls
        return super().__new__(kind if issubclass(kind, cls) else cls)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self._name = name
        self._deleted = False
        record = found(workspace, name)
        if record is None:
            raise not_found(workspace, name)
        kind = compute_type_of(record)
        if self._compute_type and kind != self._compute_type:
            right = class_of(kind).__name__
            raise WebserviceException(
                f"{kind} service {name} is not one of {type(self).__name__}.",
                hint=f"{right}(ws, {name!r}), or Webservice(ws, {name!r}) for any.",
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name}, state={self.state})"

    def _repr_html_(self) -> str | None:
        from ....display import html

        return None if self._deleted else html(self._asked)

    def _check_it_is_there(self) -> None:
        if self._deleted:
            raise WebserviceException(f"Service {self._name} is deleted.", hint="Deploy it again: Model.deploy(…)")

    @property
    def _service(self) -> Service:
        self._check_it_is_there()
        return self.workspace._local.services[self._name]

    @property
    def _asked(self) -> Service | Endpoint:
        """What clients ask: the service itself, or the endpoint that it is."""
        return self._service

    @property
    def _record(self) -> ServiceRecord:
        return self._service.record

    @property
    def _configured(self) -> Mapping[str, Any]:
        return {} if self._deleted else configuration_of(self._record)

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    @property
    def compute_type(self) -> str:
        """``"Local"``, ``"ACI"``, ``"AKS"`` or ``"AKSENDPOINT"``."""
        return self._compute_type

    @property
    def state(self) -> str:
        """How it is now, in this class's words."""
        return told("Deleted", self._compute_type) if self._deleted else self._told(self._service.state)

    def _told(self, state: str) -> str:
        return told(state, self._compute_type, served=not self._record.rollout.unproven)

    @property
    def error(self) -> Mapping[str, str] | None:
        """Why it does not serve; None where it does."""
        health = self._service.health
        if health.state in {"Healthy", "Transitioning"}:
            return None
        code = health.state if self._compute_type == "Local" else self._told(health.state)
        return {"code": code, "statusCode": "400", "message": health.reason}

    @property
    def scoring_uri(self) -> str | None:
        """Where requests go."""
        return self._asked.scoring_uri or None

    @property
    def swagger_uri(self) -> str | None:
        """Where the service describes itself."""
        uri = self.scoring_uri
        return uri.removesuffix("/score") + "/swagger.json" if uri else None

    @property
    def tags(self) -> dict[str, str] | None:
        """A copy of its tags."""
        return dict(self._record.spec.tags)

    @property
    def properties(self) -> dict[str, str] | None:
        """A copy of its properties."""
        return dict(self._record.spec.properties)

    @property
    def description(self) -> str | None:
        """Free text; None where none was given."""
        return self._record.spec.description or None

    @property
    def created_time(self) -> datetime:
        """When it was deployed first, in UTC."""
        return datetime.fromtimestamp(self._record.created, UTC)

    @property
    def updated_time(self) -> datetime:
        """When it was changed last, in UTC."""
        return datetime.fromtimestamp(self._record.updated, UTC)

    @property
    def environment(self) -> Environment | None:
        """What it runs on."""
        from ..environment import Environment

        found = self._record.environment
        return Environment._of(found) if found else None

    @property
    def models(self) -> builtins.list[Model]:
        """The versions that it serves."""
        model = of_v1("Model")
        return [model(self.workspace, id=reference) for reference in self._record.models]

    @property
    def auth_enabled(self) -> bool:
        """Whether requests need a key."""
        return self._record.spec.auth == "key"

    @property
    def token_auth_enabled(self) -> bool:
        """Whether requests need a token."""
        return self._record.spec.auth == "token"

    @property
    def cpu_cores(self) -> float | None:
        """Processors that it may use, as it was asked for."""
        return self._configured.get("cpu_cores") or self._record.spec.cpus or None

    @property
    def memory_gb(self) -> float | None:
        """Gigabytes that it may use, as it was asked for."""
        return self._configured.get("memory_gb") or self._record.spec.memory / (1 << 30) or None

    @property
    def num_replicas(self) -> int:
        """How many processes run the script."""
        return self._record.spec.workers

    @property
    def enable_app_insights(self) -> bool:
        """Whether requests and answers are logged."""
        return bool(self._configured.get("enable_app_insights"))

    @property
    def collect_model_data(self) -> bool:
        """Whether requests and answers are collected."""
        return bool(self._configured.get("collect_model_data"))

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Return when it serves.

        Raises
        ------
        WebserviceException
            If it fails, with the script's traceback, or does not serve in time.
        """
        check_number("timeout_sec", timeout_sec, 600.0)
        end = None if timeout_sec is None else time.monotonic() + timeout_sec
        if show_output:
            print(f"Tips: You can try get_logs() for debugging.\n{self._running}", end="", flush=True)  # noqa: T201
        shown = time.monotonic()
        while (health := self._service.health).state not in FINAL:
            if end is not None and time.monotonic() > end:
                raise WebserviceException(
                    f"Service deployment polling timed out after {timeout_sec:g} s, current service state: "
                    f"{self._told(health.state)}\n{_LOGS}"
                )
            if show_output and time.monotonic() - shown > 1:
                print(".", end="", flush=True)  # noqa: T201
                shown = time.monotonic()
            time.sleep(_POLL_SECONDS)
        if show_output:
            print()  # noqa: T201
        if health.state != "Healthy":
            raise self._failed(health)
        self._service.prove()
        if show_output:
            print(self._finished())  # noqa: T201

    _running = "Running"

    def _finished(self) -> str:
        return f'{self._compute_type} service creation operation finished, operation "Succeeded"'

    def _failed(self, health: Health) -> WebserviceException:
        failure = health.failure
        bundle = self.workspace._local.home.bundles / self._record.bundle
        known = known_hint(failure, self._record, bundle) if failure else ""
        return WebserviceException(
            "Service deployment polling reached non-successful terminal state, current service state: "
            f"{self._told(health.state)}\nError: {health.reason}\n{_LOGS}",
            details=failure.traceback if failure else self.get_logs(20),
            hint=str(known)
            or f"Correct the script, then deploy again; print(service.get_logs()) shows what {self.name} wrote.",
        )

    def update_deployment_state(self) -> None:
        """Do nothing: attributes are always those of now."""

    def run(self, input_data: str | bytes) -> Any:
        """Send a body as it is, and return its answer decoded from JSON.

        Raises
        ------
        WebserviceException
            With status, body and the script's traceback where the answer is not a success.
        """
        self._wait_while_deploying()
        try:
            return self._asked.request(as_it_is(input_data)).value
        except InvokeProblem as problem:
            content = problem.problem.removeprefix(f"answered {problem.status}: ")
            raise WebserviceException(
                "Received bad response from service. More information can be found by calling `.get_logs()` on the "
                f"webservice object.\nResponse Code: {problem.status}\n"
                f"Headers: {{'x-ms-request-id': {problem.request_id!r}}}\nContent: {content}",
                status_code=problem.status,
                details=problem.details,
                hint=str(problem.hint),
            ) from problem
        except ServiceDown as problem:
            raise WebserviceException(
                f"Cannot call run() when service is {self.state}. {problem.message}",
                details=problem.details,
                hint=str(problem.hint),
            ) from problem

    def _wait_while_deploying(self) -> None:
        until_deployed(self._name, lambda: self._service.state)

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """Return the end of what the service has written; there is no log of ``init`` beside it."""
        self._check_it_is_there()
        check_number("num_lines", num_lines, 5000)
        services = self.workspace._local.services
        return services.log_of(self._name, num_lines)

    def get_keys(self) -> tuple[str, str]:
        """Return both keys."""
        try:
            keys = self._asked.get_keys()
        except UsageProblem as problem:
            raise WebserviceException(problem.message, hint=str(problem.hint)) from problem
        # A pair like the SDK's; shown whole, as in a saved notebook, it hides both.
        return keys

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Make a new key, or take a given one; the old one is refused from then on."""
        word = str(key).lower()
        if word not in {"primary", "secondary"}:
            raise WebserviceException(f"Invalid key {key!r}.", hint="service.regen_key('Primary'), or 'Secondary'.")
        try:
            self._asked.regenerate_key(word, set_key)
        except UsageProblem as problem:
            raise WebserviceException(problem.message, hint=str(problem.hint)) from problem

    def get_token(self) -> tuple[str, datetime]:
        """Refused, except by services on AKS."""
        raise NotImplementedError(f"{self._compute_type} web services do not support Token Authentication.")

    def get_access_token(self) -> Any:
        """Refused, except by services on AKS."""
        raise NotImplementedError(f"{self._compute_type} web services do not support Token Authentication.")

    def delete(self) -> None:
        """End it and forget it, with its log; the name is free afterwards."""
        if not self._deleted:
            self._asked.delete()
            self._deleted = True

    def add_tags(self, tags: Mapping[str, str]) -> None:
        """Add tags; one that is there gets the new value."""
        self._describe(tags=tags)

    def remove_tags(self, tags: Sequence[str]) -> None:
        """Remove tags by their keys."""
        for key in tags:
            if key not in self._record.spec.tags:
                print(f"Tag with key {key} not found.")  # noqa: T201 - the SDK's own line
        self._describe(tags=dict.fromkeys(tags))

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties; they can never be changed."""
        self._describe(properties=properties)

    def _describe(self, **what: Any) -> None:
        self._service.describe(**what)

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        return serialized(self)

    def collected(self, *collections: str, **options: Any) -> Any:
        """Return what was collected, as a frame: see :meth:`jupyter_deploy.workspace.Service.collected`."""
        try:
            return self._service.collected(*collections, **options)
        except (NotFound, UsageProblem) as problem:
            raise WebserviceException(problem.message, hint=str(problem.hint)) from problem

    @staticmethod
    def list(
        workspace: Workspace,
        compute_type: str | None = None,
        image_name: str | None = None,
        image_id: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
        image_digest: str | None = None,
    ) -> builtins.list[Webservice]:
        """List services, local ones too; all filters must hold."""
        from .finding import check_filters, passes

        check_filters(compute_type, tags, properties)
        services = [Webservice(workspace, name) for name in names_of(workspace)]
        passing = partial(passes, model_name=model_name, model_id=model_id, tags=tags, properties=properties)
        return [
            service
            for service in services
            if (compute_type or service.compute_type).upper() == service.compute_type.upper()
            and not (image_name or image_id or image_digest)
            and passing(service._record)
        ]
