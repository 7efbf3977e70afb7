"""What all widgets share: a feed, faces for places that draw no widgets, and a static summary at the end."""

from __future__ import annotations

import atexit
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..display import MIME, TONES, as_json, badge_styles, unless_live
from ..errors import DeployError
from .feed import Feed

# How long a new widget waits for its first facts; later ones are filled in.
_FIRST_SECONDS = 0.3
# A view that hears nothing for several times this long knows that the kernel is gone.
BEAT_SECONDS = 5.0
_VIEW = "application/vnd.jupyter.widget-view+json"
_NOTHING = {"text/plain": "", "text/html": ""}


def asset(*names: str) -> str:
    """Read files beside this one; the browser gets their text as one."""
    return "\n".join((Path(__file__).parent / name).read_text("utf-8") for name in names)


def script(*names: str) -> str:
    """Read a widget's scripts, behind what all of them share and the signs of states."""
    signs = json.dumps({state: tone.sign for state, tone in TONES.items()}, ensure_ascii=False)
    return f"const SIGNS = {signs};\n{asset('common.js', *names)}"


def in_kernel() -> bool:
    """Whether a front end may draw widgets: not in a script, nor in IPython's own shell."""
    from IPython.core.getipython import get_ipython

    return hasattr(get_ipython(), "kernel")


def error_facts(error: Exception) -> dict[str, Any]:
    """Describe an error for a front end: ``title``, ``message``, ``details``, ``hint``."""
    if isinstance(error, DeployError):
        return {"title": error.title, "message": error.message, "details": error.details, "hint": error.notebook_hint}
    return {"title": type(error).__name__, "message": str(error), "details": "", "hint": ""}


class LiveWidget(anywidget.AnyWidget):
    """A widget with a thread of its own that feeds it from when it is first shown until it is closed.

    The thread, not the kernel's event loop, sends changes, so they arrive while a cell runs.
    """

    _css = f"{asset('widgets.css')}\n{badge_styles('.jpd .jpd-badge')}"
    name = traitlets.Unicode("").tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)
    beat = traitlets.Float(0.0).tag(sync=True)
    _gone = False

    def __init__(self, name: str, *, fast: float = 1.0, slow: float = 4.0, **values: Any) -> None:
        self._shown: list[tuple[str, Any]] = []
        self._drawn: list[Any] = []
        self._summed_up: object = None
        self._telling = threading.RLock()
        self._feed = Feed(self._look_safely, fast, slow)
        super().__init__(name=name, **values)
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __str__(self) -> str:
        self._look_safely()
        return self.text()

    # What the subclasses define.

    def look(self) -> bool:
        """Read the facts that are shown, in the feed's thread; return whether anything changed."""
        raise NotImplementedError

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Handle a request from the browser; must return soon. ``what`` is the message's ``do``."""

    def summary(self) -> str:
        """Return what is known as escaped HTML without script; asks nothing of the service."""
        raise NotImplementedError

    def text(self) -> str:
        """Return what is known as a few lines of plain text; asks nothing of the service."""
        raise NotImplementedError

    def face(self) -> tuple[str, dict[str, Any]] | None:
        """Return kind and data of the face that a page without this kernel draws in the summary's place.

        None where there is none: then the summary itself is all that is left.
        """
        return None

    def essence(self) -> object:
        """Return the facts that a saved notebook must show correctly; a change renews the static summary.

        They change seldom, because each renewal marks the notebook as unsaved.
        """
        return self._feed.looked

    # The common part.

    def start(self) -> None:
        """Begin to follow the service; showing the widget does it."""
        if not self._gone:
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)
            self._feed.start()

    def tell(self, **values: Any) -> bool:
        """Send the front end the traits that differ, in one message; return whether any did."""
        with self._telling:
            new = {name: value for name, value in values.items() if getattr(self, name) != value}
            with self.hold_sync():
                for name, value in new.items():
                    setattr(self, name, value)
        return bool(new)

    def in_thread(self, work: Callable[[], None]) -> None:
        """Run slow work in a thread, so that the kernel is free for the next cell; ``work`` must not raise."""
        threading.Thread(target=work, name="jupyter-deploy-action", daemon=True).start()

    def _look_safely(self) -> bool:
        try:
            changed = self.look()
        except Exception as error:  # noqa: BLE001 - the thread's single mapper: what it raised would be lost
            facts = error_facts(error)
            changed = self.tell(problem=f"{facts['title']}: {facts['message']}")
        else:
            changed = self.tell(problem="") or changed
        self._renew_summary()
        now = time.time()
        if now - self.beat > BEAT_SECONDS and not self._gone:
            self.tell(beat=now)
        return changed

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        what = content.get("do") if isinstance(content, dict) else None
        if self._gone or not isinstance(what, str):
            return
        self.start()
        self.hear(what, content)

    def _ipython_display_(self, **_: Any) -> None:
        """Show the widget (IPython's hook) behind a static summary, which stays when the view is dead or closed."""
        from IPython.display import display

        if not in_kernel():
            raise NotImplementedError  # IPython's way to leave it to the mime bundle
        data, metadata = self._repr_mimebundle_()
        # Where widgets cannot be drawn, the summary stands alone.
        mark = secrets.token_hex(4) if _VIEW in data else ""
        still = self._still(mark, data["text/plain"], data["text/html"])
        self._summed_up = self.essence()
        summary = display(still, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        self._shown.append((mark, summary))
        if _VIEW in data:
            view = {**_NOTHING, _VIEW: data[_VIEW]}
            self._drawn.append(display(view, metadata=metadata, raw=True, display_id=True))  # type: ignore[no-untyped-call]

    def _still(self, mark: str, text: str, summary: str) -> dict[str, Any]:
        layers = {"text/plain": text, "text/html": unless_live(mark, summary) if mark else summary}
        found = self.face()
        if found:
            kind, of = found
            layers[MIME.format(kind)] = as_json({**of, "behind_a_view": bool(mark)})
        return layers

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not in_kernel():
            return {"text/plain": str(self)}, {}
        self.start()
        self._feed.wait(_FIRST_SECONDS)
        found = None if self._gone else super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        view = {_VIEW: data[_VIEW]} if _VIEW in data else {}
        # A stable text: nbval compares it.
        return {"text/plain": repr(self), "text/html": self.summary(), **view}, metadata

    def close(self) -> None:
        """End the thread, and leave a static summary where the widget was shown."""
        if not self._gone:
            self._gone = True
            atexit.unregister(self._at_exit)
            self._feed.end()
            self._leave_summary()
        super().close()

    def _renew_summary(self) -> None:
        essence = self.essence()
        if self._shown and essence != self._summed_up and not self._gone:
            self._summed_up = essence
            self._tell_summary()

    def _leave_summary(self) -> None:
        self._tell_summary()
        for handle in self._drawn:
            handle.update(_NOTHING, raw=True)

    def _tell_summary(self) -> None:
        for mark, handle in self._shown:
            handle.update(self._still(mark, repr(self), self.summary()), raw=True)

    def _at_exit(self) -> None:
        # The kernel ends: send what can still be sent, and ignore errors.
        with contextlib.suppress(Exception):
            self._leave_summary()
