"""``azureml.core.model.Model``, as far as scoring scripts use it: :meth:`Model.get_model_path`."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any, NoReturn

from .unavailable import NotInService

_FOLDER = "azureml-models"


class WebserviceException(Exception):
    """As in azureml.exceptions."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelNotFoundException(WebserviceException):
    """No model of that name is in the service."""


class _Lookup(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotInService(
            "Model(...) looks a model up in a workspace, which a service does not have. "
            "Use Model.get_model_path(name), or the environment variable AZUREML_MODEL_DIR."
        )

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInService(
            f"Model.{name} is not available inside a service: it runs without a cloud workspace. "
            "Use Model.get_model_path(name), or the environment variable AZUREML_MODEL_DIR."
        )


class Model(metaclass=_Lookup):
    """A model of the service."""

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Any = None) -> str:
        """Find a model's file or folder (azureml-core's rule, which also looks into ``AZUREML_MODEL_DIR`` here).

        Parameters
        ----------
        model_name : str
            Its registered name, or the name of a file in one of the folders.
        version : int, optional
            The highest by default.

        Returns
        -------
        str
            The single entry of ``$AML_APP_ROOT/azureml-models/<name>/<version>/`` or of
            ``$AZUREML_MODEL_DIR/<name>/<version>/``, else ``$AZUREML_MODEL_DIR/<name>``, else ``./<name>``. The
            variable may also name the folder of the model, or of its version.

        Raises
        ------
        ModelNotFoundException
            Naming the models that are there.
        WebserviceException
            If the version's folder does not hold exactly one file or folder.
        """
        root = Path(os.environ.get("AML_APP_ROOT", ".")) / _FOLDER
        given = os.environ.get("AZUREML_MODEL_DIR", "")
        found: dict[int, Path] = {}
        for folder in (*_folders(given, model_name), root / model_name):
            found |= _versions(folder)
        if given:
            here = Path(given).absolute()
            if here.parent.name == model_name and here.name.isdecimal():
                found = {int(here.name): Path(given), **found}
        wanted = version if version is not None else max(found, default=None)
        if wanted is not None and int(wanted) in found:
            return _single(found[int(wanted)])
        if version is None:
            for beside in (*([Path(given) / model_name] if given else []), Path(model_name)):
                if beside.exists():
                    return str(beside)
        raise ModelNotFoundException(
            _explanation([root, *([Path(given)] if given else [])], model_name, version, found)
        )


def _folders(given: str, name: str) -> list[Path]:
    """List the folders that may hold a model's versions; the last wins."""
    if not given:
        return []
    own = [Path(given)] if Path(given).absolute().name == name else []
    return [*own, Path(given) / name]


def _single(folder: Path) -> str:
    entries = list(folder.iterdir())
    if len(entries) != 1:
        raise WebserviceException(f"{folder} can contain only 1 file or folder, but has {len(entries)}.")
    return str(entries[0])


def _versions(folder: Path) -> dict[int, Path]:
    """Return the folders of a model's versions."""
    if not folder.is_dir():
        return {}
    return {int(path.name): path for path in folder.iterdir() if path.name.isdecimal() and path.is_dir()}


def _explanation(roots: list[Path], name: str, version: int | None, versions: dict[int, Path]) -> str:
    shown = f"{name} version {version}" if version is not None else name
    places = " or ".join(map(str, roots))
    text = f"Model {shown} not found in cache at {places} or in current working directory {Path.cwd()}."
    if versions:
        return f"{text} Its versions here: {', '.join(map(str, sorted(versions)))}."
    known = sorted({path.name for root in roots if root.is_dir() for path in root.iterdir() if _versions(path)})
    close = difflib.get_close_matches(name, known, n=1)
    return f"{text} Did you mean {close[0]!r}?" if close else f"{text} Models here: {', '.join(known) or 'none'}."
