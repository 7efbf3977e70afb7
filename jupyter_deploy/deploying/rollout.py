"""Apply a plan with the smallest change: none, reload or replace. The new server is ready before the old one ends."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..bundles import Bundle
from ..environments import Environment
from ..errors import DeployError, Hint, PortBusy, ReloadFailed, StartFailed, Unschedulable
from ..home import Home
from ..progress import Step
from ..services import (
    NOT_WAITED_FOR,
    WAITED_FOR,
    Health,
    KeptWarm,
    KeyFile,
    Launch,
    LocalFolders,
    RolloutState,
    Server,
    ServiceRecord,
    Services,
    ServiceSpec,
    Setting,
    Target,
    credentials_for,
    failure_hint,
)
from ..serving import Failure, is_address
from .differences import differences
from .resolution import Resolved, models_exist
from .servicelog import prepare
from .standing import found_health

_POLL_SECONDS = 0.02
_UNRESPONSIVE_SECONDS = 2.0
_SILENCE_SECONDS = 5.0
_LAST_WORDS = 15
Progress = Callable[[str], None]
# Changes that need another server, and those that a target can make around a running one.
NEEDS_ANOTHER = {"environment", "variables", "image", "target", "port", "tls"}
_LIMITS = {"memory", "cpus"}
_IN_PLACE = {*_LIMITS, "auth", "replicas"}


def _word_for(what: set[str]) -> str:
    return "resized" if what <= _LIMITS else "scaled" if what == {"replicas"} else "updated"


class Rollout:
    """Brings services from one state to another; the caller holds the service's lock."""

    def __init__(
        self, home: Home, rows: Services, target: Callable[[str], Target], workspace: Callable[[], str]
    ) -> None:
        self._home = home
        self._rows = rows
        self._target = target
        self._workspace = workspace

    def health(self, record: ServiceRecord) -> Health:
        """Find out how a service is; nothing is done about it."""
        return found_health(self._home, self._target, record)

    def _local(self, name: str) -> LocalFolders:
        return LocalFolders(self._home, name)

    def _last_words(self, record: ServiceRecord) -> str:
        server = record.server or Server(record.target, {})
        with contextlib.suppress(DeployError):
            found = self._target(server.target).logs(self._local(record.name), server, _LAST_WORDS, follow=False)
            return b"".join(found).decode("utf-8", "replace").rstrip()
        return ""

    def again(self, record: ServiceRecord, why: str) -> None:
        """Restart a service's server as it was, without waiting until it serves; ``why`` is for its log and state."""
        launch = self._launch_as_served(record)

        def commit(server: Server) -> None:
            self._rows.put(replace(record, server=server))

        shown = record.server.certificate if record.server else None
        self._target(record.target).start(replace(launch, again=why, before=record.server, certificate=shown), commit)

    def _launch_as_served(self, record: ServiceRecord) -> Launch:
        environment = record.environment
        assert environment is not None
        variables = {**environment.variables, **record.spec.variables}
        return self._launch_of(record.spec, self._bundle(record), environment, variables, record.port)

    def keep_warm(self, record: ServiceRecord) -> KeptWarm | None:
        """Have a process ready from which a service starts at once, where its target can do that."""
        target = self._target(record.target)
        if not target.capabilities.warm or record.environment is None:
            return None
        return target.keep_warm(replace(self._launch_as_served(record), runs_as=record.server))

    def apply(
        self,
        record: ServiceRecord | None,
        resolved: Resolved,
        wait: bool,
        progress: Progress,
        forced: tuple[str, ...] = (),
    ) -> tuple[str, tuple[str, ...], int]:
        """Apply a plan to a service; returns what was done, what differed, and the generation that serves.

        ``wait`` returns only when it serves. ``forced`` lists what counts as different in any case.
        """
        if record is None:
            return "created", (), self._start(record, resolved, wait, progress)
        what = forced or differences(record, resolved)
        health = self.health(record)
        if health.state == "Transitioning" and not what:
            if not wait:
                return "unchanged", (), 0
            health = self._wait(record, progress)
        # A server that is still loading the old script serves no client; it need not finish.
        server = record.active if health.started and health.state != "Transitioning" else None
        if server is None:
            action = "started" if record.is_stopped else "repaired"
            return action, what, self._start(record, resolved, wait, progress)
        live = self._target(server.target).capabilities.live_reload and not resolved.spec.image
        if NEEDS_ANOTHER & set(what) or (what and not live):
            action = "moved" if {"port", "target"} & set(what) else "replaced"
            return action, what, self._replace(record, server, resolved, progress)
        record = self._changed_in_place(record, server, resolved, what, progress)
        server = record.server or server
        if what and set(what) <= _IN_PLACE:
            generation = self._wait(record, progress).generation if "replicas" in what else health.generation
            # Tags, a description: no server has to be told.
            self._rows.put(replace(record, spec=resolved.spec))
            return _word_for(set(what)), what, generation
        serves_the_row = not health.app_root or record.bundle in health.app_root
        if not what and health.state == "Healthy" and serves_the_row:
            if resolved.spec != record.spec:
                self._rows.put(replace(record, spec=resolved.spec))
            return "unchanged", (), health.generation
        progress(Step("loading the new version", stage="reload"))
        return "reloaded" if what else "repaired", what, self._reload(record, server, resolved)

    def _changed_in_place(
        self, record: ServiceRecord, server: Server, resolved: Resolved, what: tuple[str, ...], progress: Progress
    ) -> ServiceRecord:
        """Change what a server need not load its script again for; returns the row that says so."""
        spec, launch, target = record.spec, self._launch(resolved, server.port), self._target(server.target)
        if _LIMITS & set(what):
            progress("changing the limits")
            target.resize(launch, server)
            spec = replace(spec, memory=resolved.spec.memory, cpus=resolved.spec.cpus)
        if "auth" in what:
            target.authorize(launch.local, server, launch.credentials)
            spec = replace(spec, auth=resolved.spec.auth)
        if spec != record.spec:
            record = replace(record, spec=spec)
            self._rows.put(record)
        return self._scaled(record, server, launch, progress) if "replicas" in what else record

    def _scaled(self, record: ServiceRecord, server: Server, launch: Launch, progress: Progress) -> ServiceRecord:
        progress(f"scaling to {launch.replicas} replicas")
        written = [replace(record, spec=replace(record.spec, replicas=launch.replicas))]

        def commit(changed: Server) -> None:
            written.append(replace(written[-1], server=changed))
            self._rows.put(written[-1])

        self._target(server.target).scale(replace(launch, bundle=self._bundle(record)), server, commit)
        self._rows.put(written[-1])
        return written[-1]

    def _bundle(self, record: ServiceRecord) -> Bundle:
        return Bundle(record.bundle, self._home.bundles / record.bundle)

    def _reload(self, record: ServiceRecord, server: Server, resolved: Resolved) -> int:
        both = tuple(dict.fromkeys(record.models + resolved.model_ids))
        pending = replace(record.rollout, pending=resolved.bundle.digest)
        # Until one of the two is no longer used, the models of both must stay.
        self._rows.put(replace(record, models=both, rollout=pending), models_exist(resolved))
        try:
            reloaded = self._target(server.target).reload(self._launch(resolved, server.port), server)
        except ReloadFailed as error:
            self._rows.put(record, frees=True)
            raise self._reload_failed(record, resolved, error) from None
        except BaseException:
            # Interrupted: the new bundle may already serve. Keep its files; the next deployment looks.
            keep = (*record.rollout.keep, resolved.bundle.digest)
            self._rows.put(replace(record, rollout=replace(record.rollout, keep=keep)), frees=True)
            raise
        now = replace(server, bundle=resolved.bundle.digest)
        in_use = tuple(sorted({digest for replica in reloaded for digest in replica.in_use}))
        self._rows.put(self._record(record, resolved, now, replace(record.rollout, keep=in_use)))
        return max(replica.generation for replica in reloaded)

    def _reload_failed(self, record: ServiceRecord, resolved: Resolved, error: ReloadFailed) -> ReloadFailed:
        message = f"{record.name} still serves its old version, because the new one failed: {error.message}"
        failure = error.failure
        if not isinstance(failure, Failure):
            tried = self._last_words(record)
            return ReloadFailed(message, details=tried, hint=error.hint or Hint(log_of=record.name))
        would_be = replace(record, models=resolved.model_ids)
        hint = failure_hint(failure, would_be, resolved.bundle.folder)
        return ReloadFailed(message, details=failure.traceback, hint=hint)

    def _start(self, record: ServiceRecord | None, resolved: Resolved, wait: bool, progress: Progress) -> int:
        before = record.port if record else 0
        launch = self._launch(resolved, resolved.spec.port or before)
        if not wait and resolved.spec.on_change:
            # No process waits to see that it serves.
            launch = replace(launch, settings={**launch.settings, "tells_start": True})
        try:
            # Preparing may take long or fail: until it is done, everything stays as it is.
            progress(Step("preparing the environment", stage="environment"))
            prepare(self._home, resolved.spec, self._target(resolved.spec.target), launch, progress)
            if record is not None and record.server:
                # A server that does not answer gets little time to drain.
                self._target(record.server.target).stop(record.server, _UNRESPONSIVE_SECONDS)
            progress(Step("starting the server", stage="start"))
            written = self._launch_on(record, resolved, launch, wait)
        except Unschedulable as error:
            state = RolloutState(unschedulable=error.message.rstrip("."))
            if record is not None:
                self._rows.put(replace(record, server=Server(record.target, {}, before), rollout=state))
            elif not wait:
                # Its state says why, as it does for a start that fails while no process waits.
                nowhere = Server(resolved.spec.target, {})
                state = replace(state, unproven=NOT_WAITED_FOR)
                self._rows.put(self._record(None, resolved, nowhere, state), models_exist(resolved))
            raise
        if not wait:
            return 0
        generation = self._ready(written, resolved, progress)
        if written.rollout.unproven:
            self._rows.put(written.proven())
        return generation

    def _replace(self, record: ServiceRecord, before: Server, resolved: Resolved, progress: Progress) -> int:
        """Start another server beside the one that serves; it takes its place, and its port, once it is ready."""
        asked, has = resolved.spec.port, before.port
        target = self._target(resolved.spec.target)
        launch = self._launch(resolved, asked if asked not in {0, has} else 0)
        if not launch.port and before.target == resolved.spec.target and target.capabilities.takes_over:
            launch = replace(launch, takes_over=before)
        progress(Step("preparing the environment", stage="environment"))
        prepare(self._home, resolved.spec, target, launch, progress)
        progress(Step("starting a server beside the one that serves", stage="start"))
        proven, server, generation = self._beside(record, resolved, launch, progress)
        self._take_over(proven, before)
        if launch.port or server.port == has:
            return generation
        # The port is free only now: start the proven bundle on it; until then the new server answers on its own port.
        progress(Step(f"taking over port {has}; new connections are refused for about a second", stage="take over"))
        try:
            final, _, generation = self._beside(proven, resolved, self._launch(resolved, has), progress)
        except DeployError:
            # Another program took the port in between; the service runs all the same.
            progress(f"port {has} is no longer free; {resolved.spec.name} keeps port {server.port}")
            return generation
        self._take_over(final, server)
        return generation

    def _take_over(self, new: ServiceRecord, before: Server) -> None:
        """Make a server the service's; the previous one is in the row until it has ended."""
        self._rows.put(replace(new, rollout=replace(new.rollout, previous=before)))
        self._target(before.target).stop(before)
        self._rows.put(new, frees=True)

    def _beside(
        self, record: ServiceRecord, resolved: Resolved, launch: Launch, progress: Progress
    ) -> tuple[ServiceRecord, Server, int]:
        """Start a server beside the service's own; if it fails, nothing of it stays."""
        found: list[Server] = []

        def commit(server: Server) -> None:
            found.append(server)
            pending = replace(record.rollout, pending=resolved.bundle.digest, next=server)
            self._rows.put(replace(record, rollout=pending), models_exist(resolved))

        try:
            self._on(resolved, launch, commit)
            new = self._record(record, resolved, found[-1], RolloutState())
            return new, found[-1], self._ready(new, resolved, progress)
        except BaseException:
            for server in found:
                self._target(server.target).stop(server)
            self._rows.put(record, frees=True)
            raise

    def _launch_on(self, record: ServiceRecord | None, resolved: Resolved, launch: Launch, wait: bool) -> ServiceRecord:
        written: list[ServiceRecord] = []
        first = record is None or bool(record.rollout.unproven)
        state = RolloutState(unproven=WAITED_FOR if wait else NOT_WAITED_FOR) if first else RolloutState()

        def commit(server: Server) -> None:
            written.append(self._record(record, resolved, server, state))
            self._rows.put(written[-1], models_exist(resolved))

        self._on(resolved, launch, commit)
        return written[-1]

    def _on(self, resolved: Resolved, launch: Launch, commit: Callable[[Server], None]) -> None:
        try:
            self._target(resolved.spec.target).start(launch, commit)
        except PortBusy as error:
            owners = [other.name for other in self._rows.all() if other.port == launch.port]
            owners = [name for name in owners if name != launch.name]
            if not owners:
                raise
            # The service's name says more than "python (pid 4711)".
            message = f"Port {launch.port} is in use by service {owners[0]}."
            raise PortBusy(message, hint=f"{error.hint} Or: jupyter model stop {owners[0]}") from error

    def _launch(self, resolved: Resolved, port: int) -> Launch:
        launch = self._launch_of(resolved.spec, resolved.bundle, resolved.environment, resolved.variables, port)
        return replace(launch, told_as=resolved.told_as, certificate=resolved.certificate, runs_as=resolved.runs_as)

    def _launch_of(
        self, spec: ServiceSpec, bundle: Bundle, environment: Environment, variables: dict[str, str], port: int
    ) -> Launch:
        return Launch(
            name=spec.name,
            bundle=bundle,
            port=port,
            port_is_given=bool(spec.port),
            workers=spec.workers,
            replicas=spec.replicas,
            settings=self._settings(spec),
            environment=environment,
            variables=variables,
            memory=spec.memory,
            cpus=spec.cpus,
            image=spec.image,
            local=self._local(spec.name),
            workspace=self._workspace(),
            credentials=credentials_for(spec.auth, spec.name, KeyFile(self._home.root, self._home.service(spec.name))),
        )

    def _settings(self, spec: ServiceSpec) -> Mapping[str, Setting]:
        """Add to a server's settings what it is to tell of its changes: a command only if it would run here.

        The instances of endpoints are warm before they get requests, unless the user says otherwise.
        """
        here = self._target(spec.target).capabilities.commands
        hooks = [hook for hook in spec.on_change if here or is_address(hook)]
        settings = {"warm_up": True, **spec.settings} if spec.endpoint and not spec.image else spec.settings
        return {**settings, "on_change": json.dumps(hooks)} if hooks else settings

    @staticmethod
    def _record(record: ServiceRecord | None, resolved: Resolved, server: Server, state: RolloutState) -> ServiceRecord:
        created = record.created if record else 0.0
        return ServiceRecord(resolved.spec, resolved.bundle.digest, resolved.model_ids, server, state, created=created)

    def _wait(self, record: ServiceRecord, progress: Progress) -> Health:
        words = "loading the script" if not record.spec.image else "waiting until it is ready"
        progress(Step(words, stage="init"))
        silent_since = 0.0
        while True:
            health = self.health(record)
            if health.state == "Unhealthy" and not health.started:
                # A server that is about to end no longer answers: wait for its end.
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > _SILENCE_SECONDS:
                    return health
            elif health.state != "Transitioning":
                return health
            time.sleep(_POLL_SECONDS)

    def _ready(self, record: ServiceRecord, resolved: Resolved, progress: Progress) -> int:
        health = self._wait(record, progress)
        if health.state == "Healthy":
            return health.generation
        if record.server:
            self._target(record.target).abandon(self._local(record.name), record.server, health.reason)
        named = replace(record, spec=replace(record.spec, name=resolved.told_as or record.name))
        failure = health.failure
        if failure:
            hint = failure_hint(failure, named, self._home.bundles / record.bundle)
            last = self._last_words(record) if failure.kind == "WorkerDied" else failure.traceback
            raise StartFailed(f"{named.name}: {failure.summary}", details=last, hint=hint, problem=failure.summary)
        problem = f"is {health.state}: {health.reason}."
        raise StartFailed(
            f"{named.name} {problem}",
            problem=problem,
            details=self._last_words(record),
            hint=Hint(log_of=named.name),
        )
