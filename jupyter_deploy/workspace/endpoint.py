"""A live handle on one endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ..deploying import Asked, Bounds, EndpointChanges, Given, Options, Progress, References, Wanted, fallback_target
from ..endpoints import EndpointRecord, Endpoints, refuse_while_running
from ..errors import ServiceDown
from ..files import tail
from ..invoking import ANSWER_LIMIT, Invocable, Invocation, Signature, encode_payload
from ..routing import PoolNumbers, RouterHealth, router_of
from ..services import LIFETIME, Change, Keys, LocalFolders, Target, Token
from .endpoint_asked import refuse_unfit, shares_of, stored_script, tags_of
from .endpoint_calls import EndpointInvocation, Member
from .endpoint_deployment import Deployments, EndpointDeployment
from .endpoint_rollout import RollsOut
from .scoring import Scores

if TYPE_CHECKING:
    from .living import Living
    from .service import Service


class Endpoint(Invocable, RollsOut, Scores):
    """One endpoint: an address whose requests its deployments share. Attributes are looked up when they are read.

    Parameters
    ----------
    name : str
        The endpoint's name.
    rows : Endpoints
        The rows of endpoints.
    changes : EndpointChanges
        What changes them.
    service : callable
        Returns the handle of a service, by name.
    target : callable
        Returns a target, by name.
    references : References
        Looks up what a request names.
    renewed : callable
        Takes a script from the notebook again.
    """

    def __init__(
        self,
        name: str,
        rows: Endpoints,
        changes: EndpointChanges,
        service: Callable[[str], Service],
        target: Callable[[str], Target],
        references: References,
        renewed: Callable[..., Change],
    ) -> None:
        self.name = name
        self.rows = rows
        self.changes = changes
        self.service = service
        self._target = target
        self._references = references
        self._renewed = renewed
        self._signatures: dict[str, Signature | None] = {}
        self._named = ""

    def __repr__(self) -> str:
        return f"<Endpoint {self.name}>"

    @property
    def record(self) -> EndpointRecord:
        """The endpoint's row."""
        return self.rows.get(self.name)

    @property
    def health(self) -> RouterHealth:
        """How its router is; one that has died with what restarts it is started again."""
        return self.changes.router_health(self.record)

    @property
    def state(self) -> str:
        """Healthy, Unhealthy or Failed: whether its router answers; a deployment has a state of its own."""
        return self.health.state

    @property
    def scoring_uri(self) -> str:
        """Where requests go."""
        record = self.record
        scheme = "https" if record.tls else "http"
        return f"{scheme}://127.0.0.1:{record.router.port}/score" if record.router else ""

    @property
    def certificate(self) -> str | None:
        """The file of the certificate that its router shows, for clients' ``verify=``; None for plain HTTP."""
        found = self.changes.certificate(self.record)
        return found.file if found else None

    @property
    def deployments(self) -> Mapping[str, EndpointDeployment]:
        """Its deployments by name, oldest first."""
        return Deployments(lambda: self.rows.deployments(self.name), self._deployment)

    @property
    def traffic(self) -> dict[str, int]:
        """The share of each deployment in percent, also where that is 0."""
        shares = self.record.traffic
        return {one.name: shares.get(one.name, 0) for one in self.rows.deployments(self.name)}

    @property
    def mirror(self) -> dict[str, int]:
        """The deployment that gets copies of requests, with their share in percent; empty for none."""
        return dict(self.record.mirror)

    def route(
        self, traffic: Mapping[str, object] | str | None = None, mirror: Mapping[str, object] | str | None = None
    ) -> None:
        """Share the requests between the deployments; in force when this returns, without a failed request.

        Parameters
        ----------
        traffic : mapping or str, optional
            Percentages that add up to 100, or to 0; ``{"blue": 90, "green": 10}`` or ``"blue=90 green=10"``. What is
            left out gets none.
        mirror : mapping or str, optional
            The percentage of requests, at most 50, that are copied to one deployment without traffic; clients never
            see its answers. ``"none"`` ends it.

        Raises
        ------
        UsageProblem
            For other sums, or a deployment that there is not or that is not ready.
        """
        refuse_while_running(self.rows.rollouts.running(self.name), "change its traffic")
        self.changes.route(self.name, shares_of(traffic), shares_of(mirror))

    def deploy(
        self,
        name: str,
        *,
        instances: int | None = None,
        timeout_ms: int | None = None,
        concurrency: int | None = None,
        queue_ms: int | None = None,
        min_instances: int | None = None,
        max_instances: int | None = None,
        requests_per_instance: int | None = None,
        cool_down: float | None = None,
        idle: float | None = None,
        sample: Any = None,
        large: bool = False,
        living: Living | None = None,
        progress: Progress = lambda _: None,
        **options: Unpack[Options],
    ) -> EndpointDeployment:
        """Create a deployment, or change one in place; it gets no traffic by that, and loses no request.

        Parameters
        ----------
        name : str
            Its name within the endpoint.
        instances : int, optional
            How many servers run it; 1 for a new one.
        timeout_ms, concurrency, queue_ms : int, optional
            How long a request may take; how many each instance runs at once, with as many waiting; how long one may
            wait. 0 is no limit.
        min_instances, max_instances : int, optional
            Bounds between which the number of instances follows the requests; with 0 as the lower one, it has none
            without requests. ``instances`` alone ends that; with bounds, it is where
            it begins.
        requests_per_instance : int, optional
            How many requests at once one instance is for; by default as many as it runs.
        cool_down, idle : float, optional
            Seconds for which fewer instances must have been enough before one ends (60), and without a request before
            the last one does (300).
        sample : object, optional
            A value, as for :meth:`invoke`, that each new instance and version must answer before it gets requests.
        large, living, progress : bool, Living, callable, optional
            As for :meth:`.Workspace.deploy`, as all other options are. A new deployment without a script or model
            takes those of the endpoint's name.

        Raises
        ------
        StartFailed, ReloadFailed
            With the script's traceback; what served before serves on.
        """
        how: dict[str, Any] = {"sample": sample, "large": large, "living": living, "progress": progress}
        how |= {"timeout_ms": timeout_ms, "concurrency": concurrency, "queue_ms": queue_ms}
        how |= {"min_instances": min_instances, "max_instances": max_instances, "cool_down": cool_down, "idle": idle}
        how["requests_per_instance"] = requests_per_instance
        return self.bring(name, Asked.of(**options), instances=instances, **how)

    def bring(
        self,
        name: str,
        asked: Asked,
        *,
        instances: int | None = None,
        timeout_ms: int | None = None,
        concurrency: int | None = None,
        queue_ms: int | None = None,
        sample: Any = None,
        large: bool = False,
        living: Living | None = None,
        progress: Progress = lambda _: None,
        **bounds: Unpack[Bounds],
    ) -> EndpointDeployment:
        """Deploy a request that an edge has built; :meth:`deploy` builds one from its arguments."""
        refuse_unfit(asked)
        running = self.rows.rollouts.running(self.name)
        if running and name in {running.new, running.old}:
            refuse_while_running(running, f"change {name}")
        warm = None if sample is None else encode_payload(sample).decode()
        own = (instances, timeout_ms, concurrency, queue_ms, warm)
        wanted = Wanted(*own, tags_of(asked), asked.description, asked.labels, **bounds)
        record = self.rows.find_deployment(self.name, name)
        served = next(iter(self.changes.instances.services(record)), None) if record else None
        chosen: list[str] = []
        source = served.spec.source if served else ""
        located = self._references.located(asked, source, chosen.append, new=served is None)
        if served is None and located.script is None and located.models is None:
            located = located.but(script=self._script_of_its_name(name))
        otherwise = "" if served else fallback_target(asked, located)

        def act(**given: Any) -> Change:
            how = Given(large=large, otherwise=otherwise, progress=progress, **given)
            return self.changes.deploy(self.name, name, located, wanted, how)

        runs = stored_script(located, served)
        as_stored = f"%deploy {runs} --endpoint {self.name} --deployment {name} --stored"
        change = self._renewed(served.name if served else "", runs, living, as_stored, act, progress)
        notes = (*chosen, *change.notes)
        return self._deployment(name, replace(change, service=f"{name} of {self.name}", notes=notes))

    def _deployment(self, name: str, change: Change | None = None) -> EndpointDeployment:
        return EndpointDeployment(self.name, name, self.rows, self.changes, self.service, change)

    def _script_of_its_name(self, deployment: str) -> str | None:
        """Find the stored script of a new deployment for which none is named: its own, or its endpoint's."""
        known = self._references.script_names()
        return next((one for one in (f"{self.name}-{deployment}", self.name) if one in known), None)

    def invoke(
        self,
        value: Any = "",
        *,
        deployment: str = "",
        limit: int | None = ANSWER_LIMIT,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a value, as :meth:`.Service.invoke` does; ``deployment`` must answer it, whatever the rules are."""
        handle = self.only(deployment) if deployment else self
        return handle.request(value, limit=limit, timeout=timeout, headers=headers).value

    def only(self, deployment: str) -> Endpoint:
        """Return a handle all of whose requests one deployment answers, whatever the rules are."""
        self.rows.get_deployment(self.name, deployment)
        other = Endpoint(
            self.name, self.rows, self.changes, self.service, self._target, self._references, self._renewed
        )
        other._named, other._signatures = deployment, self._signatures
        return other

    def _invocation(self) -> Invocation:
        record = self.record
        chosen = self._answering(record)
        member = self._deployment(chosen).served if chosen else None
        if member is None:
            raise self._nobody()
        local = LocalFolders(self.changes.home, member.name)
        service = self.service(member.name)
        return EndpointInvocation(
            replace(member, spec=replace(member.spec, name=self.name)),
            self.scoring_uri,
            self._target(member.target),
            local,
            self.changes.bundle_folder(member),
            lambda: service.health,
            lambda: service.logs(10).rstrip(),
            self._signatures,
            self.changes.authorization(record),
            members=list(self._members()),
            named=self._named,
            explain=self._down,
            shown=self.changes.certificate(record),
        )

    def _writing(self, output: Path) -> AbstractContextManager[None]:
        return self.changes.writing(output)

    def _answering(self, record: EndpointRecord) -> str:
        """Return the deployment whose parameters a request is made for; empty if there is none."""
        if self._named:
            return self._named
        if record.traffic:
            return max(record.traffic, key=lambda name: record.traffic[name])
        return next((one.name for one in self.rows.deployments(self.name)), "")

    def _members(self) -> Iterator[Member]:
        for deployment in self.rows.deployments(self.name):
            for one in self.changes.instances.services(deployment):
                if one.server is not None:
                    local = LocalFolders(self.changes.home, one.name)
                    yield Member(deployment.name, self._target(one.target), local, one.server)

    def _nobody(self) -> ServiceDown:
        return ServiceDown(
            f"Endpoint {self.name} has no deployment that could answer.",
            hint=f"Deploy one: jupyter model deploy SCRIPT --endpoint {self.name} --deployment blue",
        )

    def _down(self) -> ServiceDown:
        health = self.health
        return ServiceDown(
            f"Endpoint {self.name} does not answer; its router is {health.state}"
            + (f": {health.reason}." if health.reason else "."),
            hint=f"Look at it again: jupyter model endpoint show {self.name}",
        )

    def numbers(self) -> dict[str, PoolNumbers]:
        """Return what the router has counted, by deployment."""
        running = self.record.router
        return router_of(running.kind).numbers(running) if running else {}

    def logs(self, lines: int = 100, deployment: str | None = None) -> str:
        """Return the end of a deployment's log; without one, of the router's own: a JSON line for each request."""
        if deployment is not None:
            return self.deployments[deployment].logs(lines)
        return tail(self.access_log, lines)

    @property
    def access_log(self) -> Path:
        """The file in which its router notes each request."""
        return self.changes.access_log(self.name)

    def get_keys(self) -> Keys:
        """Return the two keys, either of which lets clients in; printed whole, neither is shown.

        Raises
        ------
        UsageProblem
            If it has none.
        """
        return self.changes.keys(self.name)

    def regenerate_key(self, key: str, set_key: str | None = None) -> None:
        """Replace one of the two keys, ``"primary"`` or ``"secondary"``; the one before it is refused from now on."""
        self.changes.replace_key(self.name, key, set_key)

    def get_token(self, lifetime: timedelta = LIFETIME) -> Token:
        """Make a token that lets a client in for a while, at most a day; refused where it takes none."""
        return self.changes.token(self.name, lifetime)

    def delete(self) -> None:
        """Remove it with all its deployments; requests in flight are answered."""
        self.changes.delete(self.name)

    def as_dict(self) -> dict[str, Any]:
        """Return state, address, rules, deployments and what the router counted, for JSON."""
        record, health, numbers = self.record, self.health, self.numbers()
        deployments = []
        for one in self.deployments.values():
            counted = asdict(numbers.get(one.name, PoolNumbers()))
            shown = {key: None if value != value else value for key, value in counted.items()}
            deployments.append({**one.as_dict(), "numbers": shown})
        return {
            "name": self.name,
            "state": health.state,
            "reason": health.reason,
            "scoring_uri": self.scoring_uri,
            "auth": record.auth,
            "traffic": self.traffic,
            "mirror": self.mirror,
            "rollout": self._rolling_out(),
            "last_rollout": self._last_rollout(),
            "deployments": deployments,
            "tags": dict(record.tags),
            "properties": dict(record.properties),
            "description": record.description,
            "created": record.created,
            "uptime_seconds": round(time.time() - record.created, 3) if record.created else 0,
        }
