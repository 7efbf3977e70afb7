"""``azureml.core.Dataset``: tables of texts, as far as profiles and samples of models need them."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

from ...datasets import DatasetRecord, Reading, Table, read_table
from ...errors import UsageProblem
from ...files import in_home
from .datastore import DataPath, Datastore
from .exceptions import UserErrorException
from .vocabulary import Vocabulary
from .workspace import Workspace


class PromoteHeadersBehavior(Enum):
    """Which files start with the names of the columns."""

    NO_HEADERS = "none"
    ONLY_FIRST_FILE_HAS_HEADERS = "first"
    COMBINE_ALL_FILES_HEADERS = "all"
    ALL_FILES_HAVE_SAME_HEADERS = "same"


class TabularDataset(metaclass=Vocabulary, error=UserErrorException):
    """Rows of texts; :attr:`name` and :attr:`version` are None until it is registered."""

    def __init__(
        self,
        files: Sequence[Path],
        reading: Reading,
        record: DatasetRecord | None = None,
        rows: slice | None = None,
    ) -> None:
        self._files, self._reading, self._record, self._rows = tuple(files), reading, record, rows or slice(None)

    def __repr__(self) -> str:
        named = f"name={self.name!r}, version={self.version}, " if self._record else ""
        return f"TabularDataset({named}files={len(self._files)})"

    @property
    def name(self) -> str | None:
        """Its registered name."""
        return self._record.name if self._record else None

    @property
    def version(self) -> int | None:
        """Its registered version."""
        return self._record.version if self._record else None

    @property
    def id(self) -> str | None:
        """``name:version`` once it is registered."""
        return self._record.id if self._record else None

    @property
    def description(self) -> str | None:
        """Free text."""
        return (self._record.description if self._record else None) or None

    @property
    def tags(self) -> dict[str, str]:
        """A copy of its tags."""
        return dict(self._record.tags) if self._record else {}

    @property
    def table(self) -> Table:
        """What the files hold now; of a registered one it never changes."""
        whole = read_table(self._files, self._reading)
        return whole if self._rows == slice(None) else Table(whole.columns, whole.rows[self._rows])

    def register(
        self,
        workspace: Workspace,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        create_new_version: bool = False,
    ) -> TabularDataset:
        """Keep a copy of the files under a name; the same content is the same version unless a new one is asked for."""
        store, how = workspace._local.datasets, {"description": description or "", "tags": tags}
        with self._written() as (files, reading):
            record = store.register(name, "tabular", files, reading, new_version=create_new_version, **how)  # type: ignore[arg-type]
        return TabularDataset(store.files(record), record.reading, record)

    @contextmanager
    def _written(self) -> Iterator[tuple[Sequence[Path], Reading]]:
        """Yield files that hold these rows and no others."""
        if self._rows == slice(None):
            yield self._files, self._reading
            return
        with tempfile.TemporaryDirectory() as folder:
            table, place = self.table, Path(folder) / "rows.csv"
            _write(place, table.columns, table.rows)
            yield [place], Reading(quoted_lines=True)

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> Any:
        """Return a frame; columns of numbers are numbers in it."""
        import pandas as pd

        table = self.table
        frame = pd.DataFrame(list(table.rows), columns=list(table.columns), dtype=object)
        for index, column in enumerate(table.columns):
            if not table.is_text(index):
                frame[column] = pd.to_numeric(frame[column], errors="coerce")
        return frame

    def take(self, count: int) -> TabularDataset:
        """Return a dataset of the first rows."""
        return self._some(slice(_count(count)))

    def skip(self, count: int) -> TabularDataset:
        """Return a dataset without the first rows."""
        return self._some(slice(_count(count), None))

    def _some(self, rows: slice) -> TabularDataset:
        inner = self._rows
        start = (inner.start or 0) + (rows.start or 0)
        ends = [(inner.start or 0) + rows.stop if rows.stop is not None else None, inner.stop]
        known = [end for end in ends if end is not None]
        # The SDK's, too, is an unregistered one.
        return TabularDataset(self._files, self._reading, rows=slice(start, min(known) if known else None))


class TabularDatasetFactory(metaclass=Vocabulary, error=UserErrorException):
    """Makes tables out of files."""

    @staticmethod
    def from_delimited_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Mapping[str, Any] | None = None,
        separator: str = ",",
        header: PromoteHeadersBehavior | bool = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        r"""Read files of text: paths here, ``(datastore, path)``, or a list of them.

        With ``separator="\n"`` each line is one text.
        """
        if include_path or partition_format:
            raise UsageProblem("include_path and partition_format are not there.", hint="Leave them out.")
        known = PromoteHeadersBehavior
        if isinstance(header, bool):
            header = known.ALL_FILES_HAVE_SAME_HEADERS if header else known.NO_HEADERS
        if not isinstance(header, known):
            raise UsageProblem(f"header cannot be {header!r}.", hint="PromoteHeadersBehavior.NO_HEADERS, for example.")
        files = list(_files(path))
        made = TabularDataset(files, Reading(separator, header.value, encoding, support_multi_line))
        if validate:
            made.table  # noqa: B018 - reads the files
        return made

    @staticmethod
    def from_json_lines_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, Any] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Read files of JSON lines: each line is one text."""
        if include_path or partition_format:
            raise UsageProblem("include_path and partition_format are not there.", hint="Leave them out.")
        made = TabularDataset(list(_files(path)), Reading("\n", PromoteHeadersBehavior.NO_HEADERS.value, encoding))
        if validate:
            made.table  # noqa: B018 - reads the files
        return made

    @staticmethod
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Any = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Write a frame to a datastore as CSV, and register it."""
        store, folder = target if isinstance(target, tuple) else (target, "")
        if not isinstance(store, Datastore):
            raise UsageProblem("target is a datastore, or (datastore, path).", hint="ws.get_default_datastore()")
        place = store.workspace._local.datastores.create(store.name) / (folder or "frames") / f"{name}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, dataframe.columns, dataframe.itertuples(index=False))
        made = TabularDataset([place], Reading())
        return made.register(store.workspace, name, description, tags, create_new_version=True)


class Dataset(metaclass=Vocabulary, error=UserErrorException):
    """Makes data sets, and finds registered ones."""

    Tabular = TabularDatasetFactory

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = "latest") -> TabularDataset:
        """Find a registered data set."""
        text = str(version)
        if text != "latest" and not text.isdecimal():
            raise UsageProblem(f"{version!r} is not a dataset's version.", hint="A number, or 'latest'.")
        record = workspace._local.datasets.get(name, None if text == "latest" else int(text))
        return TabularDataset(workspace._local.datasets.files(record), record.reading, record)

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, TabularDataset]:
        """Return the newest version of each, by name."""
        return {name: Dataset.get_by_name(workspace, name) for name in workspace._local.datasets.names()}

    @staticmethod
    def get_by_id(workspace: Workspace, id: str, **_: Any) -> TabularDataset:  # noqa: A002 - the SDK's word
        """Find a registered data set by ``name:version``."""
        name, _colon, version = id.rpartition(":")
        return Dataset.get_by_name(workspace, name, version)


def _write(place: Path, columns: Iterable[Any], rows: Iterable[Iterable[Any]]) -> None:
    with place.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _count(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise UsageProblem(f"count must be a number of rows, not {given!r}.", hint="dataset.take(3)")
    return given


def _files(given: Any) -> Iterable[Path]:
    """Find the files that a path means: here, in a datastore, or several of both."""
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], Datastore):
        given = DataPath(given[0], str(given[1]))
    if isinstance(given, DataPath):
        found = given.files()
        if not found:
            known = given.datastore.workspace._local.datastores.files(given.datastore.name, "")
            root = given.datastore.workspace._local.datastores.folder(given.datastore.name)
            names = ", ".join(str(path.relative_to(root)) for path in known[:10])
            raise UsageProblem(
                f"There is no file {given.path_on_datastore!r} in the datastore {given.datastore.name}.",
                hint=f"It holds: {names or 'nothing'}.",
            )
        yield from found
    elif isinstance(given, (list, tuple)):
        for one in given:
            yield from _files(one)
    elif "://" in str(given):
        raise UsageProblem(
            f"{given} is not on this machine.", hint="Copy it here first: urllib.request.urlretrieve(url, 'data.csv')."
        )
    else:
        place = in_home(given).absolute()
        if place.is_dir():
            yield from sorted(path for path in place.iterdir() if path.is_file())
        elif place.is_file():
            yield place
        else:
            raise UsageProblem(f"Path does not exist: {given}", hint=f"The current folder is {Path.cwd()}.")
