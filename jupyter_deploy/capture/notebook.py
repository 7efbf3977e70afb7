"""What a notebook holds: its variables, and the cells that were run, as syntax trees."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..scripts import lines_of, quiet_parse, top_level

# Names that every module has.
_OF_EVERY_MODULE = frozenset(
    {
        "__name__",
        "__doc__",
        "__file__",
        "__spec__",
        "__loader__",
        "__package__",
        "__path__",
        "__builtins__",
        "__builtin__",
        "__annotations__",
    }
)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Cell:
    """A cell that was run, with a label such as ``"In [3]"`` or a file's name.

    Its source is what Python got: magics are calls already.
    """

    label: str
    source: str

    @property
    def statements(self) -> list[ast.stmt]:
        """Its statements; none if Python cannot read the cell."""
        return parsed(self.source)


@dataclass(frozen=True)
class Binding:
    """A statement outside functions and classes that gave a name its value."""

    cell: Cell
    node: ast.stmt

    @property
    def text(self) -> str:
        """The statement's source, decorators included, without indentation."""
        lines = lines_of(self.cell.source)
        found = lines[self.line - 1 : self.node.end_lineno]
        before = lines[self.node.lineno - 1].encode()[: self.node.col_offset].decode()
        after = found[-1].encode()[self.node.end_col_offset :].decode().strip()
        if (before.strip() and self.line == self.node.lineno) or after.startswith(";"):
            # Other statements share its lines, and would run a second time.
            return ast.get_source_segment(self.cell.source, self.node) or ""
        margin = len(found[0]) - len(found[0].lstrip())
        # textwrap.dedent would change the lines inside multi-line texts.
        return "\n".join(line[margin:] if not line[:margin].strip() else line for line in found)

    @property
    def line(self) -> int:
        """The first line, counted in the cell."""
        decorators: list[ast.expr] = getattr(self.node, "decorator_list", [])
        return min([self.node.lineno, *(decorator.lineno for decorator in decorators)])


def rewritten(binding: Binding, written: Sequence[tuple[ast.expr, str]]) -> Binding:
    """Replace expressions in a statement; the result has a cell of its own with as many lines."""
    lines = [line.encode() for line in lines_of(binding.cell.source)]
    for node, text in sorted(written, key=lambda one: (one[0].lineno, one[0].col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        after = lines[last][node.end_col_offset :]
        before = lines[first][: node.col_offset]
        if first == last:
            lines[first] = before + text.encode() + after
        else:
            lines[first : last + 1] = [before + b"(" + text.encode(), *[b""] * (last - first - 1), b")" + after]
    cell = Cell(binding.cell.label, "\n".join(line.decode() for line in lines))
    name = getattr(binding.node, "name", None)
    for new in top_level(cell.statements):
        here = (new.lineno, new.col_offset, getattr(new, "name", None))
        if here == (binding.node.lineno, binding.node.col_offset, name):
            return Binding(cell, new)
    return binding


@dataclass(frozen=True)
class Notebook:
    """A notebook's present variables, and its cells in the order in which they ran."""

    variables: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
    cells: tuple[Cell, ...] = ()

    def knows(self, name: str) -> bool:
        """Whether a name lives in the notebook.

        Built-in names count only if the notebook gave them another value. Names that every module has, such as
        ``__name__``, do not count.
        """
        return (
            name in self.variables
            and name not in _OF_EVERY_MODULE
            and self.variables[name] is not getattr(builtins, name, self)
        )

    def position(self, cell: Cell) -> int:
        """Return the index of a cell by identity; an unknown cell counts as the latest."""
        return next((i for i in reversed(range(len(self.cells))) if self.cells[i] is cell), len(self.cells))

    def bindings(self, name: str) -> Iterator[Binding]:
        """Yield the statements that gave a global name its value, the latest first."""
        for cell in reversed(self.cells):
            # Parsing a cell of megabytes of data takes seconds. Python spells some non-ASCII names in several ways.
            if name not in cell.source and cell.source.isascii():
                continue
            for bound, node in reversed(_bound(cell.source)):
                if bound == name:
                    yield Binding(cell, node)

    def star_imports(self) -> Iterator[str]:
        """List the modules that were imported with ``from MODULE import *``, the latest first."""
        for binding in self.bindings("*"):
            assert isinstance(binding.node, ast.ImportFrom)
            yield binding.node.module or ""

    def submodules(self, package: str) -> Iterator[str]:
        """List dotted modules below a package that ``import package.module`` loaded without a name of their own."""
        for binding in self.bindings(package):
            if isinstance(binding.node, ast.Import):
                yield from (
                    alias.name
                    for alias in binding.node.names
                    if not alias.asname and alias.name.startswith(f"{package}.")
                )

    def imports(self, module: str) -> bool:
        """Whether a cell imports a module in any form.

        ``import a.b as c``, ``from a.b import c`` and ``from a import b`` all import ``a.b``.
        """
        above, _, last = module.rpartition(".")
        for cell in self.cells:
            for node in top_level(cell.statements) if last in cell.source else ():
                names = {alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)}
                if isinstance(node, ast.Import) and any(f"{name}.".startswith(f"{module}.") for name in names):
                    return True
                below = isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{module}.")
                if below or (isinstance(node, ast.ImportFrom) and node.module == above and last in names):
                    return True
        return False

    @property
    def delays_annotations(self) -> bool:
        """Whether a cell said ``from __future__ import annotations``, which holds for all later cells."""
        return any(
            isinstance(binding.node, ast.ImportFrom) and binding.node.module == "__future__"
            for binding in self.bindings("annotations")
        )


@lru_cache(maxsize=4096)
def parsed(source: str) -> list[ast.stmt]:
    """Parse a cell, once; invalid Python has no statements."""
    try:
        return quiet_parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Shell syntax that was never transformed, or a cell that failed: neither bound a name.
        return []


@lru_cache(maxsize=4096)
def _bound(source: str) -> tuple[tuple[str, ast.stmt], ...]:
    return tuple((name, node) for node in top_level(parsed(source)) for name in _names_of(node))


def _names_of(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, Definition):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        whole = isinstance(node, ast.ImportFrom)
        yield from (alias.asname or (alias.name if whole else alias.name.partition(".")[0]) for alias in node.names)
    else:
        yield from (item.id for part in _own_parts(node) for item in _stores(part))


def _own_parts(node: ast.stmt) -> Iterator[ast.AST]:
    """Skip the statements in a compound statement: they come by themselves."""
    for name, value in ast.iter_fields(node):
        if name not in {"body", "orelse", "finalbody", "handlers", "cases"}:
            yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, ast.AST))
    if isinstance(node, ast.Match):
        yield from (case.pattern for case in node.cases)


def _stores(part: ast.AST) -> Iterator[ast.Name]:
    for item in ast.walk(part):
        if isinstance(item, ast.Name) and isinstance(item.ctx, (ast.Store, ast.Del)):
            yield item
        elif isinstance(item, (ast.MatchAs, ast.MatchStar)) and item.name:
            yield ast.Name(item.name, ast.Store())
