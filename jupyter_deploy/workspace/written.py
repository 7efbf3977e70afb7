"""The result of a ``%%score_script`` cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..scripts import RunInput, Script, Taken
    from ..services import Change
    from .trial import Trial

NOTHING = object()


@dataclass(frozen=True)
class Written:
    """A script that was written by a cell, and what writing it did.

    Parameters
    ----------
    script : Script
        What is stored, or would be.
    draft : bool
        Whether it was only written, not saved or stored.
    input_before : RunInput or None
        What the previous ``run()`` got, if that was something else.
    trial : Trial or None
        The result of the trial.
    changes : tuple of Change
        The services that were reloaded.
    moved : tuple of str
        What it takes differently from the version that was stored before, in words.
    """

    script: Script
    draft: bool = False
    input_before: RunInput | None = None
    trial: Trial | None = None
    changes: tuple[Change, ...] = ()
    moved: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The script's name."""
        return self.script.name

    @property
    def source(self) -> str:
        """The script's text."""
        return self.script.source

    @property
    def models(self) -> tuple[str, ...]:
        """``name:version`` of the captured data."""
        return self.script.models

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What it took from the notebook, without the values."""
        return self.script.taken

    @property
    def notices(self) -> tuple[str, ...]:
        """Doubts about the script."""
        return self.script.notices

    @property
    def contract(self) -> str:
        """What its ``run()`` gets, in one line, and one line for each parameter with a type."""
        return self.script.contract

    def as_dict(self) -> dict[str, Any]:
        """Return the script's values, and what writing it did, for JSON."""
        return {
            **self.script.as_dict(),
            "draft": self.draft,
            "contract_before": self.input_before.text if self.input_before else "",
            "trial": self.trial.as_dict() if self.trial else None,
            "changes": [change.as_dict() for change in self.changes],
            "moved": list(self.moved),
        }
