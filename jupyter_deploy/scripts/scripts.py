"""Entry scripts: checked when they are written, and stored under a name."""

from __future__ import annotations

import ast
import hashlib
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from .taken import Taken

if TYPE_CHECKING:
    from .described import RunInput
from ..errors import NotFound, ScriptProblem, nearest, not_found
from ..serving import Origin, origins_of
from ..store import Database, scripts
from .checking import MAX_BYTES, check, quiet_parse

# Letters of any language; a leading "_" too, but no path and no option.
NAME_RULE = re.compile(r"\w[\w\-.]{0,99}")
CELL_FILE = "__score_script__.py"
# The line by which a generated script loads data: the name, and the saved model.
LOADED = re.compile(r'^ *(\w+) = joblib\.load\(_model_file\("([^"]+)", "(\d+)", "', re.MULTILINE)
_SHARES = re.compile(rb"builtins|f_globals|f_back|sys\.modules")


@dataclass(frozen=True)
class Script:
    """A checked entry script."""

    name: str  # a file's script has the file's name without its ending
    source: str  # a cell's starts with the magic's line as a comment, so its line numbers are the cell's own
    folder: str  # where the modules beside it are looked for
    path: str = ""  # empty for a cell
    origins: tuple[Origin, ...] = field(default=(), repr=False)  # which lines come from which cell
    models: tuple[str, ...] = ()  # ``name:version`` of captured data
    # what it took from the notebook, without values; empty if an older version of this package stored it
    taken: tuple[Taken, ...] = field(default=(), compare=False, repr=False)
    notices: tuple[str, ...] = field(default=(), compare=False, repr=False)  # doubts, found again each time
    stored: float = field(default=0.0, compare=False, repr=False)  # seconds since the epoch; 0 if it is not stored

    @property
    def file_name(self) -> str:
        """The entry file's name inside a service."""
        # The file has a fixed name: a cell called "json" would otherwise shadow that module.
        return Path(self.path).name if self.path else CELL_FILE

    @property
    def label(self) -> str:
        """The name in tracebacks."""
        return self.path or f"%%score_script {self.name}"

    @property
    def cell(self) -> str:
        """The user's own cell; a script may be put together from several."""
        lines = self.source.split("\n")
        own = [lines[origin.first - 1 : origin.last] for origin in self.origins if origin.label == self.label]
        return "\n".join(line for part in own for line in part) if own else self.source

    @property
    def contract(self) -> str:
        """What its ``run()`` gets, in one line, and one line for each parameter with a type."""
        return self.input.text

    @property
    def input(self) -> RunInput:
        """What its ``run()`` gets, read from its text."""
        from .described import run_input

        return run_input(self.source, self.cell)

    @property
    def looks_for_models(self) -> bool:
        """Whether it may need a model besides the captured ones."""
        return not self.models or "AZUREML_MODEL_DIR" in self.cell or "get_model_path" in self.cell

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            **asdict(replace(self, taken=())),
            "origins": [list(origin) for origin in self.origins],
            "models": list(self.models),
            "notices": list(self.notices),
            "taken": [one.as_dict() for one in self.taken],
            "contract": self.contract,
        }


def imported_modules(source: str) -> Iterator[str]:
    """Yield the dotted names of the modules that a source imports anywhere; relative imports are left out.

    A source that does not parse imports nothing.
    """
    yield from _modules(source)


# Inference of requirements and preloading both ask for the same source.
@lru_cache(maxsize=64)
def _modules(source: str) -> tuple[str, ...]:
    try:
        tree = quiet_parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(modules_in(ast.walk(tree)))


def modules_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the dotted names of imported modules, also by a literal name; relative imports are left out."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and node.args and _imports(node.func):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value[:1] != ".":
                yield first.value


def _imports(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "__import__"}


def check_script_name(name: str) -> str:
    """Refuse an invalid script name."""
    # Composed form: an "ü" that macOS writes as two characters is the same letter.
    name = unicodedata.normalize("NFC", name)
    if NAME_RULE.fullmatch(name) and name.strip("_"):
        return name
    raise ScriptProblem(
        f"{name[:80]!r} cannot be a script's name: letters, digits, '-', '.' and '_' only, at most 100.",
        hint="For example: %%score_script churn",
    )


def script_from_file(path: Path) -> Script:
    """Read and check an entry script file."""
    if path.is_dir():
        raise ScriptProblem(f"{path} is a folder, not a script.", hint="Name the file in it that has run().")
    if not path.is_file():
        close = nearest(path.name, (entry.name for entry in path.parent.glob("*.py"))) if path.parent.is_dir() else None
        hint = f"Did you mean {path.with_name(close)}?" if close else f"The current folder is {Path.cwd()}."
        raise NotFound(f"No script file {path}.", hint=hint)
    if path.stat().st_size > MAX_BYTES:
        raise ScriptProblem(f"{path} is larger than {MAX_BYTES // 1024} KiB.", hint="Is it really a script?")
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScriptProblem(f"{path} is not UTF-8 text: {error}.", hint="Is it really a Python script?") from error
    absolute = path.absolute()
    notices = check(source, path.name, loose=_defines_for_others(source, absolute.parent))
    notices = tuple(f"{path.name} {notice}" for notice in notices)
    return Script(path.stem, source, str(absolute.parent), str(absolute), notices=notices)


def _defines_for_others(source: str, folder: Path) -> bool:
    """Whether a module beside a script may define names for it."""
    for module in imported_modules(source):
        place = folder.joinpath(*module.split("."))
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            try:
                if path.is_file() and _SHARES.search(path.read_bytes()):
                    return True
            except OSError:
                # Shipping refuses it.
                continue
    return False


class Scripts:
    """The stored script cells, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getitem__(self, name: str) -> Script:
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def names(self) -> list[str]:
        """List the names of stored script cells, sorted."""
        with self._database.read() as connection:
            return list(connection.scalars(sa.select(scripts.c.name).order_by(scripts.c.name)))

    def stored_at(self) -> dict[str, float]:
        """Return when each stored script was stored last, in seconds since the epoch."""
        with self._database.read() as connection:
            return {row.name: row.updated for row in connection.execute(sa.select(scripts.c.name, scripts.c.updated))}

    def put(self, script: Script) -> None:
        """Store a checked script under its name, in place of an earlier one."""
        values: dict[str, Any] = {"source": script.source, "folder": script.folder, "updated": time.time()}
        values |= {"origins": [list(origin) for origin in script.origins], "models": list(script.models)}
        # An older version of this package may replace the source and leave this: the digest shows that.
        values["taken"] = {"of": _digest(script.source), "names": [one.as_dict() for one in script.taken]}
        this = scripts.c.name == script.name
        with self._database.write() as connection:
            if not connection.execute(scripts.update().where(this).values(**values)).rowcount:
                connection.execute(scripts.insert().values(name=script.name, **values))

    def get(self, name: str) -> Script:
        """Return a stored script.

        Raises
        ------
        NotFound
            With the nearest name as its hint.
        """
        script = self.find(name)
        if script is None:
            raise not_found(
                "script", name, self.names(), empty=f"Write one in a cell that starts with %%score_script {name}"
            )
        return script

    def find(self, name: str) -> Script | None:
        """Return a stored script, or None."""
        name = unicodedata.normalize("NFC", name)
        with self._database.read() as connection:
            row = connection.execute(sa.select(scripts).where(scripts.c.name == name)).first()
        if row is None:
            return None
        origins, models = origins_of(row.origins or ()), tuple(row.models or ())
        kept = row.taken if row.taken and row.taken.get("of") == _digest(row.source) else {}
        taken = tuple(Taken.of_dict(one) for one in kept.get("names", ()))
        given = {"origins": origins, "models": models, "taken": taken, "stored": row.updated}
        return Script(row.name, row.source, row.folder, **given)


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]
