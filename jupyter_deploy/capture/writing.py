"""Write the script: imports, slices of cells, an ``init()`` that loads data, the cell, and the code around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..registry import Model
from ..scripts import DECODES, HEADERS, Function, Taken, inputs_of, is_read, quiet_parse
from ..serving import Origin
from .clashes import names_of
from .contract import Contract
from .names import annotations_of, needed_at_definition
from .wrapping import wrapped


@dataclass
class _Page:
    """Lines of a file, and their origins."""

    lines: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def add(self, text: str, label: str = "", line: int = 0) -> None:
        first = len(self.lines) + 1
        self.lines += text.split("\n")
        if label:
            self.origins.append(Origin(first, len(self.lines), label, line))

    def gap(self, size: int = 1) -> None:
        self.lines += [""] * size


def write_script(
    name: str,
    cell: str,
    taken: Sequence[Taken],
    models: Mapping[str, Model],
    contract: Contract,
    *,
    delays_annotations: bool,
) -> tuple[str, tuple[Origin, ...]]:
    """Write the whole script, and say which of its lines come from which cell.

    ``cell`` starts with the magic's line as a comment. ``models`` maps names to saved data. With
    ``delays_annotations``, type hints are not evaluated.
    """
    tree = quiet_parse(cell)
    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    own = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    at_once = _at_once(tree, taken)
    data = [one for one in taken if one.kind == "data"]
    early = "init" in own or any(one.name in at_once for one in data)
    page = _Page()
    page.add(f'"""The service {name}: a notebook\'s cell, and what it uses of the notebook\'s other cells."""')
    page.gap()
    if delays_annotations or any(alias.name == "annotations" for node in futures for alias in node.names):
        page.add("from __future__ import annotations")
        page.gap()
    _imports(page, taken, data, contract)
    if data:
        _loader(page, [models[one.name] for one in data])
    if data and early:
        page.gap()
        page.add("\n".join(_load(one, models[one.name]) for one in data))
    _definitions(page, taken)
    if not early and data:
        _init(page, data, models)
    elif "init" not in own:
        page.gap(2)
        page.add('def init():\n    """Nothing to load."""')
    page.gap(2)
    _cell(page, _without(cell, futures).rstrip("\n"), f"%%score_script {name}", _decorated_from(tree), contract)
    return "\n".join(page.lines) + "\n", tuple(page.origins)


def _without(cell: str, futures: Iterable[ast.ImportFrom]) -> str:
    """Comment out imports from ``__future__``, which move to the top of the file; line numbers stay."""
    lines = cell.split("\n")
    for node in futures:
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        after = lines[last].encode()[node.end_col_offset :].decode().lstrip()
        for number in range(first, last + 1):
            lines[number] = f"# {lines[number]}"
        if after.startswith(";"):
            lines[last] = after[1:].lstrip()
    return "\n".join(lines)


def names_around(cell: str, taken: Sequence[Taken], contract: Contract) -> dict[str, str]:
    """Map the names that :func:`write_script` needs for itself to their import, or to a word for them."""
    data = any(one.kind == "data" for one in taken)
    found = names_of(_own_imports(data, contract))
    if data:
        found["_model_file"] = "def _model_file"
    if contract.kind == "json":
        found["_run"] = "_run = run"
    own = {node.name for node in quiet_parse(cell).body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    return found if "init" in own else {**found, "init": "def init"}


def _own_imports(data: bool, contract: Contract) -> set[str]:
    wanted = {"import os", "import joblib"} if data else set()
    if contract.kind == "json":
        wanted.add("import json")
    for kind in (contract.types or {}).values():
        wanted.update(("from inference_schema.schema_decorators import input_schema", *kind.imports))
    return wanted


def _at_once(tree: ast.Module, taken: Sequence[Taken]) -> set[str]:
    """List the names whose values are needed while the script loads, before ``init()`` can run."""
    needed = {name for node in tree.body for name in needed_at_definition(node) | annotations_of(node)}
    needed = needed.union(*(one.first for one in taken))
    waiting = [one for one in taken if one.text and one.kind != "import"]
    # A decorator is called at definition, and so are the functions that it calls.
    while called := [one for one in waiting if one.name in needed]:
        waiting = [one for one in waiting if one.name not in needed]
        for one in called:
            needed |= {node.id for node in ast.walk(quiet_parse(one.text)) if isinstance(node, ast.Name)}
    return needed


def _imports(page: _Page, taken: Sequence[Taken], data: Sequence[Taken], contract: Contract) -> None:
    wanted = {line for one in taken if one.kind == "import" for line in one.lines}
    wanted |= _own_imports(bool(data), contract)
    plain = sorted(line for line in wanted if line.startswith("import "))
    for line in [*plain, *sorted(wanted - set(plain))]:
        page.add(line)


def _definitions(page: _Page, taken: Sequence[Taken]) -> None:
    for one in _ordered([one for one in taken if one.kind not in {"import", "data"}]):
        page.gap(1 if one.kind in {"constant", "alias"} else 2)
        if one.origin:
            page.add(f"# {one.origin}, line {one.line}")
        page.add(one.text, one.origin, one.line)


def _loader(page: _Page, models: Iterable[Model]) -> None:
    page.gap(2)
    page.add(
        "def _model_file(name, version, file):\n"
        '    """AZUREML_MODEL_DIR is the folder of the only model, or of all models where there are several."""\n'
        '    folder = os.environ["AZUREML_MODEL_DIR"]\n'
        "    several = os.path.join(folder, name, version)\n"
        "    return os.path.join(several if os.path.isdir(several) else folder, file)"
    )


def _load(one: Taken, model: Model) -> str:
    comment = f"  # {one.summary}, from {one.origin}" if one.origin else f"  # {one.summary}"
    return f'{one.name} = joblib.load(_model_file("{model.name}", "{model.version}", "{model.entry}")){comment}'


def _init(page: _Page, data: Sequence[Taken], models: Mapping[str, Model]) -> None:
    page.gap(2)
    loads = "\n".join(f"    {_load(one, models[one.name])}" for one in data)
    names = ", ".join(one.name for one in data)
    page.add(
        "def init():\n"
        '    """Load what the notebook held, once, when the service starts."""\n'
        f"    global {names}\n{loads}"
    )


def _ordered(taken: Sequence[Taken]) -> list[Taken]:
    """Keep the notebook's order, but put nothing before what its definition needs."""

    def place(one: Taken) -> tuple[bool, int, int]:
        number = re.search(r"\d+", one.origin)
        return one.kind != "constant", int(number[0]) if number else 0, one.line

    known = {one.name: one for one in taken}
    done: dict[str, Taken] = {}

    def visit(one: Taken, trail: frozenset[str]) -> None:
        for name in sorted(one.first):
            # Type hints may refer to each other; values cannot.
            if name in known and name not in trail:
                visit(known[name], trail | {name})
        done.setdefault(one.name, one)

    for one in sorted(taken, key=place):
        visit(one, frozenset({one.name}))
    return list(done.values())


def _decorated_from(tree: ast.Module) -> int:
    """Find the line above which a decorator of ``run()`` can stand; 0 if other statements use or bind ``run``."""
    found = 0
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "run" and not found:
            found = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        elif any(getattr(part, field, "") == "run" for part in ast.walk(node) for field in ("id", "name", "asname")):
            return 0
    return found


def _cell(page: _Page, cell: str, label: str, first: int, contract: Contract) -> None:
    """Write the cell, with schema decorators in their place, or with the code around ``run()`` below it."""
    schema = list(_schema(contract))
    if not schema or not first:
        page.add(cell, label, 1)
        if schema:
            page.gap(2)
            page.add("\n".join(f"run = {decorator}(run)" for decorator in reversed(schema)))
        elif contract.kind == "json" and contract.run is not None:
            page.gap(2)
            page.add(_decoding(contract.run))
        return
    lines = cell.split("\n")
    if first > 1:
        page.add("\n".join(lines[: first - 1]), label, 1)
    for decorator in schema:
        page.add(f"@{decorator}")
    page.add("\n".join(lines[first - 1 :]), label, first)


def _schema(contract: Contract) -> Iterator[str]:
    for name, kind in (contract.types or {}).items():
        # An optional parameter may be omitted; inference-schema supports that for plain values only.
        free = name in contract.optional and kind.expression.startswith("StandardPython")
        yield wrapped(f'input_schema("{name}", {kind.expression}{", optional=True" if free else ""})')


def _decoding(run: Function | ast.Lambda) -> str:
    inputs = inputs_of(run)
    arguments = run.args
    first = inputs[0]
    every = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    rest = [HEADERS] if HEADERS in every else []
    is_awaited = isinstance(run, ast.AsyncFunctionDef) and not _yields(run)
    by_place = bool(every) and every[0] == first and first not in {one.arg for one in arguments.kwonlyargs}
    given = ", ".join(["value" if by_place else f"{first}=value", *(f"{name}={name}" for name in rest)])
    # A run() that ignores its value needs no parameter.
    value = "json.loads({0})" if is_read(run, first) else "json.loads({0}) if {0} else None"
    # These names are used in the generated code, so the request's text needs another.
    first = "data" if first in {"json", "AMLResponse", "_run", "value", "error"} else first
    return (
        "_run = run\n\n\n"
        f"{'async def' if is_awaited else 'def'} run({', '.join([first, *rest])}):\n"
        f'    """{DECODES}"""\n'
        "    try:\n"
        f"        value = {value.format(first)}\n"
        "    except (ValueError, RecursionError) as error:\n"
        "        from azureml.contrib.services.aml_response import AMLResponse\n\n"
        '        return AMLResponse({"message": f"The request is not JSON: {error}"}, 400, json_str=True)\n'
        f"    return {'await ' if is_awaited else ''}_run({given})"
    )


def _yields(run: Function) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(run))
