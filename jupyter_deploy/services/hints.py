"""The hint of a failure, with the commands for the service that it happened in."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from ..environments import INFERRED
from ..errors import Hint
from ..serving import Failure
from ..serving.hints import worded
from .records import ServiceRecord


class Outcome(NamedTuple):
    """A failure that the server found, not the script."""

    kind: str  # the server's name for it
    hint: str  # what to do; {deploy} is the command that deploys the service again
    log: str = ""  # what the service's log shows of it


_OUTCOMES = (
    Outcome("ScoringTimeout", "{deploy} --set scoring_timeout_ms={longer} allows more; the log shows where it was."),
    Outcome("SampleFailed", "Correct the script, or the sample: reload --sample JSON; an empty one takes it away."),
    Outcome("OOMKilled", "Give it more memory: {deploy} --memory 2g"),
    Outcome("DebuggerPort", "Give another port: {deploy} --debug PORT --debug-wait"),
    Outcome("WorkerDied", "The script ended its process, or a library crashed it", "its last words"),
)


def failure_hint(failure: Failure, record: ServiceRecord, bundle: Path) -> Hint:
    """Advise on a script that does not load or start: what to try, or where to look."""
    known = known_hint(failure, record, bundle)
    if known:
        return known
    if failure.stage == "run":
        return Hint("The traceback shows the line that failed", log_of=record.name)
    again = f"deploy it again ({_command(record)})" if record.spec.script_is_file else "run its cell again"
    return Hint(f"Correct the script and {again}", log_of=record.name)


def known_hint(failure: Failure, record: ServiceRecord, bundle: Path) -> Hint:
    """Advise on a failure of the script; empty if nothing is certain."""
    for outcome in _OUTCOMES:
        if failure.kind == outcome.kind or (outcome.kind == "OOMKilled" and "OOMKilled" in failure.message):
            limit = re.search(r"\d+", failure.message) if failure.kind == "ScoringTimeout" else None
            longer = str(max(10 * int(limit[0]), 60_000)) if limit else ""
            advice = outcome.hint.replace("{deploy}", _command(record)).replace("{longer}", longer)
            return Hint(advice, log_of=record.name, shows=outcome.log) if outcome.log else Hint(advice)
    return Hint(_not_shipped(failure, record, bundle) or worded(failure.hint, _words(record)))


def _words(record: ServiceRecord) -> dict[str, str]:
    name = record.name
    deploy = f"jupyter model deploy {name}"
    words = {
        "provide": f"install the package that has it, or put {{0}}.py beside the script; then: {deploy}",
        "give": f"{deploy} --model {{0}}",
        "again": "register it again from here, or deploy with an environment that has the version it was saved with "
        "(--environment)",
        "fit": f"name other versions ({{0}}) in an environment file: {deploy} --environment FILE",
        "variable": f"{deploy} --env {{0}}=VALUE",
    }
    if record.environment is not None and record.environment.is_kernel:
        return {
            **words,
            "install": "%pip install '{0}'; then deploy again",
            "fit": "%pip install --force-reinstall {0}; then deploy again",
            "system": "install the system's package that has {0}",
        }
    environment = record.spec.environment
    if environment in {"", INFERRED} or environment.startswith(f"{INFERRED}+"):
        # Packages that were added to the inferred environment stay.
        more = f"{_command(record)} --environment {environment or INFERRED}{',' if '+' in environment else '+'}"
        return {
            **words,
            "provide": f"put {{0}}.py beside the script; or {more}PACKAGE adds the package that has it",
            "install": f"The service's environment has no {{0}}: {more}{{0}} adds it",
            "system": f"name a Dockerfile that installs the system's package with {{0}}: {deploy} --environment FILE",
        }
    return {
        **words,
        "provide": f"name the package that has it in the service's environment ({deploy} --environment FILE), or "
        "put {0}.py beside the script",
        "install": f"The service's environment has no {{0}}: name it in the file of {deploy} --environment FILE",
        "system": f"name a Dockerfile that installs the system's package with {{0}}: {deploy} --environment FILE",
    }


def _command(record: ServiceRecord) -> str:
    """Write the command that deploys a service again; a failed first deployment leaves nothing to update."""
    spec = record.spec
    words = ["jupyter", "model", "deploy", spec.name]
    if record.rollout.unproven:
        if spec.script_is_file or spec.script != spec.name:
            words += ["--script", spec.script]
        for model in spec.models or ():
            words += ["--model", model]
        words += ["--target", spec.target]
    return shlex.join(words)


def _not_shipped(failure: Failure, record: ServiceRecord, bundle: Path) -> str:
    """Find the module or file in a folder above the script's: a service has only the script's own."""
    script = Path(record.spec.script)
    if not record.spec.script_is_file:
        return ""
    found = re.fullmatch(r"No module named '([\w.]+)'", failure.message)
    if found and failure.kind == "ModuleNotFoundError":
        top = found[1].partition(".")[0]
        names = [f"{top}.py", f"{top}/__init__.py", top]
    elif failure.kind == "FileNotFoundError" and (found := re.search(r"'([^']+)'$", failure.message)):
        if os.path.isabs(found[1]):  # noqa: PTH117
            return ""
        names = [found[1]]
    else:
        return ""
    shipped = Path(record.spec.source) if record.spec.source else script.parent
    for folder in (shipped, *list(shipped.parents)[:3]):
        for name in names:
            place = folder / name
            if place.exists() and not (bundle / "code" / name).exists():
                root = Path(os.path.commonpath([os.path.normpath(place.parent), script.parent]))
                command = f"jupyter model deploy {record.name} --source {root}"
                return f"{os.path.normpath(place)} is not shipped: {command} ships it."
    return ""
