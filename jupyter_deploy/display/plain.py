"""Plain faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..client import Service
from ..environments.environment import Environment
from ..errors import NotFound
from ..models import Model
from ..packages import Package
from ..scripts import Script
from ..services import Stats
from ..verbs.verb import Done, Listing
from .invocations import answer_text, binary_text, report_text, snippet_text

LOAD_FILE = 'joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "{entry}"))'


def human_size(size: int) -> str:
    """Write a number of bytes for people.

    Parameters
    ----------
    size : int
        Bytes.

    Returns
    -------
    str
        For example ``"1.2 MB"``.
    """
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        In the singular, with a regular plural.

    Returns
    -------
    str
        For example ``"1 worker"`` or ``"2 workers"``.
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def pairs_text(values: Any) -> str:
    """Write tags or properties.

    Parameters
    ----------
    values : mapping
        Text by text.

    Returns
    -------
    str
        ``"a=1, b=2"``.
    """
    return ", ".join(f"{key}={value}" for key, value in values.items())


def model_rows(model: Model) -> list[tuple[str, str]]:
    """List what is worth showing of a model.

    Parameters
    ----------
    model : Model
        A version.

    Returns
    -------
    list of tuple of (str, str)
        Label and text; empty ones are left out.
    """
    rows = [
        ("framework", f"{model.framework} {model.framework_version}".strip()),
        ("content", f"{model.entry}, {human_size(model.size)}, {model.digest[:12]}"),
        ("registered", f"{model.created.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("description", model.description),
        ("tags", pairs_text(model.tags)),
        ("properties", pairs_text(model.properties)),
        ("needs", ", ".join(model.requirements)),
        ("load it with", LOAD_FILE.format(entry=model.entry) if model.entry.endswith((".joblib", ".pkl")) else ""),
        ("note", "; ".join(model.notices)),
    ]
    return [(label, value) for label, value in rows if value]


def service_rows(service: Service, facts: dict[str, Any]) -> list[tuple[str, str]]:
    """List what is worth showing of a service.

    Parameters
    ----------
    service : Service
        Its handle.
    facts : dict
        From its ``as_dict``.

    Returns
    -------
    list of tuple of (str, str)
        Label and text; empty ones are left out.
    """
    counts = [f"generation {facts['generation']}", counted(len(facts["workers"]), "worker")]
    counts += [counted(facts["requests"], "request")]
    counts += [counted(facts["restarts"], "restart")] if facts["restarts"] else []
    rows = [
        ("why", facts["reason"]),
        ("url", facts["scoring_uri"]),
        ("script", facts["script"]),
        ("image", facts["image"]),
        ("model", ", ".join(facts["models"])),
        ("runs", ", ".join(counts) if facts["workers"] else ""),
        ("target", _target(facts)),
        ("environment", _environment(facts["environment"])),
        ("done", service.change.sentence().partition(": ")[2] if service.change else ""),
    ]
    rows += [("note", note) for note in (service.change.notes if service.change else ())]
    return [(label, value) for label, value in rows if value]


def _target(facts: dict[str, Any]) -> str:
    return f"docker, container {facts['container']}" if facts["container"] else str(facts["target"])


def _environment(environment: dict[str, Any]) -> str:
    if not environment:
        return ""
    name = f"{environment['name']}:{environment['version']}" if environment["version"] else environment["name"]
    if name == "kernel":
        return "the kernel's own"
    packages = ", ".join(environment["requirements"]) or "nothing but the server"
    return f"{name}: {packages}"


def _block(title: str, rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(label) for label, _ in rows), default=0)
    return "\n".join([title, *(f"  {label:<{width}}  {value}" for label, value in rows)])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [header, *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _model(model: Model) -> str:
    return _block(f"Model {model.id}", model_rows(model))


def script_sentences(script: Script) -> list[str]:
    """Tell what became of a script.

    Parameters
    ----------
    script : Script
        As the magic returns it.

    Returns
    -------
    list of str
        One line for each service reloaded, or how to deploy it.
    """
    if script.changes:
        return [change.sentence() for change in script.changes]
    return [f"stored; serve it with: %deploy {script.name}"]


def _script(script: Script) -> str:
    count = len(script.source.splitlines()) - (0 if script.path else 1)
    return "\n".join(
        [f"Script {script.name}, {count} lines, checked", *(f"  {line}" for line in script_sentences(script))]
    )


def facts_of(service: Service) -> dict[str, Any] | None:
    """Ask a service for its facts.

    Parameters
    ----------
    service : Service
        Its handle.

    Returns
    -------
    dict or None
        None where it was deleted: a handle outlives its service.
    """
    try:
        return service.as_dict()
    except NotFound:
        return None


def _service(service: Service) -> str:
    facts = facts_of(service)
    if facts is None:
        return f"Service {service.name}: deleted"
    return _block(f"Service {service.name}: {facts['state']}", service_rows(service, facts))


def listing_table(listing: Listing) -> tuple[list[str], list[list[str]]]:
    """Lay a listing out.

    Parameters
    ----------
    listing : Listing
        Of models or services.

    Returns
    -------
    tuple of (list of str, list of list of str)
        Header and rows.
    """
    if listing.kind == "models":
        header = ["model", "version", "framework", "size", "registered", "tags"]
        rows = [
            [
                model.name,
                str(model.version),
                f"{model.framework} {model.framework_version}".strip(),
                human_size(model.size),
                f"{model.created.astimezone():%Y-%m-%d %H:%M}",
                pairs_text(model.tags),
            ]
            for model in listing
        ]
        return header, rows
    if listing.kind == "environments":
        return ["environment", "version", "python", "packages", "base image"], [
            [one.name, str(one.version), one.python, ", ".join(one.requirements), one.base_image] for one in listing
        ]
    if listing.kind == "leftovers":
        return ["what", "name", "size"], [[one.kind, one.name, human_size(one.size)] for one in listing]
    header = ["service", "state", "url", "script", "models"]
    return header, [
        [fact["name"], fact["state"], fact["scoring_uri"], fact["script"], ", ".join(fact["models"])]
        for fact in listing
    ]


def _listing(listing: Listing) -> str:
    if not listing:
        return f"No {listing.kind} found."
    return _table(*listing_table(listing))


def _log(log: str) -> str:
    return str(log).rstrip("\n") or "The log is empty."


def _done(done: Done) -> str:
    return done.sentence


def stats_rows(stats: Stats) -> list[tuple[str, str]]:
    """List what a service uses.

    Parameters
    ----------
    stats : Stats
        Measured.

    Returns
    -------
    list of tuple of (str, str)
        Label and text.
    """
    most = f" of {human_size(stats.memory_limit)}" if stats.memory_limit else ""
    rows = [
        ("processor", f"{stats.cpu_percent:g} % of one"),
        ("memory", f"{human_size(stats.memory)}{most}"),
        ("processes", str(stats.processes)),
        ("network", f"{human_size(stats.received)} in, {human_size(stats.sent)} out" if stats.received else ""),
    ]
    return [(label, value) for label, value in rows if value]


def _stats(stats: Stats) -> str:
    return _block("Uses now", stats_rows(stats))


def environment_rows(environment: Environment) -> list[tuple[str, str]]:
    """List what is worth showing of an environment.

    Parameters
    ----------
    environment : Environment
        A description.

    Returns
    -------
    list of tuple of (str, str)
        Label and text; of its variables only the names.
    """
    rows = [
        ("python", environment.python),
        ("packages", ", ".join(environment.requirements)),
        ("base image", environment.base_image or ("from a Dockerfile" if environment.dockerfile else "")),
        ("variables", ", ".join(environment.variables)),
        ("digest", environment.digest[:12]),
        *(("note", notice) for notice in environment.notices),
    ]
    return [(label, value) for label, value in rows if value]


def _an_environment(environment: Environment) -> str:
    version = f":{environment.version}" if environment.version else ", not registered"
    return _block(f"Environment {environment.name}{version}", environment_rows(environment))


def package_rows(package: Package) -> list[tuple[str, str]]:
    """List what is worth showing of a package.

    Parameters
    ----------
    package : Package
        What was made.

    Returns
    -------
    list of tuple of (str, str)
        Label and text.
    """
    rows = [
        ("image" if package.is_image else "folder", package.location),
        ("model", ", ".join(package.models)),
        ("packages", ", ".join(package.environment)),
        ("run it with" if package.is_image else "build it with", package.how),
        ("done", f"in {package.milliseconds / 1000:.1f} s"),
        *(("note", notice) for notice in package.notices),
    ]
    return [(label, value) for label, value in rows if value]


def _package(package: Package) -> str:
    return _block(f"Package of {package.name}", package_rows(package))


FACES: dict[str, Callable[[Any], str]] = {
    "Model": _model,
    "Script": _script,
    "Service": _service,
    "Listing": _listing,
    "LogText": _log,
    "Done": _done,
    "Stats": _stats,
    "Environment": _an_environment,
    "Package": _package,
    "Answer": answer_text,
    "Binary": binary_text,
    "LatencyReport": report_text,
    "Snippet": snippet_text,
}
