"""Let a debugger attach to this worker: debugpy listens, and code has the names of the places where it was written."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import sys
import threading
import types
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..failures import Failure
from ..layout import Layout
from ..logs import log
from ..messages import Kind, note
from ..options import WorkerOptions
from ..origins import Origin

_MODULE = "debugpy"
# The cell of a script keeps its name when it is run again.
_MAGIC = "%%score_script "
_NOT_IN_NAMES = re.compile(r"[^\w\[\] .-]")
# Python's own modules are frozen, so no breakpoint stops in them: debugpy would warn of that at each start.
_NO_WARNING = "PYDEVD_DISABLE_FILE_VALIDATION"


def listen(sock: socket.socket, options: WorkerOptions) -> None:
    """Have debugpy listen on a free port, tell the front which, and wait for a debugger if that is asked for.

    Raises
    ------
    ModuleNotFoundError
        If debugpy is not installed.
    """
    if importlib.util.find_spec(_MODULE) is None:
        raise ModuleNotFoundError(f"No module named {_MODULE!r}", name=_MODULE)
    os.environ.setdefault(_NO_WARNING, "1")
    import debugpy

    # Processes that the script starts are its own affair.
    debugpy.configure(subProcess=False)
    _, port = debugpy.listen(("127.0.0.1", 0))
    leave_our_threads_alone()
    if options.debug_local:
        import pydevd_file_utils  # type: ignore[import-not-found]

        # For debuggers that say nothing of it themselves.
        pydevd_file_utils.setup_client_server_paths([(options.debug_local, options.debug_folder)])
    sock.sendall(note(Kind.DEBUGGED, port=port))
    if options.debug_wait:
        log.warning("waiting for a debugger at 127.0.0.1:%d", options.debug_port)
        debugpy.wait_for_client()


def explained(failure: Failure) -> Failure:
    """Say how debugpy comes to where it is missing."""
    missing = failure.kind == "ModuleNotFoundError" and repr(_MODULE) in failure.message
    return replace(failure, hint=f"{{install {_MODULE}}}") if missing else failure


def leave_our_threads_alone() -> None:
    """Keep a breakpoint from stopping the threads that watch over this process."""
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.pydev_do_not_trace = thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]


def execute(module: types.ModuleType, code: types.CodeType, layout: Layout, options: WorkerOptions) -> None:
    """Run a script's code so that a debugger stops in the files that its user edits.

    These are the script's own file or, for cells, a file for each with its lines where the cell has them.
    """
    if options.debug_source and not layout.origins:
        code = _named(code, _file_here(layout, options), 0)
    elif options.debug_folder and layout.origins:
        code = _of_cells(code, layout.origins, write_cells(layout, Path(options.debug_folder)))
    exec(code, vars(module))  # noqa: S102 - as importlib does


def _file_here(layout: Layout, options: WorkerOptions) -> str:
    """Return the user's own file; in a container, which does not see it, a copy."""
    if not options.debug_local:
        return options.debug_source
    place = Path(options.debug_folder) / Path(options.debug_source).name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(Path(layout.entry).read_bytes())
    return str(place)


def write_cells(layout: Layout, folder: Path) -> dict[str, str]:
    """Write a file for each cell that the script's lines come from; returns the files by the cells' labels."""
    folder.mkdir(exist_ok=True)
    lines, cells = Path(layout.entry).read_text(encoding="utf-8").splitlines(), {}
    for label in dict.fromkeys(origin.label for origin in layout.origins):
        text: dict[int, str] = {}
        for origin in layout.origins:
            if origin.label == label:
                text |= {origin.line + i: line for i, line in enumerate(lines[origin.first - 1 : origin.last])}
        file = folder / f"{_NOT_IN_NAMES.sub('_', label.removeprefix(_MAGIC))}.py"
        file.write_text("".join(text.get(i, "") + "\n" for i in range(1, max(text) + 1)), encoding="utf-8")
        cells[label] = str(file)
        log.info("%s for a debugger: %s", label, file)
    return cells


def _of_cells(code: types.CodeType, origins: Sequence[Origin], cells: dict[str, str]) -> types.CodeType:
    """Name the code of functions and classes after their cells; code that was written around cells stays."""
    for origin in origins:
        if code.co_name != "<module>" and origin.first <= code.co_firstlineno <= origin.last:
            return _named(code, cells[origin.label], origin.line - origin.first)
    inner = (_of_cells(one, origins, cells) if isinstance(one, types.CodeType) else one for one in code.co_consts)
    return code.replace(co_consts=tuple(inner))


def _named(code: types.CodeType, file: str, shift: int) -> types.CodeType:
    # Lines are written down relative to the first one.
    inner = (_named(one, file, shift) if isinstance(one, types.CodeType) else one for one in code.co_consts)
    first = max(code.co_firstlineno + shift, 1)
    return code.replace(co_filename=sys.intern(file), co_firstlineno=first, co_consts=tuple(inner))
