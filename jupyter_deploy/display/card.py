"""What a service's card says: its rows and numbers, for the card that stays and for the one that is live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..services import Change
from . import plain


class Row(NamedTuple):
    """One labelled line.

    Parameters
    ----------
    label, value : str
        Plain text.
    """

    label: str
    value: str


@dataclass(frozen=True)
class ServiceContent:
    """What stands below a service's name, state and address.

    Parameters
    ----------
    rows : tuple of Row
        Those that have a value.
    numbers : tuple of Row
        What went through it lately; each with :data:`plain.NOTHING` where nothing is known.
    uptime : str
        How long it has been running; empty where it does not run.
    """

    rows: tuple[Row, ...]
    numbers: tuple[Row, ...]
    uptime: str


def service_content(
    facts: Mapping[str, Any], *, change: Change | None = None, moved: Sequence[str] = (), steady: bool = False
) -> ServiceContent:
    """Write a service's facts for people.

    Parameters
    ----------
    facts : mapping
        From :meth:`jupyter_deploy.workspace.Service.as_dict`.
    change : Change, optional
        What was just done to it.
    moved : sequence of str, optional
        Which of the notebook's names have changed since its script took them.
    steady : bool, optional
        Leave out of the rows what changes with each request or second: a live card is sent again when it changes.

    Returns
    -------
    ServiceContent
        Plain text.
    """
    rows = [
        Row("model", models_of(facts)),
        Row("script", ", ".join(part for part in (facts["script"], facts.get("script_hash", "")) if part)),
        Row("edited", _edited(facts["name"], facts.get("edited", ()))),
        Row("takes", taken_of(facts)),
        Row("image", facts["image"]),
        Row("runs", _runs(facts, steady)),
        Row("target", f"docker, container {facts['container']}" if facts["container"] else facts["target"]),
        Row("environment", _environment(facts["environment"])),
        Row("done", change.sentence().partition(": ")[2] if change else ""),
        Row("moved on", moved_sentence(moved, f"%deploy {facts['name']}")),
        *(Row("note", note) for note in (change.notes if change else ())),
    ]
    uptime = plain.duration(facts["uptime_seconds"], steady=steady) if facts["uptime_seconds"] else ""
    return ServiceContent(tuple(row for row in rows if row.value), _numbers(facts["recent"]), uptime)


def _numbers(recent: Mapping[str, Any]) -> tuple[Row, ...]:
    rate, errors = plain.NOTHING, plain.NOTHING
    if recent:
        rate, errors = f"{recent['requests_per_second']:.3g}", f"{recent['errors']:,} of {recent['requests']:,}"
    return (
        Row(f"requests/s, {plain.window(recent)}" if recent else "requests/s", rate),
        Row("p50", plain.milliseconds(recent.get("p50_ms"))),
        Row("p95", plain.milliseconds(recent.get("p95_ms"))),
        Row("errors", errors),
    )


def _runs(facts: Mapping[str, Any], steady: bool) -> str:
    if not facts["workers"]:
        return ""
    counts = [f"generation {facts['generation']}", plain.counted(len(facts["workers"]), "worker")]
    counts += [] if steady else [plain.counted(facts["requests"], "request")]
    counts += [plain.counted(facts["restarts"], "restart")] if facts["restarts"] else []
    return ", ".join(counts)


def _environment(environment: Mapping[str, Any]) -> str:
    if not environment:
        return ""
    name = f"{environment['name']}:{environment['version']}" if environment["version"] else str(environment["name"])
    if name == "kernel":
        return "the kernel's own"
    packages = ", ".join(environment["requirements"]) or "nothing but the server"
    return f"{name}: {packages}"


def _edited(name: str, edited: Sequence[str]) -> str:
    if not edited:
        return ""
    more = f" and {len(edited) - 3} more" if len(edited) > 3 else ""
    return f"{', '.join(edited[:3])}{more}, since it was loaded: reload {name} serves it as it is now"


def models_of(facts: Mapping[str, Any]) -> str:
    """List a service's models, without what its script took from the notebook.

    Parameters
    ----------
    facts : mapping
        From :meth:`jupyter_deploy.workspace.Service.as_dict`.

    Returns
    -------
    str
        ``name:version`` each.
    """
    captured = facts.get("captured", {}).values()
    return ", ".join(model for model in facts["models"] if model not in captured)


def taken_of(facts: Mapping[str, Any]) -> str:
    """List what a service's script took from the notebook as data.

    Parameters
    ----------
    facts : mapping
        From :meth:`jupyter_deploy.workspace.Service.as_dict`.

    Returns
    -------
    str
        The notebook's names, each with the model that it was saved as.
    """
    # Older versions of this package took another script's or model's name for the same bytes: that is no name of this.
    captured = facts.get("captured", {}).items()
    own = {name: f" ({model})" * model.startswith(f"{facts['script']}-") for name, model in captured}
    return ", ".join(f"{name}{model}" for name, model in own.items())


def moved_sentence(moved: Sequence[str], command: str) -> str:
    """Say which names have moved on, and what takes them.

    Parameters
    ----------
    moved : sequence of str
        From :meth:`jupyter_deploy.workspace.Service.moved_on`.
    command : str
        The line that takes the notebook as it lives now.

    Returns
    -------
    str
        Empty where nothing has.
    """
    return f"{'; '.join(moved)}; {command} takes the notebook as it lives now" if moved else ""
