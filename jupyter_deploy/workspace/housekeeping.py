"""What nothing needs any more: found by comparing what exists with what the rows name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..deploying import Deployment, Garbage
from ..environments import Environment, runtime
from ..files import remove_tree
from ..home import Home
from ..scripts.shipment import Contents
from ..services import Leftover, Server, Services
from ..store import NO_RIGHTS, Database, cannot_write, read_only
from ..targets import all_targets, ended_in, target
from .captured import CapturedValues
from .opening import full_disk_told

# What a process leaves that has forked servers of deployments that sleep.
_WARM = "warm process's log"


class Housekeeping:
    """Finds and removes what nothing needs; ``clear_away`` removes what killed processes left."""

    def __init__(
        self,
        home: Home,
        database: Database,
        rows: Services,
        garbage: Garbage,
        captured: CapturedValues,
        deployment: Deployment,
        clear_away: Callable[[], None],
    ) -> None:
        self.clear_away = clear_away
        self._deployment = deployment
        self._home = home
        self._database = database
        self._rows = rows
        self.garbage = garbage
        self._contents = Contents(home.contents)
        self._captured = captured

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Remove first what killed processes left; on a full disk, say how to make room."""
        self.clear_away()
        with full_disk_told(self._home, self.prunable):
            yield

    @contextmanager
    def trying(self) -> Iterator[None]:
        """As :meth:`changing`, and remove the bundle afterwards, unless a service runs from it."""
        try:
            with self.changing():
                yield
        finally:
            self.garbage.collect_bundles()

    def _servers(self) -> list[Server]:
        return [server for record in self._rows.all() for server in record.servers]

    def _needed(self) -> list[Environment]:
        return [server.environment for server in self._servers() if server.environment]

    def leftovers(self, *, cache: bool = False) -> list[Leftover]:
        """List what can be removed: folders, then captured values, then what is on the targets that answer.

        ``cache`` includes the installer's downloads.
        """
        self.clear_away()
        found = [Leftover("server", f"{name}'s ({what})", 0, name) for name, what in self._deployment.strays.list()]
        found += self._on_disk()
        workspace = self._database.workspace_id
        for place in all_targets():
            found += place.leftovers(workspace, self._servers(), self._needed(), cache=cache)
        return found

    def _on_disk(self) -> list[Leftover]:
        found = [Leftover(kind, place.name[:12], _size(place), str(place)) for kind, place in self.unneeded_folders()]
        values = self._captured.unneeded()
        found += [Leftover("captured value", model.id, model.size, model.id) for model in values]
        for kind, digest in self.garbage.find():
            place = (self._home.artifacts if kind == "artifact" else self._home.bundles) / digest
            found.append(Leftover(kind, digest[:12], _size(place), digest))
        unused = list(self._contents.unused())
        if unused:
            size = sum(map(_file_size, unused))
            found.append(Leftover("shipped files", str(len(unused)), size, str(self._home.contents)))
        return found

    def prunable(self) -> int:
        """Return the bytes that ``prune`` would free in the workspace's folder."""
        return sum(item.size for item in self._on_disk())

    def unneeded_folders(self) -> list[tuple[str, Path]]:
        """List the kinds and paths of folders that no service and no process needs, without their sizes."""
        return list(self._folders())

    def _folders(self) -> Iterator[tuple[str, Path]]:
        needed = {environment.digest for environment in self._needed()}
        for kind, root, keep in (
            ("environment", self._home.environments, needed),
            ("server files", self._home.runtime, {runtime.digest()}),
        ):
            for place in sorted(root.iterdir()) if root.is_dir() else ():
                if place.is_dir() and place.name not in keep and not self._in_use(place):
                    yield kind, place
        for place in ended_in(self._home):
            yield _WARM, place

    @staticmethod
    def _in_use(place: Path) -> bool:
        """Whether a process runs from there: one of another workspace, or of a service that is ending."""
        import psutil

        inside = f"{place}/"
        for process in psutil.process_iter(["cmdline", "environ"]):
            words = process.info["cmdline"] or ()
            where = (process.info["environ"] or {}).get("PYTHONPATH", "")
            if any(word.startswith(inside) for word in words[:1]) or where == str(place):
                return True
        return False

    def remove(self, items: list[Leftover]) -> list[Leftover]:
        """Remove items of :meth:`leftovers`, and return those that are gone; what came into use meanwhile stays."""
        number = cannot_write(self._home.root)
        if number in NO_RIGHTS:
            raise read_only(self._home.root, number)
        gone = [item for item in items if item.kind == "server"]
        for name in dict.fromkeys(item.identity for item in gone):
            self._deployment.settle(name)
        for item in items:
            if item.kind == _WARM and Path(item.identity) not in ended_in(self._home):
                continue
            if item.kind in {"environment", "server files", _WARM}:
                remove_tree(Path(item.identity), trash=self._home.staging)
                gone.append(item)
        removed = self._captured.remove([item.identity for item in items if item.kind == "captured value"])
        gone += [item for item in items if item.kind == "captured value" and item.identity in removed]
        if removed or any(item.kind in {"artifact", "bundle"} for item in items):
            self.garbage.collect()
            gone += [item for item in items if item.kind in {"artifact", "bundle"}]
        if any(item.kind == "shipped files" for item in items):
            self._contents.sweep()
            gone += [item for item in items if item.kind == "shipped files"]
        for name in dict.fromkeys(item.target for item in items if item.target):
            gone += target(name).remove([item for item in items if item.target == name])
        return gone

    def remove_images(self, environment: Environment) -> list[str]:
        """Remove an environment's images, unless a service needs them, and return their names."""
        if environment.is_kernel or environment.digest in {needed.digest for needed in self._needed()}:
            return []
        return [name for place in all_targets() for name in place.discard(environment)]


def _file_size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _size(place: Path) -> int:
    return sum(path.lstat().st_size for path in place.rglob("*") if path.is_file() and not path.is_symlink())
