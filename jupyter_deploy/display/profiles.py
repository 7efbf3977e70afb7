"""The face of a profile: what to give the model, the numbers behind that, and a histogram of the answers' times."""

from __future__ import annotations

from ..errors import in_notebook
from ..invoking import elapsed
from ..workspace import Latencies, Profile
from . import histograms, markup, plain
from .face import Face

_TIMES = ("fastest", "p50", "p90", "p95", "p99", "p999", "slowest")
_NAMES = {"fastest": "min", "p999": "p99.9", "slowest": "max"}


def _headline(profile: Profile) -> str:
    if profile.trouble:
        return f"failed: {profile.trouble.message}"
    if profile.interrupted:
        ended = f"{profile.sent:,} of {profile.rows:,} rows, interrupted"
    else:
        ended = plain.counted(profile.rows, "row")
    failed = f"{profile.failed:,} failed" if profile.failed else "none failed"
    return f"{ended}, {elapsed(profile.seconds)}: {profile.rate:,.0f} requests/s, one after the other, {failed}"


def _room(cpus: float, memory: int) -> str:
    """Write processors and memory."""
    parts = [f"{cpus:g} {'processor' if cpus == 1 else 'processors'}"] if cpus else []
    return ", ".join([*parts, *([plain.human_size(memory)] if memory else [])])


def _limits(profile: Profile) -> str:
    had = _room(profile.requested_cpus, profile.requested_memory)
    on = f"target {profile.target}"
    if profile.limits == "enforced":
        return f"{had}, enforced by {on}"
    return f"{had}; not enforced by {on}" if profile.limits else f"none; {on} has {had or 'all'}"


def _facts(profile: Profile) -> list[tuple[str, str]]:
    cpus, gb = profile.recommended_cpus, profile.recommended_gb
    rows = []
    if cpus is not None and gb is not None:
        rows.append(("give it", f"--cpus {cpus:g} --memory {gb:g}g"))
    if profile.latency:
        use = f"{profile.busy_cpus:.2f} while it answers, at most {profile.max_cpus:.2f}"
        rows += [("processors", use), ("memory", f"at most {plain.human_size(profile.max_memory)}")]
        rows += [("init", f"{elapsed(profile.init_seconds)} to load the script and run init()")]
    rows += [("limits", _limits(profile)), ("about", profile.description)]
    rows += [("note", note) for note in profile.notes]
    return [(label, value) for label, value in rows if value]


def _latencies(latency: Latencies) -> tuple[list[str], list[str]]:
    names = ["mean", *(_NAMES.get(name, name) for name in _TIMES)]
    return names, [elapsed(value) for value in (latency.mean, *(getattr(latency, name) for name in _TIMES))]


def _failed_rows(profile: Profile) -> list[str]:
    more = profile.failed - len(profile.errors)
    shown = [f"row {one.row}: {one.message}" for one in profile.errors]
    return [*shown, f"and {more:,} more"] if more > 0 else shown


def _details(profile: Profile) -> list[tuple[str, str]]:
    """List the tracebacks, each with what it is of."""
    if profile.trouble:
        return [("why it failed", profile.trouble.details)] if profile.trouble.details else []
    return [(f"row {one.row}", one.details) for one in profile.errors if one.details]


def _hints(profile: Profile) -> list[str]:
    found = [profile.trouble.hint] if profile.trouble else [one.hint for one in profile.errors]
    return [hint for hint in dict.fromkeys(found) if hint]


def _text(profile: Profile) -> str:
    parts = [plain.block(f"Profile {profile.name}: {_headline(profile)}", _facts(profile))]
    if profile.latency:
        names, values = _latencies(profile.latency)
        width = max(map(len, (*names, *values))) + 2
        parts += ["  " + "".join(f"{cell:>{width}}" for cell in row) for row in (names, values)]
        parts += [f"  {line}" for line in histograms.lines(profile.bars)]
    if not profile.trouble:
        parts += [f"  {line}" for line in _failed_rows(profile)]
    parts += [details for _, details in _details(profile)]
    parts += [f"Hint: {hint}" for hint in _hints(profile)]
    return plain.readable("\n".join(parts))


def _html(profile: Profile) -> str:
    title = markup.line(markup.bold(profile.name), markup.muted("profile"))
    parts = [title, markup.block(_headline(profile)), markup.facts(_facts(profile), ["give it"])]
    if profile.latency:
        latency = profile.latency
        names, values = _latencies(latency)
        header, cells = ["time", *names], [["answer", *values]]
        words = histograms.told(profile.succeeded, latency.p50, latency.p95, latency.slowest)
        parts += [markup.table(header, cells, f"times of answers of {profile.name}")]
        parts += [histograms.chart(profile.bars, words)]
    if not profile.trouble:
        parts += [markup.block(line) for line in _failed_rows(profile)]
    parts += [markup.more(label, markup.pre(details, label)) for label, details in _details(profile)]
    parts += [markup.note(f"Hint: {in_notebook(hint)}") for hint in _hints(profile)]
    return markup.card(f"profile {profile.name}", *parts)


PROFILE = Face("profile", _text, _html, Profile.as_dict)
