"""Services in containers: the same server, in an image of its environment, on a port of loopback."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import PortBusy, ServiceDown, TargetProblem
from ...services import Doing, Health, Launch, Stats
from ...serving import Failure
from ..admin import Admin, known_settings, settings_for
from ..process import owner_of_port
from . import statistics
from .containers import HOST, LOG, host_config, labels_of, limits, user_of, variables_of
from .daemon import discard, engine
from .images import LABEL, PORT, ensure, exists, pull
from .observation import of_container, of_own_image
from .output import container_output, file_output, keep_output
from .share import CURRENT, DRAIN_SECONDS, SERVICE, Share, settings_of
from .statistics import of_server

_TRIES = 5


class DockerTarget:
    """Starts containers that outlive whoever started them, and finds them again by their ids and labels."""

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Make the image that the service needs.

        Parameters
        ----------
        launch : Launch
            What shall be served.
        say : callable
            Shows progress.
        """
        with engine(timeout=600.0) as client:
            limits(launch, client.info())
            if launch.image:
                if not exists(client, launch.image.name):
                    pull(client, launch.image.name, say)
            else:
                ensure(client, launch.home, launch.environment, launch.workspace, say)

    def start(self, launch: Launch, commit: Callable[[dict[str, Any]], None]) -> None:
        """Start a container; does not wait until its server is ready.

        Parameters
        ----------
        launch : Launch
            What and where.
        commit : callable
            Called with the handle between the container's creation and its start, so that none runs which nobody
            wrote down.

        Raises
        ------
        PortBusy
            Naming who listens there.
        Unschedulable
            For more than the machine has.
        """
        with engine() as client:
            info = client.info()
            user, bounds = user_of(info), limits(launch, info)
            _remove_unknown(client, launch)
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

    @staticmethod
    def _start(
        client: Any,
        launch: Launch,
        share: Share,
        port: int,
        user: str,
        bounds: dict[str, int],
        info: dict[str, Any],
        commit: Callable[[dict[str, Any]], None],
    ) -> bool:
        """Create and start a container; false where its port is taken."""
        from docker.errors import APIError

        own = launch.image
        image = own.name if own else ensure(client, launch.home, launch.environment, launch.workspace, lambda _: None)
        name = f"{LABEL}-{launch.name}-{secrets.token_hex(3)}"
        command = [f"{SERVICE}/bundles/{CURRENT}", "--config", f"{SERVICE}/config.json", "--log", LOG]
        try:
            created = client.api.create_container(
                image,
                command=None if own else command,
                name=name,
                user=None if own else user,
                working_dir=None if own else "/tmp",  # noqa: S108 - the container's own
                ports=[(own.port if own else PORT, "tcp")],
                environment=variables_of(launch, bounds, int(info["NCPU"])),
                labels=labels_of(launch),
                stop_signal=None if own else "SIGTERM",
                host_config=host_config(client, launch, share, port, bounds),
            )["Id"]
            handle = {"container": created, "name": name, "port": port, "share": str(share.folder)}
            handle["knows"] = known_settings()
            if own:
                handle |= {"image": asdict(own), "log": str(launch.log)}
            commit(handle)
            client.api.start(created)
        except BaseException as error:
            discard(client, name)
            taken = r"port is already allocated|address already in use|bind for .* failed|cannot expose privileged"
            if isinstance(error, APIError) and re.search(taken, str(error.explanation or error), re.IGNORECASE):
                return False
            raise
        return True

    def reload(self, launch: Launch, handle: dict[str, Any]) -> tuple[int, tuple[str, ...]]:
        """Swap bundle and settings of a running server.

        Parameters
        ----------
        launch : Launch
            What to serve now, and how.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        tuple of (int, tuple of str)
            The new generation, and the digests of the bundles that workers still use.

        Raises
        ------
        ReloadFailed
            With the script's traceback.
        """
        share = Share(Path(handle["share"]))
        place = share.add(launch.bundle)
        settings = settings_for(handle, launch.name, settings_of(launch))
        generation, roots = self._admin(handle).reload(place, launch.workers, settings)
        share.use(launch)
        in_use = tuple(sorted({Path(root).parent.name for root in roots}))
        share.keep((*in_use, launch.bundle.name))
        return generation, in_use

    def resize(self, launch: Launch, handle: dict[str, Any]) -> None:
        """Change the limits of a running container.

        Parameters
        ----------
        launch : Launch
            With the new limits.
        handle : dict
            From :meth:`start`.
        """
        with engine() as client:
            bounds = limits(launch, client.info())
            client.containers.get(handle["container"]).update(**bounds)

    def probe(self, folder: Path, handle: dict[str, Any]) -> Health:
        """Find out how a service is.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        Health
            The server's own view where it answers; else what the engine knows of its container.
        """
        if "share" not in handle:
            return Health("Failed", "it has no container")
        if handle.get("image"):
            return Share(Path(handle["share"])).ended() or of_own_image(handle, self.url(handle))
        try:
            return self._admin(handle).health()
        except ServiceDown as error:
            silent = error.message
        share = Share(Path(handle["share"]))
        failure = share.failure()
        if failure:
            health = Health("Failed", Failure(**failure).summary, failure=failure)
        else:
            health = share.ended() or of_container(handle, silent, has_served=share.has_served)
        if health.state == "Failed" and not share.has_served:
            # A start that failed leaves nothing behind but its reason; the engine would try for ever.
            self.abandon(handle, health.reason)
        return health

    def runs(self, handle: dict[str, Any]) -> bool:
        """Tell whether the container is there at all.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.

        Returns
        -------
        bool
            However it is; false where the engine does not answer.
        """
        from docker.errors import NotFound as Gone

        with contextlib.suppress(TargetProblem, Gone), engine() as client:
            client.api.inspect_container(handle.get("container", ""))
            return True
        return False

    def abandon(self, handle: dict[str, Any], why: str) -> None:
        """Take away the container of a start that failed.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        why : str
            What its state will say from now on.
        """
        Share(Path(handle["share"])).end(why)
        with contextlib.suppress(TargetProblem):
            if handle.get("image"):
                keep_output(handle, Path(handle["log"]))
            self._remove(handle, 0)

    def failure(self, folder: Path, handle: dict[str, Any], request_id: str) -> dict[str, Any] | None:
        """Look up why the script failed on a request.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.
        request_id : str
            The ``x-ms-request-id`` of the answer.

        Returns
        -------
        dict or None
            A :class:`jupyter_deploy.serving.Failure` as plain values; None where it is not kept.
        """
        if handle.get("image"):
            return None
        try:
            found: dict[str, Any] | None = self._admin(handle).state(request_id)["asked"]
        except ServiceDown:
            return None
        return found

    def doing(self, folder: Path, handle: dict[str, Any]) -> list[Doing]:
        """Ask the server what its workers do.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        list of Doing
            Empty for the user's own image.
        """
        return [] if handle.get("image") else self._admin(handle).doing()

    def stats(self, handle: dict[str, Any]) -> Stats:
        """Measure what the container uses.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.

        Returns
        -------
        Stats
            Of this moment.
        """
        if not handle.get("image"):
            return of_server(self._admin(handle))
        with engine() as client:
            return statistics.of_container(client, handle["container"], Path(handle["share"]))

    def stop(self, handle: dict[str, Any], patience: float = DRAIN_SECONDS + 10) -> None:
        """Let a server finish what it holds, then remove its container; after its time for that, kill it.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        patience : float, optional
            Seconds until it is killed.
        """
        if "container" in handle:
            if handle.get("image"):
                keep_output(handle, Path(handle["log"]))
            self._remove(handle, patience)
            Share(Path(handle["share"])).remove()

    @staticmethod
    def _remove(handle: dict[str, Any], patience: float) -> None:
        from docker.errors import NotFound as Gone

        with engine(timeout=patience + 60) as client, contextlib.suppress(Gone):
            if patience:
                client.api.stop(handle["container"], timeout=int(patience))
            client.api.remove_container(handle["container"], v=True, force=True)

    def url(self, handle: dict[str, Any]) -> str:
        """Return the server's address.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.

        Returns
        -------
        str
            Up to the port.
        """
        return f"http://{HOST}:{handle.get('port', 0)}"

    def output(self, handle: dict[str, Any], log: Path, lines: int, follow: bool) -> Iterator[bytes]:
        """Yield the end of the service's output.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        log : pathlib.Path
            The file that the server writes to; of a user's own image, it holds what containers before this one wrote.
        lines : int
            How many at most.
        follow : bool
            Whether to go on as more comes.

        Yields
        ------
        bytes
            Pieces, oldest first.
        """
        if not handle.get("image"):
            yield from file_output(log, lines, follow)
        else:
            yield from container_output(handle, log, lines, follow)

    def _admin(self, handle: dict[str, Any]) -> Admin:
        return Admin(self.url(handle), Share(Path(handle["share"])).service)


def _remove_unknown(client: Any, launch: Launch) -> None:
    """Remove what was made, but not written down: the service is locked, so whoever made it is dead."""
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
