"""Faces of services: what they are asked once, and the card that is drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import DeployError, NotFound
from ..services import Change, Stats
from . import markup, plain
from .card import Row, ServiceContent, service_content
from .face import Face

if TYPE_CHECKING:
    from ..workspace import Living, Service

LOG_LINES = 5
_RUNS = {"Healthy", "Transitioning", "Unhealthy"}


@dataclass(frozen=True)
class Seen:
    """A service as it was when it was looked at."""

    name: str
    state: str  # "deleted" if the service is gone, "unknown" if it could not be asked
    facts: dict[str, Any] = field(default_factory=dict, hash=False)  # from Service.as_dict(); empty if there are none
    reason: str = ""  # why it is not Healthy
    log: tuple[str, ...] = ()  # its last lines
    change: Change | None = None  # the last deployment
    moved: tuple[str, ...] = ()  # the notebook's names that have changed since its script took them

    @property
    def commands(self) -> dict[str, str]:
        """Commands for it, as a notebook's lines."""
        if self.state == "deleted":
            return {}
        words = {"deploy": f"%deploy {self.name}"}
        if self.state in _RUNS:
            words = {"invoke": f"%invoke {self.name} VALUE", "reload": f"%model reload {self.name}"}
        if self.facts.get("image"):
            words.pop("reload", None)
        words["logs"] = f"%model logs {self.name}"
        last = "stop" if self.state in _RUNS else "delete"
        return {**words, last: f"%model {last} {self.name}"}


def look(service: Service) -> Seen:
    """Ask a service, once, for all that its faces show."""
    try:
        facts = service.as_dict()
    except NotFound:
        return Seen(service.name, "deleted")
    except DeployError as error:
        # A face is no place for an error: it tells what it can.
        return Seen(service.name, "unknown", reason=error.message)
    try:
        lines = tuple(service.logs(LOG_LINES).splitlines())
    except (DeployError, OSError):
        lines = ()
    return Seen(service.name, facts["state"], facts, facts["reason"], lines, service.change)


def notice(seen: Seen, service: Service, living: Living) -> Seen:
    """Add the notebook's changes since the served script was taken from it, if any are known."""
    return replace(seen, moved=service.moved_on(living)) if seen.facts else seen


def _content(seen: Seen) -> ServiceContent:
    return service_content(seen.facts, change=seen.change, moved=seen.moved)


def _text(seen: Seen) -> str:
    title = f"Service {seen.name}: {seen.state}"
    if not seen.facts:
        return plain.block(title, [("why", seen.reason)] if seen.reason else [])
    content = _content(seen)
    busy = ", ".join(f"{value} {label}" for label, value in content.numbers) if seen.facts["requests"] else ""
    rows = [
        ("why", seen.reason),
        ("url", seen.facts["scoring_uri"]),
        *content.rows,
        ("up", content.uptime),
        ("traffic", busy if seen.facts["recent"] else ""),
    ]
    return plain.block(title, [row for row in rows if row[1]])


def _group(label: str, parts: Sequence[str], style: str) -> str:
    return markup.element("div", *parts, role="group", aria_label=label, style=style) if parts else ""


def _numbers(rows: Sequence[Row]) -> str:
    small, large = f"font-size:11px;color:{markup.MUTED}", "font-size:15px;font-variant-numeric:tabular-nums"
    tiles = [
        markup.element(
            "div",
            markup.element("div", row.label, style=small),
            markup.element("div", row.value, style=large),
            style="min-width:64px",
        )
        for row in rows
    ]
    return _group("recent traffic", tiles, "display:flex;flex-wrap:wrap;gap:4px 20px;margin:8px 0 0")


def _commands(seen: Seen) -> str:
    chips = [markup.code(command) for command in seen.commands.values()]
    style = f"display:flex;flex-wrap:wrap;gap:6px;margin:8px 0 0;padding:8px 0 0;border-top:1px solid {markup.BORDER}"
    return _group("commands to copy", chips, style)


def _html(seen: Seen) -> str:
    url = seen.facts.get("scoring_uri", "")
    failed = seen.state in {"Failed", "Unhealthy", "Unschedulable"}
    log = markup.pre("\n".join(seen.log), f"last log lines of {seen.name}") if seen.log else ""
    content = _content(seen) if seen.facts else ServiceContent((), (), "")
    return markup.card(
        f"service {seen.name}",
        markup.line(
            markup.element("b", seen.name, style="font-size:14px"),
            markup.badge(seen.state, live=True),
            markup.muted(f"up {content.uptime}") if content.uptime else "",
        ),
        markup.block(seen.reason, above=4) if seen.reason else "",
        markup.block(markup.code(url), above=6) if url else "",
        _numbers(content.numbers if seen.facts.get("recent") else ()),
        markup.facts(content.rows),
        markup.more("last log lines", log, opened=failed) if log else "",
        _commands(seen),
    )


def _data(seen: Seen) -> dict[str, Any]:
    known = {"name": seen.name, "state": seen.state, "reason": seen.reason}
    return {**seen.facts, **known, "moved": list(seen.moved), "log_tail": list(seen.log), "commands": seen.commands}


def _stats_rows(stats: Stats) -> list[tuple[str, str]]:
    most = f" of {plain.human_size(stats.memory_limit)}" if stats.memory_limit else ""
    sent = f"{plain.human_size(stats.received)} in, {plain.human_size(stats.sent)} out"
    rows = [
        ("processor", f"{stats.cpu_percent:g} % of one"),
        ("memory", f"{plain.human_size(stats.memory)}{most}"),
        ("processes", str(stats.processes)),
        ("network", sent if stats.received else ""),
    ]
    return [(label, value) for label, value in rows if value]


SERVICE = Face("service", _text, _html, _data, look, notice)
STATS = Face(
    "stats",
    lambda stats: plain.block(f"{stats.service} uses now", _stats_rows(stats)),
    lambda stats: markup.card(
        f"what {stats.service} uses",
        markup.line(markup.bold(stats.service), markup.muted("uses now")),
        markup.facts(_stats_rows(stats)),
    ),
    Stats.as_dict,
)
