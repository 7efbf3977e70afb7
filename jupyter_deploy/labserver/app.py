"""The extension of Jupyter's server."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jupyter_server.extension.application import ExtensionApp

from .handlers import PARTS, RESOURCE, ROUTES
from .hub import SCHEMA, SCHEMA_ID
from .parts import Parts

_DISTRIBUTION = "jupyter-model-deploy"


class ModelDeployApp(ExtensionApp):
    """Serves the side panel's API below ``jupyter-model-deploy/api/``."""

    name = RESOURCE
    extension_url = "/lab"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Make what the routes share, and register the event (jupyter_server's hook)."""
        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        self.serverapp.event_logger.register_event_schema(SCHEMA)
        root = str(getattr(self.serverapp.contents_manager, "root_dir", "") or "")
        self.settings[PARTS] = Parts(_version(), root, self._emit)

    def _emit(self, data: dict[str, Any]) -> None:
        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        self.serverapp.event_logger.emit(schema_id=SCHEMA_ID, data=data)

    def initialize_handlers(self) -> None:
        """Add the routes (jupyter_server's hook)."""
        self.handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """End what runs beside the requests (jupyter_server's hook)."""
        parts: Parts | None = self.settings.get(PARTS)
        if parts is not None:
            await parts.end()


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
