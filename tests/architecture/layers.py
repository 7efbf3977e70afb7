"""The layers of the package, and its imports as the syntax trees show them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import jupyter_deploy

PACKAGE = Path(jupyter_deploy.__file__).parent
ROOT = "jupyter_deploy"

# Lowest first. A module imports from its own layer and those below, never from above.
LAYERS = (
    ("ground", {"errors", "files", "home", "progress", "doors"}),
    ("runtime", {"serving", "frameworks"}),
    ("store", {"store"}),
    ("registry, scripts, runs and data", {"registry", "scripts", "runs", "datasets", "compute"}),
    ("environments", {"environments"}),
    ("capture", {"capture"}),
    ("bundles", {"bundles"}),
    ("services", {"services"}),
    ("endpoints", {"endpoints"}),
    ("targets", {"targets"}),
    ("routing", {"routing"}),
    ("invoking", {"invoking"}),
    ("deploying", {"deploying"}),
    ("tables", {"scoring"}),
    ("façade", {"workspace"}),
    ("verbs", {"verbs"}),
    ("faces", {"display"}),
    ("edges", {"cli", "magics", "widgets", "labserver", "sdk", "azureml"}),
)
RANK = {name: rank for rank, (_, names) in enumerate(LAYERS) for name in names}


Thing = TypeVar("Thing")


def for_each(things: Iterable[Thing]) -> Callable[[Callable[[Thing], None]], Callable[[], None]]:
    """Make one test of a check for many things: thousands of tests would cost pytest more than the checks do."""

    def decorate(check: Callable[[Thing], None]) -> Callable[[], None]:
        def test() -> None:
            problems = []
            for thing in things:
                try:
                    check(thing)
                except AssertionError as error:
                    problems.append(f"{thing}: {error}")
            assert not problems, "\n".join(problems)

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate


def module_name(path: Path) -> str:
    """``jupyter_deploy.serving.worker.worker`` for its file; a package's ``__init__`` is the package."""
    parts = [ROOT, *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> dict[str, Path]:
    """Every module of the package."""
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The modules a file imports anywhere in it, lazily and for type checking too; a door's name is its file's."""
    found = []
    for origin, name in imported_names(path):
        candidate = f"{origin}.{name}" if name else origin
        found.append(candidate if candidate in sources() else behind(origin, name))
    return tuple(found)


def imported_names(path: Path) -> Iterator[tuple[str, str]]:
    """The module and the name of each import; the name is empty for ``import module``."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(filter(None, (base, node.module)))
            yield from ((origin, alias.name) for alias in node.names)


@cache
def names_of_door(room: str) -> dict[str, str]:
    """The names that a room's door leads to, each with its module, as its ``if TYPE_CHECKING:`` lists them."""
    found: dict[str, str] = {}
    path = sources().get(room)
    if path is None or path.name != "__init__.py":
        return found
    for node in tree(path).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom) and line.level == 1:
                    for alias in line.names:
                        inner = ".".join(filter(None, (room, line.module)))
                        found[alias.asname or alias.name] = inner if line.module else f"{room}.{alias.name}"
    return found


def behind(room: str, name: str) -> str:
    """The module that a name of a door is in; the room itself where it is its own."""
    return names_of_door(room).get(name, room)


def part_of(module: str) -> str:
    """The name directly below the package: what the layers are made of."""
    return module.split(".")[1] if "." in module else ""
