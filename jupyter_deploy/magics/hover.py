"""Hover help in the lines of the magics: what a notebook shows for Shift+Tab on an option, a name or a verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import display
from ..errors import DeployError
from .completion import values_of
from .places import Place, line_at, place_of

if TYPE_CHECKING:
    from ..verbs import Argument, Verb
    from ..workspace import Workspace

_MOST_VALUES = 12
_MARK = "_jupyter_deploy_hover"


def hook(kernel: Any) -> None:
    """Let a kernel ask here first when its page asks for help; IPython has no hook for that."""
    theirs = getattr(kernel, "do_inspect", None)
    if theirs is None or hasattr(theirs, _MARK):
        return

    def do_inspect(code: str, cursor_pos: int, *rest: Any, **more: Any) -> Any:
        found = help_at(code, cursor_pos)
        if not found:
            return theirs(code, cursor_pos, *rest, **more)
        return {"status": "ok", "found": True, "data": {"text/plain": found}, "metadata": {}}

    setattr(do_inspect, _MARK, True)
    kernel.do_inspect = do_inspect


def unhook(kernel: Any) -> None:
    """Undo :func:`hook`."""
    if hasattr(vars(kernel).get("do_inspect"), _MARK):
        del kernel.do_inspect


def help_at(code: str, at: int) -> str:
    """Return the help for the word at a place of a cell; empty where there is none of ours."""
    end = at
    while end < len(code) and not code[end].isspace():
        end += 1
    place = place_of(line_at(code, end))
    return "\n".join(_help(place)).strip() if place else ""


def _help(place: Place) -> Iterator[str]:
    from ..verbs import list_of_verbs, parser_of

    if place.verb is None:
        # While a verb's name is being typed, or is none.
        yield list_of_verbs("%model") if place.program.lstrip("%").startswith("model") else ""
    elif place.is_verb:
        yield parser_of(place.verb, place.program).format_help()
    elif place.argument is not None:
        yield from _of_argument(place, place.verb, place.argument)


def _of_argument(place: Place, verb: Verb, argument: Argument) -> Iterator[str]:
    value = place.value if not place.is_option else ""
    if argument.completes == "variables" and value:
        # A Python expression: IPython knows more about it.
        return
    if value and argument.completes == "settings":
        yield from _of_setting(value.partition("=")[0])
        return
    shown = _faces().get(argument.completes)
    found = shown(value) if shown and value else ""
    if found:
        yield found
        return
    yield f"{_usage(argument)}    ({place.program})"
    yield f"{argument.options['help'][:1].upper()}{argument.options['help'][1:]}."
    if values := _known(argument):
        more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
        yield f"Known: {', '.join(values[:_MOST_VALUES])}{more}"


def _known(argument: Argument) -> list[str]:
    if argument.completes == "variables":
        return []
    try:
        return list(dict.fromkeys(values_of(argument)))
    except DeployError:
        # The verb itself says what is wrong with the workspace.
        return []


def _usage(argument: Argument) -> str:
    flags = ", ".join(argument.flags)
    if not argument.flags[0].startswith("-"):
        return str(argument.options.get("metavar", argument.flags[0])).upper()
    if argument.options.get("action") in {"store_true", "store_const"}:
        return flags
    longest = max(argument.flags, key=len).lstrip("-")
    return f"{flags} {argument.options.get('metavar', longest.upper())}"


def _of_setting(name: str) -> Iterator[str]:
    from ..serving import ServingConfig, meanings, settable

    if name in settable():
        yield f"{name}, {getattr(ServingConfig(), name)!r} by default    (--set)"
        yield meanings()[name]


def _faces() -> Mapping[str, Callable[[str], str]]:
    """Return what shows a stored thing of a name, by what an argument completes; empty texts where there is none."""
    return {
        "services": lambda name: _shown(name, _service),
        "endpoints": lambda name: _shown(name, _endpoint),
        "called": lambda name: _shown(name, _service) or _shown(name, _endpoint),
        "served": lambda name: _shown(name, _service) or _shown(name, _script),
        "models": lambda name: _shown(name, lambda workspace, name: workspace.models.get(name)),
        "scripts": lambda name: _shown(name, _script),
        "environments": lambda name: _shown(name, lambda workspace, name: workspace.environments.get(name)),
    }


def _service(workspace: Workspace, name: str) -> Any:
    return workspace.services[name]


def _endpoint(workspace: Workspace, name: str) -> Any:
    return workspace.endpoints[name]


def _script(workspace: Workspace, name: str) -> Any:
    return workspace.scripts.get(name)


def _shown(name: str, find: Callable[[Workspace, str], Any]) -> str:
    from ..workspace import Workspace

    try:
        found = find(Workspace(), name)
    except (DeployError, KeyError):
        return ""
    return "" if found is None else display.text(found)
