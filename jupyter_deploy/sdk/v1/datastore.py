"""``azureml.core.Datastore``: folders of the local workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ...datasets import DEFAULT
from ...errors import UsageProblem
from ...files import in_home
from .exceptions import UserErrorException
from .vocabulary import Vocabulary
from .workspace import Workspace


class DataPath(metaclass=Vocabulary, error=UserErrorException):
    """A path in a datastore."""

    def __init__(self, datastore: Datastore, path_on_datastore: str = "", name: str | None = None) -> None:
        self.datastore, self.path_on_datastore, self.name = datastore, path_on_datastore, name

    def __repr__(self) -> str:
        return f"DataPath({self.datastore.name!r}, {self.path_on_datastore!r})"

    def files(self) -> tuple[Path, ...]:
        """Return the files that it means now."""
        return self.datastore.workspace._local.datastores.files(self.datastore.name, self.path_on_datastore)


class Datastore(metaclass=Vocabulary, error=UserErrorException):
    """A place that files are uploaded to; ``workspaceblobstore`` is always there."""

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        self.workspace = workspace
        self.name = name or DEFAULT
        workspace._local.datastores.folder(self.name)

    def __repr__(self) -> str:
        return f"Datastore(name={self.name!r}, workspace={self.workspace.name!r})"

    @property
    def datastore_type(self) -> str:
        """Always ``"LocalFolder"``."""
        return "LocalFolder"

    @staticmethod
    def get(workspace: Workspace, datastore_name: str) -> Datastore:
        """Find a datastore."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: Workspace) -> Datastore:
        """Return the default datastore."""
        return Datastore(workspace)

    def upload_files(
        self,
        files: Sequence[str | Path],
        relative_root: str | None = None,
        target_path: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataPath:
        """Copy files; their paths below the root (by default, what they have in common) are kept."""
        if isinstance(files, (str, Path)):
            raise UsageProblem("files is a list of paths.", hint=f"upload_files([{str(files)!r}])")
        paths = [in_home(file).absolute() for file in files]
        root = in_home(relative_root).absolute() if relative_root else _common(paths)
        target = PurePosixPath(target_path or ".")
        pairs = []
        for path in paths:
            if root not in path.parents:
                raise UsageProblem(f"{path} does not lie below {root}.", hint="Leave relative_root out.")
            pairs.append((path, str(target / path.relative_to(root).as_posix())))
        return self._uploaded(pairs, str(target), overwrite, show_progress)

    def upload(
        self, src_dir: str | Path, target_path: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> DataPath:
        """Copy a folder's files."""
        root = in_home(src_dir)
        if not root.is_dir():
            raise UsageProblem(f"There is no folder {root}.", hint=f"The current folder is {Path.cwd()}.")
        target = PurePosixPath(target_path or ".")
        files = sorted(file for file in root.rglob("*") if file.is_file())
        pairs = [(file, str(target / file.relative_to(root).as_posix())) for file in files]
        return self._uploaded(pairs, str(target), overwrite, show_progress)

    def _uploaded(self, pairs: list[tuple[Path, str]], target: str, overwrite: bool, show: bool) -> DataPath:
        places = self.workspace._local.datastores.upload(self.name, pairs, overwrite=overwrite)
        if show:
            print(f"Uploaded {len(places)} files")  # noqa: T201 - the SDK's own line
        return DataPath(self, "" if target == "." else target)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> DataPath:
        """Name a path in it."""
        return DataPath(self, path or "", data_reference_name)

    def download(
        self, target_path: str | Path, prefix: str | None = None, overwrite: bool = False, show_progress: bool = True
    ) -> int:
        """Copy its files to a folder; returns how many."""
        stores = self.workspace._local.datastores
        root, number = stores.folder(self.name), 0
        for source in stores.files(self.name, prefix or "") if root.is_dir() else ():
            place = Path(target_path) / source.relative_to(root)
            if overwrite or not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(source.read_bytes())
                number += 1
        return number


def _common(paths: Sequence[Path]) -> Path:
    root = paths[0].parent if paths else Path.cwd()
    while not all(root in path.parents for path in paths):
        root = root.parent
    return root
