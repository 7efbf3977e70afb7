"""Write what the user gives (an object, a file, a folder) as files in a stage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from ..errors import ModelProblem, StoreProblem, nearest
from ..files import in_home
from ..frameworks import KINDS, distribution_of, framework_of, installed_version, requirements_of, save_safely
from ..frameworks.files import look
from ..store import NO_ROOM, Tree, TreeWriter, copy_tree


@dataclass(frozen=True)
class Prepared:
    """Staged files and what is known about them; other fields are as in :class:`jupyter_deploy.registry.Model`."""

    tree: Tree  # the files; not published yet
    entry: str  # the one file or folder in the tree
    framework: str = "Custom"
    framework_version: str = ""
    requirements: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def prepare(
    source: object,
    folder: Path,
    *,
    framework: str = "",
    framework_version: str = "",
    child_paths: Sequence[str] | None = None,
    file_format: str = "",
) -> Prepared:
    """Write a model's files into an empty folder on the artifact store's file system, hashing and flushing them.

    ``source`` is a path (``str`` or ``os.PathLike``) to a file or folder, or any other object to be pickled. The
    user's ``framework`` wins over what is found out. ``child_paths`` select parts of a folder, relative to it.
    ``file_format`` is ``"skops"`` for an object of scikit-learn that is not to be pickled.
    """
    if framework_version and not framework:
        raise ModelProblem("A framework version without a framework means nothing.", hint="Give framework= as well.")
    if child_paths and not isinstance(source, (str, os.PathLike)):
        raise ModelProblem("child_paths only goes with a folder.", hint="Register an object without child_paths.")
    if file_format and (file_format != "skops" or isinstance(source, (str, os.PathLike))):
        raise ModelProblem(
            f"An object can be registered in the format skops, not {file_format!r}."
            if file_format != "skops"
            else "A file or folder is registered as it is: a format only goes with an object.",
            hint="Leave --format out.",
        )
    tree = folder / "tree"
    tree.mkdir()
    try:
        if isinstance(source, (str, os.PathLike)):
            if not os.fspath(source):
                raise ModelProblem("The path is empty.", hint="Name a file or folder; '.' is the current folder.")
            prepared = _from_path(in_home(source), tree, child_paths)
        else:
            prepared = _from_object(source, tree, safely=bool(file_format))
    except OSError as error:
        if error.errno in NO_ROOM:
            # The stage says which disk is full.
            raise
        raise _not_copied(error) from error
    if framework:
        prepared = replace(prepared, framework=framework, framework_version=framework_version)
    return prepared


def prepare_value(value: object, folder: Path) -> Prepared:
    """Write a value's files into a folder: a text or path, which :func:`prepare` would read, is pickled too."""
    tree = folder / "tree"
    tree.mkdir()
    try:
        return _from_object(value, tree, pickled=True)
    except OSError as error:
        if error.errno in NO_ROOM:
            # The stage says which disk is full.
            raise
        raise _not_copied(error) from error


def _not_copied(error: OSError) -> StoreProblem:
    return StoreProblem(
        f"The model's files cannot be copied: {error.strerror or error}"
        + (f" ({error.filename})." if error.filename else "."),
        hint="Check free disk space and permissions; nothing was registered.",
    )


def _from_object(source: object, tree: Path, *, pickled: bool = False, safely: bool = False) -> Prepared:
    if source is None:
        raise ModelProblem("None is not a model.", hint="Did the cell that trains it run?")
    framework = framework_of(source, pickled=pickled or safely)
    if safely and framework.NAME != "ScikitLearn":
        kind = type(source).__name__
        raise ModelProblem(f"skops is for models of scikit-learn; this is a {kind}.", hint="Leave --format out.")
    writer = TreeWriter(tree)
    saved = (save_safely if safely else framework.save)(source, writer.open)
    return Prepared(
        writer.finish(),
        saved.entry,
        framework.NAME,
        framework.version(),
        saved.requirements,
        saved.modules,
        saved.notices,
    )


def _from_path(path: Path, tree: Path, child_paths: Sequence[str] | None) -> Prepared:
    if not path.exists():
        raise ModelProblem(f"Path does not exist: {path}", hint=_near_path(path))
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would use the name of a link's target
    entry = path.name
    if path.is_file():
        if child_paths:
            raise ModelProblem(
                f"child_paths only goes with a folder; {path} is a file.", hint="Leave --child (child_paths) out."
            )
        writer = TreeWriter(tree)
        writer.copy(path.parent, [(entry, False)])
        return _looked_into(Prepared(writer.finish(), entry), path)
    if not entry:
        raise ModelProblem("The root of the file system cannot be registered.", hint="Name the model's own folder.")
    children = [_checked_child(path, child) for child in child_paths] if child_paths is not None else None
    if children == []:
        raise ModelProblem("child_paths is empty: no file would be registered.")
    finished = copy_tree(path, tree, prefix=entry, only=children).finish()
    if not any(tree.iterdir()):
        raise ModelProblem(f"{path} is an empty folder.", hint="Write the model's files into it first.")
    return _looked_into(Prepared(finished, entry), tree / entry)


def _looked_into(prepared: Prepared, path: Path) -> Prepared:
    """Add what the files say that they need; nothing in them is executed."""
    found = look(path)
    requirements, unknown = requirements_of(found)
    modules = tuple(sorted(found.modules | {module.partition(".")[0] for module in found.modules}))
    notices = found.notices
    if unknown:
        notices += (
            f"{prepared.entry} needs {', '.join(unknown)}: a module of your own comes with the script's folder",
        )
    top = next((top for top in found.written if KINDS.get(top) == found.framework), "")
    version = found.written.get(top, "")
    library = distribution_of(top) if version else ""
    here = installed_version(library) if library else ""
    if here and here.partition("+")[0] != version.partition("+")[0]:
        notices += (f"written with {library} {version}; here is {here}, and an inferred environment gets {version}",)
    return replace(
        prepared,
        framework=found.framework or "Custom",
        framework_version=version,
        requirements=requirements,
        modules=modules,
        notices=notices,
    )


def _checked_child(folder: Path, child: str) -> str:
    pure = PurePath(child)
    if pure.is_absolute() or ".." in pure.parts:
        raise ModelProblem(f"child path {child!r} leaves the folder {folder}.", hint="Give paths relative to it.")
    if not (folder / pure).exists():
        raise ModelProblem(f"Path does not exist: {folder / pure}", hint=_near_path(folder / pure))
    return pure.as_posix()


def _near_path(path: Path) -> str:
    parent = path.absolute().parent
    if not parent.is_dir():
        return f"There is no folder {parent} either; the current folder is {Path.cwd()}."
    names = sorted(entry.name for entry in parent.iterdir() if not entry.name.startswith("."))
    close = nearest(path.name, names)
    if close:
        return f"Did you mean {path.with_name(close)}?"
    return f"{parent} holds: {', '.join(names[:10]) or 'nothing'}{', …' if len(names) > 10 else ''}."
