"""Other SDKs' classes over :class:`jupyter_deploy.Workspace`: they translate, and keep nothing themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .az import az_verb as az_verb
else:
    __getattr__, __dir__ = door(__name__, {"az": "az_verb"})
