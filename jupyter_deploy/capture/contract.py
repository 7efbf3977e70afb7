"""How the cell's ``run()`` gets its value: as text, as decoded JSON, or converted by a schema."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import ScriptProblem, nearest
from ..scripts import (
    Function,
    Scope,
    Taken,
    inputs_of,
    is_decorated,
    names_bound,
    quiet_parse,
    reason_for_text,
    required_of,
    run_of,
    scope_of,
    uses_of,
)
from .frames import columns_for, columns_of, receivers
from .notebook import Notebook
from .schemas import ParameterType, frame_type, hints_of, of_hint, of_sample


@dataclass(frozen=True)
class Contract:
    """What is written around ``run()``: ``kind`` is ``"text"``, ``"json"`` (decoded) or ``"schema"``."""

    kind: str
    run: Function | ast.Lambda | None = None
    types: Mapping[str, ParameterType] | None = None

    @property
    def optional(self) -> set[str]:
        """The parameters that a caller may leave out."""
        return set() if self.run is None else set(inputs_of(self.run)) - set(required_of(self.run))


def contract_of(tree: ast.Module, taken: Sequence[Taken], notebook: Notebook, samples: object) -> Contract:
    """Decide how ``run()`` is called.

    A cell with an ``init()``, or with Azure ML's decorators, follows the contract already and stays as it is. In any
    other, ``run()`` gets decoded JSON, or what its type hint says. ``samples`` is the value of ``--sample``, None
    without one.

    Raises
    ------
    ScriptProblem
        If the sample does not go with ``run()``.
    """
    run = run_of(tree)
    names = names_bound(tree)
    if samples is not None:
        return Contract("schema", run, _sampled(run, samples, tree, taken, notebook))
    bodies = [[node for one in taken if one.text for node in quiet_parse(one.text).body], tree.body]
    if run is None or names & {"init", "run_batch"} or is_decorated(tree, bodies[0], notebook.variables):
        return Contract("text", run)
    scope = scope_of(bodies)
    if reason_for_text(run, scope):
        return Contract("text", run)
    types = _hinted(run, scope, taken, notebook)
    if types:
        return Contract("schema", run, types)
    return Contract("json", run)


def _hinted(
    run: Function | ast.Lambda, scope: Scope, taken: Sequence[Taken], notebook: Notebook
) -> dict[str, ParameterType] | None:
    """Make the schema from the type hints, and for a frame that goes straight into a fitted model."""
    data = {one.name: one.value for one in taken if one.kind == "data"}
    hints = hints_of(run, notebook.variables, scope.imports)
    inputs, required = inputs_of(run), required_of(run)
    types: dict[str, ParameterType] = {}
    for name in inputs:
        uses = uses_of(run, name, scope)
        models = receivers(uses, data)
        # The function that gets the data knows its columns best.
        roots = [use.ref.root for use in uses if use.ref is not None and use.ref.root in data]
        values = {one: data[one] for one in [*roots, *data]}
        if hints.get(name) is not None:
            found = of_hint(hints[name], values, notebook, models or ())
            types.update({name: found} if found else {})
        elif models and name == inputs[0] and not run_decorators(run):
            types[name] = frame_type(columns_for(columns_of(models[0]) or (), models, notebook))
    described = all(name in types or (len(required) > 1 and hints.get(name) is not None) for name in required)
    return types if types and described and (inputs[0] in types or len(required) > 1) else None


def run_decorators(run: Function | ast.Lambda) -> Sequence[ast.expr]:
    """List the decorators of ``run()``; none of Azure ML's are left where this is called."""
    return [] if isinstance(run, ast.Lambda) else run.decorator_list


def _sampled(
    run: Function | ast.Lambda | None, samples: object, tree: ast.Module, taken: Sequence[Taken], notebook: Notebook
) -> dict[str, ParameterType]:
    if run is None:
        raise ScriptProblem(
            "--sample describes the parameters of run(), and there is none.", hint="Add: def run(data): …"
        )
    sliced = [node for one in taken if one.text for node in quiet_parse(one.text).body]
    if is_decorated(tree, sliced, notebook.variables):
        raise ScriptProblem(
            "--sample describes the parameters of run(), but its decorators do so already.",
            hint="Leave --sample or the decorators out.",
        )
    names, required = inputs_of(run), required_of(run)
    by_name = isinstance(samples, Mapping) and set(samples) <= set(names)
    if len(names) == 1 or (len(required) == 1 and not by_name):
        name = names[0] if len(names) == 1 else required[0]
        return {name: of_sample(name, samples)}
    if not isinstance(samples, Mapping):
        raise ScriptProblem(
            f"run() has {len(names)} parameters ({', '.join(names)}), but the sample is one value.",
            hint="Give a dict: --sample '{\"" + (names[0] if names else "data") + "\": …}'",
        )
    for key in samples:
        if key not in names:
            close = nearest(str(key), names)
            raise ScriptProblem(
                f"The sample has {key!r}, but run() has no such parameter.",
                hint=f"Did you mean {close!r}?" if close else f"It has: {', '.join(names)}.",
            )
    missing = [name for name in required if name not in samples]
    if missing:
        raise ScriptProblem(
            f"The sample says nothing of {', '.join(missing)}, which run() requires.",
            hint=f"Give a value for each: {', '.join(required)}.",
        )
    return {str(name): of_sample(str(name), value) for name, value in samples.items()}
