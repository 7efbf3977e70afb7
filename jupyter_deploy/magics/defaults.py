"""``%config ModelMagics``: settings for all cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics
from traitlets import Bool, Float, Int, TraitError, Unicode, validate

if TYPE_CHECKING:
    from ..verbs import Defaults

# The attribute of a shell that keeps its script cells, even if the extension is loaded again.
LIVING = "jupyter_deploy.workspace.living"


class ConfiguredMagics(Magics):
    """Magics with settings; options on a magic's line win."""

    target = Unicode(
        "", help="Where new services run: auto, process or docker. Empty: Docker if it answers, else a process."
    ).tag(config=True)
    environment = Unicode(
        "", help="What new services run on, as for %deploy --environment. Empty: the target's default."
    ).tag(config=True)
    timeout = Float(0.0, min=0.0, help="Seconds that %invoke waits for an answer; 0 for the usual 300.").tag(
        config=True
    )
    log_lines = Int(100, min=1, help="How many lines %model logs shows without -n.").tag(config=True)
    progress = Bool(True, help="Whether long work shows its stages.").tag(config=True)
    cards = Bool(True, help="Whether results are shown as cards; False: as plain text.").tag(config=True)

    @validate("target")
    def _known_target(self, proposal: dict[str, Any]) -> str:
        from ..errors import TargetProblem
        from ..targets import CHOICES, choose

        value: str = proposal["value"]
        try:
            # Refuse a wrong name, with the nearest right one.
            if value and value not in CHOICES:
                choose(value)
        except TargetProblem as error:
            raise TraitError(f"{error.message} {error.notebook_hint}") from error
        return value

    def defaults(self) -> Defaults:
        """Return the present settings, for verbs."""
        from ..verbs import Defaults

        return Defaults(self.target, self.environment, self.timeout or None, self.log_lines)
