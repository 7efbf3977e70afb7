"""``azureml.core.conda_dependencies``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...environments import CondaDependencies as Packages
from ...environments import parse_conda
from .exceptions import UserErrorException
from .vocabulary import Vocabulary

DEFAULT_SDK_ORIGIN = "https://pypi.python.org/simple"


class CondaDependencies(Packages, metaclass=Vocabulary, error=UserErrorException):
    """The packages of an environment. They are installed with pip; azureml-defaults means nothing here."""

    def __init__(
        self, conda_dependencies_file_path: str | Path | None = None, _underlying_structure: object = None
    ) -> None:
        super().__init__(conda_dependencies_file_path)

    def __repr__(self) -> str:
        packages = [*self.conda_packages, *self.pip_packages]
        return f"CondaDependencies(python={self.python_version!r}, packages={packages!r})"

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Make one from lists; azureml-defaults is in it where ``pip_packages`` is omitted."""
        made = CondaDependencies()
        made.take_over(Packages.create(pip_indexurl, pip_packages, conda_packages, python_version, pin_sdk_version))
        return made

    @staticmethod
    def of(said: Mapping[str, Any], where: str) -> CondaDependencies:
        """Read what a conda file holds, already parsed."""
        made = CondaDependencies()
        made.load(parse_conda(said, where), where)
        return made
