"""Faces of endpoints and their deployments: the traffic as a bar, and a table of who answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import DeployError, NotFound
from . import markup, plain
from .face import Face

if TYPE_CHECKING:
    from ..workspace import Endpoint, EndpointDeployment

_HEADER = ["deployment", "state", "traffic", "instances", "serves", "requests", "failed", "p95"]
# Grounds that differ in light and in dark themes, and beside each other for eyes that see no red or green.
_GROUNDS = ("#1f6fb2", "#2e7d32", "#b26a00", "#7b3fa0", "#00796b", "#a23b3b")


def look(endpoint: Endpoint) -> dict[str, Any]:
    """Ask an endpoint, once, for all that its faces show."""
    try:
        return endpoint.as_dict()
    except NotFound:
        return {"name": endpoint.name, "state": "deleted", "reason": "", "deployments": []}
    except DeployError as error:
        return {"name": endpoint.name, "state": "unknown", "reason": error.message, "deployments": []}


def _share(one: dict[str, Any]) -> str:
    mirrored = f"{one['mirror']} % mirrored" if one["mirror"] else ""
    return mirrored if mirrored and not one["traffic"] else f"{one['traffic']} %"


def serves(one: Mapping[str, Any]) -> str:
    """Say what a deployment serves: its script or image, and its models."""
    what = one["image"] or one["script"].rpartition("/")[2]
    return " with ".join(filter(None, (what, ", ".join(one["models"]))))


def _count(one: dict[str, Any]) -> str:
    bounds = one.get("scaling")
    between = f" ({bounds['least']}-{bounds['most']})" if bounds else ""
    if one.get("sleeps"):
        return f"asleep{between}"
    there, wanted = len(one["instances"]), one["wanted"]
    return (f"{there} of {wanted}" if there != wanted else str(wanted)) + between


def _row(one: dict[str, Any]) -> list[str]:
    numbers = one.get("numbers", {})
    count = _count(one)
    p95 = numbers.get("p95_ms")
    requests = numbers.get("requests", 0)
    failed = numbers.get("failed", 0)
    late = plain.milliseconds(p95) if p95 is not None and requests else ""
    return [one["name"], one["state"], _share(one), count, serves(one), f"{requests:,}", f"{failed:,}", late]


def _facts(seen: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("why", seen.get("reason", "")),
        ("url", seen.get("scoring_uri", "")),
        ("rollout", seen.get("rollout", "")),
        ("auth", seen.get("auth", "")),
        ("description", seen.get("description", "")),
        ("tags", plain.pairs_text(seen.get("tags", {}))),
    ]
    return [(label, value) for label, value in rows if value]


def _commands(seen: dict[str, Any]) -> list[str]:
    name, names = seen["name"], [one["name"] for one in seen["deployments"]]
    if not names:
        return [f"%deploy SCRIPT --endpoint {name} --deployment blue"]
    if not any(one["traffic"] for one in seen["deployments"]):
        return [f"%model endpoint traffic {name} {names[0]}=100", f"%invoke {name} VALUE --deployment {names[0]}"]
    return [f"%invoke {name} VALUE", f"%model endpoint traffic {name}", f"%model endpoint logs {name}"]


def endpoint_text(seen: dict[str, Any]) -> str:
    """Write what :func:`look` has found as text."""
    title = plain.block(f"Endpoint {seen['name']}: {seen['state']}", _facts(seen))
    if not seen["deployments"]:
        return title
    return f"{title}\n{plain.table(_HEADER, [_row(one) for one in seen['deployments']])}"


def bar(deployments: list[dict[str, Any]]) -> str:
    """Draw the shares as one bar of 100 %."""
    parts = []
    for number, one in enumerate(deployments):
        if one["traffic"]:
            style = (
                f"width:{int(one['traffic'])}%;background:{_GROUNDS[number % len(_GROUNDS)]};color:#fff;"
                "overflow:hidden;white-space:nowrap;padding:1px 0;text-align:center;font-size:11px"
            )
            parts.append(markup.element("div", f"{one['name']} {one['traffic']} %", style=style))
    if not parts:
        return markup.block(markup.muted("no deployment has traffic"), above=6)
    shares = ", ".join(f"{one['name']} {one['traffic']} %" for one in deployments)
    style = "display:flex;border-radius:3px;overflow:hidden;margin:8px 0 0"
    return markup.element("div", *parts, role="img", aria_label=f"traffic: {shares}", style=style)


def endpoint_html(seen: dict[str, Any]) -> str:
    """Draw what :func:`look` has found."""
    url = seen.get("scoring_uri", "")
    rows = [
        [markup.badge(text) if column == "state" else text for column, text in zip(_HEADER, _row(one), strict=True)]
        for one in seen["deployments"]
    ]
    chips = [markup.code(command) for command in _commands(seen)] if seen["state"] != "deleted" else []
    style = f"display:flex;flex-wrap:wrap;gap:6px;margin:8px 0 0;padding:8px 0 0;border-top:1px solid {markup.BORDER}"
    return markup.card(
        f"endpoint {seen['name']}",
        markup.line(markup.element("b", seen["name"], style="font-size:14px"), markup.badge(seen["state"], live=True)),
        markup.block(seen["reason"], above=4) if seen.get("reason") else "",
        markup.block(markup.code(url), above=6) if url else "",
        bar(seen["deployments"]) if seen["deployments"] else "",
        markup.table(_HEADER, rows, "deployments") if rows else "",
        markup.facts([row for row in _facts(seen) if row[0] not in {"why", "url"}]),
        markup.element("div", *chips, role="group", aria_label="commands to copy", style=style) if chips else "",
    )


def _one(deployment: EndpointDeployment) -> dict[str, Any]:
    try:
        return deployment.as_dict()
    except NotFound:
        gone = {"state": "deleted", "reason": "", "traffic": 0, "mirror": 0, "instances": [], "wanted": 0}
        return {
            "name": deployment.name,
            "endpoint": deployment.endpoint,
            **gone,
            "script": "",
            "image": "",
            "models": [],
        }


def _deployment_rows(seen: dict[str, Any]) -> list[tuple[str, str]]:
    change = seen.get("change") or {}
    rows = [
        ("why", seen["reason"]),
        ("traffic", _share(seen)),
        ("instances", ", ".join(seen["instances"])),
        ("serves", serves(seen)),
        ("target", seen.get("target", "")),
        ("notes", "; ".join(change.get("notes", ()))),
    ]
    return [(label, value) for label, value in rows if value]


def _deployment_html(seen: dict[str, Any]) -> str:
    title = markup.line(
        markup.element("b", f"{seen['name']} of {seen['endpoint']}", style="font-size:14px"),
        markup.badge(seen["state"], live=True),
    )
    commands = [markup.code(f"%model endpoint traffic {seen['endpoint']} {seen['name']}=100")]
    shown = commands if seen["state"] != "deleted" and not seen["traffic"] else []
    hint = markup.block(markup.muted("It gets requests with: "), *shown, above=6) if shown else ""
    return markup.card(f"deployment {seen['name']}", title, markup.facts(_deployment_rows(seen)), hint)


ENDPOINT = Face("endpoint", endpoint_text, endpoint_html, dict, look)
DEPLOYMENT = Face(
    "deployment",
    lambda seen: plain.block(
        f"Deployment {seen['name']} of {seen['endpoint']}: {seen['state']}", _deployment_rows(seen)
    ),
    _deployment_html,
    dict,
    _one,
)
