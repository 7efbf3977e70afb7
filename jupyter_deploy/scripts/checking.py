"""What can be checked in an entry script without running it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterator

from ..errors import ScriptProblem, nearest
from .names import name_hint, undefined

MAX_BYTES = 1 << 20
HEADERS = "request_headers"
_NEW_LINE = re.compile(r"\r\n|\r|\n")
# %magic, !command, ?name; name? and name??; target = %magic or !command.
_MAGIC = re.compile(r"\s*(%%?[A-Za-z].*|%|!.*|\?.*|[\w.*\[\]]+\?{1,2}|[\w.,\s\[\]'\"]+=\s*(%[A-Za-z].*|!(?!=).*))\s*")


def quiet_parse(source: str) -> ast.Module:
    """Parse without the warnings (about doubtful escapes, for example) that running the script gives anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def lines_of(source: str) -> list[str]:
    """Split where Python sees new lines: unlike ``splitlines()``, not at form feeds or Unicode separators."""
    return _NEW_LINE.split(source)


class Finding(Exception):
    """A problem at a place; it becomes a ScriptProblem with the place's line and a caret.

    ``names`` are those that the script cannot have, if that is the problem.
    """

    def __init__(
        self,
        message: str,
        hint: str,
        line: int = 0,
        column: int = 0,
        width: int = 1,
        *,
        names: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.line, self.column, self.width = message, hint, line, column, width
        self.names = names


def check(
    source: str, where: str, known: Collection[str] = (), *, described: bool = False, loose: bool = False
) -> tuple[str, ...]:
    """Refuse a script that could not serve; return doubts, one line each.

    It must parse, hold no notebook magics, and define ``run`` with an arity that a request can fill. Code that
    certainly runs must use only names that are defined, imported or built in; other undefined names are doubts. Lines
    with ``# noqa`` are not checked for names.

    ``where`` names the script in messages (``"cell"`` or a file's name), ``known`` lists names from elsewhere.
    ``described`` says that a schema maps the values of a request to the parameters of ``run``, ``loose`` that an
    imported module may define names for the script.

    Raises
    ------
    ScriptProblem
        One line that says what, the source line with a caret, and a hint.
    """
    if len(source) > MAX_BYTES:
        raise ScriptProblem(
            f"{where} has {len(source) / 1e6:.0f} MB of text; an entry script has at most {MAX_BYTES / 1e6:.0f}.",
            hint="Register data as a model and load it in init().",
        )
    lines = lines_of(source)
    try:
        tree = _parse(source, lines)
        _check_init(tree)
        _check_run(tree, described)
        return _check_names(tree, lines, known, loose)
    except Finding as finding:
        raise problem_at(finding, where, lines) from None
    except RecursionError:
        raise ScriptProblem(f"{where}: nested too deeply.", hint="Split the longest expression.") from None


def problem_at(finding: Finding, where: str, lines: list[str]) -> ScriptProblem:
    """Make the error of a finding, with its line and a caret below."""
    if where != "cell":
        finding.hint = finding.hint.replace("run the cell again", "deploy it again")
    if not finding.line:
        return ScriptProblem(f"{where}: {finding.message}", hint=finding.hint)
    text = lines[min(finding.line, len(lines)) - 1].replace("\t", " ")
    indent = len(text) - len(text.lstrip())
    start = max(0, min(finding.column, len(text)) - indent)
    shown = text.strip()
    if len(shown) > 160:
        cut = max(0, start - 60)
        shown, start = "…" + shown[cut : cut + 120] + "…", start - cut + 1
    caret = " " * start + "^" * max(1, min(finding.width, len(shown) - start))
    problem = ScriptProblem(
        f"{where} line {finding.line}: {finding.message}", hint=finding.hint, details=f"    {shown}\n    {caret}"
    )
    problem.names = finding.names
    return problem


def _parse(source: str, lines: list[str]) -> ast.Module:
    try:
        if "\0" in source:
            at = source.index("\0")
            start = max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1
            line = len(lines_of(source[:start]))
            raise Finding("there is a null byte", "Remove it.", line, at - start)
        return quiet_parse(source)
    except SyntaxError as error:
        line = max(1, error.lineno or 1)
        text = lines[min(line, len(lines)) - 1].strip()
        column = max(0, (error.offset or 1) - 1)
        magic = _magic_at(lines, line)
        if magic:
            whole = lines[magic - 1].strip()
            text = whole if whole[0] in "%!?" or whole.endswith("?") else whole.partition("=")[2].strip()
            raise Finding(
                f"{text.split()[0]} is notebook syntax, not Python",
                "Move magics and shell commands to a cell of their own; the script runs without a notebook.",
                magic,
                lines[magic - 1].index(text),
                len(text.split()[0]),
            ) from None
        raise Finding(f"{error.msg}", "Correct the line and run the cell again.", line, column) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Finding(f"cannot be parsed: {error}", "Look for stray control characters or very deep nesting.") from None


def _magic_at(lines: list[str], line: int) -> int:
    # Python reports some magics on the line after them.
    for number in (line, line - 1):
        text = lines[number - 1] if 0 < number <= len(lines) else ""
        if _MAGIC.fullmatch(text):
            return number
    return 0


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk the statements outside functions and classes, those in loops and branches too, outer ones first."""
    for node in body:
        yield node
        if isinstance(node, ast.Match):
            for case in node.cases:
                yield from top_level(case.body)
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            for part in ("body", "orelse", "finalbody"):
                yield from top_level(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from top_level(handler.body)


def _defined(tree: ast.Module, name: str) -> ast.stmt | None:
    found: ast.stmt | None = None
    for node in top_level(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found = node if node.name == name else found
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found = node if any((alias.asname or alias.name) in {name, "*"} for alias in node.names) else found
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (item for target in targets for item in ast.walk(target) if isinstance(item, ast.Name))
            found = node if any(item.id == name and isinstance(item.ctx, ast.Store) for item in names) else found
    return found


def _check_init(tree: ast.Module) -> None:
    node = _defined(tree, "init")
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = node.args
        required = len(arguments.posonlyargs + arguments.args) - len(arguments.defaults)
        if required > 0 or any(default is None for default in arguments.kw_defaults):
            raise _at(node, "init() is called without arguments, but this one requires some", "Write: def init():")


def _check_run(tree: ast.Module, described: bool) -> None:
    node = _defined(tree, "run")
    if node is None and (_defined(tree, "run_batch") or _defined(tree, "driver_module")):
        return
    if node is None:
        functions = [item.name for item in top_level(tree.body) if isinstance(item, ast.FunctionDef)]
        candidates = [name for name in functions if name != "init"]
        close = nearest("run", candidates) or (candidates[-1] if len(candidates) == 1 else None)
        hint = f"Rename {close}() to run()?" if close else "Add: def run(data): …  It is called once for each request."
        raise Finding("there is no run() function", hint)
    if isinstance(node, ast.ClassDef):
        raise _at(node, "run is a class; it must be a function", "Write: def run(data): …")
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    arguments = node.args
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        raise _at(node, "run() cannot have *args, **kwargs or positional-only parameters", "Write: def run(data): …")
    names = [argument.arg for argument in arguments.args + arguments.kwonlyargs if argument.arg != HEADERS]
    if not names:
        raise _at(node, "run() has no parameter for the request's data", "Write: def run(data): …")
    optional = {argument.arg for argument in arguments.args[len(arguments.args) - len(arguments.defaults) :]}
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    optional |= {argument.arg for argument, default in pairs if default is not None}
    required = [name for name in names if name not in optional]
    # Decorators such as @input_schema fill several parameters from the request's JSON object.
    if len(required) > 1 and not node.decorator_list and not described:
        raise _at(
            node,
            f"run() requires {len(required)} values ({', '.join(required)}), but a request brings one",
            f"Keep {required[0]!r} and give the others defaults, or read them from its JSON.",
        )


def _at(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, message: str, hint: str) -> Finding:
    before = 6 if isinstance(node, ast.ClassDef) else 10 if isinstance(node, ast.AsyncFunctionDef) else 4
    return Finding(message, hint, node.lineno, node.col_offset + before, len(node.name))


def _check_names(tree: ast.Module, lines: list[str], elsewhere: Collection[str], loose: bool) -> tuple[str, ...]:
    sure, doubtful = undefined(tree, lines, elsewhere, loose=loose)
    if not sure:
        return tuple(
            f"line {item.lineno}: the name {item.message_args[0]} is not defined anywhere; code that gets there fails"
            for item in doubtful
        )
    first = sure[0]
    name = str(first.message_args[0])
    others = sorted(
        {f"{item.message_args[0]!r} in line {item.lineno}" for item in sure if item.message_args[0] != name}
    )
    more = f"; nor is {', '.join(others)}" if others else ""
    raise Finding(
        f"name {name!r} is neither defined, imported nor built in{more}",
        name_hint(name, tree, elsewhere),
        first.lineno,
        # Python's columns count UTF-8 bytes, not characters.
        len(lines[first.lineno - 1].encode()[: first.col].decode("utf-8", "replace")),
        len(name),
        names=tuple(dict.fromkeys(str(item.message_args[0]) for item in sure)),
    )
