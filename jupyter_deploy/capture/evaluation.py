"""Follow statements as Python would, on symbols instead of values; no code of the notebook runs."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Sequence

from .known import OPAQUE, changed_property, identical, import_into, known, note_effect, own, part_of, truth, unfolded
from .pure import added, computed, is_pure, plain
from .symbols import Built, Called, Function, Klass, Live, Part, Scope, Symbol, Unknown, is_notebooks, typed, written

_DEEPEST = 25
_LONGEST_LOOP = 200


class Undecided(Exception):
    """A branch or a loop depends on a value that is only known at run time."""


def evaluate(node: ast.expr, scope: Scope, depth: int = 0) -> Symbol:
    """Return the symbol of an expression: Unknown where it cannot be decided. ``depth`` counts nested calls."""
    symbol = _evaluated(node, scope, depth)
    if symbol.source is None or not isinstance(node, ast.Name):
        symbol.source = node
    return symbol


def _evaluated(node: ast.expr, scope: Scope, depth: int) -> Symbol:
    if isinstance(node, ast.Constant):
        return Live(node.value)
    if isinstance(node, ast.Name):
        return scope.find(node.id)
    if isinstance(node, ast.Lambda):
        return Function(node, typed(node, scope))
    if isinstance(node, ast.Attribute):
        return part_of(evaluate(node.value, scope, depth), node.attr)
    if isinstance(node, ast.NamedExpr):
        scope.names[node.target.id] = evaluate(node.value, scope, depth)
        return scope.names[node.target.id]
    if isinstance(node, ast.Call):
        return _call_of(node, scope, depth)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and not any(isinstance(one, ast.Starred) for one in node.elts):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return Built(kind, [evaluate(one, scope, depth) for one in node.elts])
    if isinstance(node, ast.Dict) and None not in node.keys:
        keys = [evaluate(one, scope, depth) for one in node.keys if one is not None]
        return Built(dict, [evaluate(one, scope, depth) for one in node.values], keys)
    if isinstance(node, (ast.IfExp, ast.BoolOp)):
        return _chosen(node, scope, depth)
    return computed(node, scope)


def _chosen(node: ast.IfExp | ast.BoolOp, scope: Scope, depth: int) -> Symbol:
    if isinstance(node, ast.IfExp):
        answer = _truth_of(node.test, scope, depth)
        chosen = node.body if answer else node.orelse
        return Unknown(ast.unparse(node)) if answer is None else evaluate(chosen, scope, depth)
    value: Symbol = Unknown("")
    for one in node.values:
        value = evaluate(one, scope, depth)
        answer = truth(value)
        if answer is None:
            return Unknown(ast.unparse(node))
        if answer == isinstance(node.op, ast.Or):
            break
    return value


def _truth_of(node: ast.expr, scope: Scope, depth: int) -> bool | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        answer = _truth_of(node.operand, scope, depth)
        return None if answer is None else not answer
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        left, right = evaluate(node.left, scope, depth), evaluate(node.comparators[0], scope, depth)
        same = identical(left, right)
        return None if same is None else same == isinstance(node.ops[0], ast.Is)
    return truth(evaluate(node, scope, depth))


def _call_of(node: ast.Call, scope: Scope, depth: int) -> Symbol:
    callee = evaluate(node.func, scope, depth)
    note_effect(callee)
    starred = any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords)
    if starred:
        return Unknown(ast.unparse(node))
    if isinstance(callee, Live) and is_pure(callee.value):
        value = computed(node, scope)
        if not isinstance(value, Unknown):
            return value
    if isinstance(callee, Part) and isinstance(callee.owner, Live) and plain(callee.owner.value):
        return computed(node, scope)
    arguments = [evaluate(one, scope, depth) for one in node.args]
    keywords = {one.arg: evaluate(one.value, scope, depth) for one in node.keywords if one.arg}
    try:
        return call(callee, arguments, keywords, depth + 1)
    except Undecided:
        return Unknown(ast.unparse(node))


def call(callee: Symbol, arguments: list[Symbol], keywords: dict[str, Symbol], depth: int = 0) -> Symbol:
    """Return the symbol of a call's result.

    A library's function gives the fact that it was called; a few of Python's own are known.

    Raises
    ------
    Undecided
        Where a function of the notebook does what only running it could tell.
    """
    if depth > _DEEPEST:
        raise Undecided
    function = callee.value if isinstance(callee, Live) else None
    answer = known(callee, function, arguments, keywords)
    if answer is not None:
        return answer
    partly = unfolded(callee)
    if partly is not None:
        return call(partly[0], [*partly[1], *arguments], {**partly[2], **keywords}, depth + 1)
    own_call = _own_call(callee, depth)
    if own_call is not None:
        return call(own_call, [callee, *arguments], keywords, depth + 1)
    if isinstance(callee, Function):
        return _interpreted(callee, None, arguments, keywords, depth)
    if isinstance(function, types.FunctionType):
        own = written(function) if not inspect.iscoroutinefunction(function) else None
        makes = any(isinstance(one, (Function, Klass, Called)) for one in (*arguments, *keywords.values()))
        if own is not None and function not in OPAQUE and (is_notebooks(function) or makes or not arguments):
            try:
                return _interpreted(own, function, arguments, keywords, depth)
            except Undecided:
                if is_notebooks(function):
                    raise
    return Called(callee, arguments, keywords)


def _own_call(callee: Symbol, depth: int) -> Symbol | None:
    """Return ``__call__`` of an instance of a notebook's class; a new instance gets its attributes first."""
    kind = callee.function if isinstance(callee, Called) else type(callee.value) if isinstance(callee, Live) else None
    if not isinstance(kind, type) or kind.__module__ != "__main__":
        return None
    own, init = vars(kind).get("__call__"), vars(kind).get("__init__")
    if not isinstance(own, types.FunctionType):
        return None
    if isinstance(callee, Called) and isinstance(init, types.FunctionType):
        call(Live(init), [callee, *callee.arguments], callee.keywords, depth + 1)
    return Live(own)


def _interpreted(
    function: Function,
    live: types.FunctionType | None,
    arguments: list[Symbol],
    keywords: dict[str, Symbol],
    depth: int,
) -> Symbol:
    """Follow the body of a function; ``live`` is the live function, if there is one."""
    node = function.node
    if isinstance(node, ast.AsyncFunctionDef) or any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in own(node)):
        return Called(function, arguments, keywords)
    code = live.__code__ if live is not None else None
    if code is None and function.scope.code is not None:
        codes = function.scope.codes(node, function.scope.code)
        code = codes[0] if len(codes) == 1 else None
    if code is None:
        raise Undecided
    scope = function.scope.within(node, code)
    scope.names.update(_bound(function, live, arguments, keywords, depth))
    if isinstance(node, ast.Lambda):
        return evaluate(node.body, scope, depth)
    returned = execute(node.body, scope, depth)
    return Live(None) if returned is None else returned


def _bound(
    function: Function,
    live: types.FunctionType | None,
    arguments: list[Symbol],
    keywords: dict[str, Symbol],
    depth: int,
) -> dict[str, Symbol]:
    """Bind arguments to parameters."""
    spec = function.node.args
    names = [one.arg for one in (*spec.posonlyargs, *spec.args)]
    found: dict[str, Symbol] = {}
    if live is not None:
        first = len(names) - len(live.__defaults__ or ())
        found.update({name: Live(value) for name, value in zip(names[first:], live.__defaults__ or (), strict=False)})
        found.update({name: Live(value) for name, value in (live.__kwdefaults__ or {}).items()})
    else:
        values = [*spec.defaults, *(one for one in spec.kw_defaults if one is not None)]
        pairs = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        having = [*names[len(names) - len(spec.defaults) :], *(one.arg for one, value in pairs if value is not None)]
        found.update({name: evaluate(value, function.scope, depth) for name, value in zip(having, values, strict=True)})
    found.update(zip(names, arguments, strict=False))
    parameters = {*names, *(one.arg for one in spec.kwonlyargs)}
    found.update({name: value for name, value in keywords.items() if name in parameters})
    if spec.vararg:
        found[spec.vararg.arg] = Built(tuple, arguments[len(names) :])
    if spec.kwarg:
        rest = {name: value for name, value in keywords.items() if name not in parameters}
        found[spec.kwarg.arg] = Built(dict, list(rest.values()), [Live(name) for name in rest])
    if (len(arguments) > len(names) and not spec.vararg) or parameters - {*found}:
        raise Undecided
    return found


def decorated(symbol: Symbol, decorators: Sequence[ast.expr], scope: Scope, depth: int = 0) -> Symbol:
    """Return the symbol of a decorated function or class; decorators are in source order, the outermost first."""
    for node in reversed(decorators):
        callee = evaluate(node, scope, depth)
        if isinstance(callee, Part) and callee.name in {"setter", "getter", "deleter"}:
            symbol = changed_property(callee, symbol)
        else:
            symbol = call(callee, [symbol], {}, depth + 1)
    return symbol


def execute(body: Sequence[ast.stmt], scope: Scope, depth: int = 0) -> Symbol | None:
    """Follow statements, bind names in the scope, and return what they return; None at the end of the body."""
    for node in body:
        if isinstance(node, ast.Return):
            return evaluate(node.value, scope, depth) if node.value else Live(None)
        returned = _statement(node, scope, depth)
        if returned is not None:
            return returned
    return None


def _statement(node: ast.stmt, scope: Scope, depth: int) -> Symbol | None:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        scope.names[node.name] = decorated(Function(node, typed(node, scope)), node.decorator_list, scope, depth)
    elif isinstance(node, ast.ClassDef):
        scope.names[node.name] = decorated(Klass(node, typed(node, scope)), node.decorator_list, scope, depth)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        if node.value is not None:
            value = evaluate(node.value, scope, depth)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                _store(target, value, scope, depth)
    elif isinstance(node, ast.AugAssign):
        _store(node.target, added(node, scope), scope, depth)
    elif isinstance(node, ast.Expr):
        evaluate(node.value, scope, depth)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        import_into(scope, node)
    elif isinstance(node, ast.If):
        answer = _truth_of(node.test, scope, depth)
        if answer is None and isinstance(node.body[-1], ast.Raise):
            # Nothing was raised, so a live object is involved.
            answer = False
        if answer is None:
            _not_followed(node, scope)
            return None
        return execute(node.body if answer else node.orelse, scope, depth)
    elif isinstance(node, ast.With):
        for item in node.items:
            if item.optional_vars:
                _store(item.optional_vars, Unknown("with"), scope, depth)
        return execute(node.body, scope, depth)
    elif isinstance(node, ast.Try):
        return execute([*node.body, *node.orelse, *node.finalbody], scope, depth)
    elif isinstance(node, ast.For):
        return _loop(node, scope, depth)
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            if isinstance(target, ast.Name):
                scope.names.pop(target.id, None)
    elif not isinstance(node, (ast.Pass, ast.Assert, ast.Nonlocal, ast.Global)):
        _not_followed(node, scope)
    return None


def _loop(node: ast.For, scope: Scope, depth: int) -> Symbol | None:
    items = evaluate(node.iter, scope, depth)
    if isinstance(items, Live) and plain(items.value) and isinstance(items.value, (list, tuple)):
        items = Built(list, [Live(one) for one in items.value])
    if not isinstance(items, Built) or items.keys or len(items.items) > _LONGEST_LOOP or items.kind is set:
        _not_followed(node, scope)
        return None
    if any(isinstance(one, (ast.Break, ast.Continue)) for one in own(node)):
        _not_followed(node, scope)
        return None
    for one in items.items:
        _store(node.target, one, scope, depth)
        returned = execute(node.body, scope, depth)
        if returned is not None:
            return returned
    return execute(node.orelse, scope, depth)


def _not_followed(node: ast.AST, scope: Scope) -> None:
    """Forget the names that a statement may bind if it cannot be followed."""
    for item in [node, *own(node)]:
        if isinstance(item, (ast.Return, ast.Raise)):
            raise Undecided
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            scope.names[item.id] = Unknown(item.id)
        elif isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            scope.names[item.name] = Unknown(item.name)
        elif isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Store) and isinstance(item.value, ast.Name):
            found = scope.local(item.value.id)
            if found is not None:
                found.attributes[item.attr] = Unknown(item.attr)


def _store(target: ast.expr, value: Symbol, scope: Scope, depth: int) -> None:
    if isinstance(target, ast.Name):
        scope.names[target.id] = value
    elif isinstance(target, ast.Attribute):
        evaluate(target.value, scope, depth).attributes[target.attr] = value
    elif isinstance(target, ast.Starred):
        _store(target.value, Unknown("*"), scope, depth)
    elif isinstance(target, (ast.Tuple, ast.List)):
        items = value.items if isinstance(value, Built) and len(value.items) == len(target.elts) else []
        for number, one in enumerate(target.elts):
            _store(one, items[number] if items else Unknown(ast.unparse(one)), scope, depth)
    elif isinstance(target, ast.Subscript):
        owner = evaluate(target.value, scope, depth)
        if isinstance(owner, Built):
            # The container holds something that is not followed: it is no longer what the statement made.
            owner.items.append(Unknown(ast.unparse(target)))
