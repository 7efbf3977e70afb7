"""Pickles, plain and compressed: which modules they name, and what wrote them."""

from __future__ import annotations

from ..pickling import of_tables
from .looking import KINDS, File, Found
from .opcodes import Seen, Walk
from .stream import Stream, TooMuch, pieces_of

_ENDINGS = {
    ".pkl",
    ".pickle",
    ".joblib",
    ".sav",
    ".p",
    ".pk",
    ".pckl",
    ".dill",
    ".cloudpickle",
    ".model",
    ".bin",
    ".pt",
    ".pth",
}
_MAGIC_OF_TORCH = 0x1950A86A20F9469CFC6C
_OF_PYTHON_2 = {"__builtin__", "copy_reg", "cPickle"}


def look(file: File) -> Found | None:
    """Look into a pickle, plain or compressed; None for other files."""
    with file.path.open("rb") as opened:
        pieces = pieces_of(opened, file.head)
        named = file.path.suffix.lower() in _ENDINGS
        if pieces is None:
            notice = f"{file.name} is packed with lz4, which is not installed here: what it needs is not known"
            return Found(lines=("lz4",), modules=frozenset({"lz4"}), notices=(notice,)) if named else None
        stream, seen = Stream(pieces), Seen()
        first = stream.read(2)
        is_new = first[:1] == b"\x80" and first[1:] in {b"\x02", b"\x03", b"\x04", b"\x05"}
        if not is_new and not named:
            return None
        if not is_new:
            # An old protocol may start with any opcode.
            opened.seek(0)
            stream = Stream(pieces_of(opened, file.head) or iter(()))
        problem = ""
        try:
            root = Walk(stream, seen).run()
            torch = root == _MAGIC_OF_TORCH
            for _ in range(4 if torch else 0):
                Walk(stream, seen).run()
        except TooMuch:
            torch, problem = False, f"{file.name} was not looked at to its end: perhaps it needs more"
        except Exception:  # noqa: BLE001 - a broken or hostile file may lead to any error
            torch, problem = False, f"{file.name} cannot be read to its end as a pickle: perhaps it cannot be loaded"
            if not is_new and not seen.refs:
                return None
    return _told(file, seen, torch, problem)


def _told(file: File, seen: Seen, torch: bool, problem: str) -> Found:
    modules = {module for module in seen.modules if module.partition(".")[0] not in _OF_PYTHON_2}
    # As they come: the first is that of the object itself, behind it are those of its parts.
    tops = list(dict.fromkeys(module.partition(".")[0] for module in seen.modules if module in modules))
    notices = [problem] if problem else []
    session = sorted({name for module, name in seen.refs if module == "__main__"})
    if session:
        names = ", ".join(session[:3])
        notices.append(
            f"{file.name} needs {names} of the session that wrote it (__main__), which no service has: "
            "register the object from its notebook, which ships that too"
        )
    if torch:
        tops.insert(0, "torch")
        modules.add("torch")
    # XGBClassifier and the like are also scikit-learn estimators.
    modules |= {"sklearn"} if any(module.endswith(".sklearn") for module in modules) else set()
    modules |= of_tables(modules)
    framework = next((KINDS[top] for top in tops if top in KINDS), "")
    # NumPy 2 moved its modules: a pickle shows which version wrote it.
    bounds: tuple[str, ...] = ()
    if any(module.startswith("numpy.core") for module in modules):
        bounds = ("numpy<2",)
    elif any(module.startswith("numpy._core") for module in modules):
        bounds = ("numpy>=2",)
    return Found(
        framework or "Custom", frozenset(modules - {"__main__"}), dict(seen.versions), (), bounds, tuple(notices)
    )
