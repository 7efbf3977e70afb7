"""Faces of collected data and of replays. Without being asked they show no input and no output: a notebook is saved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import markup, plain
from .face import Face

if TYPE_CHECKING:
    from ..workspace import Collected, CollectedRows, Replayed

_CELL = 200
_VALUE = 4000


def _brief(value: Any, limit: int = _CELL) -> str:
    text = value if isinstance(value, str) else _dumped(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _dumped(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    return json.dumps(value, ensure_ascii=False, default=str)


def _requests(collected: Collected) -> tuple[list[str], list[list[str]]]:
    header = ["time", "id", "status", "took", "run()", "script", "models", "error"]
    bodies = ["input", "output"] if collected.shows_bodies else []
    rows = []
    for one in collected:
        run = plain.milliseconds(None if one.run_seconds is None else one.run_seconds * 1000)
        row = [f"{one.time:%Y-%m-%d %H:%M:%S}", one.short_id, str(one.status), plain.milliseconds(one.seconds * 1000)]
        error = one.error if bodies else one.error.partition(":")[0]
        row += [run, one.script, ", ".join(one.models), _brief(error)]
        rows.append(row + [_brief(getattr(one, key)) for key in bodies])
    used = [number for number, name in enumerate(header) if name not in {"models", "error"} or any_of(rows, number)]
    used += range(len(header), len(header) + len(bodies))
    return [(header + bodies)[number] for number in used], [[row[number] for number in used] for row in rows]


def any_of(rows: list[list[str]], number: int) -> bool:
    """Tell whether a column has anything in it."""
    return any(row[number] for row in rows)


def _nothing(collected: Collected) -> str:
    if collected.collects in {"requests", "failed"}:
        which = "failed " if collected.collects == "failed" else ""
        return f"{collected.service} has collected no {which}requests of that kind yet."
    name = collected.service
    return (
        f"{name} has collected no requests. jupyter model deploy {name} --set collect=requests collects from then on."
    )


def _requests_text(collected: Collected) -> str:
    return plain.table(*_requests(collected)) if collected else plain.readable(_nothing(collected))


def _requests_html(collected: Collected) -> str:
    if not collected:
        return markup.sentence(_nothing(collected))
    return markup.table(*_requests(collected), f"requests of {collected.service}")


def _rows(found: CollectedRows) -> tuple[list[str], list[list[str]]]:
    own = ["time", "request", "model"] if any("model" in row for row in found.rows) else ["time", "request"]
    names = list(dict.fromkeys(key for row in found.rows for key in row if key not in {*own, "correlation"}))
    columns = [*own, *names] if found.shows_bodies else own
    table = []
    for row in found.rows:
        first = [f"{row['time']:%Y-%m-%d %H:%M:%S}", str(row["request"])[:8]]
        table.append(first + [_brief(row.get(name, "")) for name in columns[2:]])
    return columns, table


def _rows_text(found: CollectedRows) -> str:
    return plain.table(*_rows(found)) if found.rows else plain.readable(f"{found.service} has collected no such rows.")


def _rows_html(found: CollectedRows) -> str:
    if not found.rows:
        return markup.sentence(f"{found.service} has collected no such rows.")
    return markup.table(*_rows(found), f"{', '.join(found.collections)} of {found.service}")


def _verdict(replayed: Replayed) -> str:
    if not replayed.before_is_known:
        return "the answer of then was not kept whole"
    if replayed.same:
        return "failed as before" if replayed.after.failed else "the same answer"
    return "differs"


def _replay_rows(replayed: Replayed) -> list[tuple[str, str]]:
    rows = []
    for label, outcome in (("before", replayed.before), ("now", replayed.after)):
        status = f"{outcome.status} · " if outcome.status else ""
        rows += [(label, outcome.by), ("", status + (outcome.error or _brief(outcome.value, _VALUE)))]
    return rows


def _replay_text(replayed: Replayed) -> str:
    title = f"Request {replayed.id[:8]} of {replayed.service}: {_verdict(replayed)}"
    parts = [plain.block(title, _replay_rows(replayed))]
    parts += [f"  {line}" for line in replayed.differences]
    parts += [replayed.after.details.rstrip()] if replayed.after.details else []
    return plain.readable("\n".join(parts))


def _replay_html(replayed: Replayed) -> str:
    name = f"request {replayed.id[:8]} of {replayed.service}"
    return markup.card(
        name,
        markup.line(markup.bold(name), markup.muted(_verdict(replayed))),
        markup.facts(_replay_rows(replayed)),
        markup.pre("\n".join(replayed.differences), "differences") if replayed.differences else "",
        markup.pre(replayed.after.details.rstrip(), "details") if replayed.after.details else "",
    )


def _replay_data(replayed: Replayed) -> dict[str, Any]:
    # The answers were asked for; the input is in the value, for who wants it.
    return {key: value for key, value in replayed.as_dict().items() if key != "input"}


COLLECTED = Face("collected", _requests_text, _requests_html, lambda collected: collected.as_dict())
ROWS = Face("collected", _rows_text, _rows_html, lambda found: found.as_dict())
REPLAYED = Face("replay", _replay_text, _replay_html, _replay_data)
