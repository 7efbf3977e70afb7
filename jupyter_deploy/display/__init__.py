"""How results look: plain text and HTML without script, everything escaped.

The values know nothing of their faces. In a notebook the faces are registered with IPython by the names of the
values' classes; the command line calls :func:`text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Module and name of each class that has faces; nothing of it is imported before it is shown.
FACES = (
    ("jupyter_deploy.models", "Model"),
    ("jupyter_deploy.scripts", "Script"),
    ("jupyter_deploy.client", "Service"),
    ("jupyter_deploy.services", "Stats"),
    ("jupyter_deploy.environments.environment", "Environment"),
    ("jupyter_deploy.packages", "Package"),
    ("jupyter_deploy.answers", "Answer"),
    ("jupyter_deploy.answers", "Binary"),
    ("jupyter_deploy.load", "LatencyReport"),
    ("jupyter_deploy.snippets", "Snippet"),
    ("jupyter_deploy.verbs.verb", "Listing"),
    ("jupyter_deploy.verbs.verb", "LogText"),
    ("jupyter_deploy.verbs.verb", "Done"),
)


def text(value: Any) -> str:
    """Return the plain face of a value.

    Parameters
    ----------
    value : object
        A result of a verb.

    Returns
    -------
    str
        For values without a face, their ``repr``.
    """
    from . import plain

    face = plain.FACES.get(type(value).__name__)
    return face(value) if face else repr(value)


def has_face(value: Any) -> bool:
    """Tell whether a value is one of the classes that have faces.

    Parameters
    ----------
    value : object
        A result of a verb.

    Returns
    -------
    bool
        False for plain data.
    """
    return type(value).__name__ in {name for _, name in FACES}


def html(value: Any) -> str:
    """Return the HTML face of a value.

    Parameters
    ----------
    value : object
        A result of a verb, of one of the classes in :data:`FACES`.

    Returns
    -------
    str
        A fragment without script.
    """
    from . import markup

    return markup.FACES[type(value).__name__](value)


def _pretty(value: Any, printer: Any, cycle: bool) -> None:
    printer.text(text(value))


def register(ip: InteractiveShell) -> None:
    """Teach a shell the faces.

    Parameters
    ----------
    ip : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """
    assert ip.display_formatter is not None
    formatters = ip.display_formatter.formatters
    for module, name in FACES:
        formatters["text/plain"].for_type_by_name(module, name, _pretty)
        formatters["text/html"].for_type_by_name(module, name, html)


def unregister(ip: InteractiveShell) -> None:
    """Take the faces back.

    Parameters
    ----------
    ip : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """
    assert ip.display_formatter is not None
    formatters = ip.display_formatter.formatters
    for module, name in FACES:
        for kind in ("text/plain", "text/html"):
            formatters[kind].pop(f"{module}.{name}", None)
