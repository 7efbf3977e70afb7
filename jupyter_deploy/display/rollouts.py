"""The face of a rollout: where it is, both versions side by side, and each step with its reason."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..errors import DeployError, NotFound
from . import markup, plain
from .endpoints import bar
from .face import Face

if TYPE_CHECKING:
    from ..workspace import EndpointRollout

_HEADER = ["version", "traffic", "requests", "rate", "failed", "p50", "p95"]
_EVENTS = ["time", "event", "share", "why"]


def rollout_look(rollout: EndpointRollout) -> dict[str, Any]:
    """Ask a rollout, once, for all that its faces show."""
    try:
        return rollout.as_dict()
    except NotFound:
        return {"state": "deleted", "reason": "its endpoint was deleted", "history": [], "new": "", "old": ""}
    except DeployError as error:
        return {"state": "unknown", "reason": error.message, "history": [], "new": "", "old": ""}


def _percent(share: float | None) -> str:
    return plain.NOTHING if share is None else f"{100 * share:.4g} %"


def _row(name: str, share: str, seen: dict[str, Any]) -> list[str]:
    times = [plain.milliseconds(None if seen.get(key) is None else 1000 * seen[key]) for key in ("p50", "p95")]
    return [name, share, f"{seen['requests']:,}", f"{seen['rate']:.1f}/s", f"{seen['errors']:,}", *times]


def _rows(seen: dict[str, Any]) -> list[list[str]]:
    found = seen.get("seen") or {}
    if not found:
        return []
    share = f"{seen['mirrors']} % copied" if seen["mirrors"] else f"{seen['share']} %"
    return [_row(seen["new"], share, found["new"]), _row(seen["old"], f"{100 - seen['share']} %", found["old"])]


def _progress(seen: dict[str, Any]) -> str:
    steps = seen["plan"]["steps"]
    if seen["mirrors"]:
        return f"before the {len(steps)} steps: {seen['mirrors']} % of the requests are copied"
    left = f", {plain.seconds(seen['left'])} at least" if seen["left"] else ""
    return f"{seen['step']} of {len(steps)} ({', '.join(f'{step} %' for step in steps)}){left}"


def _agreement(found: dict[str, Any]) -> str:
    if not found.get("compared"):
        return ""
    others = f"; others: {', '.join(found['examples'])}" if found.get("examples") else ""
    return f"{_percent(found['agreement'])} of {found['compared']:,} answers are the old version's{others}"


def _facts(seen: dict[str, Any]) -> list[tuple[str, str]]:
    if "plan" not in seen:
        return [("why", seen["reason"])] if seen["reason"] else []
    found = seen.get("seen") or {}
    gaps = [("predictions", found.get("distance")), ("inputs", found.get("drift"))]
    rows = [
        ("why", seen["reason"]),
        ("step", _progress(seen) if seen["state"] not in {"rolled back", "promoted"} else ""),
        ("agreement", _agreement(found)),
        *((label, f"{_percent(gap)} apart" if gap is not None else "") for label, gap in gaps),
    ]
    return [(label, value) for label, value in rows if value]


def _events(seen: dict[str, Any]) -> list[list[str]]:
    return [
        [time.strftime("%H:%M:%S", time.localtime(one["time"])), one["event"], f"{one['share']} %", one["reason"]]
        for one in seen["history"]
    ]


def _title(seen: dict[str, Any]) -> str:
    return f"Rollout of {seen['new']} at {seen['endpoint']}" if seen.get("endpoint") else "Rollout"


def rollout_text(seen: dict[str, Any]) -> str:
    """Return the face as text."""
    parts = [plain.block(f"{_title(seen)}: {seen['state']}", _facts(seen))]
    parts += [plain.table(_HEADER, _rows(seen))] if _rows(seen) else []
    parts += [plain.table(_EVENTS, _events(seen))] if seen["history"] else []
    return "\n".join(parts)


_AWAITS = {
    "waiting": ("approve", "roll back"),
    "held": ("approve", "roll back"),
    "complete": ("promote", "roll back"),
    "mirroring": ("hold", "roll back"),
    "shifting": ("hold", "roll back"),
}


def _commands(seen: dict[str, Any]) -> list[str]:
    asks = _AWAITS.get(seen["state"], ())
    return [f"%model rollout {seen['endpoint']} --{ask.replace(' ', '-')}" for ask in asks]


def rollout_shown(seen: dict[str, Any]) -> dict[str, Any]:
    """Return a rollout's facts as texts for a live view, with what may be asked of it."""
    shares = [[seen["new"], seen.get("share", 0), 1], [seen["old"], 100 - seen.get("share", 0), 0]]
    return {
        "title": _title(seen),
        "state": seen["state"],
        "shares": shares if seen.get("endpoint") else [],
        "facts": [list(pair) for pair in _facts(seen)],
        "header": _HEADER,
        "rows": _rows(seen),
        "columns": _EVENTS,
        "events": _events(seen),
        "awaits": list(_AWAITS.get(seen["state"], ())),
    }


def rollout_html(seen: dict[str, Any]) -> str:
    """Return the face as HTML."""
    shares = [
        {"name": seen["new"], "traffic": seen.get("share", 0)},
        {"name": seen["old"], "traffic": 100 - seen.get("share", 0)},
    ]
    rows, events = _rows(seen), _events(seen)
    chips = [markup.code(command) for command in _commands(seen)]
    return markup.card(
        _title(seen),
        markup.line(
            markup.element("b", _title(seen), style="font-size:14px"),
            markup.badge(seen["state"], live=True),
        ),
        bar(shares) if seen.get("endpoint") else "",
        markup.facts(_facts(seen)),
        markup.table(_HEADER, rows, "both versions") if rows else "",
        markup.more("steps", markup.table(_EVENTS, events, "steps"), opened=True) if events else "",
        markup.line(*chips) if chips else "",
    )


ROLLOUT = Face("rollout", rollout_text, rollout_html, dict, rollout_look)
