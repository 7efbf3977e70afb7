"""Tables through a service, by the service's name: the call of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from .parts import Parts

if TYPE_CHECKING:
    from pathlib import Path

    from ..deploying import Progress
    from ..scoring import Scored, ScoreOptions


class ScoresByName(Parts):
    """The same for a workspace, by the service's name."""

    def score(
        self,
        service: str,
        data: Any,
        out: str | Path | None = None,
        *,
        progress: Progress = lambda _: None,
        **options: Unpack[ScoreOptions],
    ) -> Scored:
        """Score each row of a table with a service, as :meth:`.Service.score` does."""
        return self.services[service].score(data, out, progress=progress, **options)
