"""The layers of the package, and its imports as the syntax trees show them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jupyter_deploy

PACKAGE = Path(jupyter_deploy.__file__).parent
ROOT = "jupyter_deploy"

# Lowest first. A module imports from its own layer and those below, never from above.
LAYERS = (
    ("ground", {"errors", "files", "config", "progress"}),
    ("runtime", {"serving", "frameworks"}),
    (
        "domain",
        {
            "store",
            "models",
            "registry",
            "model_filters",
            "captured",
            "sources",
            "scripts",
            "script_check",
            "capture",
            "environments",
            "bundles",
            "script_names",
            "shipment",
            "services",
            "service_facts",
            "service_rows",
            "service_names",
        },
    ),
    ("targets", {"targets"}),
    (
        "façade",
        {
            *(
                "workspace",
                "client",
                "live_services",
                "deployment",
                "resolution",
                "hints",
                "edits",
                "intent",
                "attempts",
                "changing",
                "naming",
                "placing",
                "unproven",
                "rollout",
                "housekeeping",
                "packages",
            ),
            *("invocable", "invocation", "connection", "payloads", "signatures", "answers", "load", "snippets"),
            *("authoring", "expectations", "home_folder", "living", "opening", "strays", "trial"),
        },
    ),
    ("verbs", {"verbs"}),
    ("edges", {"cli", "magics", "display", "widgets"}),
)
RANK = {name: rank for rank, (_, names) in enumerate(LAYERS) for name in names}


def module_name(path: Path) -> str:
    """``jupyter_deploy.serving.worker`` for its file; a package's ``__init__`` is the package."""
    parts = [ROOT, *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> dict[str, Path]:
    """Every module of the package."""
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path) -> Iterator[str]:
    """The modules a file imports anywhere in it: lazily and for type checking too."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(filter(None, (base, node.module)))
            for alias in node.names:
                candidate = f"{origin}.{alias.name}"
                yield candidate if candidate in sources() else origin


def part_of(module: str) -> str:
    """The name directly below the package: what the layers are made of."""
    return module.split(".")[1] if "." in module else ""
