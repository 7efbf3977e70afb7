"""Tell the hooks of a service what was done to it, as seen by the process that does it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import TracebackType

from ..errors import DeployError
from ..home import Home
from ..services import Capabilities, ServiceRecord, Services, ServiceSpec, Target
from ..serving import Hooks, change_document, is_address, is_loopback, masked_hook
from .rollout import Rollout
from .servicelog import note


class Events:
    """The changes that this process makes to services."""

    def __init__(self, home: Home, rows: Services, target: Callable[[str], Target], rollout: Rollout) -> None:
        self._home = home
        self._rows = rows
        self._target = target
        self._rollout = rollout
        self._hooks = Hooks(daemon=False)

    def begin(self, record: ServiceRecord | None, spec: ServiceSpec) -> Attempt:
        """Note how a service is before a change that leads to ``spec``; as a context, it tells of an error."""
        told = bool(spec.on_change or (record and record.spec.on_change))
        return Attempt(self, spec, record, self.state(record) if told and record else None)

    def state(self, record: ServiceRecord) -> str:
        """Find out how a service is."""
        return self._rollout.health(record).state

    def find(self, name: str) -> ServiceRecord | None:
        """Return the row of a service as it is now."""
        return self._rows.find(name)

    def tell(
        self, spec: ServiceSpec, record: ServiceRecord | None, before: str | None, to: str, reason: str, generation: int
    ) -> None:
        """Tell the hooks of a specification; ``record`` says where the service is, or was."""
        if not spec.on_change:
            return
        url, server = "", record.server if record else None
        if record and server and record.port:
            route = spec.image.scoring if spec.image else "/score"
            url = f"{self._target(server.target).url(server)}{route}"
        bundle = record.bundle if record else ""
        document = change_document(spec.name, before, to, reason, url=url, generation=generation, bundle=bundle)
        self._hooks.tell(spec.on_change, document, partial(note, self._home, spec, "WARNING"))


def said_of(spec: ServiceSpec, can: Capabilities) -> tuple[str, ...]:
    """Say which changes the hooks of a service do not get."""
    if spec.image:
        return ("only what is done to it here is told: its image has a server of its own",) if spec.on_change else ()
    if can.commands:
        return ()
    commands = [masked_hook(hook) for hook in spec.on_change if not is_address(hook)]
    inside = [masked_hook(hook) for hook in spec.on_change if is_address(hook) and is_loopback(hook)]
    said = [
        f"{one} runs here, for what is done here; what the server itself notices goes to addresses only"
        for one in commands
    ]
    said += [f"{one} is reached from here only: for the server, that address is its own container" for one in inside]
    return tuple(said)


class Attempt:
    """One change of a service."""

    def __init__(self, events: Events, spec: ServiceSpec, record: ServiceRecord | None, before: str | None) -> None:
        self._events = events
        self._spec = spec
        self._record = record
        self._before = before

    def changed(self, action: str, what: tuple[str, ...], generation: int) -> None:
        """Tell what was done, and how the service is now."""
        now = self._events.find(self._spec.name) if self._spec.on_change and action != "unchanged" else None
        if now is not None:
            reason = f"{action} ({', '.join(what)})" if what else action
            self._events.tell(self._spec, now, self._before, self._events.state(now), reason, generation)

    def ended(self, to: str, reason: str) -> None:
        """Tell that the service has ended, unless it had before."""
        if self._before != to:
            self._events.tell(self._spec, self._record, self._before, to, reason, 0)

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not isinstance(error, DeployError):
            return
        # An old service keeps its hooks if the change fails.
        spec = self._record.spec if self._record else self._spec
        if spec.on_change:
            now = self._events.find(spec.name)
            to = self._events.state(now) if now else "Failed"
            self._events.tell(spec, now, self._before, to, f"{error.title}: {error.message}", 0)
