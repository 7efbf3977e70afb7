"""``reload()`` of the classes that have it."""

from __future__ import annotations

from ....errors import DeployError
from ....workspace import Service
from ..exceptions import WebserviceException


def reload(service: Service) -> None:
    """Serve the script as it is now; one that does not run is started.

    Raises
    ------
    WebserviceException
        With the script's traceback. What served before still does.
    """
    try:
        if service.state == "Healthy":
            service.reload()
        else:
            service.start()
    except DeployError as error:
        raise WebserviceException(error.message, details=error.details, hint=str(error.hint)) from error
