"""What a scoring is asked to do, checked before anything is read or sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from ..errors import UsageProblem, nearest
from ..files import in_home
from .kinds import Kind
from .sources import ENDINGS, arrow

MOST_ROWS = 100_000
MOST_AT_ONCE = 64
ENGINES = ("threads", "dask")
FORMS = ("record", "records", "values", "split")
_KINDS = tuple(kind.value for kind in Kind if kind is not Kind.EMPTY)
_ADDRESS = re.compile(r"[a-z]+://\S+|[\w.-]+:\d+")


class ScoreOptions(TypedDict, total=False):
    """The keyword arguments of ``score``, which :class:`Asked` explains."""

    rows: int | None
    concurrency: int | None
    columns: Sequence[str] | str | None
    kinds: Mapping[str, str] | None
    form: str | None
    key: str | None
    prediction: str
    only: bool
    timeout: float | None
    patience: float
    max_failures: int | None
    engine: str
    scheduler: Any
    fresh: bool


@dataclass(frozen=True)
class Asked:
    """The options of a scoring."""

    rows: int | None = None  # rows a request; found by what the service takes
    concurrency: int | None = None  # requests at once
    columns: tuple[str, ...] | None = None  # the columns that are sent
    kinds: Mapping[str, Kind] = field(default_factory=dict, hash=False)  # of columns of a CSV file
    form: str | None = None  # how rows are written for a service without a schema
    key: str | None = None  # the key of a JSON object that they are put under
    prediction: str = "prediction"  # the new column
    only: bool = False  # whether the output is without the input's columns
    timeout: float | None = None  # seconds for an answer
    patience: float = 60.0  # seconds that the service may be away
    max_failures: int | None = None  # a row more ends it; None for any number
    engine: str = "threads"
    scheduler: Any = None  # a Dask scheduler's address, or a client; None for workers on this machine
    fresh: bool = False  # throw away what an interrupted run has left

    @classmethod
    def of(cls, **given: Any) -> Asked:
        """Check keyword arguments; raises :class:`~jupyter_deploy.errors.UsageProblem`."""
        unknown = next((name for name in given if name not in cls.__dataclass_fields__), None)
        if unknown is not None:
            close = nearest(unknown, cls.__dataclass_fields__)
            raise UsageProblem(f"score has no option {unknown!r}.", hint=f"Did you mean {close!r}?" if close else "")
        columns = given.get("columns")
        if columns is not None:
            names = [name.strip() for name in columns.split(",")] if isinstance(columns, str) else list(columns)
            if not names or not all(names):
                raise UsageProblem("columns names no column.", hint="For example: --columns age,income")
            given["columns"] = tuple(map(str, names))
        given["kinds"] = {str(name): _kind(name, kind) for name, kind in (given.get("kinds") or {}).items()}
        asked = cls(**given)
        asked._check()
        return asked

    def _check(self) -> None:
        _between("rows", self.rows, 1, MOST_ROWS)
        _between("concurrency", self.concurrency, 1, MOST_AT_ONCE)
        _between("max_failures", self.max_failures, 0, 1 << 62)
        for name, seconds in (("timeout", self.timeout), ("patience", self.patience)):
            if seconds is not None and not 0 <= seconds < 1e9:
                raise UsageProblem(f"{name} takes seconds, not {seconds!r}.", hint="For example: 30")
        _one_of("engine", self.engine, ENGINES)
        if self.form is not None:
            _one_of("form", self.form, FORMS)
        if self.form == "record" and self.rows not in {None, 1}:
            raise UsageProblem("The form 'record' has one row a request.", hint="Take --form records for many rows.")
        if not self.prediction:
            raise UsageProblem("The column of predictions needs a name.", hint="For example: --prediction score")
        if self.scheduler is not None and self.engine != "dask":
            raise UsageProblem("A scheduler belongs to the engine dask.", hint="Add: --engine dask")
        if isinstance(self.scheduler, str) and not _ADDRESS.fullmatch(self.scheduler):
            raise UsageProblem(
                f"{self.scheduler!r} is not the address of a scheduler.", hint="For example: tcp://127.0.0.1:8786"
            )


def _between(name: str, value: Any, least: int, most: int) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most):
        upper = f" to {most:,}" if most < 1 << 62 else " or more"
        raise UsageProblem(f"{name} is a whole number, {least}{upper}, not {value!r}.", hint="Nothing was sent.")


def _one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        close = nearest(str(value), known)
        hint = f"Did you mean {close!r}?" if close else f"There are {', '.join(known)}."
        raise UsageProblem(f"There is no {name} {value!r}.", hint=hint)


def _kind(name: str, kind: object) -> Kind:
    words = {"string": "text", "str": "text", "int": "integer", "float": "number", "bool": "boolean"}
    found = words.get(str(kind), str(kind))
    if found not in _KINDS:
        raise UsageProblem(f"{name} cannot be read as {kind!r}.", hint=f"There are {', '.join(_KINDS)}.")
    return Kind(found)


def output_of(out: object) -> tuple[Path, str]:
    """Check where the output goes; returns its path and its form."""
    path = in_home(str(out))
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise UsageProblem(
            f"{path} does not say what to write: it ends with {path.suffix or 'nothing'}.",
            hint="The output ends with .csv, .tsv, .parquet or .jsonl.",
        )
    if path.is_dir() or not path.parent.is_dir():
        raise UsageProblem(f"{path} cannot be written: it is no file in a folder.", hint="Is the path right?")
    if form == "parquet":
        arrow()
    return path, form
