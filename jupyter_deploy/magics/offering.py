"""What a notebook's page asks the kernel for "Serve This Model": which variables are models, and the cells for one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.display import JSON

if TYPE_CHECKING:
    from ..frameworks import Signature

# Their objects have no predict(), or one that does not take rows as JSON has them; they answer without a script.
_WITHOUT_SCRIPT = {"Onnx", "PyTorch", "TfKeras"}
_MODULE = "torch.nn.modules.module.Module"
# A script defines these itself, so it cannot take variables of these names.
_TAKEN = {"run", "init", "run_batch"}
_MANY = 8
_UNKNOWN = "[[0, 0]]"


def models_here() -> JSON:
    """Return the names of the notebook's variables that can be served, as JSON."""
    shell = get_ipython()
    hidden = set(shell.user_ns_hidden) if shell else set()
    variables = {name: value for name, value in (shell.user_ns if shell else {}).items() if name not in hidden}
    return JSON(list(models_in(variables)))  # type: ignore[no-untyped-call]


def cells_here(expression: str, service: str) -> JSON:
    """Return the sources of the cells that serve an expression of the notebook, as JSON."""
    shell = get_ipython()
    return JSON(cells_for(expression, service, shell.user_ns if shell else {}))  # type: ignore[no-untyped-call]


def models_in(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of models, without those that begin with an underscore."""
    for name, value in list(variables.items()):
        if not name.startswith("_") and not isinstance(value, (type, ModuleType)) and _is_model(value):
            yield name


def _is_model(value: Any) -> bool:
    from ..frameworks import framework_of

    try:
        predicts = callable(getattr(value, "predict", None))
        return predicts or framework_of(value).NAME in _WITHOUT_SCRIPT or _is_network(value)
    except Exception:  # noqa: BLE001 - an object whose attributes fail is no model, and hides no other
        return False


def _is_network(value: Any) -> bool:
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(value).__mro__}
    return _MODULE in kinds and next(iter(value.parameters()), None) is not None


def cells_for(expression: str, service: str, variables: Mapping[str, Any]) -> list[str]:
    """Write the cells: they say what is served, deploy it, and send it a request that it answers."""
    try:
        model = eval(expression, dict(variables))  # noqa: S307 - the notebook's user wrote it, for this notebook
    except Exception:  # noqa: BLE001 - running the cells shows what is wrong with it
        model = None
    signature = _signature_of(model)
    invoke = f"%invoke {service} {_example(model, signature, variables)}"
    if expression in _TAKEN or _framework(model) in _WITHOUT_SCRIPT:
        return [f"%register {service} {expression}", f"%deploy {service}", invoke]
    return [f"%%score_script {service}\n{_script(expression, model)}", f"%deploy {service}", invoke]


def _framework(model: Any) -> str:
    from ..frameworks import framework_of

    return framework_of(model).NAME


def _script(expression: str, model: Any) -> str:
    rows = "data" if re.match(r"\W*rows\b", expression) else "rows"
    if model is not None and _is_network(model):
        lines = ["import torch", "with torch.inference_mode():"]
        lines += [f"    return {expression}.eval()(torch.tensor({rows}, dtype=torch.float32)).tolist()"]
    elif _framework(model) == "XGBoost" and type(model).__name__ == "Booster":
        # Its predict() takes matrices of its own only.
        lines = [f"return {expression}.inplace_predict({rows})"]
    else:
        lines = [f"return {expression}.predict({rows})"]
    return "\n".join([f"def run({rows}):", *(f"    {line}" for line in lines)])


def _signature_of(model: Any) -> Signature | None:
    from ..frameworks import predictor_for

    try:
        found = predictor_for(model)
    except Exception:  # noqa: BLE001 - a model that is not fitted, or whose library is missing: its cells say so
        return None
    return found.signature if found else None


def _example(model: Any, signature: Signature | None, variables: Mapping[str, Any]) -> str:
    if signature is None or (signature.of_rows and not signature.of_texts and not signature.example):
        return _of_width(model)
    if signature.of_texts:
        return "['a text']"
    if signature.columns:
        table = next((name for name in variables if _has_columns(name, variables[name], signature.columns)), "")
        return f"{table}[:2]" if table else repr([dict(zip(signature.columns, signature.example, strict=True))])
    if signature.of_rows:
        return f"[{_row(list(signature.example))}]"
    tensors = {one.name: _tensor(one.dtype, one.shape or (one.likely or ((1, 1),))[0]) for one in signature.inputs}
    return next(iter(tensors.values())) if len(tensors) == 1 else _named(tensors)


def _of_width(model: Any) -> str:
    """Make a row for a model that only says how many numbers it takes, as a network's first layer does."""
    width = getattr(model, "n_features_in_", 0)
    if model is not None and _is_network(model):
        width = next((one.in_features for one in model.modules() if hasattr(one, "in_features")), 0)
    return f"[{_row([0] * width)}]" if isinstance(width, int) and width > 0 else _UNKNOWN


def _has_columns(name: str, value: Any, columns: tuple[str, ...]) -> bool:
    is_frame = type(value).__name__ == "DataFrame" and type(value).__module__.partition(".")[0] == "pandas"
    return is_frame and not name.startswith("_") and tuple(map(str, value.columns)) == columns and len(value) > 0


def _row(values: list[Any]) -> str:
    same = len(values) > _MANY and len({repr(value) for value in values}) == 1
    return f"[{values[0]!r}] * {len(values)}" if same else repr(values)


def _tensor(dtype: str, shape: tuple[int, ...]) -> str:
    """Write a tensor of zeros, with 1 for any length."""
    value = "''" if dtype == "str" else "False" if dtype == "bool" else "0" if "int" in dtype else "0.0"
    for size in reversed(shape):
        count = abs(size)
        value = f"[{', '.join([value] * count)}]" if count <= _MANY else f"[{value}] * {count}"
    return value


def _named(tensors: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {text}" for name, text in tensors.items()) + "}"
