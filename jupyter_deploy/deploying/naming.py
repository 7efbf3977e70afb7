"""From the name that a user gives to ``deploy`` to the service's name and its script."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

from ..errors import UsageProblem
from ..registry import Models
from ..scripts import NAME_RULE as SCRIPT_RULE
from ..scripts import Scripts
from ..services import NAME_RULE, Services, check_service_name, derived
from .asked import Asked

_RULE = "a service's name has 3 to 32 lower-case letters, digits and '-'"


class Naming:
    """Finds the service that a name means, whether it exists yet or not."""

    def __init__(self, rows: Services, scripts: Scripts, models: Models) -> None:
        self._rows = rows
        self._scripts = scripts
        self._models = models

    def service(
        self,
        name: str,
        script: str | Path | None,
        say: Callable[[str], None],
        *,
        models: object = None,
        image: bool = False,
    ) -> tuple[str, str | Path | None]:
        """Return the service that a name means, and the script of a new one; None if its model needs no script.

        ``name`` is a service's or a script's. ``say`` is told of a derived name. ``models`` are the given ones: one
        of them needs no script. ``image`` says that the service runs an image of its own, and so needs no script. A
        name is refused if another script has that service's name.
        """
        could_be_a_script = isinstance(name, str) and SCRIPT_RULE.fullmatch(unicodedata.normalize("NFC", name))
        own = derived(name) if could_be_a_script else ""
        if not own:
            check_service_name(name)
        record = self._rows.find(own)
        if record is not None:
            was = record.spec.script
            meant_for_another = name in self._scripts.names() and was != name and derived(was) == own
            if script is None and not record.spec.script_is_file and meant_for_another:
                raise UsageProblem(
                    f"Service {own} serves the script {was}; the script {name} would have the same name.",
                    hint=f"Name a service for it: jupyter model deploy {_another(own)} --script {name}",
                )
            return own, script
        if script is None and not image:
            script = self._stored(name, own, models)
        if own != name:
            say(f"service {own}, because {_RULE}")
        return own, script

    def named(self, name: str, asked: Asked, say: Callable[[str], None]) -> tuple[str, Asked]:
        """Return the service that a request means, and the request with script and model of the typed name."""
        typed = asked.script if isinstance(asked.script, (str, Path)) else None
        own, script = self.service(name, typed, say, models=asked.models, image=asked.image is not None)
        found = asked.but(script=script)
        by_file = asked.image is None and (script is None or str(script) not in self._scripts.names())
        if own != name and by_file and asked.models is None and self._rows.find(own) is None and name in self._models:
            found = found.but(models=(name,))
        return own, found

    def _stored(self, name: str, own: str, models: object) -> str | None:
        known = self._scripts.names()
        if name in known:
            return name
        meant = [other for other in known if derived(other) == own]
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise UsageProblem(
                f"Several scripts would be the service {own}: {', '.join(meant)}.",
                hint=f"Say which: jupyter model deploy {own} --script {meant[0]}",
            )
        if models or name in self._models:
            return None
        return self._scripts.get(name).name


def _another(name: str) -> str:
    other = f"{name[:29].rstrip('-')}-2"
    return other if NAME_RULE.fullmatch(other) else "another"
