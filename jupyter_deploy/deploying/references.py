"""What the words of a request mean in this workspace: scripts, models, environments, targets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..environments import Environment, Environments, reference_of
from ..files import in_home
from ..scripts import Scripts
from ..targets import NEAREST, choose, having, target
from ..targets import VARIABLE as TARGET_VARIABLE
from .asked import DEFAULT, Asked, Default
from .placing import beyond

_DEFAULT, _NONE = ("default",), ("none",)


class References:
    """Looks up the references of a request.

    A word that resets an option, such as ``default``, means the script, environment or model of that name if there is
    one.
    """

    def __init__(self, scripts: Scripts, environments: Environments, models: Callable[[], list[str]]) -> None:
        self._scripts = scripts
        self._environments = environments
        self._models = models

    def script_names(self) -> list[str]:
        """List the stored scripts."""
        return list(self._scripts.names())

    def located(self, asked: Asked, source: str, say: Callable[[str], None], *, new: bool = False) -> Asked:
        """Resolve what a user typed.

        The script becomes the name of a stored one or the absolute path of a file, the environment a reference for
        the row, the target one of ``targets.TARGETS``. A relative path is in ``source``, the service's source folder.
        ``new`` says that the service does not exist yet, so a target is chosen; ``say`` is told which, and why.
        """
        if asked.source is not None:
            source = "" if asked.source is DEFAULT else str(asked.source)
        return asked.but(
            target=self._target(asked, new, say),
            script=self._script(asked.script, source),
            models=self._named_models(asked.models),
            environment=self._environment(asked.environment),
        )

    @staticmethod
    def _target(asked: Asked, new: bool, say: Callable[[str], None]) -> str | None:
        if asked.target is None and not new:
            return None
        fallback = having(lambda can: can.own_image) if asked.image not in {None, DEFAULT} else "auto"
        return choose("auto" if asked.target in _DEFAULT else asked.target or fallback, say)

    def _script(self, script: str | Path | Default | None, source: str) -> str | Path | Default | None:
        if script is None or isinstance(script, Default):
            return script
        text = str(script)
        if script in _DEFAULT and text not in self._scripts.names():
            return DEFAULT
        if source and text and Path(source, text).is_file():
            # As in Azure ML, an entry script is named relative to its source directory.
            return _absolute(Path(source, text))
        if not isinstance(script, Path) and text in self._scripts.names():
            return text
        path = _absolute(in_home(script))
        if text and (isinstance(script, Path) or path.is_file() or text.endswith(".py") or os.sep in text):
            return path
        return self._scripts.get(text).name

    def _named_models(self, models: tuple[str, ...] | Default | None) -> tuple[str, ...] | Default | None:
        if models in {_DEFAULT, _NONE} and models[0] not in self._models():
            return DEFAULT if models == _DEFAULT else ()
        return models

    def _environment(self, given: str | Path | Environment | Default | None) -> str | Default | None:
        if given is None or isinstance(given, Default):
            return given
        if isinstance(given, Environment):
            if given.is_kernel:
                return given.name
            made = self._environments.register(given)
            return f"{made.name}:{made.version}"
        if given in _DEFAULT and given not in self._environments:
            return DEFAULT
        return reference_of(given, self._environments)


def fallback_target(asked: Asked, located: Asked, environ: Mapping[str, str] = os.environ) -> str:
    """Return the target of a new service whose chosen target fails; empty if the user has chosen, or needs more.

    ``asked`` is the request as it was typed, ``located`` the resolved one.
    """
    typed = asked.target or environ.get(TARGET_VARIABLE) or "auto"
    silent = typed in {"auto", *_DEFAULT} and located.target != NEAREST
    return NEAREST if silent and not beyond(target(NEAREST).capabilities, located) else ""


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
