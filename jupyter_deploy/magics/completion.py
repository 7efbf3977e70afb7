"""Tab completion of verbs, options, and the names of models, services, scripts and variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    context_matcher,
)
from IPython.core.getipython import get_ipython

from ..errors import DeployError

if TYPE_CHECKING:
    from ..verbs import Argument
    from ..workspace import Workspace

_LINE = re.compile(r"(?:^|=\s*)\s*%{1,2}((?:model|register|deploy|invoke|score_script)\b.*)$")


@context_matcher()  # type: ignore[untyped-decorator]
def matcher(context: CompletionContext) -> dict[str, Any]:
    """Complete the last line before the cursor (IPython's hook); empty for lines that are not ours."""
    line = context.text_until_cursor.rpartition("\n")[2]
    found = _LINE.search(line)
    if found is None:
        return {"completions": [], "suppress": False}
    token = re.split(r"\s", line)[-1]
    try:
        words = sorted({word for word in _candidates(found[1], token) if word.startswith(token)})
    except DeployError:
        # Completion shows no errors; the verb itself will.
        words = []
    if not words:
        return {"completions": [], "suppress": False}
    completions = [SimpleCompletion(word, type="param") for word in words]
    return {"completions": completions, "suppress": True, "matched_fragment": token}


def _candidates(words: str, token: str) -> Iterable[str]:
    from ..verbs import NAMES
    from .magics import verb_of

    verb, rest = verb_of(words)
    if verb is None:
        return NAMES if words.startswith("model ") else ()
    arguments = verb.all_arguments()
    options = [argument for argument in arguments if argument.flags[0].startswith("-")]
    before = rest.split()[: None if rest.endswith((" ", "\t")) or not rest else -1]
    if token.startswith("-"):
        return [flag for option in options for flag in option.flags if flag.startswith("--")]
    if before and before[-1].startswith("-"):
        for option in options:
            if before[-1] in option.flags and option.options.get("action") != "store_true":
                return _values(option)
    positionals = [argument for argument in arguments if not argument.flags[0].startswith("-")]
    index = _positionals_before(before, options)
    wanted = positionals[min(index, len(positionals) - 1)] if positionals else None
    if wanted is not None and wanted.completes in {"requests", "collections"}:
        return _collected(before[0], wanted.completes)
    return _values(wanted) if wanted is not None else ()


def _collected(service: str, what: str) -> list[str]:
    """List the requests, or the collections, of the service that was named before."""
    from ..workspace import Workspace

    collections = Workspace().services[service].collections
    return collections.ids() if what == "requests" else collections.names()


def _positionals_before(words: list[str], options: list[Argument]) -> int:
    takes_value = {flag for option in options if option.options.get("action") != "store_true" for flag in option.flags}
    count, skip = 0, False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in takes_value
        else:
            count += 1
    return count


def _values(argument: Argument) -> Iterable[str]:
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
    if argument.completes not in {"models", "services", "served", "scripts", "environments"}:
        # IPython completes files.
        return ()
    from ..workspace import Workspace

    sources: dict[str, Callable[[Workspace], Iterator[str]]] = {
        "models": lambda workspace: _model_names(workspace.models),
        "services": _service_names,
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
