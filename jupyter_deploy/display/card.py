"""The content of a service's card, static or live: rows and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from . import plain

if TYPE_CHECKING:
    from ..services import Change


class Row(NamedTuple):
    """One labelled line of plain text."""

    label: str
    value: str


# What clients of a service must show.
_NEEDED = {"key": "a key", "token": "a token"}


@dataclass(frozen=True)
class ServiceContent:
    """What stands below a service's name, state and address, as plain text."""

    rows: tuple[Row, ...]  # those that have a value
    numbers: tuple[Row, ...]  # recent traffic; unknown ones are plain.NOTHING
    uptime: str  # empty if it does not run


def service_content(
    facts: Mapping[str, Any], *, change: Change | None = None, moved: Sequence[str] = (), steady: bool = False
) -> ServiceContent:
    """Describe a service for people.

    ``facts`` are those of :meth:`jupyter_deploy.workspace.Service.as_dict`. ``change`` is the last deployment,
    ``moved`` lists the notebook's names that have changed since the script took them. ``steady`` leaves out rows that
    change with each second or request: a live card is sent again when its rows change.
    """
    rows = [
        Row("model", models_of(facts)),
        Row("follows", ", ".join(f"latest {name}" for name in facts.get("follows", ()))),
        Row("script", ", ".join(part for part in (facts["script"], facts.get("script_hash", "")) if part)),
        Row("edited", _edited(facts["name"], facts.get("edited", ()))),
        Row("takes", taken_of(facts)),
        Row("image", facts["image"]),
        Row("runs", _runs(facts, steady)),
        Row("target", f"docker, container {facts['container']}" if facts["container"] else facts["target"]),
        Row("environment", _environment(facts["environment"])),
        Row("tells", ", ".join(facts.get("on_change", ()))),
        Row("clients need", _NEEDED.get(facts.get("auth", ""), "")),
        Row("done", change.clause() if change else ""),
        Row("moved on", moved_sentence(moved, f"%deploy {facts['name']}")),
        *(Row("note", note) for note in (change.notes if change else ())),
    ]
    uptime = plain.duration(facts["uptime_seconds"], steady=steady) if facts["uptime_seconds"] else ""
    return ServiceContent(tuple(row for row in rows if row.value), _numbers(facts["recent"]), uptime)


def _numbers(recent: Mapping[str, Any]) -> tuple[Row, ...]:
    rate, errors = plain.NOTHING, plain.NOTHING
    if recent:
        rate, errors = plain.rate(recent["requests_per_second"]), f"{recent['errors']:,} of {recent['requests']:,}"
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
    """List a service's models as ``name:version``, without captured data."""
    captured = facts.get("captured", {}).values()
    return ", ".join(model for model in facts["models"] if model not in captured)


def taken_of(facts: Mapping[str, Any]) -> str:
    """List a service's captured data: the notebook's names, each with the model that it was saved as."""
    # Older versions of this package used another script's or model's name for the same bytes.
    captured = facts.get("captured", {}).items()
    own = {name: f" ({model})" * model.startswith(f"{facts['script']}-") for name, model in captured}
    return ", ".join(f"{name}{model}" for name, model in own.items())


def moved_sentence(moved: Sequence[str], command: str) -> str:
    """Say which names have changed, and which ``command`` takes the notebook's present values; empty if none."""
    return f"{'; '.join(moved)}; {command} takes the notebook's present values" if moved else ""
