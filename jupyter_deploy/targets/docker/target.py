"""Services in containers: the same server, in an image of its environment, on a port of loopback."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...environments import Environment
from ...errors import PortBusy, ServiceDown, TargetProblem
from ...services import (
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
from ...serving import Credentials, Failure
from ..admin import Admin, known_settings, settings_for, token_in
from ..process import owner_of_port
from . import leftovers as left
from . import statistics
from .containers import HOST, LOG, host_config, labels_of, limits, user_of, variables_of
from .daemon import discard, engine, unreachable
from .debugger import ROOT, close_way, open_way
from .facts import ContainerFacts
from .images import LABEL, PORT, ensure, exists, pull
from .network import gives_way, handed_over, mended, release, waits
from .observation import of_container, of_own_image, stopped_by_hand
from .output import container_output, file_output, keep_output
from .share import CURRENT, DRAIN_SECONDS, SERVICE, Share, settings_of
from .statistics import of_server

_TRIES = 5


class Joined(NamedTuple):
    """The network of another container that a new one has, if any, and where its server waits for that one's port."""

    waits_at: str = ""
    network: str = ""
    network_share: str = ""


_ALONE = Joined()


class DockerTarget:
    """Starts containers that outlive the process that started them, and finds them again by their ids and labels."""

    name = "docker"
    capabilities = Capabilities(
        limits=True, own_image=True, live_reload=True, takes_over=True, contains=True, debugging=True, debug_root=ROOT
    )

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Pull or build the image."""
        with engine(timeout=600.0) as client:
            limits(launch, client.info())
            if launch.image:
                if not exists(client, launch.image.name):
                    pull(client, launch.image.name, say, chosen=True)
            else:
                ensure(client, launch.local.home, launch.environment, launch.workspace, say)

    def start(self, launch: Launch, commit: Callable[[Server], None]) -> None:
        """Create a container, record it, then start it."""
        with engine() as client:
            info = client.info()
            user, bounds = user_of(info), limits(launch, info)
            _remove_unknown(client, launch)
            if self._start_beside(client, launch, info, commit):
                return
            share = Share.create(launch, user)
            try:
                for attempt in range(_TRIES):
                    port = launch.port if launch.port and attempt == 0 else _free_port()
                    if self._start(client, launch, share, port, user, bounds, info, commit):
                        return
                    if launch.port_is_given:
                        raise _busy(client, launch.port)
                raise PortBusy("No free port was found.", hint="Give one: --port N.")
            except BaseException:
                share.remove()
                raise

    def _start_beside(
        self, client: Any, launch: Launch, info: dict[str, Any], commit: Callable[[Server], None]
    ) -> bool:
        """Start a container in the network of the one before, whose server hands over its port; false if it cannot."""
        from docker.errors import APIError

        before = launch.takes_over
        facts = ContainerFacts.of(before) if before else ContainerFacts()
        if before is None or launch.image or not facts.gives_way or not facts.container:
            return False
        user, bounds, name = user_of(info), limits(launch, info), f"jupyter-deploy-{secrets.token_hex(8)}"
        joined = Joined(name, facts.network or facts.container, facts.network_share or facts.share)
        share, made = Share.create(launch, user), list[Server]()

        def committed(server: Server) -> None:
            made.append(server)
            commit(server)

        try:
            self._start(client, launch, share, before.port, user, bounds, info, committed, joined)
            new = ContainerFacts.of(made[-1]).container
            moves = launch.certificate is None and before.certificate is None
            if handed_over(client, self._admin(before), new, name, connections=moves):
                return True
            discard(client, new)
        except BaseException as error:
            share.remove()
            if not isinstance(error, APIError):
                raise
        else:
            share.remove()
        return False

    @staticmethod
    def _start(
        client: Any,
        launch: Launch,
        share: Share,
        port: int,
        user: str,
        bounds: dict[str, int],
        info: dict[str, Any],
        commit: Callable[[Server], None],
        joined: Joined = _ALONE,
    ) -> bool:
        """Create and start a container; false if its port is taken."""
        from docker.errors import APIError

        own = launch.image
        image = (
            own.name if own else ensure(client, launch.local.home, launch.environment, launch.workspace, lambda _: None)
        )
        name = f"{LABEL}-{launch.name}-{secrets.token_hex(3)}"
        command = [f"{SERVICE}/bundles/{CURRENT}", "--config", f"{SERVICE}/config.json", "--log", LOG]
        command += ["--waits-at", joined.waits_at] if joined.waits_at else []
        try:
            created = client.api.create_container(
                image,
                command=None if own else command,
                name=name,
                user=None if own else user,
                working_dir=None if own else "/tmp",  # noqa: S108 - the container's own
                ports=None if joined.network else [(own.port if own else PORT, "tcp")],
                environment=variables_of(launch, bounds, int(info["NCPU"]), port),
                labels=labels_of(launch),
                stop_signal=None if own else "SIGTERM",
                host_config=host_config(client, launch, share, port, bounds, joined.network),
            )["Id"]
            log = str(launch.local.log) if own else ""
            place = (created, name, str(share.folder), known_settings(), own, log)
            facts = ContainerFacts(*place, not own, joined.network, joined.network_share)
            made = (facts.to_json(), port, launch.environment, launch.bundle.digest, launch.certificate)
            commit(Server(DockerTarget.name, *made))
            client.api.start(created)
            open_way(client, launch, facts)
        except BaseException as error:
            discard(client, name)
            taken = r"port is already allocated|address already in use|bind for .* failed|cannot expose privileged"
            if isinstance(error, APIError) and re.search(taken, str(error.explanation or error), re.IGNORECASE):
                return False
            raise
        return True

    def keep_warm(self, launch: Launch) -> None:
        """Do nothing: this target has no warm processes."""

    def reload(self, launch: Launch, server: Server) -> tuple[Reloaded, ...]:
        """Link the bundle into the folder that the container sees."""
        facts = ContainerFacts.of(server)
        share = Share.of(facts)
        if launch.settings.get("debug_port"):
            with engine() as client:
                open_way(client, launch, facts)
        place = share.add(launch.bundle.folder)
        settings = settings_for(facts.knows, launch.name, settings_of(launch))
        reloaded = self._admin(server).reload(place, launch.workers, settings)
        share.use(launch)
        share.keep((*reloaded.in_use, launch.bundle.digest))
        if not launch.settings.get("debug_port"):
            close_way(facts)
        return (reloaded,)

    def authorize(self, local: LocalFolders, server: Server, credentials: Credentials) -> None:
        """Write them where the container's next start reads them, then tell the server that runs in it."""
        share = Share.of(ContainerFacts.of(server))
        # A container of a package before these has no such file, and its server refuses.
        if share.has_credentials:
            share.authorize(credentials)
        self._admin(server).authorize(local.service, credentials)

    def resize(self, launch: Launch, server: Server) -> None:
        """Change the limits while the container runs."""
        with engine() as client:
            bounds = limits(launch, client.info())
            client.containers.get(ContainerFacts.of(server).container).update(**bounds)

    def scale(self, launch: Launch, server: Server, commit: Callable[[Server], None]) -> None:
        """Do nothing: this target has no replicas."""

    def probe(self, local: LocalFolders, server: Server) -> Health:
        """Ask the server, or else its folder and the engine; a start that failed is removed."""
        facts = ContainerFacts.of(server)
        share = Share.of(facts)
        if not facts.share:
            return Health("Failed", "it has no container")
        if facts.image:
            return share.ended() or of_own_image(facts, facts.image, self.url(server))
        try:
            return self._admin(server).health()
        except ServiceDown as error:
            silent = error.message
        failure = share.failure()
        if failure:
            health = Health("Failed", failure.summary, failure=failure)
        elif waits(facts):
            # The server before it still answers at the port.
            return Health("Healthy", generation=1, started=time.time())
        else:
            known = share.ended() or mended(facts, stopped_by_hand)
            health = known or of_container(facts, silent, has_served=share.has_served)
        if health.state == "Failed" and not share.has_served:
            # Only the reason of a failed start stays; the engine would retry forever.
            self.abandon(local, server, health.reason)
        return health

    def trace(self, local: LocalFolders, server: Server) -> object:
        """Return nothing: only the server can tell."""
        return None

    def runs(self, server: Server) -> bool:
        """Ask the engine."""
        from docker.errors import NotFound as Gone

        with contextlib.suppress(TargetProblem, Gone), engine() as client:
            client.api.inspect_container(ContainerFacts.of(server).container)
            return True
        return False

    def identity(self, server: Server) -> Identity:
        """Return the container's name."""
        return Identity(container=ContainerFacts.of(server).name)

    def abandon(self, local: LocalFolders, server: Server, why: str) -> None:
        """Remove the container: the engine would restart it forever."""
        facts = ContainerFacts.of(server)
        Share.of(facts).end(why)
        with contextlib.suppress(TargetProblem):
            if facts.image:
                keep_output(facts, Path(facts.log))
            close_way(facts)
            self._remove(facts, 0)

    def failure(self, local: LocalFolders, server: Server, request_id: str) -> Failure | None:
        """Ask the server; nothing is known of a user's own image."""
        if ContainerFacts.of(server).image:
            return None
        try:
            return Failure.read(self._admin(server).state(request_id)["asked"])
        except ServiceDown:
            return None

    def doing(self, local: LocalFolders, server: Server) -> list[Doing]:
        """Ask the server; nothing is known of a user's own image."""
        return [] if ContainerFacts.of(server).image else self._admin(server).doing()

    def stats(self, server: Server) -> Stats:
        """Ask the server; for a user's own image, the engine."""
        facts = ContainerFacts.of(server)
        if not facts.image:
            return of_server(self._admin(server))
        with engine() as client:
            return statistics.of_container(client, facts.container, Path(facts.share))

    def usage(self, server: Server) -> Usage:
        """Read the counters of the container's control group."""
        facts = ContainerFacts.of(server)
        if not facts.image:
            return statistics.usage_of_server(self._admin(server))
        with engine() as client:
            return statistics.usage_of_container(client, facts.container)

    def stop(self, server: Server, patience: float = DRAIN_SECONDS + 10) -> None:
        """Stop and remove the container, and its folder; where others have its network, it stays without its server."""
        facts = ContainerFacts.of(server)
        if facts.container:
            if facts.image:
                keep_output(facts, Path(facts.log))
            close_way(facts)
            with engine(timeout=patience + 60) as client:
                if gives_way(client, facts, self._admin(server), patience):
                    return
                self._remove(facts, patience)
                Share.of(facts).remove()
                release(client, facts)

    def forget(self, server: Server) -> None:
        """Do nothing: everything is in the service's own folder."""

    @staticmethod
    def _remove(facts: ContainerFacts, patience: float) -> None:
        from docker.errors import NotFound as Gone

        with engine(timeout=patience + 60) as client, contextlib.suppress(Gone):
            if patience:
                client.api.stop(facts.container, timeout=int(patience))
            client.api.remove_container(facts.container, v=True, force=True)

    def leftovers(
        self, workspace: str, servers: Sequence[Server], environments: Sequence[Environment], *, cache: bool
    ) -> list[Leftover]:
        """Ask the engine, by the workspace's labels."""
        if unreachable():
            return []
        return list(left.leftovers(workspace, servers, environments, cache=cache))

    def remove(self, leftovers: Sequence[Leftover]) -> list[Leftover]:
        """Remove containers, images and the cache."""
        return left.remove(leftovers)

    def discard(self, environment: Environment) -> list[str]:
        """Remove the environment's images, as far as no container needs them."""
        try:
            return left.remove_images_of(environment)
        except TargetProblem:
            return []

    def url(self, server: Server) -> str:
        """Return an address of loopback."""
        return server.url(HOST)

    def logs(self, local: LocalFolders, server: Server, lines: int, *, follow: bool) -> Iterator[bytes]:
        """Read the log file; for a user's own image, the output of earlier containers in it, then the engine's log."""
        facts = ContainerFacts.of(server)
        if not facts.image:
            yield from file_output(local.log, lines, follow)
        else:
            yield from container_output(facts, local.log, lines, follow)

    def _admin(self, server: Server) -> Admin:
        token = token_in(Share.of(ContainerFacts.of(server)).service)
        return Admin(self.url(server), token, server.certificate)


def _remove_unknown(client: Any, launch: Launch) -> None:
    """Remove a container that was made, but not recorded.

    The service is locked, so the process that made it is dead.
    """
    labels = [f"{LABEL}.workspace={launch.workspace}", f"{LABEL}.service={launch.name}", f"{LABEL}.role=service"]
    for container in client.api.containers(all=True, filters={"label": labels, "status": "created"}):
        discard(client, container["Id"])
        for mount in container["Mounts"]:
            if mount["Destination"] == SERVICE:
                Share(Path(mount["Source"]).parent).remove()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _busy(client: Any, port: int) -> PortBusy:
    hint = "Give another port, or none: a free one is chosen."
    for container in client.api.containers():
        if any(published.get("PublicPort") == port for published in container["Ports"] or ()):
            service, name = (container["Labels"] or {}).get(f"{LABEL}.service"), container["Names"][0].lstrip("/")
            owner = f"service {service} (container {name})" if service else f"container {name}"
            return PortBusy(f"Port {port} is in use by {owner}.", hint=hint)
    return PortBusy(f"Port {port} is in use by {owner_of_port(port) or 'another program'}.", hint=hint)
