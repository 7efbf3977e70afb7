"""Which verbs exist, and the words that people type instead."""

from __future__ import annotations

import difflib
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING

from ..errors import DeployError, UsageProblem

if TYPE_CHECKING:
    from .verb import Verb

# The order of the help.
NAMES = (
    "register", "models", "show", "tag", "download", "unregister",
    "try", "profile", "deploy", "invoke", "score", "reload", "services", "state", "logs", "view", "collected", "replay",
    "stats", "stop", "delete", "keys", "token", "serve",
    "endpoint", "deployment", "rollout",
    "package", "environments", "overview", "prune",
)  # fmt: skip

# Words that people try, and the corresponding verb.
MEANT = {
    **dict.fromkeys(("start", "create", "update", "up", "serve-model", "restart", "run", "publish"), "deploy"),
    **dict.fromkeys(("list", "ls", "ps"), "services"),
    **dict.fromkeys(("status", "info", "describe", "health", "get"), "state"),
    **dict.fromkeys(("rm", "remove", "destroy", "undeploy"), "delete"),
    **dict.fromkeys(("log", "tail"), "logs"),
    **dict.fromkeys(("predict", "call", "send"), "invoke"),
    **dict.fromkeys(("kill", "down", "shutdown"), "stop"),
    **dict.fromkeys(("build", "export"), "package"),
    **dict.fromkeys(("save", "upload"), "register"),
    **dict.fromkeys(("clean", "gc"), "prune"),
    **dict.fromkeys(("env", "envs", "environment"), "environments"),
    **dict.fromkeys(("key", "get-keys", "list-keys", "regenerate"), "keys"),
    **dict.fromkeys(("tokens", "get-token"), "token"),
    **dict.fromkeys(("measure", "benchmark", "size"), "profile"),
    **dict.fromkeys(("endpoints", "online-endpoint", "router"), "endpoint"),
    **dict.fromkeys(("deployments", "online-deployment"), "deployment"),
    **dict.fromkeys(("traffic", "mirror", "route"), "endpoint"),
    **dict.fromkeys(("batch", "score-file", "batch-score"), "score"),
    **dict.fromkeys(("canary", "shift", "blue-green", "rollback", "promote"), "rollout"),
    "test": "try",
    "metrics": "stats",
}


def find(name: str, words: str = "") -> Verb:
    """Load and return a verb; the words behind it are for the hint of an unknown one."""
    if name not in NAMES:
        raise UsageProblem(f"There is no verb {name!r}.", hint=_advice(name, words))
    verb: Verb = import_module(f".{name}{'_' if iskeyword(name) else ''}", __package__).VERB
    return verb


def _advice(name: str, words: str) -> str:
    """Suggest the verb of that meaning, the object of that name, or the verb of a similar name."""
    rest = f" {words.strip()}" if words.strip() else ""
    if name.lower() in {"list", "ls"}:
        return f"Use: jupyter model models{rest}, or for services: jupyter model services"
    if name.lower() in MEANT:
        return f"Use: jupyter model {MEANT[name.lower()]}{rest}"
    known = _kind_of(name)
    if known:
        return known
    # A stricter limit than for models' names: "bogus" is not "logs".
    close = difflib.get_close_matches(name.lower(), NAMES, n=1, cutoff=0.7)
    if not close:
        return f"Verbs: {', '.join(NAMES)}."
    return f"Did you mean {close[0]!r}?" + (f" Then: jupyter model {close[0]}{rest}" if rest else "")


def _kind_of(name: str) -> str:
    from ..workspace import Workspace

    try:
        workspace = Workspace()
        if name in workspace.services:
            return f"{name} is a service: jupyter model state {name}"
        if name in workspace.models:
            return f"{name} is a model: jupyter model show {name}"
        if name in workspace.scripts.names():
            return f"{name} is a script: jupyter model deploy {name}"
    except DeployError:
        # The verb is wrong whatever the workspace's state is.
        return ""
    return ""
