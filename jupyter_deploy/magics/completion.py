"""Tab completion of verbs, options, and the names of models, services, scripts and variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    context_matcher,
)
from IPython.core.getipython import get_ipython

from ..errors import DeployError
from .places import Place, line_at, place_of

if TYPE_CHECKING:
    from ..verbs import Argument
    from ..workspace import Workspace


@context_matcher()  # type: ignore[untyped-decorator]
def matcher(context: CompletionContext) -> dict[str, Any]:
    """Complete the last line before the cursor (IPython's hook); empty for lines that are not ours."""
    above = context.full_text.split("\n")[: context.cursor_line]
    code = "\n".join([*above, context.text_until_cursor])
    place = place_of(line_at(code, len(code)))
    if place is None:
        return {"completions": [], "suppress": False}
    try:
        words = sorted({word for word in _candidates(place) if word.startswith(place.word)})
    except DeployError:
        # Completion shows no errors; the verb itself will.
        words = []
    if not words:
        return {"completions": [], "suppress": False}
    completions = [SimpleCompletion(word, type="param") for word in words]
    return {"completions": completions, "suppress": True, "matched_fragment": place.word}


def _candidates(place: Place) -> Iterable[str]:
    from ..verbs import NAMES

    if place.is_verb:
        return NAMES if " " in place.program else ()
    if place.verb is None:
        return ()
    if place.is_option:
        flags = (flag for argument in place.verb.all_arguments() for flag in argument.flags)
        # A minus sign alone asks for the long ones, which say what they are.
        return [flag for flag in flags if flag.startswith("--") or (flag.startswith("-") and place.word != "-")]
    argument = place.argument
    if argument is None:
        return ()
    if argument.completes in {"deployments", "shares"}:
        return [place.given + word for word in _deployments(place.before, argument.completes == "shares")]
    if argument.completes in {"requests", "collections"}:
        return _collected(place.before[0], argument.completes) if place.before else ()
    if argument.completes == "settings" and "=" in place.value:
        return [place.given + setting for setting in _settings(place.value.partition("=")[0])]
    if argument.completes == "variables" and "." in place.value:
        return [place.given + expression for expression in _attributes(place.value)]
    return [place.given + value for value in values_of(argument)]


def _deployments(words: Sequence[str], shares: bool) -> list[str]:
    """List the deployments of the endpoint that the words name."""
    from ..workspace import Workspace

    known = Workspace().endpoints
    found = [list(known[word].deployments) for word in words if word in known]
    names = found[0] if found else []
    return [f"{name}=" for name in names] if shares else names


def _settings(name: str) -> list[str]:
    from ..serving import settable

    return [f"{name}={value}" for value in settable().get(name, ()) if value]


def _attributes(expression: str) -> list[str]:
    """List the attributes that an unfinished expression may go on with.

    IPython alone finds them by jedi only, which takes seconds for the first data frame, and not without jedi.
    """
    shell = get_ipython()
    stem, _, begun = expression.rpartition(".")
    if shell is None or shell.Completer is None or re.search(r"(?<![\w.])\d+$", stem):
        # Behind a number stands no attribute.
        return []
    names = (match.rpartition(".")[2] for match in shell.Completer.attr_matches(expression))  # type: ignore[no-untyped-call]
    return [f"{stem}.{name}" for name in names if begun.startswith("_") or not name.startswith("_")]


def _collected(service: str, what: str) -> list[str]:
    """List the requests, or the collections, of the service that was named before."""
    from ..workspace import Workspace

    collections = Workspace().services[service].collections
    return collections.ids() if what == "requests" else collections.names()


def values_of(argument: Argument) -> Iterable[str]:
    """List the values that an argument may have, as far as they are known; files are left to IPython."""
    if argument.completes == "targets":
        from ..targets import choices_with_added

        return choices_with_added()
    if argument.completes == "auth":
        from ..services import AUTH

        return AUTH
    if argument.completes == "following":
        return ("latest", "none")
    if argument.completes == "views":
        from ..verbs import KINDS

        return KINDS
    if argument.completes == "variables":
        shell = get_ipython()
        hidden = set(shell.user_ns_hidden) if shell else set()
        return [name for name in (shell.user_ns if shell else {}) if not name.startswith("_") and name not in hidden]
    if argument.completes == "settings":
        from ..serving import settable

        return [f"{name}=" for name in settable()]
    if argument.options.get("choices"):
        return [str(choice) for choice in argument.options["choices"]]
    if argument.completes not in {"models", "services", "served", "called", "scripts", "environments", "endpoints"}:
        # IPython completes files.
        return ()
    from ..workspace import Workspace

    sources: dict[str, Callable[[Workspace], Iterator[str]]] = {
        "models": lambda workspace: _model_names(workspace.models),
        "services": _service_names,
        "called": lambda workspace: iter({*_service_names(workspace), *workspace.endpoints}),
        "endpoints": lambda workspace: iter(workspace.endpoints),
        "served": lambda workspace: iter({*workspace.services, *workspace.scripts}),
        "scripts": lambda workspace: iter(workspace.scripts),
        "environments": lambda workspace: iter(["kernel", "inferred", *workspace.environments]),
    }
    return sources[argument.completes](Workspace())


def _service_names(workspace: Workspace) -> Iterator[str]:
    yield from workspace.services
    # A service is also found by the script's name that its own is derived from.
    yield from (name for name in workspace.scripts if name in workspace.services)


def _model_names(models: Any) -> Iterator[str]:
    for model in models.list():
        yield model.name
        yield model.id
