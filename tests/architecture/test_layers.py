"""Import direction, cycles, and the sizes of files and functions."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest

from .layers import LAYERS, RANK, ROOT, for_each, imported_names, imports, names_of_door, part_of, sources, tree

TESTS = Path(__file__).parent.parent
MODULES = [name for name in sources() if name != ROOT]


def test_every_part_has_a_layer() -> None:
    assert {part_of(name) for name in MODULES} == set(RANK)


@for_each(MODULES)
def test_imports_go_down(module: str) -> None:
    own = RANK[part_of(module)]
    for imported in imports(sources()[module]):
        if imported == ROOT:
            raise AssertionError(f"{module} imports the package's root")
        if imported.startswith(f"{ROOT}."):
            other = RANK[part_of(imported)]
            assert other <= own, f"{module} ({LAYERS[own][0]}) imports {imported} ({LAYERS[other][0]})"


@for_each([name for name in MODULES if part_of(name) in {"errors", "files", "home", "progress", "doors"}])
def test_the_ground_needs_only_the_standard_library(module: str) -> None:
    outside = {name.partition(".")[0] for name in imports(sources()[module])} - {ROOT}
    assert outside <= set(sys.stdlib_module_names)


@for_each(MODULES)
def test_other_rooms_are_entered_by_their_doors(module: str) -> None:
    """A file is imported by its own room and by rooms inside that; everybody else imports from the room."""
    path = sources()[module]
    own = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for origin, name in imported_names(path):
        candidate = f"{origin}.{name}"
        imported = candidate if candidate in sources() else origin
        if imported not in sources() or sources()[imported].name == "__init__.py":
            continue
        room = imported.rpartition(".")[0]
        inside = own == room or own.startswith(f"{room}.")
        assert inside or candidate == names_of_door(room).get(name), f"{module} reaches into {room}: {imported}"


@for_each([name for name in MODULES if not name.startswith(f"{ROOT}.store")])
def test_only_the_store_has_locks(module: str) -> None:
    """Others name what they lock, not a file: a shared database keeps processes apart by other means."""
    assert not {"filelock", "fcntl", "msvcrt", "portalocker"}.intersection(imports(sources()[module]))
    for node in ast.walk(tree(sources()[module])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not node.value.endswith(".lock"), f"{module}:{node.lineno}"


ROOMS = [name for name, path in sources().items() if path.name == "__init__.py" and name != ROOT]


@for_each(ROOMS)
def test_a_room_says_what_it_is_for_and_its_door_keeps_its_word(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__doc__
    listed = {name for name, inner in names_of_door(room).items() if inner != f"{room}.{name}"}
    table = {name for name in dir(module) if name in listed}
    assert table == listed
    files = {path.stem for path in sources()[room].parent.iterdir()}
    assert not files & listed, "a file of that name would hide the door's name"
    for name in listed:
        assert getattr(module, name) is not None


def test_there_are_no_cycles() -> None:
    graph = {
        name: {other for other in imports(path) if other in sources()} if name not in ROOMS else set()
        for name, path in sources().items()
    }
    # A package's own file is part of every import of what is in it; what counts is what the files say.
    state: dict[str, str] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if state.get(name) == "open":
            pytest.fail("cycle: " + " → ".join([*trail[trail.index(name) :], name]))
        if name in state:
            return
        state[name] = "open"
        for other in sorted(graph[name]):
            visit(other, (*trail, name))
        state[name] = "done"

    for name in graph:
        visit(name, ())


@for_each(list(sources()))
def test_sizes(module: str) -> None:
    text = sources()[module].read_text()
    assert len(text.splitlines()) <= 400, f"{module} is too long"
    for node in ast.walk(tree(sources()[module])):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{module}.{node.name} has {length} lines"


@for_each(sorted(TESTS.rglob("*.py")))
def test_sizes_of_tests(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@for_each(list(sources()))
def test_importing_does_nothing(module: str) -> None:
    """At the top level stand definitions, constants and imports; but for the guard in the root, and a switch."""
    allowed = (
        ast.Import,
        ast.ImportFrom,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Assign,
        ast.AnnAssign,
    )
    for node in tree(sources()[module]).body:
        if isinstance(node, allowed) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        text = ast.unparse(node)
        is_main = text.startswith("if __name__ == '__main__'")
        is_guard = module == ROOT and text.startswith("_refuse_the_other_distribution(")
        is_switch = module == f"{ROOT}.azureml" and text == "install()"
        assert is_main or is_guard or is_switch or text.startswith("if TYPE_CHECKING:"), f"{module}: {text[:80]}"


HTML = re.compile(
    r"(?<!\?P)</?(a|b|br|button|code|details|div|g|h[1-6]|i|img|li|line|ol|p|pre|rect|span|style|summary|svg|table|tbody|td|text"
    r"|th|thead|title|tr|ul)\b[^<\n]*>|<(a|div|img|pre|span|svg|t[dhr]|table)\s"
)


@for_each([name for name in MODULES if name != f"{ROOT}.display.markup"])
def test_html_is_made_in_one_place(module: str) -> None:
    """What escapes and what writes tags is ``display/markup.py``; assets for the browser are files of their own."""
    path = sources()[module]
    assert "html" not in imports(path)
    parsed = tree(path)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(parsed)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(parsed):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            assert not HTML.search(node.value), f"{module}, line {node.lineno}: {node.value[:60]}"
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in {"Html", "markup.Html"}, f"{module}, line {node.lineno}"


def test_async_stays_in_the_front_and_in_the_panels_server_part() -> None:
    asynchronous = {
        name
        for name, path in sources().items()
        if any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(tree(path)))
    }
    front = {
        "acceptor",
        "admin_route",
        "bodies",
        "collection",
        "control",
        "debugger",
        "engine",
        "handover",
        "http",
        "inference_route",
        "links",
        "replies",
        "runtime",
        "score_route",
        "server",
        "spawner",
        "tls",
        "uploads",
        "warming",
        "whereabouts",
        "workers",
    }
    panel = {f"{ROOT}.labserver.{name}" for name in ("app", "handlers", "jobs", "parts")}
    # Thousands of requests may wait for a deployment that sleeps.
    held = {f"{ROOT}.routing.{name}" for name in ("holding", "passing", "proxy")}
    assert asynchronous == panel | held | {f"{ROOT}.serving.front.{name}" for name in front}


def outside(*rooms: str) -> list[str]:
    """The modules that are in none of some rooms."""
    return [name for name in MODULES if not any(f"{name}.".startswith(f"{ROOT}.{room}.") for room in rooms)]


@for_each(outside("targets"))
def test_only_targets_know_which_targets_there_are(module: str) -> None:
    """What another room wants of one target, it asks of all: through the protocol and the door of ``targets``."""
    for origin, _ in imported_names(sources()[module]):
        assert not origin.startswith(f"{ROOT}.targets."), f"{module} imports from {origin}"


@for_each(outside("targets", "services.server"))
def test_nobody_asks_a_target_for_its_name(module: str) -> None:
    """What a target can do is in its capabilities, so that a third one needs no change elsewhere."""
    targets = set(importlib.import_module(f"{ROOT}.targets.choice").TARGETS)
    for node in ast.walk(tree(sources()[module])):
        if isinstance(node, ast.Compare):
            constants = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
            named = {part.value for part in constants if isinstance(part, ast.Constant)} & targets
            assert not named, f"{module}:{node.lineno} compares with {named}"


@for_each(outside("targets", "services.server", "services.rows", "store"))
def test_only_a_target_reads_its_facts_and_only_the_rows_the_column(module: str) -> None:
    for node in ast.walk(tree(sources()[module])):
        if isinstance(node, ast.Attribute) and node.attr in {"facts", "handle"}:
            owner = ast.unparse(node.value).rpartition(".")[2]
            private = {"facts": {"server", "before", "next", "previous"}, "handle": {"record", "c"}}[node.attr]
            assert owner not in private, f"{module}:{node.lineno} reads {ast.unparse(node)}"
