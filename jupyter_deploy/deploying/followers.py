"""Deploy a version that was just registered to the services that follow its model."""

from __future__ import annotations

import logging

from ..errors import DeployError
from ..home import Home
from ..registry import Model
from ..registry import parse_reference as parse
from ..services import ServiceRecord, Services
from .asked import Asked
from .deployment import Deployment
from .following import followed
from .rollout import Progress
from .servicelog import note

log = logging.getLogger("jupyter_deploy")


class Followers:
    """The services of a workspace that follow models."""

    def __init__(self, home: Home, rows: Services, deployment: Deployment) -> None:
        self._home = home
        self._rows = rows
        self._deployment = deployment

    def take(self, model: Model, say: Progress) -> None:
        """Deploy a version to those that serve an older one. ``say`` gets what was done.

        Where it fails, the old version serves on: the service's log and that of this process say so.
        """
        for record in self._rows.all():
            if self._is_behind(record, model):
                self._renew(record, model, say)

    def _is_behind(self, record: ServiceRecord, model: Model) -> bool:
        if record.is_stopped or not record.spec.follow_model:
            return False
        own = self._deployment.own_models(record.name)
        served = dict(map(parse, own)).get(model.name) or 0
        return model.name in followed(record.spec, own) and served < model.version

    def _renew(self, record: ServiceRecord, model: Model, say: Progress) -> None:
        name, spec, which = record.name, record.spec, f"model {model.name} {model.version}"
        note(self._home, spec, "INFO", f"{which} registered: following")
        try:
            change = self._deployment.deploy(name, Asked(), names="")
        except DeployError as error:
            note(self._home, spec, "ERROR", f"{which} was not taken: {error.message}")
            more = f"{error.hint.rstrip('.')}. " if error.hint else ""
            hint = f"Hint: {more}To try again: jupyter model deploy {name}"
            log.warning(
                "%s is registered, but %s did not take it. %s. %s", model.id, name, error.message.rstrip("."), hint
            )
            return
        note(self._home, spec, "INFO", f"{which}: {change.clause()}")
        say(f"{change.sentence()}, because it follows {model.name}")
