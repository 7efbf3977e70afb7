"""Follow the value of one parameter through a function, and through the functions that it is passed to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .checking import top_level

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEEPEST = 8
_MOST_CALLS = 500


@dataclass(frozen=True)
class Ref:
    """The object that a name outside the function refers to.

    ``root`` is the name, or the dotted name of an import. ``steps`` lead on from there: an attribute, an item in a
    tuple of one, :data:`EACH` item, or :data:`CALLED`.
    """

    root: str
    steps: tuple[object, ...] = ()
    imported: bool = False

    def to(self, step: object) -> Ref:
        """Append a step."""
        return Ref(self.root, (*self.steps, step), self.imported)

    @property
    def dotted(self) -> str:
        """The reference in words, for example ``"json.loads"`` or ``"json.JSONDecoder().decode"``."""
        words = [f".{step}" if isinstance(step, str) else "()" if step is CALLED else "[]" for step in self.steps]
        return f"{self.root}{''.join(words)}"


@dataclass(frozen=True)
class _Local:
    """A nested function, with the variables that it sees."""

    node: Function | ast.Lambda
    around: Env = field(hash=False, compare=False)


EACH, CALLED, WATCHED, HELD = object(), object(), object(), object()
Value = frozenset[object]
Env = dict[str, Value]
_NOTHING: Value = frozenset()


@dataclass(frozen=True)
class Use:
    """One use of the parameter's value."""

    kind: str  # "given" (passed to ref), "attribute" (called name) or "other"
    node: ast.AST
    ref: Ref | None = None
    name: str = ""  # the attribute; of "given", the argument's position ("0") or keyword
    held: bool = False  # whether a file in memory with the value was passed


@dataclass(frozen=True)
class Scope:
    """What surrounds a function.

    ``functions`` are those with a known source, ``imports`` maps names to dotted names, ``aliases`` what other
    top-level names were set to.
    """

    functions: Mapping[str, Function]
    imports: Mapping[str, str]
    aliases: Mapping[str, ast.expr] = field(default_factory=dict)


def scope_of(bodies: Iterable[Iterable[ast.stmt]]) -> Scope:
    """Find functions, imports and aliases in pieces of source; the later piece wins."""
    functions: dict[str, Function] = {}
    imports: dict[str, str] = {}
    aliases: dict[str, ast.expr] = {}
    for body in bodies:
        for node in top_level(list(body)):
            if isinstance(node, Function):
                functions[node.name] = node
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                imports.update(_brought(node))
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                aliases[node.targets[0].id] = node.value
    return Scope(functions, imports, aliases)


def _brought(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    # "import os.path" brings os.
    return {
        alias.asname or alias.name.partition(".")[0]: alias.name if alias.asname else alias.name.partition(".")[0]
        for alias in node.names
    }


def uses_of(function: Function | ast.Lambda, parameter: str, scope: Scope) -> list[Use]:
    """List the uses of a parameter's value in source order, on all paths through the function.

    Binding the value to another name is not a use.
    """
    following = _Following(scope)
    returned = following.body_of(function, {parameter: frozenset({WATCHED})})
    if returned & {WATCHED, HELD}:
        following.found.append(Use("other", function))
    return following.found


class _Following:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: list[Use] = []
        self._depth = 0
        self._calls = 0

    def body_of(self, function: Function | ast.Lambda, given: Env, around: Env | None = None) -> Value:
        """Follow the values that a function gets, and return the value that it returns."""
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        env: Env = (around or {}) | {one.arg: _NOTHING for one in every if one is not None} | given
        if isinstance(function, ast.Lambda):
            return self.value(function.body, env)
        shared = {
            name for node in ast.walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
        }
        returns: list[Value] = []
        self.block(function.body, env, returns, shared)
        return _NOTHING.union(*returns)

    def block(self, body: Iterable[ast.stmt], env: Env, returns: list[Value], shared: set[str]) -> None:
        for node in body:
            self.statement(node, env, returns, shared)

    def statement(self, node: ast.stmt, env: Env, returns: list[Value], shared: set[str]) -> None:
        if isinstance(node, ast.Return):
            returns.append(self.value(node.value, env) if node.value else _NOTHING)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.assign(node.targets if isinstance(node, ast.Assign) else [node.target], node.value, env, shared)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            env.update({name: frozenset({Ref(dotted, (), True)}) for name, dotted in _brought(node).items()})
        elif isinstance(node, Function):
            env[node.name] = frozenset({_Local(node, env)})
            # Its callers are not always visible.
            self.into(_Local(node, env), node, {})
        elif isinstance(node, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith)):
            self.compound(node, env, returns, shared)
        elif isinstance(node, ast.Expr):
            self.value(node.value, env)
        elif isinstance(node, ast.Delete):
            return
        else:
            # Classes, match, raise, assert, += and future syntax: a use of the value counts as a look at it.
            self.spent(node, env)

    def compound(self, node: ast.stmt, env: Env, returns: list[Value], shared: set[str]) -> None:
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self.seen(item.context_expr, env)
                if item.optional_vars is not None:
                    self.bind(item.optional_vars, _NOTHING, env, shared)
            self.block(node.body, env, returns, shared)
            return
        if isinstance(node, (ast.If, ast.While)):
            self.seen(node.test, env)
        branches: list[list[ast.stmt]] = [getattr(node, "body", []), getattr(node, "orelse", [])]
        if isinstance(node, ast.Try):
            branches = [node.body + node.orelse, *(node.body + handler.body for handler in node.handlers)]
        target = (node.target, self.items_of(node.iter, env)) if isinstance(node, (ast.For, ast.AsyncFor)) else None
        for _ in range(1 if isinstance(node, (ast.If, ast.Try)) else 2):
            after = []
            for branch in branches:
                within = dict(env)
                if target:
                    self.bind(target[0], target[1], within, shared)
                self.block(branch, within, returns, shared)
                after.append(within)
            for name in {name for one in after for name in one}:
                env[name] = _NOTHING.union(*(one.get(name, env.get(name, _NOTHING)) for one in after))
        self.block(getattr(node, "finalbody", []), env, returns, shared)

    def assign(self, targets: Iterable[ast.expr], source: ast.expr | None, env: Env, shared: set[str]) -> None:
        for target in targets:
            if (
                isinstance(target, (ast.Tuple, ast.List))
                and isinstance(source, (ast.Tuple, ast.List))
                and len(target.elts) == len(source.elts)
                and not any(isinstance(part, ast.Starred) for part in (*target.elts, *source.elts))
            ):
                values = [self.value(part, env) for part in source.elts]
                for inner, value in zip(target.elts, values, strict=True):
                    self.bind(inner, value, env, shared)
            else:
                self.bind(target, self.value(source, env) if source else _NOTHING, env, shared)

    def bind(self, target: ast.expr, value: Value, env: Env, shared: set[str]) -> None:
        if isinstance(target, ast.Name) and target.id not in shared:
            env[target.id] = value
            return
        if value & {WATCHED, HELD}:
            self.other(target)
        if isinstance(target, (ast.Tuple, ast.List)):
            for inner in target.elts:
                self.bind(inner.value if isinstance(inner, ast.Starred) else inner, _NOTHING, env, shared)
        elif not isinstance(target, ast.Name):
            self.spent(target, env)

    def other(self, node: ast.AST) -> None:
        self.found.append(Use("other", node))

    def seen(self, node: ast.expr, env: Env) -> Value:
        """Evaluate an expression whose value is then looked at."""
        value = self.value(node, env)
        if value & {WATCHED, HELD}:
            self.other(node)
        return value

    def spent(self, node: ast.AST, env: Env) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.seen(child, env)
            else:
                self.spent(child, env)

    def value(self, node: ast.expr, env: Env) -> Value:
        """Follow an expression: what it may be, as far as that is known."""
        if isinstance(node, ast.Name):
            return self.named(node.id, env)
        if isinstance(node, ast.NamedExpr):
            value = self.value(node.value, env)
            self.bind(node.target, value, env, set())
            return value
        if isinstance(node, ast.Attribute):
            return self.attribute(node, env)
        if isinstance(node, ast.Subscript):
            holder = self.seen(node.value, env)
            self.seen(node.slice, env)
            step = (node.slice.value,) if isinstance(node.slice, ast.Constant) else None
            return frozenset(one.to(step) for one in holder if isinstance(one, Ref)) if step else _NOTHING
        if isinstance(node, ast.Call):
            return self.call(node, env)
        if isinstance(node, ast.Lambda):
            self.into(_Local(node, env), node, {})
            return frozenset({_Local(node, env)})
        if isinstance(node, ast.IfExp):
            self.seen(node.test, env)
            return self.value(node.body, env) | self.value(node.orelse, env)
        if isinstance(node, ast.Await):
            return self.value(node.value, env)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            self.comprehension(node, dict(env))
            return _NOTHING
        self.spent(node, env)
        return _NOTHING

    def named(self, name: str, env: Env) -> Value:
        if name in env:
            return env[name]
        if name in self.scope.functions:
            return frozenset({Ref(name)})
        if name in self.scope.imports:
            return frozenset({Ref(self.scope.imports[name], (), True)})
        alias = self.scope.aliases.get(name)
        if isinstance(alias, (ast.Name, ast.Attribute, ast.Lambda, ast.Call)) and self._depth < _DEEPEST:
            self._depth += 1
            value = self.value(alias, {})
            self._depth -= 1
            return value
        return frozenset({Ref(name)})

    def attribute(self, node: ast.Attribute, env: Env) -> Value:
        holder = self.value(node.value, env)
        if WATCHED in holder:
            self.found.append(Use("attribute", node, name=node.attr))
        elif HELD in holder:
            self.other(node)
        return frozenset(one.to(node.attr) for one in holder if isinstance(one, Ref))

    def items_of(self, node: ast.expr, env: Env) -> Value:
        return frozenset(one.to(EACH) for one in self.seen(node, env) if isinstance(one, Ref))

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, env: Env) -> None:
        for one in node.generators:
            self.bind(one.target, self.items_of(one.iter, env), env, set())
            for condition in one.ifs:
                self.seen(condition, env)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.seen(part, env)

    def call(self, node: ast.Call, env: Env) -> Value:
        called = self.value(node.func, env)
        places = [(str(place), one) for place, one in enumerate(node.args)]
        arguments = [*places, *((one.arg or "**", one.value) for one in node.keywords)]
        values = {place: self.value(one, env) for place, one in arguments if not isinstance(one, ast.Starred)}
        for one in node.args:
            if isinstance(one, ast.Starred):
                self.seen(one.value, env)
        given = {place: value for place, value in values.items() if value & {WATCHED, HELD}}
        refs = [one for one in called if isinstance(one, Ref)]
        if any(one.imported and one.dotted == "functools.partial" for one in refs) and not given:
            return values.get("0", _NOTHING)
        results = [self.into(one, node, values) for one in called if isinstance(one, _Local)]
        for ref in refs:
            function = self.scope.functions.get(ref.root) if not ref.steps and not ref.imported else None
            if function is not None:
                results.append(self.into(_Local(function, {}), node, values))
                if given and function.decorator_list:
                    self.other(node)
                continue
            for place, value in given.items():
                holds = HELD in value and WATCHED not in value
                self.found.append(Use("given", node, ref, place, holds))
                if ref.imported and ref.dotted == "io.StringIO":
                    results.append(frozenset({HELD}))
            if not given:
                results.append(frozenset({ref.to(CALLED)}))
        if given and not called:
            self.other(node)
        return _NOTHING.union(*results)

    def into(self, local: _Local, node: ast.AST, values: Mapping[str, Value]) -> Value:
        """Follow a call into a function whose source is known."""
        if self._depth >= _DEEPEST or self._calls >= _MOST_CALLS:
            # Too deep to follow.
            self.other(node)
            return _NOTHING
        names = [one.arg for one in (*local.node.args.posonlyargs, *local.node.args.args)]
        known = {*names, *(one.arg for one in local.node.args.kwonlyargs)}
        given: Env = {}
        for place, value in values.items():
            name = names[int(place)] if place.isdigit() and int(place) < len(names) else place
            if name in known:
                given[name] = value
            elif value & {WATCHED, HELD}:
                self.other(node)
        self._calls += 1
        self._depth += 1
        returned = self.body_of(local.node, given, local.around)
        self._depth -= 1
        return returned
