"""Missing modules, names and libraries."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import linecache
import re
import sys
from pathlib import Path

from ...frameworks import distribution_version
from .distributions import distribution_of
from .situation import Situation

# What scripts import of Azure ML, and what the server brings itself.
_OURS = ("azureml.ai.monitoring", "azureml.monitoring", "azureml.core.model", "azureml.contrib.services")
_ALIASES = {"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "tf": "tensorflow", "xgb": "xgboost"}


def about_module(at: Situation) -> str:
    """Advise on an ``ImportError``; empty if nothing is certain."""
    error = at.error
    assert isinstance(error, ImportError)
    if "attempted relative import" in at.message and at.raised_in == "script":
        return "The script is no part of a package: write `from module import name`, without the dot."
    if error.name and error.name.startswith("sklearn.externals"):
        wants = re.search(r"\bjoblib\b", f"{error.name} {at.message}") and at.raised_in == "script"
        return "scikit-learn no longer has its own joblib: write `import joblib`." if wants else ""
    if found := re.search(r"cannot import name .* from (?:partially initialized module )?'(\w+)", at.message):
        return _hidden(at, found[1])
    return _missing(at, error.name) if isinstance(error, ModuleNotFoundError) and error.name else ""


def _hidden(at: Situation, top: str) -> str:
    """Advise where a file beside the script, or the script itself, has the name of a package that the script wants."""
    beside = Path(at.entry).with_name(f"{top}.py")
    # A script that imports itself means something else; of another file that is so if there is such a package.
    hides = beside.name == Path(at.entry).name or bool(distribution_version(top)[0])
    return f"{beside.name} hides the package {top}: give that file another name." if hides and beside.is_file() else ""


def _missing(at: Situation, name: str) -> str:
    top, whole = name.partition(".")[0], _whole(at, name)
    if f"{top!r} is not a package" in at.message:
        file = getattr(sys.modules.get(top), "__file__", None)
        # The module itself may be gone, where its import has failed.
        return f"{file} hides the package {top}: give that file another name." if file else _hidden(at, top)
    if whole.startswith(("azureml.train", "azureml.automl")):
        return (
            "Azure's AutoML runs only with its own packages, which need an old Python: name them in an environment "
            "(--environment FILE), or save the fitted model itself."
        )
    if top in {"azure", "azureml"} and (meant := difflib.get_close_matches(whole, _OURS, n=1, cutoff=0.9)):
        return f"There is {meant[0]}, and no {whole}: write `from {meant[0]} import …`."
    loads = not re.search(rf"\bimport\b.*|import_module\(.*{re.escape(name)}", at.line)
    if name.startswith("numpy._core") and loads and _version("numpy").startswith("1."):
        return "The model was saved with NumPy 2, and here is NumPy 1: {again}."
    if "." in name and _is_package(top) and distribution_version(top)[0]:
        return _of_another_version(name, top, loads)
    distribution = distribution_of(whole)
    if distribution:
        return f"{{install {distribution}}}"
    return f"Nothing that is installed has a module {top}: {{provide {top}}}"


def _whole(at: Situation, name: str) -> str:
    """Complete a module's name from the import: for azure.identity, Python reports azure first."""
    line = linecache.getline(at.frames[-1][0].f_code.co_filename, at.frames[-1][1]) if at.frames else ""
    for text in (at.line, line):
        found = re.search(rf"(?:import|from)\s+({re.escape(name)}\.[\w.]+)", text)
        if found:
            return found[1]
    return name


def _of_another_version(name: str, top: str, loads: bool) -> str:
    distribution, version = distribution_version(top)
    if loads:
        return f"The model was saved with another version of {distribution}, which had {name}: {{again}}."
    return f"{distribution} {version} has no module {name}: install a version that has, or import what this one has."


def _version(module: str) -> str:
    return str(getattr(sys.modules.get(module), "__version__", "")) or distribution_version(module)[1]


def _is_there(module: str) -> bool:
    try:
        return module in sys.modules or importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _is_package(module: str) -> bool:
    """Whether a module is a package of its own, not a name that distributions share, as azure and google are."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None


def about_name(at: Situation) -> str:
    """Advise on a ``NameError``; empty if nothing is certain."""
    found = re.search(r"(?:name|variable) '(\w+)'", at.message)
    if not found or at.raised_in not in {"script", "module"} or at.tree is None:
        return ""
    name = found[1]
    if isinstance(at.error, UnboundLocalError):
        frame = at.own[-1][0] if at.own else None
        if frame is not None and name in frame.f_globals and at.raised_in == "script":
            return f"{frame.f_code.co_name}() sets {name} itself, so it is its own: write `global {name}` in it."
        return ""
    stored = {node.id for node in ast.walk(at.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if name in stored:
        return _set_in_init(at.tree, name)
    if name in _ALIASES and re.search(rf"\b{name}\.", f"{at.line}.") and _is_there(_ALIASES[name].partition(".")[0]):
        return f"Write `import {_ALIASES[name]} as {name}` at the top of the script."
    if name in sys.stdlib_module_names or (name not in _ALIASES and distribution_version(name)[0]):
        return f"Write `import {name}` at the top of the script."
    return ""


def _set_in_init(tree: ast.Module, name: str) -> str:
    """Find a name that ``init()`` set as a local variable only."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "init":
            inside = list(ast.walk(node))
            sets = any(
                isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store) for part in inside
            )
            if sets and not any(isinstance(part, ast.Global) and name in part.names for part in inside):
                return f"init() sets {name} for itself alone: write `global {name}` in it."
    return ""


def about_attribute(at: Situation) -> str:
    """Advise on an ``AttributeError`` of a pickle, or on a name that NumPy dropped; empty if nothing is certain."""
    missing = re.search(r"Can't get attribute '?([\w.]+)'? on <module '([\w.]+)'", at.message)
    if missing:
        return _not_in_module(at, missing[1], missing[2])
    # From Python 3.14 on, pickle reports this like any access to a module's attribute; the source line tells them
    # apart.
    missing = re.search(r"^module '([\w.]+)' has no attribute '([\w.]+)'", at.message)
    if missing and f".{missing[2]}" not in at.line and re.search(r"\b(loads?|read_pickle)\(", at.line):
        return _not_in_module(at, missing[2], missing[1])
    lacking = re.search(r"module '(\w+)[\w.]*' has no attribute", at.message)
    if lacking and (hint := _hidden(at, lacking[1])):
        return hint
    dropped = re.search(r"module 'numpy' has no attribute '(\w+)'", at.message)
    if not dropped:
        return ""
    name = dropped[1]
    caller = at.raised_below("numpy")
    if caller not in {"script", "module"}:
        library = distribution_version(caller)[0]
        wants = f"NumPy {_version('numpy')} has no np.{name}, which {library} uses"
        return f"{wants}: install a newer {library}, or an older NumPy." if library else ""
    if name in {"float", "int", "bool", "complex", "object", "str"}:
        return f"NumPy has dropped np.{name}: write {name} alone."
    if name == "asscalar":
        return "NumPy has dropped np.asscalar(a): write a.item()."
    renamed = {"float_": "float64", "complex_": "complex128", "unicode_": "str_", "Inf": "inf", "Infinity": "inf"}
    renamed |= {
        "NaN": "nan",
        "NAN": "nan",
        "product": "prod",
        "cumproduct": "cumprod",
        "alltrue": "all",
        "sometrue": "any",
    }
    return f"NumPy has dropped np.{name}: write np.{renamed[name]}." if name in renamed else ""


def _not_in_module(at: Situation, name: str, module: str) -> str:
    # Workers are forked from the fork-server, so __main__ is the fork-server's.
    if module.endswith("__main__") or module.startswith("jupyter_deploy.serving."):
        return f"The model refers to {name} of the notebook: register it from the notebook, which ships that too."
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    if at.root and Path(file).is_relative_to(at.root):
        return f"{Path(file).name} has no {name}, which the model refers to: put it back, or register the model again."
    distribution = distribution_version(module.partition(".")[0])[0]
    return f"The model was saved with another version of {module}: {{again}}." if distribution else ""
