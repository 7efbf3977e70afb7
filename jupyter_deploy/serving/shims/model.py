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
        """Find a model's file or folder (azureml-core's rule).

        Parameters
        ----------
        model_name : str
            Its registered name, or the name of a file in the working directory.
        version : int, optional
            The highest by default.
        _workspace : object, optional
            Not used.

        Returns
        -------
        str
            The single entry of ``$AML_APP_ROOT/azureml-models/<name>/<version>/``, else ``./<name>``.

        Raises
        ------
        ModelNotFoundException
            Naming the models that are there.
        WebserviceException
            If the version's folder does not hold exactly one file or folder.
        """
        root = Path(os.environ.get("AML_APP_ROOT", ".")) / _FOLDER
        versions = _versions(root / model_name)
        wanted = version if version is not None else max(versions, default=None)
        if wanted is not None and int(wanted) in versions:
            folder = root / model_name / str(wanted)
            entries = list(folder.iterdir())
            if len(entries) != 1:
                raise WebserviceException(f"{folder} can contain only 1 file or folder, but has {len(entries)}.")
            return str(entries[0])
        beside = Path(model_name)
        if version is None and beside.exists():
            return str(beside)
        raise ModelNotFoundException(_explanation(root, model_name, version, versions))


def _versions(folder: Path) -> set[int]:
    return {int(path.name) for path in folder.iterdir() if path.name.isdecimal()} if folder.is_dir() else set()


def _explanation(root: Path, name: str, version: int | None, versions: set[int]) -> str:
    shown = f"{name} version {version}" if version is not None else name
    text = f"Model {shown} not found in cache at {root} or in current working directory {Path.cwd()}."
    if versions:
        return f"{text} Its versions here: {', '.join(map(str, sorted(versions)))}."
    known = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    close = difflib.get_close_matches(name, known, n=1)
    return f"{text} Did you mean {close[0]!r}?" if close else f"{text} Models here: {', '.join(known) or 'none'}."
