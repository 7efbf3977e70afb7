"""A live handle on one service."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ..errors import DeployError, ServiceDown
from ..invoking import Invocable
from ..services import Identity, LocalFolders, Server
from .collecting import Collecting
from .letting_in import LetsIn
from .scoring import Scores

if TYPE_CHECKING:
    from ..deploying import Deployment, Options
    from ..home import Home
    from ..invoking import Invocation, Signature
    from ..scripts import Script
    from ..services import Change, Health, ServiceRecord, Services, Stats, Target
    from .collected import CollectedData
    from .living import Living
    from .replayed import Replayed

_LAST_WORDS = 10


class Service(Invocable, Collecting, Scores, LetsIn):
    """One service, started from anywhere. Attributes are looked up when they are read.

    Parameters
    ----------
    name : str
        The service's name.
    change : Change, optional
        The last change, for those who show it.
    told_as : str, optional
        The name in errors; by default the service's own.
    replay : callable, optional
        Runs a collected request again.
    """

    def __init__(
        self,
        name: str,
        rows: Services,
        home: Home,
        target: Callable[[str], Target],
        health: Callable[[ServiceRecord], Health],
        changes: Callable[[], Deployment],
        change: Change | None = None,
        told_as: str = "",
        replay: Callable[..., Replayed] | None = None,
    ) -> None:
        self.name = name
        self._told_as = told_as or name
        self._replay = replay
        self.change = change
        self._rows = rows
        self._home = home
        self._target = target
        self._health = health
        self._changes = changes
        self._signatures: dict[str, Signature | None] = {}

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    @property
    def _deployment(self) -> Deployment:
        return self._changes()

    def _bundle_folder(self, record: ServiceRecord) -> Path:
        return self._home.bundles / record.bundle

    @property
    def record(self) -> ServiceRecord:
        """The service's row."""
        return self._rows.get(self.name)

    @property
    def health(self) -> Health:
        """Its health, asked from its target now."""
        return self._health(self.record)

    @property
    def state(self) -> str:
        """One of Transitioning, Healthy, Unhealthy, Unschedulable, Failed, Stopped."""
        return self.health.state

    def prove(self) -> None:
        """Note that it serves, if it does: a first deployment that was not waited for is removed when it fails."""
        self._deployment.unproven.prove(self.name)

    @property
    def scoring_uri(self) -> str:
        """Where requests go; empty before the first start."""
        return self._uri(self.record)

    def _uri(self, record: ServiceRecord) -> str:
        route = record.spec.image.scoring if record.spec.image else "/score"
        return f"{self._target(record.target).url(record.server)}{route}" if record.server and record.port else ""

    @property
    def log_file(self) -> Path:
        """The file that its output is appended to, where its target runs it on this machine."""
        return self._local.log

    @property
    def _local(self) -> LocalFolders:
        return LocalFolders(self._home, self.name)

    def as_dict(self, health: Health | None = None, record: ServiceRecord | None = None) -> dict[str, Any]:
        """Return name, state, address, script, models, counts, and the last change, for JSON.

        ``health`` and ``record`` are what is known already; by default it is asked now.
        """
        from ..deploying import followed
        from ..serving import masked_hook

        record = record or self.record
        health, server = health or self._health(record), record.server
        known = self._target(server.target).identity(server) if server else Identity()
        return {
            "name": self.name,
            "state": health.state,
            "reason": health.reason,
            "scoring_uri": self._uri(record),
            "script": "" if record.spec.image else record.spec.script,
            **self._script(record),
            "image": record.spec.image.name if record.spec.image else "",
            "models": list(record.models),
            "captured": (captured := self._captured(record)),
            "follows": list(followed(record.spec, [one for one in record.models if one not in captured.values()])),
            "target": record.spec.target,
            "auth": record.spec.auth,
            "environment": self._environment(record),
            "pid": health.pid or known.pid if known.pid else None,
            "container": known.container or None,
            "workers": list(health.workers),
            "replicas": record.spec.replicas,
            "generation": health.generation,
            "restarts": health.restarts,
            "requests": health.requests,
            "recent": health.recent.as_dict() if health.recent else {},
            "mode": health.mode,
            "created": record.created,
            "started": health.started,
            "uptime_seconds": round(time.time() - health.started, 3) if health.started else 0,
            "bundle": record.bundle,
            "log": str(self.log_file),
            "workspace": self._rows.workspace_id,
            "tags": dict(record.spec.tags),
            "properties": dict(record.spec.properties),
            "on_change": [masked_hook(hook) for hook in record.spec.on_change],
            "description": record.spec.description,
            "change": self.change.as_dict() if self.change else None,
        }

    def _script(self, record: ServiceRecord) -> dict[str, Any]:
        from ..deploying import script_facts

        spec = record.spec
        stored = None if spec.script_is_file else self._rows.script_text(spec.script)
        return script_facts(spec, self._bundle_folder(record), stored)

    def _invocation(self) -> Invocation:
        from ..invoking import Invocation

        record = self.record
        return Invocation(
            replace(record, spec=replace(record.spec, name=self._told_as)),
            self._uri(record),
            self._target(record.target),
            self._local,
            self._bundle_folder(record),
            lambda: self._health(record),
            self._last_words,
            self._signatures,
            self._deployment.access.authorization(record),
        )

    def _writing(self, output: Path) -> AbstractContextManager[None]:
        return self._deployment.writing(output)

    def _last_words(self) -> str:
        try:
            return self.logs(_LAST_WORDS).rstrip()
        except DeployError:
            # The engine that keeps the log does not answer either; there already is an error to report.
            return ""

    @staticmethod
    def _environment(record: ServiceRecord) -> dict[str, Any]:
        known = record.environment if not record.spec.image else None
        return known.as_dict() if known else {}

    def _captured(self, record: ServiceRecord) -> dict[str, str]:
        from ..bundles import captured_names

        try:
            return dict(captured_names(self._bundle_folder(record)))
        except (OSError, ValueError, KeyError):
            # The next deployment rebuilds a missing or damaged bundle; show what is known.
            return {}

    @property
    def script(self) -> Script:
        """The entry script that it runs, as it was shipped; of a model without one, what the package wrote."""
        from ..bundles import manifest_of
        from ..scripts import Script

        bundle = self._bundle_folder(self.record)
        entry = bundle / "code" / manifest_of(bundle).entry
        return Script(self.name, entry.read_text(encoding="utf-8"), str(entry.parent))

    def moved_on(self, living: Living) -> tuple[str, ...]:
        """List the notebook's names that have changed since the served script was taken; empty if nothing is known."""
        from ..scripts import CELL_FILE

        record = self.record
        if record.spec.script_is_file or record.spec.image or not living.knows(record.spec.script):
            return ()
        try:
            entry = self._bundle_folder(record) / "code" / CELL_FILE
            return living.moved_on(record.spec.script, entry.read_text(encoding="utf-8"))
        except OSError:
            # The next deployment rebuilds a missing bundle.
            return ()

    def logs(self, lines: int = 100) -> str:
        """Return the last lines of the service's log, oldest first; at most 4 MB are read, and long lines are cut."""
        return b"".join(self._output(lines, follow=False)).decode("utf-8", "replace")

    def get_logs(self, num_lines: int = 5000, raw: bool = False) -> str:
        """Return the last lines of the service's log, by azureml-core's name for it.

        Parameters
        ----------
        raw : bool, optional
            Ignored.
        """
        return self.logs(num_lines)

    def _output(self, lines: int, *, follow: bool) -> Iterator[bytes]:
        record = self.record
        # The log also says why the first start failed.
        server = record.server or Server(record.target, {})
        return self._target(server.target).logs(self._local, server, lines, follow=follow)

    def follow(self, lines: int = 10, *, pauses: bool = False) -> Iterator[str]:
        """Yield the log's end and then whatever is added, until the caller stops.

        Parameters
        ----------
        lines : int, optional
            The number of existing lines that come first.
        pauses : bool, optional
            Yield an empty piece when nothing was added for a while, so that the caller can stop.
        """
        # A character may be cut at the present end.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for piece in self._output(lines, follow=True):
            if piece or pauses:
                yield decoder.decode(piece)

    @property
    def collections(self) -> CollectedData:
        """What the service has collected, by collection."""
        from .collected import CollectedData

        collects = str(self.record.spec.settings.get("collect", "off"))
        if collects != "off" and self.record.active:
            # A server that answers has written what it collected until then.
            self._health(self.record)
        return CollectedData(self.name, self._home.collected(self.name), collects)

    def stats(self) -> Stats:
        """Measure what the service uses: processor, memory, network. It takes a tenth of a second.

        Raises
        ------
        ServiceDown
            If it does not run.
        """
        server = self.record.active
        if server is None:
            raise ServiceDown(f"{self.name} does not run.", hint=f"jupyter model deploy {self.name} starts it.")
        return replace(self._target(server.target).stats(server), service=self.name)

    @property
    def certificate(self) -> str | None:
        """The file of the certificate that its server shows, for clients' ``verify=``; None for plain HTTP."""
        server = self.record.server
        return server.certificate.file if server and server.certificate else None

    def start(self) -> Change:
        """Start the service again as it was last deployed, unless it runs.

        Raises
        ------
        StartFailed
            With the script's traceback.
        """
        from ..deploying import Asked

        return self._deployment.deploy(self.name, Asked())

    def reload(
        self,
        script: str | Path | None = None,
        model: str | None = None,
        sample: Any = None,
        *,
        large: bool = False,
    ) -> Change:
        """Serve the script as it is now, and the same models or another version, without a failed request.

        Parameters
        ----------
        script : str or pathlib.Path, optional
            A file to serve from now on, instead of the present script.
        model : str, optional
            ``NAME`` for the newest or ``NAME:VERSION``, instead of the present version of that model.
        sample : object, optional
            A value, as for :meth:`invoke`, that this and every later version must answer before it serves.
        large : bool, optional
            Allow more than 100 MB or 10,000 files.

        Raises
        ------
        ReloadFailed
            With the traceback; the old version still serves.
        """
        from ..invoking import encode_payload

        text = None if sample is None else encode_payload(sample).decode()
        self.change = self._deployment.reload(self.name, script=script, model=model, sample=text, large=large)
        return self.change

    def describe(self, **said: Unpack[Options]) -> None:
        """Change its tags, properties, description or labels; what runs is not touched."""
        from ..deploying import Asked

        self._deployment.describe(self.name, Asked.of(**said))

    def stop(self) -> None:
        """Let the service finish its requests and end it; ``deploy`` starts it again."""
        self._deployment.stop(self.name)

    def delete(self, *, keep_data: bool = False) -> None:
        """Stop the service and remove it with its log and, unless kept, what it has collected."""
        self._deployment.delete(self.name, keep_data=keep_data)
