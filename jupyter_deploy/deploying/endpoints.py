"""Everything that changes endpoints: their rules, their deployments, their router; one change at a time."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from ..endpoints import (
    DeploymentRecord,
    EndpointRecord,
    Endpoints,
    check_endpoint_name,
    checked_mirror,
    checked_traffic,
    member_of,
    shown_shares,
)
from ..errors import UsageProblem
from ..home import Home
from ..routing import Backend, Pool, Router, RouterHealth, Rules, kind_again, notice_of, router_of
from ..services import (
    LIFETIME,
    Certificate,
    Change,
    KeyFile,
    Keys,
    ServiceRecord,
    Services,
    Setting,
    Target,
    Token,
    credentials_for,
    new_token,
    with_key,
)
from ..store import Database, Held
from .asked import Asked
from .certificates import certificate_in
from .changing import LOCK_SECONDS, Busy
from .copies import Copies, Given
from .deployment import Deployment
from .endpoint_asked import EndpointAsked
from .instances import Instances
from .resizing import Resizing
from .rollout import Progress
from .routers import RouterBeside
from .wanted import Wanted

_READY = {"Healthy"}


class EndpointChanges:
    """Everything that changes endpoints."""

    def __init__(
        self,
        home: Home,
        database: Database,
        endpoints: Endpoints,
        rows: Services,
        deployment: Deployment,
        copies: Copies,
        target: Callable[[str], Target],
    ) -> None:
        self.home = self._home = home
        self._database = database
        self._endpoints = endpoints
        self._rows = rows
        self._deployment = deployment
        self._target = target
        self.instances = Instances(endpoints, rows, deployment, copies, self._inner_key, self.push)
        parts = (self._lock, self._backend, self.push, copies.keep_warm)
        self._beside = RouterBeside(home, endpoints, self.instances.services, target, self._rules, self._lock)
        self.resizing = Resizing(home, endpoints, rows, self.instances, deployment.health, *parts)

    def writing(self, output: Path) -> contextlib.AbstractContextManager[None]:
        """Hold a file that rows are scored into; see :func:`.changing.writing`."""
        return self._deployment.writing(output)

    @contextlib.contextmanager
    def _lock(self, name: str, what: str = "endpoint", seconds: float = LOCK_SECONDS) -> Iterator[None]:
        (self._home.root / "endpoints").mkdir(exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._database.lock("endpoint", name, seconds))
            except Held as error:
                raise Busy(
                    f"Another process has been changing {what} {name} for {seconds:.0f} s.", hint="Wait, or end it."
                ) from error
            yield

    def put(self, name: str, asked: EndpointAsked, progress: Progress = lambda _: None) -> EndpointRecord:
        """Create an endpoint with its router, or change one; its rules stay.

        Raises
        ------
        PortBusy
            If the port is in use.
        """
        check_endpoint_name(name)
        with self._lock(name):
            before = self._endpoints.find(name)
            if before is None and self._rows.find(name):
                raise UsageProblem(
                    f"A service is named {name!r}: an endpoint of that name could not be told from it.",
                    hint=f"Give the endpoint another name, or: jupyter model delete {name}",
                )
            record = asked.over(before or EndpointRecord(name))
            if record.auth != "none":
                self._keys(name).ensure()
            if before is not None and before.router is not None and record.port in {0, before.router.port}:
                self._endpoints.put(record)
                self._push(record)
                return self._endpoints.get(name)
            progress("starting the router")
            if before is not None and before.router is not None:
                router_of(before.router.kind).stop(before.router)
            port = record.port or (before.router.port if before and before.router else 0)
            found = router_of(kind_again(before.router.kind, port) if before and before.router else "")
            if notice := notice_of(found.kind):
                progress(notice)
            try:
                self._start(found, record, port)
            except BaseException:
                if before is None:
                    self._endpoints.remove(name)
                    shutil.rmtree(self._home.endpoint(name), ignore_errors=True)
                elif before.router is not None:
                    self._start(found, before, before.router.port)
                raise
            record = self._endpoints.get(name)
            if any(one.sleeps for one in self._endpoints.deployments(name)):
                # The place where their requests are held is known once the router is.
                self._push(record)
            return record

    def _start(self, found: Router, record: EndpointRecord, port: int) -> None:
        found.start(
            self._home, self._rules(record), port, lambda running: self._endpoints.put(replace(record, router=running))
        )

    def _keys(self, name: str) -> KeyFile:
        return KeyFile(self._home.root, self._home.endpoint(name))

    def _inner_key(self, name: str) -> str:
        return KeyFile(self._home.root, self._home.endpoint(name) / "inner").ensure().primary

    def _rules(self, record: EndpointRecord) -> Rules:
        return Rules(
            record.name,
            tuple(self._pool(one, record) for one in self._endpoints.deployments(record.name)),
            record.traffic,
            record.mirror,
            credentials_for(record.auth, _audience(record.name), self._keys(record.name)),
            self._inner_key(record.name),
            self.certificate(record),
            record.sticky,
            self._database.workspace_id,
        )

    def certificate(self, record: EndpointRecord) -> Certificate | None:
        """Return what an endpoint's clients are shown; None for plain HTTP."""
        folder = self._home.endpoint(record.name)
        return certificate_in(self._home.root, folder, f"endpoint {record.name}", record.tls, record.tls_key)

    def _pool(self, deployment: DeploymentRecord, endpoint: EndpointRecord) -> Pool:
        members = self.instances.services(deployment)
        image = next((one.spec.image for one in members if one.spec.image), None)
        own = (image.readiness, image.scoring) if image else ()
        if deployment.sleeps and endpoint.router is not None:
            # Who holds its requests starts it first, so their time is the instance's own affair.
            place = router_of(endpoint.router.kind).held_at(endpoint.router, deployment.name)
            return Pool(deployment.name, (Backend(path=str(place)),), replace(deployment.limits, timeout_ms=0), *own)
        backends = [one for member in members if (one := self._backend(member))]
        return Pool(deployment.name, tuple(backends), deployment.limits, *own)

    def addresses(self, deployment: DeploymentRecord) -> list[tuple[str, int]]:
        """Return where the instances of a deployment listen, for requests that pass the router by."""
        found = [self._backend(one) for one in self.instances.services(deployment)]
        return [(one.host, one.port) for one in found if one]

    def inner_key(self, name: str) -> str:
        """Return what an endpoint's router shows to its instances."""
        return self._inner_key(name)

    def _backend(self, member: ServiceRecord) -> Backend | None:
        server = member.active
        if server is None or member.rollout.unproven:
            return None
        address = urlsplit(self._target(server.target).url(server))
        return Backend(address.hostname or "127.0.0.1", address.port or 80)

    def push(self, name: str) -> None:
        """Tell the router of an endpoint what its row and those of its deployments say."""
        with self._lock(name):
            self._push(self._endpoints.get(name))

    def _push(self, record: EndpointRecord) -> None:
        if record.router is not None:
            router_of(record.router.kind).push(self._home, record.router, self._rules(record))

    def ready(self, name: str) -> list[str]:
        """List the deployments of an endpoint that can answer."""
        return [one.name for one in self._endpoints.deployments(name) if self._is_ready(one)]

    def _is_ready(self, deployment: DeploymentRecord) -> bool:
        return deployment.sleeps or any(
            self._deployment.health(one).state in _READY for one in self.instances.services(deployment)
        )

    def route(
        self, name: str, traffic: Mapping[str, object] | None, mirror: Mapping[str, object] | None
    ) -> EndpointRecord:
        """Share the traffic of an endpoint; None stays as it is. It is in force when this returns.

        Raises
        ------
        UsageProblem
            For shares that :func:`.checked_traffic` or :func:`.checked_mirror` refuse.
        """
        with self._lock(name):
            before = self._endpoints.get(name)
            known = [one.name for one in self._endpoints.deployments(name)]
            asked_for = {*(traffic or {}), *(mirror or {}), *before.mirror}
            ready = self._ready_of(name, asked_for)
            shares = before.traffic if traffic is None else checked_traffic(traffic, ready, known)
            copied = checked_mirror(before.mirror if mirror is None else mirror, shares, ready, known)
            record = replace(before, traffic=shares, mirror=copied)
            self._endpoints.put(record)
            try:
                self._push(record)
            except BaseException:
                self._endpoints.put(before)
                raise
            return record

    def _ready_of(self, name: str, asked_for: Collection[str]) -> list[str]:
        return [one.name for one in self._endpoints.deployments(name) if one.name in asked_for and self._is_ready(one)]

    def deploy(self, endpoint: str, name: str, asked: Asked, wanted: Wanted, given: Given | None = None) -> Change:
        """Create a deployment of an endpoint, or change one in place; references in ``asked`` are looked up already.

        Raises
        ------
        StartFailed, ReloadFailed
            With the script's traceback; what served before serves on.
        """
        check_endpoint_name(name, "a deployment")
        self._endpoints.get(endpoint)
        with self._lock(f"{endpoint}.{name}", "deployment"):
            before = self._endpoints.find_deployment(endpoint, name)
            record = wanted.over(before or DeploymentRecord(endpoint, name))
            try:
                change = self.instances.bring(record, asked, given or Given())
                if before is None:
                    self._beside(endpoint, (given or Given()).progress)
                self.resizing.supervise(endpoint)
                return change
            except BaseException as error:
                if before is not None and (now := self._endpoints.find_deployment(endpoint, name)):
                    self._endpoints.put_deployment(replace(now, failed=str(error)[:500]))
                raise

    def collect(self, endpoint: str, name: str, settings: Mapping[str, Setting | None]) -> None:
        """Give all instances of a deployment settings for collected data; they go on serving what they serve.

        Raises
        ------
        ReloadFailed
            With the script's traceback; the settings stay as they were.
        """
        with self._lock(f"{endpoint}.{name}", "deployment"):
            self.instances.settle(self._endpoints.get_deployment(endpoint, name), settings)

    def undeploy(self, endpoint: str, name: str) -> None:
        """Remove a deployment that has no traffic.

        Raises
        ------
        UsageProblem
            If it has; the hint is the command that takes it away.
        """
        with self._lock(f"{endpoint}.{name}", "deployment"):
            record = self._endpoints.get_deployment(endpoint, name)
            with self._lock(endpoint):
                rules = self._endpoints.get(endpoint)
                _refuse_with_traffic(rules, name)
                self._endpoints.remove_deployment(endpoint, name)
                self._push(rules)
            self._delete_instances(record)

    def _delete_instances(self, record: DeploymentRecord) -> None:
        for number in range(record.last + 1):
            shutil.rmtree(self._home.collected(member_of(record.endpoint, record.name, number)), ignore_errors=True)
        for one in record.instances:
            self.instances.delete_service(one)

    def delete(self, name: str) -> None:
        """Remove an endpoint with its router, its deployments and its keys; requests in flight are answered."""
        with self.resizing.still(name), self._lock(name):
            record = self._endpoints.get(name)
            if record.router is not None:
                router_of(record.router.kind).stop(record.router)
            for deployment in self._endpoints.deployments(name):
                self._delete_instances(deployment)
            self._endpoints.remove(name)
            shutil.rmtree(self._home.endpoint(name), ignore_errors=True)
            for log in self._home.logs.glob(f"{name}.access.log*"):
                log.unlink(missing_ok=True)

    def keys(self, name: str) -> Keys:
        """Return the keys of an endpoint, or refuse if it has none."""
        _must_have_keys(self._endpoints.get(name))
        return self._keys(name).ensure()

    def replace_key(self, name: str, which: str, key: str | None) -> None:
        """Replace one of an endpoint's keys; the one before it is refused when this returns. None makes a new key."""
        with self._lock(name):
            record = self._endpoints.get(name)
            _must_have_keys(record)
            file = self._keys(name)
            file.write(with_key(file.ensure(), which, key))
            self._push(record)

    def token(self, name: str, lifetime: timedelta = LIFETIME) -> Token:
        """Make a token for the clients of an endpoint, or refuse if it takes none."""
        record = self._endpoints.get(name)
        if record.auth != "token":
            raise UsageProblem(
                f"{name} takes no tokens: its auth is {record.auth}.",
                hint=f"Let it take tokens: jupyter model endpoint create {name} --auth token",
            )
        return new_token(self._home.root, _audience(name), lifetime)

    def authorization(self, record: EndpointRecord) -> str:
        """Return the ``Authorization`` header for an endpoint; empty if it needs none."""
        if record.auth == "key":
            return f"Bearer {self._keys(record.name).ensure().primary}"
        return f"Bearer {self.token(record.name).token}" if record.auth == "token" else ""

    def router_health(self, record: EndpointRecord) -> RouterHealth:
        """Find out how an endpoint's router is; what should restart it is started again where it has died."""
        if record.router is None:
            return RouterHealth("Failed", "it has no router")
        found = router_of(record.router.kind)
        # A router that is being stopped for good, in any process, must not be started again by a look.
        with contextlib.suppress(Busy), self._lock(record.name, seconds=0):
            if self._endpoints.find(record.name) is None:
                return RouterHealth("Failed", "it was deleted")
            found.ensure(self._home, record.router)
        return found.probe(record.router)

    def bundle_folder(self, member: ServiceRecord) -> Path:
        """Return the folder of the bundle that an instance serves."""
        return self._deployment.bundle_folder(member)

    def access_log(self, name: str) -> Path:
        """Return the file of an endpoint's requests, a JSON line each."""
        return self._home.logs / f"{name}.access.log"


def _audience(name: str) -> str:
    # A service may have the same name: its tokens must not open the endpoint, nor the other way round.
    return f"endpoint/{name}"


def _must_have_keys(record: EndpointRecord) -> None:
    if record.auth == "token":
        raise UsageProblem(
            f"{record.name} has no keys: its clients need tokens.",
            hint=f"Make one: jupyter model endpoint keys {record.name}",
        )
    if record.auth != "key":
        raise UsageProblem(
            f"{record.name} has no keys: it answers all clients.",
            hint=f"Give it keys: jupyter model endpoint create {record.name} --auth key",
        )


def _refuse_with_traffic(record: EndpointRecord, name: str) -> None:
    if share := record.traffic.get(name):
        others = {other: value for other, value in record.traffic.items() if other != name}
        instead = shown_shares({next(iter(others)): 100, name: 0}) if others else f"{name}=0"
        raise UsageProblem(
            f"Deployment {name} has {share} % of the traffic of {record.name}: take it away first.",
            hint=f"jupyter model endpoint traffic {record.name} {instead}",
        )
    if share := record.mirror.get(name):
        raise UsageProblem(
            f"{share} % of the requests of {record.name} are mirrored to {name}: end that first.",
            hint=f"jupyter model endpoint mirror {record.name} none",
        )
