"""Save objects with joblib if possible, else with cloudpickle; otherwise name the attribute that prevents it."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ..errors import ModelProblem
from .known import CreateFile, Saved

FILE = "model.joblib"
_CELL = "<cell>"
_DEPTH = 12


class _NotImportable(Exception):
    """The object refers to something that exists only in this session."""


def dump(obj: object, create: CreateFile) -> Saved:
    """Write an object to ``model.joblib``, which ``joblib.load`` reads in either case.

    A notice says that cloudpickle was used; the error names the attribute that cannot be pickled.
    """
    modules: set[str] = set()
    try:
        with create(FILE) as file:
            _joblib_pickler(file, modules).dump(obj)
        return Saved(FILE, _requirements(modules), tuple(sorted(modules)))
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - __reduce__ and __getstate__ are user code and raise anything
        reason = _one_line(error)

    try:
        with create(FILE) as file:
            _cloud_pickler(file, modules).dump(obj)
    except OSError:
        raise
    except Exception as error:
        raise _unpicklable(obj, error) from error
    notice = f"saved with cloudpickle, because joblib cannot: {reason}"
    modules.add("cloudpickle")
    return Saved(FILE, _requirements(modules), tuple(sorted(modules)), (notice,))


def _joblib_pickler(file: Any, modules: set[str]) -> Any:
    from joblib.numpy_pickle import NumpyPickler

    class Recorder(NumpyPickler):  # type: ignore[misc]
        """joblib's own pickler, which notes the modules it refers to and refuses those of this session."""

        dispatch = NumpyPickler.dispatch.copy()

        def save_global(self, obj: Any, name: str | None = None) -> None:
            module = pickle.whichmodule(obj, name or getattr(obj, "__qualname__", obj.__name__))  # type: ignore[attr-defined]
            if module == "__main__":
                raise _NotImportable(f"{obj.__name__!r} is defined in this session, not in a module")
            modules.add(module)
            super().save_global(obj, name=name)

        dispatch[FunctionType] = save_global

    return Recorder(file, protocol=pickle.DEFAULT_PROTOCOL)


def _cloud_pickler(file: Any, modules: set[str]) -> Any:
    import cloudpickle

    class Recorder(cloudpickle.Pickler):  # type: ignore[misc]
        """cloudpickle's pickler, which notes the modules it refers to."""

        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, CodeType) and obj.co_filename != _CELL and _is_cell(obj.co_filename):
                # The cell's file name contains the process id: the same function would be saved again in the next
                # session.
                return self.dispatch_table[CodeType](obj.replace(co_filename=_CELL))
            if isinstance(obj, type) and obj.__module__ == "__main__":
                _name_alike(obj)
            if isinstance(obj, ModuleType):
                modules.add(obj.__name__.partition(".")[0])
            else:
                owner = obj if isinstance(obj, (type, FunctionType)) else type(obj)
                modules.add((getattr(owner, "__module__", None) or "builtins").partition(".")[0])
                if owner is not obj and _is_known_by_name(obj):
                    raise _NotImportable(f"{obj.__name__!r} is defined in this session, not in a module")
            return super().reducer_override(obj)

    return Recorder(file)


def _is_cell(file: str) -> bool:
    return file.startswith("<ipython-input-") or "ipykernel" in file


def _name_alike(kind: type) -> None:
    """Give a class of this session a fixed id: cloudpickle's is random, and would make each saved copy differ.

    Two classes that live side by side keep different ids, however alike they are.
    """
    import cloudpickle.cloudpickle as known

    by_class = getattr(known, "_DYNAMIC_CLASS_TRACKER_BY_CLASS", None)
    by_id = getattr(known, "_DYNAMIC_CLASS_TRACKER_BY_ID", None)
    if by_class is None or by_id is None or kind in by_class:
        return
    parts = [kind.__qualname__, *(base.__qualname__ for base in kind.__bases__)]
    for name, value in sorted(kind.__dict__.items()):
        code = getattr(value, "__code__", None)
        parts += [name, repr(value) if type(value) in (int, float, str, bool, type(None)) else ""]
        parts += [code.co_code.hex(), str(code.co_names)] if isinstance(code, CodeType) else []
    number = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    if number not in by_id:
        by_class[kind], by_id[number] = number, kind


def _is_known_by_name(obj: Any) -> bool:
    """Whether a pickle would hold only the name of an object of this session, for example one of ``NewType``."""
    kind = type(obj)
    return (
        kind.__module__ == "typing" and kind.__name__ in {"NewType", "TypeAliasType"} and obj.__module__ == "__main__"
    )


def _one_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


class _Nowhere:
    def write(self, data: Any) -> int:
        return len(data)


def _unpicklable(obj: object, error: Exception) -> ModelProblem:
    import cloudpickle

    def fails(value: object) -> Exception | None:
        try:
            cloudpickle.dump(value, _Nowhere())
        except Exception as problem:  # noqa: BLE001 - user code again
            return problem
        return None

    path, culprit, reason = type(obj).__name__, obj, error
    for _ in range(_DEPTH):
        for step, value in _parts(culprit):
            problem = fails(value)
            if problem is not None:
                path, culprit, reason = path + step, value, problem
                break
        else:
            break
    where = f"its attribute {path}" if culprit is not obj else "the object itself"
    return ModelProblem(
        f"{type(obj).__name__} cannot be saved: {where} (a {type(culprit).__name__}) cannot be pickled: "
        f"{_one_line(reason)}.",
        hint="Remove that attribute before registering and create it in init(), or save the model with its own "
        "library's function and register the file.",
    )


def _parts(obj: object) -> Iterator[tuple[str, object]]:
    if isinstance(obj, dict):
        yield from ((f"[{key!r}]", value) for key, value in obj.items())
    elif isinstance(obj, (list, tuple, set, frozenset)):
        yield from ((f"[{index}]", value) for index, value in enumerate(obj))
    elif isinstance(obj, FunctionType) and obj.__closure__:
        names = obj.__code__.co_freevars
        yield from ((f".{name}", cell.cell_contents) for name, cell in zip(names, obj.__closure__, strict=True))
    yield from ((f".{name}", value) for name, value in getattr(obj, "__dict__", {}).items())


# A search path's folders, with the time of change in ns of those that hold packages.
_Stamp = tuple[tuple[str, int], ...]


def _stamp() -> _Stamp:
    """Return a value that changes when a distribution is installed or removed, or the search path is another one."""
    return tuple((folder, _changed(folder)) for folder in sys.path)


def _changed(folder: str) -> int:
    # Others, such as the notebook's, change with each file that is saved.
    if folder.endswith("-packages"):
        with contextlib.suppress(OSError):
            return Path(folder).stat().st_mtime_ns
    return 0


@lru_cache(maxsize=1)
def _distributions(stamp: _Stamp) -> Mapping[str, list[str]]:
    from importlib import metadata

    # This reads every installed distribution's list of files: 0.1 s and more in a large environment.
    found: Mapping[str, list[str]] = metadata.packages_distributions()
    return found


@lru_cache(maxsize=1)
def _known(stamp: _Stamp) -> dict[str, tuple[str, str, str]]:
    """Return the place for what was read of distributions since the last change."""
    return {}


def _read(distribution: str) -> tuple[str, str, str]:
    """Return an installed distribution's name, version and first module, or raise PackageNotFoundError.

    Reading them takes 0.3 ms, so they are kept, if a change of where they lie is noticed.
    """
    from importlib import metadata

    known = _known(_stamp())
    if distribution not in known:
        found = metadata.distribution(distribution)
        modules = (found.read_text("top_level.txt") or distribution).split()
        facts = found.metadata["Name"], found.version, modules[0] if modules else ""
        if not str(found.locate_file("")).rstrip("/\\").endswith("-packages"):
            return facts
        known[distribution] = facts
    return known[distribution]


def distribution_version(module: str) -> tuple[str, str]:
    """Return the distribution of a top-level module and its version, for example ``("scikit-learn", "1.9.1")``.

    Both are empty for the standard library, modules of this session and modules that no distribution owns.
    """
    from importlib import metadata

    if module in sys.stdlib_module_names or module == "__main__":
        return "", ""
    with contextlib.suppress(metadata.PackageNotFoundError):
        name, version, first = _read(module)
        if first == module:
            return name, version
    names = _distributions(_stamp()).get(module, [])
    return (names[0], _read(names[0])[1]) if names else ("", "")


def installed_version(distribution: str) -> str:
    """Return the installed version of a distribution; empty if it is not installed."""
    from importlib import metadata

    try:
        return str(_read(distribution)[1])
    except metadata.PackageNotFoundError:
        return ""


def pinned(modules: Iterable[str]) -> tuple[str, ...]:
    """Return the installed versions of top-level modules as sorted ``distribution==version``."""
    return tuple(sorted(f"{name}=={version}" for name, version in map(distribution_version, modules) if name))


def of_tables(modules: Iterable[str]) -> set[str]:
    """Return pandas, if a model of these modules looks for the columns of a table by their names; else nothing.

    It is in no pickle, and without it each request would fail. What LightGBM knows of categories, only its text tells.
    """
    return {"pandas"} if any(module.startswith(("sklearn.compose", "lightgbm")) for module in modules) else set()


def _requirements(modules: set[str]) -> tuple[str, ...]:
    tops = {module.partition(".")[0] for module in modules} | {"joblib"} | of_tables(modules)
    found = {distribution_version(top) for top in tops}
    return tuple(sorted(f"{name}=={version}" for name, version in found if name))
