"""The table of verbs and the places that have them; a test runs what it says of the panel, so it needs no Sphinx."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_deploy.labserver import table as panel_table

# These have a magic of their own beside %model.
MAGICS = {"register": "%register", "deploy": "%deploy", "invoke": "%invoke"}
HEAD = ("in a terminal", "in a notebook", "in the panel")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a Markdown table; ``|`` in a cell is escaped."""
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def rows() -> list[tuple[str, str, str]]:
    """Write a row for each verb, the panel's part from its own table."""
    found = []
    for verb in panel_table():
        name = verb["name"]
        but = [f"`{one['flags'][0]}`: {one['why_not']}" for one in verb["arguments"] if one["why_not"]]
        quick = ", ".join(f"`{action}`" for action in verb["quick"])
        how = f"as a job, but {quick} at once" if quick else "as a job" if verb["long"] else "yes"
        panel = f"no: {verb['why_not']}" if verb["why_not"] else "; ".join([how, *but])
        notebook = ", ".join(f"`{word}`" for word in filter(None, (f"%model {name}", MAGICS.get(name))))
        found.append((f"`jupyter model {name}`", notebook, panel))
    return found


def edges() -> str:
    """Write the whole table."""
    return table(HEAD, rows())
