"""Decide what becomes of each name that a script uses, and of the names that those need in turn."""

from __future__ import annotations

import ast
import functools
import logging
import sys
import types
from dataclasses import replace
from pathlib import Path

from ..errors import ScriptProblem
from ..scripts import Finding, Taken, lines_of, problem_at
from .definitions import Found, find_definition
from .explaining import check_latest_not_changed, check_not_changed, check_not_rebound, lost
from .loggers import logger_source
from .modules import check_travels
from .names import NOTEBOOK_ONLY, Use, annotations_of, attributes, is_alias_statement, needed_at_definition, uses
from .notebook import Binding, Notebook
from .values import declares, is_callable_of, is_typing, literal, looks_secret, public_home, refusal, same_literal


class Taking:
    """Follows names through a notebook; modules in ``folder`` travel with the script."""

    def __init__(self, notebook: Notebook, folder: Path) -> None:
        self._notebook = notebook
        self._folder = folder
        self._found: dict[str, Taken] = {}
        self._by_identity: dict[int, str] = {}
        self._filled: dict[int, Found] = {}
        self._used: dict[str, tuple[Use, str, list[str], str]] = {}

    def follow(self, source: str, where: str, needed_by: str = "") -> list[Taken]:
        """Take what a source uses, and what that uses; return all that was taken so far, in order of discovery.

        ``where`` names the source in messages: ``"cell"``, or the label of its cell. ``needed_by`` is the function or
        class that the source defines. The error of the first name that cannot be shipped has its line, a caret and
        the reason.
        """
        lines = lines_of(source)
        for use in uses(source, self._notebook, unknown=bool(needed_by)):
            if use.name in self._found:
                continue
            self._used[use.name] = (use, where, lines, needed_by)
            try:
                self._take(use)
            except (Finding, ScriptProblem) as finding:
                raise self._told(finding, use.name) from None
            except RecursionError:
                raise self.problem(use.name, "it is nested too deeply", "Make it in init().") from None
            except Exception as error:  # the value's own code may raise anything
                reason = f"looking at it raises {type(error).__name__}: {error}"
                raise self.problem(use.name, reason, "Make it in init().") from error
        self._import_what_is_below(source)
        if not needed_by:
            self._check_not_filled_twice()
        return list(self._found.values())

    def _check_not_filled_twice(self) -> None:
        """Refuse a container that is shipped full and that its definitions would fill again in the script."""
        for one in self._found.values():
            filled = self._filled.get(id(self._notebook.variables.get(one.name)))
            if filled is not None and one.kind in {"data", "constant"}:
                label = filled.binding.cell.label
                reason = f"what {label} defines adds to it each time it is defined, so the script would add it twice"
                raise self.problem(
                    one.name, reason, "Fill it in init(), or let it be a dictionary that is filled by name."
                )

    def _import_what_is_below(self, source: str) -> None:
        """Import ``package.module`` if a source uses it and the notebook imported it in another form."""
        for dotted in attributes(source):
            root, _, rest = dotted.partition(".")
            value, taken = self._notebook.variables.get(root), self._found.get(root)
            if taken is None or not isinstance(value, types.ModuleType):
                continue
            module = f"{value.__name__}.{rest}"
            line = f"import {module}"
            if module in sys.modules and self._notebook.imports(module) and line not in taken.lines:
                text = f"{taken.text}\n{line}"
                self._found[root] = replace(taken, text=text, summary=text.replace("\n", ", "))

    def check_module(self, name: str, module: str) -> None:
        """Refuse a taken name if loading it imports a module that the service will not have."""
        try:
            check_travels(module, self._folder)
        except Finding as finding:
            raise self._told(finding, name) from None

    def _told(self, problem: Finding | ScriptProblem, name: str) -> ScriptProblem:
        return self.problem(name, problem.message, problem.hint) if isinstance(problem, Finding) else problem

    def problem(self, name: str, reason: str, hint: str) -> ScriptProblem:
        """Make the error for a name that cannot be shipped, with the line and a caret at its use."""
        use, where, lines, needed_by = self._used[name]
        after = f", which {needed_by} needs," if needed_by else ""
        message = f"{name!r}{after} cannot be shipped: {reason}"
        return problem_at(Finding(message, hint, use.line, use.column, len(name), names=(name,)), where, lines)

    def _take(self, use: Use) -> None:
        name, value = use.name, self._notebook.variables.get(use.name)
        if not self._notebook.knows(name) and name not in NOTEBOOK_ONLY:
            raise Finding("it is not defined", "Run the cell that defines it.")
        if name in {*NOTEBOOK_ONLY, "In", "Out"}:
            raise Finding(
                "it is the notebook's own", "The script runs without a notebook; print() goes to the service's log."
            )
        for way in (
            self._as_module,
            self._as_imported,
            self._as_definition,
            self._as_declared,
            self._as_logger,
            self._as_alias,
            self._as_constant,
        ):
            taken = way(name, value)
            if taken:
                self._keep(taken)
                return
        self._keep(self._as_data(name, value))

    def _keep(self, taken: Taken) -> None:
        self._found[taken.name] = taken

    def _as_module(self, name: str, value: object) -> Taken | None:
        if not isinstance(value, types.ModuleType):
            return None
        module = value.__name__
        if sys.modules.get(module) is not value:
            raise Finding(
                f"the module {module} was not imported but made here", "Write it to a file beside the notebook."
            )
        check_travels(module, self._folder)
        if name != module:
            return Taken(name, "import", f"import {module} as {name}", summary=f"import {module}")
        below = sorted({module, *self._notebook.submodules(name)})
        text = "\n".join(f"import {each}" for each in below)
        return Taken(name, "import", text, summary=", ".join(f"import {each}" for each in below))

    def _as_imported(self, name: str, value: object) -> Taken | None:
        """Take a library's object, by the notebook's own import if there is one."""
        for binding in self._notebook.bindings(name):
            node = binding.node
            if not isinstance(node, ast.ImportFrom) or node.level:
                break
            original = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
            if getattr(sys.modules.get(node.module or ""), original, self) is value:
                return self._import_from(node.module or "", original, name, binding)
        for module in self._notebook.star_imports():
            if getattr(sys.modules.get(module), name, self) is value:
                return self._import_from(module, name, name, None)
        module, own = public_home(value)
        if module and "." not in own:
            return self._import_from(module, own, name, None)
        return None

    def _import_from(self, module: str, original: str, name: str, binding: Binding | None) -> Taken:
        check_travels(module, self._folder)
        text = f"from {module} import {original}" + ("" if original == name else f" as {name}")
        return Taken(name, "import", text, binding.cell.label if binding else "", binding.line if binding else 0, text)

    def _as_definition(self, name: str, value: object) -> Taken | None:
        found = find_definition(name, value, self._notebook)
        if found is None:
            return None
        check_not_rebound(found, self._notebook)
        check_not_changed(name, value, found, self._notebook)
        self._filled |= {id(one): found for one in found.adds_to}
        return self._sliced(name, "class" if isinstance(found.binding.node, ast.ClassDef) else "function", found)

    def _as_declared(self, name: str, value: object) -> Taken | None:
        """Take what a library makes of a name: ``P = namedtuple(…)``, ``T = TypeVar(…)``, ``Row = dict[str, int]``."""
        binding = next(self._notebook.bindings(name), None)
        node = binding.node if binding else None
        is_type = is_typing(value)
        if binding is not None and is_alias_statement(node) and is_type and getattr(value, "__name__", "") == name:
            return self._sliced(name, "alias", Found(binding, self._notebook.position(binding.cell)))
        if binding is None or not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return None
        is_class = isinstance(value, type) and isinstance(node.value, ast.Call) and value.__name__ == name
        if not is_type and not (is_class and declares(_resolved(node.value.func, self._notebook))):  # type: ignore[attr-defined]
            return None
        found = Found(binding, self._notebook.position(binding.cell))
        check_not_rebound(found, self._notebook)
        check_not_changed(name, value, found, self._notebook)
        return self._sliced(name, "class" if is_class else "alias", found)

    def _as_logger(self, name: str, value: object) -> Taken | None:
        binding = next(self._notebook.bindings(name), None)
        text = logger_source(name, value, binding.node if binding else None, self._notebook.variables)
        if not text:
            return None
        if self._notebook.variables.get("logging", logging) is logging:
            self._found.setdefault("logging", Taken("logging", "import", "import logging", summary="import logging"))
            first = frozenset({"logging"})
        else:
            # The script uses this name for something else.
            text, first = text.replace("logging.", '__import__("logging").'), frozenset()
        place = (binding.cell.label, binding.line) if binding else ("", 0)
        return Taken(name, "alias", text, *place, summary=text.split("\n")[0].partition(" = ")[2], first=first)

    def _sliced(self, name: str, kind: str, found: Found) -> Taken:
        first = needed_at_definition(found.binding.node)
        at_once = frozenset(first | annotations_of(found.binding.node)) - {name}
        place = found.binding.cell.label
        summary = (
            ast.unparse(found.binding.node.value)  # type: ignore[attr-defined]
            if kind == "alias"
            else kind
        )
        if found.as_now:
            summary += f", with {', '.join(found.as_now)} as computed here"
        taken = Taken(name, kind, found.binding.text, place, found.binding.line, summary, at_once)
        # Store it before its own names are followed: functions may call each other.
        self._found[name] = taken
        self.follow(*_in_place(found.binding), needed_by=name)
        return taken

    def _as_alias(self, name: str, value: object) -> Taken | None:
        """Take ``name = other`` and ``name = library.thing``, and a second name of an object that was taken already."""
        known = self._by_identity.get(id(value))
        if known and not isinstance(value, (str, bytes, int, float, bool, type(None))):
            return Taken(name, "alias", f"{name} = {known}", summary=f"the same as {known}", first=frozenset({known}))
        binding = next(self._notebook.bindings(name), None)
        node = binding.node if binding else None
        if binding is None or not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return None
        if not isinstance(node.targets[0], ast.Name) or not callable(value):
            return None
        root = _dotted_root(node.value)
        if (
            not root
            or not self._notebook.knows(root)
            or self._leads_back(root, name)
            or not self._gives(node.value, value)
        ):
            return None
        text = f"{name} = {ast.unparse(node.value)}"
        taken = Taken(name, "alias", text, binding.cell.label, binding.line, ast.unparse(node.value), frozenset({root}))
        self._found[name] = taken
        self.follow(text.replace(f"{name} = ", "", 1), binding.cell.label, needed_by=name)
        return taken

    def _leads_back(self, root: str, name: str) -> bool:
        """Whether an alias would lead back to itself: ``a = b`` after ``b = a``."""
        for _ in range(len(self._found) + 1):
            if root == name:
                return True
            known = self._found.get(root)
            if known is None or known.kind != "alias" or len(known.first) != 1:
                return False
            (root,) = known.first
        return True

    def _gives(self, expression: ast.expr, value: object) -> bool:
        if isinstance(expression, ast.Name):
            return self._notebook.variables.get(expression.id) is value
        assert isinstance(expression, ast.Attribute)
        owner = _resolved(expression.value, self._notebook)
        if isinstance(value, types.MethodType):
            return value.__self__ is owner and value.__name__ == expression.attr
        return isinstance(owner, (types.ModuleType, type)) and getattr(owner, expression.attr, self) is value

    def _as_constant(self, name: str, value: object) -> Taken | None:
        text = literal(value)
        if text is None:
            return None
        _check_no_secret(name, value)
        binding = next(self._notebook.bindings(name), None)
        node = binding.node if binding else None
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and same_literal(node.value, value):
            text = _as_written(binding, node.value, value) or text
        if isinstance(value, (list, dict, set)):
            self._by_identity[id(value)] = name
        shown = text if len(text) <= 60 else f"{text[:57]}…"
        place = (binding.cell.label, binding.line) if binding else ("", 0)
        return Taken(name, "constant", f"{name} = {text}", *place, summary=f"constant {shown}")

    def _as_data(self, name: str, value: object) -> Taken:
        reason = refusal(value)
        if reason:
            raise Finding(*reason)
        _check_no_secret(name, value)
        if isinstance(value, type(functools.lru_cache(len))) or (
            is_callable_of(value, "__main__") and isinstance(value, (type, types.FunctionType))
        ):
            # A pickle would hold their names in a module that a service does not have.
            check_latest_not_changed(name, self._notebook)
            raise lost(name, value, self._notebook)
        if isinstance(value, types.BuiltinFunctionType):
            raise Finding(f"{value!r} belongs to an object that lives here", "Write a function that calls it.")
        self._by_identity[id(value)] = name
        binding = next(self._notebook.bindings(name), None)
        place = (binding.cell.label, binding.line) if binding else ("", 0)
        return Taken(name, "data", "", *place, summary=type(value).__name__, value=value)


def _check_no_secret(name: str, value: object) -> None:
    if looks_secret(name, value):
        raise Finding(
            "it looks like a secret, and scripts and images are no place for those",
            f'Read it from os.environ["{name}"] in the script, and give it with --env {name}.',
        )


def _in_place(binding: Binding) -> tuple[str, str]:
    """Give a statement its line numbers in the cell, for messages."""
    before = "\n" * (binding.line - 1)
    return before + binding.text, binding.cell.label


def _as_written(binding: Binding | None, node: ast.expr, value: object) -> str:
    """Return a constant's own text if it is one expression, even without its brackets."""
    text = (ast.get_source_segment(binding.cell.source, node) or "") if binding else ""
    try:
        read = ast.parse(f"value = {text}").body
    except SyntaxError:
        return ""
    alone = read[0] if len(read) == 1 else None
    return text if isinstance(alone, ast.Assign) and same_literal(alone.value, value) else ""


def _dotted_root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _resolved(node: ast.expr, notebook: Notebook) -> object:
    if isinstance(node, ast.Name):
        return notebook.variables.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, notebook)
        # Reading an attribute of a module or class runs no code; an instance may compute it.
        return getattr(owner, node.attr, None) if isinstance(owner, (types.ModuleType, type)) else None
    return None
