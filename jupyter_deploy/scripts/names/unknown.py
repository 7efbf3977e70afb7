"""Names that a script uses and nothing defines: an error where the code certainly runs, otherwise a doubt."""

from __future__ import annotations

import ast
import builtins
import difflib
import importlib.util
import sys
from collections.abc import Collection, Iterable
from typing import Any

from .binding import bound_besides
from .reaching import surely_reached

_ALIASES = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "sns": "import seaborn as sns",
    "tf": "import tensorflow as tf",
    "xgb": "import xgboost as xgb",
    "lgb": "import lightgbm as lgb",
    "ort": "import onnxruntime as ort",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "sm": "import statsmodels.api as sm",
}
_OF = {
    "xgboost": "XGBClassifier XGBRegressor XGBRanker DMatrix Booster",
    "lightgbm": "LGBMClassifier LGBMRegressor LGBMRanker",
    "catboost": "CatBoostClassifier CatBoostRegressor Pool",
    "pandas": "DataFrame Series Timestamp read_csv read_json",
    "numpy": "ndarray",
    "pathlib": "Path PurePath",
    "datetime": "timedelta timezone",
    "collections": "OrderedDict defaultdict Counter namedtuple deque",
    "typing": "Any Optional Union",
    "io": "StringIO BytesIO",
    "PIL": "Image",
    "onnxruntime": "InferenceSession",
    "inference_schema.schema_decorators": "input_schema output_schema",
    "inference_schema.parameter_types.numpy_parameter_type": "NumpyParameterType",
    "inference_schema.parameter_types.pandas_parameter_type": "PandasParameterType",
    "inference_schema.parameter_types.standard_py_parameter_type": "StandardPythonParameterType",
    "azureml.core.model": "Model",
    "azureml.core": "Workspace",
    "azureml.contrib.services.aml_request": "AMLRequest rawhttp",
    "azureml.contrib.services.aml_response": "AMLResponse",
}
_TAKEN_FROM = {name: module for module, names in _OF.items() for name in names.split()}
_OF_A_NOTEBOOK = frozenset({"get_ipython", "display"})
_LIKE = 0.72
_SHORTEST = 4


def undefined(
    tree: ast.Module, lines: list[str], elsewhere: Collection[str], *, loose: bool = False
) -> tuple[list[Any], list[Any]]:
    """Find the names that nothing defines: pyflakes' messages for those that are certainly read, and for the others.

    Lines with ``# noqa`` are skipped. ``elsewhere`` lists names from elsewhere; ``loose`` says that an imported
    module may define names for the script.
    """
    from pyflakes import messages

    besides = bound_besides(tree)
    found = [
        message
        for message in _messages(tree)
        if isinstance(message, messages.UndefinedName)
        and "# noqa" not in lines[message.lineno - 1]
        and message.message_args[0] not in elsewhere
        and message.message_args[0] not in besides.names
    ]
    found.sort(key=lambda message: (message.lineno, message.col))
    if not found:
        return [], []
    reached = set() if besides.anything or loose else surely_reached(tree)
    sure = [message for message in found if (message.lineno, message.col, message.message_args[0]) in reached]
    return sure, [message for message in found if message not in sure]


def _messages(tree: ast.Module) -> list[Any]:
    from pyflakes import checker

    class Checker(checker.Checker):  # type: ignore[misc]
        """Two names are built in only in IPython's own process."""

        def addBinding(self, node: ast.AST | None, value: Any) -> None:  # noqa: N802 - pyflakes' name
            if node is not None or value.name not in _OF_A_NOTEBOOK:
                super().addBinding(node, value)

    return list(Checker(tree).messages)


def name_hint(name: str, tree: ast.Module, elsewhere: Iterable[str]) -> str:
    """Suggest the line to add, or the name that was meant."""
    if name in _OF_A_NOTEBOOK:
        return "The script runs without a notebook; print() goes to the service's log."
    line = import_line(name)
    if line:
        return f"Add: {line}"
    defined = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    imports = (node.names for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    defined |= {alias.asname or alias.name.partition(".")[0] for aliases in imports for alias in aliases}
    if name in defined:
        return _set_inside(name, tree)
    names = [*defined, *(known for known in elsewhere if known[:1] != "_")]
    close = difflib.get_close_matches(name, names, n=1, cutoff=_LIKE)
    if not close and len(name) >= _SHORTEST:
        close = difflib.get_close_matches(name, dir(builtins), n=1, cutoff=0.8)
    return f"Did you mean {close[0]!r}?" if close else f"Define or import {name} in the script."


def _set_inside(name: str, tree: ast.Module) -> str:
    """Advise on a name that functions have for themselves: what ``init()`` sets is lost without ``global``."""
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    functions.sort(key=lambda node: node.name != "init")
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
                return f"{function.name}() sets {name} for itself alone: write `global {name}` in it."
            aliases = node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            if any(name == (alias.asname or alias.name.partition(".")[0]) for alias in aliases):
                return f"{function.name}() imports {name} for itself alone: import it at the top of the script."
    return f"Define {name} at the top of the script: elsewhere, it belongs to a class or function alone."


def import_line(name: str) -> str:
    """Return the import that defines a well-known name; empty for others."""
    if name in _ALIASES:
        return _ALIASES[name]
    if name in _TAKEN_FROM:
        return f"from {_TAKEN_FROM[name]} import {name}"
    return f"import {name}" if name in sys.stdlib_module_names or _is_installed(name) else ""


def _is_installed(name: str) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    # Without an origin it is a namespace package: any folder beside the notebook is one.
    return spec is not None and spec.origin is not None
