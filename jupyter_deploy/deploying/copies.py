"""Services that are made after another one: the same bundle, models and environment under another name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..scripts import Script
from ..services import ServiceRecord, Services, ServiceSpec, Setting, Target
from ..store import Claims
from .asked import Asked
from .deployment import NOT_LOOKED_AT, Deployment
from .differences import differences
from .resolution import Resolver
from .rollout import NEEDS_ANOTHER, Progress, Rollout
from .specifying import specified, with_given


@dataclass(frozen=True)
class Given:
    """What a deployment is given beside the request."""

    source: Script | None = None  # the text to serve, instead of the script
    names: str = NOT_LOOKED_AT  # why a stored script is served as it is
    large: bool = False  # allow a large folder
    otherwise: str = ""  # the target of a new one that fails on its own target; empty for none
    progress: Progress = lambda _: None


class Copies:
    """Makes the instances of an endpoint's deployment serve exactly the same."""

    def __init__(
        self,
        rows: Services,
        claims: Claims,
        resolver: Resolver,
        rollout: Rollout,
        deployment: Deployment,
        target: Callable[[str], Target],
    ) -> None:
        self._rows = rows
        self._claims = claims
        self._resolver = resolver
        self._rollout = rollout
        self._deployment = deployment
        self._target = target
        self.keep_warm = rollout.keep_warm

    def another(self, name: str, asked: Asked, how: Given) -> bool:
        """Whether a request needs another server than the one that serves, which then has to be replaced."""
        record = self._rows.get(name)
        spec = specified(name, record, asked)
        with self._claims.open() as opened:
            what = differences(record, self._resolver.resolve(spec, opened, how.source, record=record, large=how.large))
        server = record.active
        live = server is not None and self._target(server.target).capabilities.live_reload and not spec.image
        return bool(NEEDS_ANOTHER & set(what) or (what and not live))

    def beside(self, name: str, of: str, asked: Asked, how: Given) -> None:
        """Start a service with another one's specification, changed by a request.

        Raises
        ------
        StartFailed
            With the script's traceback; nothing of it stays but its log.
        """
        spec = _named(specified(of, self._rows.get(of), asked), name, of)
        with self._deployment.replacing(name):
            try:
                with self._claims.open() as opened:
                    resolved = self._resolver.resolve(spec, opened, how.source, large=how.large)
                    self._rollout.apply(None, resolved, True, how.progress)
            except BaseException as error:
                self._deployment.unproven.take_back(name, None, error)
                raise

    def like(self, name: str, of: str, progress: Progress) -> None:
        """Have a service serve exactly what another one serves; it is started if it does not exist.

        Raises
        ------
        StartFailed, ReloadFailed
            With the script's traceback; what it served before stays.
        """
        model, record = self._rows.get(of), self._rows.find(name)
        with self._deployment.replacing(name):
            # A debugger attaches to one of several.
            settings = {key: value for key, value in model.spec.settings.items() if not key.startswith("debug_")}
            resolved = self._resolver.as_served(model, replace(_named(model.spec, name, of), settings=settings))
            try:
                self._rollout.apply(record, resolved, True, progress)
            except BaseException as error:
                self._deployment.unproven.take_back(name, record, error)
                raise

    def settle(self, name: str, settings: Mapping[str, Setting | None]) -> None:
        """Have a service serve what it serves with other settings; None takes a setting back."""
        with self._deployment.replacing(name):
            now = self._rows.get(name)
            spec = replace(now.spec, settings=with_given(now.spec.settings, settings))
            if spec.settings != now.spec.settings:
                self._rollout.apply(now, self._resolver.as_served(now, spec), True, lambda _: None)

    def restore(self, before: ServiceRecord, progress: Progress) -> None:
        """Take a service back to what it served."""
        with self._deployment.replacing(before.name):
            now = self._rows.get(before.name)
            self._rollout.apply(now, self._resolver.as_served(before, before.spec), True, progress)


def _named(spec: ServiceSpec, name: str, of: str) -> ServiceSpec:
    # A model without a script is served by a specification whose script has the service's own name.
    return replace(spec, name=name, port=0, script=name if spec.script == of else spec.script)
