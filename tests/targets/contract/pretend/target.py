"""The pretend target: all that it knows of a server are its facts, all that it says goes over a slow network."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

from jupyter_deploy.bundles import Archive
from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import DeployError, PortBusy, ServiceDown, TargetProblem
from jupyter_deploy.files import tail_of_log
from jupyter_deploy.services import (
    Capabilities,
    Doing,
    Health,
    Identity,
    Launch,
    Leftover,
    LocalFolders,
    Reloaded,
    Server,
    Stats,
    Usage,
)
from jupyter_deploy.serving import Credentials, Failure, ServingConfig, with_settings
from jupyter_deploy.targets import Following
from jupyter_deploy.targets.admin import Admin, known_settings, settings_for

from . import DELAY_SECONDS
from .platform import Platform, Replica, Taken, used

_WORST = ("Failed", "Unhealthy", "Transitioning", "Healthy")


class PretendTarget:
    """Servers on another machine, as far as it knows: it has neither their files nor their processes."""

    name = "pretend"
    capabilities = Capabilities(live_reload=True, replicas=True, kernel=True)

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Refuse limits and images."""
        for what, given in (("--memory", launch.memory), ("--cpus", launch.cpus), ("--image", launch.image)):
            if given:
                raise TargetProblem(f"The pretend target has no {what}.", hint="Leave it out.")

    def start(self, launch: Launch, commit: Callable[[Server], None]) -> None:
        """Start replicas that wait for their bundle, write them down, and send it."""
        platform, labels = Platform(), {"workspace": launch.workspace, "service": launch.name}
        config, secret, digest = asdict(_settings(launch)), launch.credentials.dumps(), launch.bundle.digest
        try:
            name = platform.create(labels, config, secret, launch.replicas, launch.port, digest)
        except Taken as taken:
            if launch.port_is_given:
                message = f"Port {launch.port} is in use by another program."
                raise PortBusy(message, hint="Give another port.") from taken
            name = platform.create(labels, config, secret, launch.replicas, 0, digest)
        facts = {"deployment": name, "knows": list(known_settings()), "labels": labels}
        server = Server(self.name, facts, platform.port(name), launch.environment, digest)
        try:
            commit(server)
        except BaseException:
            self.stop(server, 0.0)
            raise
        self._upload(launch, server, platform.replicas(name))

    def _upload(self, launch: Launch, server: Server, replicas: Sequence[Replica]) -> None:
        with Archive(launch.bundle) as archive, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: self._admin(server, one).upload(archive), replicas))

    def keep_warm(self, launch: Launch) -> None:
        """Do nothing: this target has no warm processes."""

    def reload(self, launch: Launch, server: Server) -> tuple[Reloaded, ...]:
        """Reload one replica after the other: the first shows whether the script can be loaded."""
        settings = settings_for(server.facts["knows"], launch.name, _settings(launch))  # type: ignore[arg-type]
        done: list[Reloaded] = []
        with Archive(launch.bundle) as archive:
            replicas = self._replicas(server)
            for one in replicas:
                try:
                    done.append(self._admin(server, one).reload(archive, launch.workers, settings))
                except DeployError:
                    self._back(launch, server, replicas[: len(done)])
                    raise
        Platform().reconfigure(_name(server), asdict(_settings(launch)))
        return tuple(done)

    def _back(self, launch: Launch, server: Server, replicas: Sequence[Replica]) -> None:
        before = replace(launch.bundle, digest=server.bundle, folder=launch.bundle.folder.with_name(server.bundle))
        with Archive(before) as archive:
            for one in replicas:
                self._admin(server, one).reload(archive, launch.workers, {})

    def authorize(self, local: LocalFolders, server: Server, credentials: Credentials) -> None:
        """Keep them for the next replica, and tell those that run."""
        Platform().keep(_name(server), credentials.dumps())
        for one in self._replicas(server):
            self._admin(server, one).authorize(local.service, credentials)

    def resize(self, launch: Launch, server: Server) -> None:
        """Refuse limits."""
        self.prepare(launch, lambda _: None)

    def scale(self, launch: Launch, server: Server, commit: Callable[[Server], None]) -> None:
        """Start or end replicas; new ones get the bundle and their first request when they serve."""
        platform, name = Platform(), _name(server)
        before = len(platform.replicas(name))
        platform.scale(name, launch.replicas, launch.bundle.digest)
        commit(server)
        new = platform.replicas(name)[before:]
        self._upload(launch, server, new)
        while any(self._health(server, one).state == "Transitioning" for one in new):
            # The delay of each call is pause enough.
            pass
        platform.route(name)

    def probe(self, local: LocalFolders, server: Server) -> Health:
        """Ask every replica: the service is as its worst one."""
        platform, name = Platform(), _name(server)
        replicas = platform.replicas(name)
        if not replicas:
            return Health("Failed", "its deployment is gone")
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda one: self._health(server, one), replicas))
        for failure in map(Failure.read, platform.failures(name)):
            if failure:
                return Health("Failed", failure.summary, failure=failure)
        worst = min(found, key=lambda health: _WORST.index(health.state))
        return replace(
            worst,
            workers=tuple(pid for health in found for pid in health.workers),
            requests=sum(health.requests for health in found),
            restarts=sum(health.restarts for health in found),
        )

    def _health(self, server: Server, one: Replica) -> Health:
        try:
            return self._admin(server, one).health()
        except ServiceDown as error:
            # The platform's own view.
            return Health("Unhealthy" if one.lives else "Failed", error.message)

    def trace(self, local: LocalFolders, server: Server) -> object:
        """Return nothing: only the server can tell."""
        return None

    def runs(self, server: Server) -> bool:
        """Ask the platform."""
        return any(one.lives for one in Platform().replicas(_name(server)))

    def identity(self, server: Server) -> Identity:
        """Tell the deployment's name."""
        return Identity(container=_name(server))

    def abandon(self, local: LocalFolders, server: Server, why: str) -> None:
        """Bring the log to this machine: the service may be forgotten."""
        with local.log.open("ab") as log:
            log.write(b"".join(self.logs(local, server, 1000, follow=False)))

    def stats(self, server: Server) -> Stats:
        """Add up what the replicas use."""
        there = [one for one in Platform().replicas(_name(server)) if one.lives]
        if not there:
            raise ServiceDown("No replica runs.", hint="Deploy it again.")
        memory, processes = used(there)
        return Stats(0.0, memory, 0, processes)

    def usage(self, server: Server) -> Usage:
        """Tell the memory; the platform does not account for processors."""
        return Usage(time.monotonic(), 0.0, self.stats(server).memory)

    def failure(self, local: LocalFolders, server: Server, request_id: str) -> Failure | None:
        """Ask each replica: one of them has answered that request."""
        for one in self._replicas(server):
            with contextlib.suppress(ServiceDown):
                found = Failure.read(self._admin(server, one).state(request_id)["asked"])
                if found:
                    return found
        return None

    def doing(self, local: LocalFolders, server: Server) -> list[Doing]:
        """Ask each replica."""
        return [doing for one in self._replicas(server) for doing in self._admin(server, one).doing()]

    def stop(self, server: Server, patience: float = 40.0) -> None:
        """End the deployment."""
        if server.facts:
            Platform().remove(_name(server), patience)

    def forget(self, server: Server) -> None:
        """Remove the log of the service's servers."""
        if server.facts:
            Platform().log_of(_labels(server)).unlink(missing_ok=True)

    def leftovers(
        self, workspace: str, servers: Sequence[Server], environments: Sequence[Environment], *, cache: bool
    ) -> list[Leftover]:
        """List the deployments that no service knows."""
        known = {_name(server) for server in servers if server.target == self.name and server.facts}
        found = Platform().deployments(workspace)
        return [Leftover("deployment", name, 0, name, self.name) for name in found if name not in known]

    def remove(self, leftovers: Sequence[Leftover]) -> list[Leftover]:
        """End them."""
        for item in leftovers:
            Platform().remove(item.identity, 0.0)
        return list(leftovers)

    def discard(self, environment: Environment) -> list[str]:
        """Leave the platform's environment."""
        return []

    def url(self, server: Server) -> str:
        """Return the router's address."""
        return f"http://127.0.0.1:{server.port}"

    def logs(self, local: LocalFolders, server: Server, lines: int, *, follow: bool) -> Iterator[bytes]:
        """Read what the platform keeps of all replicas; of a service that never ran, why."""
        log = Platform().log_of(_labels(server)) if server.facts else local.log
        following = Following(log)
        yield tail_of_log(log, lines, until=following.at).encode()
        while follow:
            time.sleep(DELAY_SECONDS)
            yield following.read(1 << 16)

    def _replicas(self, server: Server) -> list[Replica]:
        return Platform().replicas(_name(server))

    def _admin(self, server: Server, one: Replica) -> Admin:
        time.sleep(DELAY_SECONDS)
        return Admin(f"http://127.0.0.1:{one.port}", lambda: Platform().token(_name(server)))


def _name(server: Server) -> str:
    return str(server.facts.get("deployment", ""))


def _labels(server: Server) -> Mapping[str, str]:
    labels = server.facts["labels"]
    assert isinstance(labels, dict)
    return labels


def _settings(launch: Launch) -> ServingConfig:
    usual = ServingConfig(title=launch.name, name=launch.name, workers=launch.workers, environ=dict(launch.variables))
    return with_settings(usual, launch.settings, f"settings of {launch.named}")
