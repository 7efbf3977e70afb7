"""What ``%load_ext jupyter_deploy`` adds to IPython, and removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import display, widgets

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(ip: InteractiveShell) -> None:
    """Add magics, completion, hover help and faces to a shell; loading twice changes nothing."""
    from .advice import advise
    from .completion import matcher
    from .defaults import LIVING
    from .hover import hook
    from .magics import ModelMagics

    unload(ip)
    magics = ModelMagics(shell=ip, config=ip.config)
    ip.register_magics(magics)
    display.register(ip, lambda: magics.cards, lambda: ip.meta.get(LIVING))
    widgets.register(ip)
    if ip.Completer is not None:
        ip.Completer.custom_matchers.append(matcher)
    if hasattr(ip, "kernel"):
        hook(ip.kernel)
    ip.events.register("post_run_cell", advise)


def unload(ip: InteractiveShell) -> None:
    """Remove magics, completion, hover help and faces from a shell, if they were loaded."""
    from .advice import advise
    from .completion import matcher
    from .hover import unhook
    from .magics import CELL_MAGICS, LINE_MAGICS, ModelMagics

    for kind, names in (("line", LINE_MAGICS), ("cell", CELL_MAGICS)):
        for name in names:
            ip.magics_manager.magics[kind].pop(name, None)
    ip.magics_manager.registry.pop(ModelMagics.__name__, None)
    ip.configurables[:] = [item for item in ip.configurables if not isinstance(item, ModelMagics)]
    display.unregister(ip)
    widgets.unregister(ip)
    if ip.Completer is not None and matcher in ip.Completer.custom_matchers:
        ip.Completer.custom_matchers.remove(matcher)
    if hasattr(ip, "kernel"):
        unhook(ip.kernel)
    if advise in ip.events.callbacks["post_run_cell"]:
        ip.events.unregister("post_run_cell", advise)
