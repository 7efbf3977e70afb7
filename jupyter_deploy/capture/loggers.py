"""Loggers are source, not data: a name, a level, and the fields of an adapter."""

from __future__ import annotations

import ast
import logging
from collections.abc import Mapping

from .values import literal


def logger_source(name: str, value: object, statement: ast.stmt | None, variables: Mapping[str, object]) -> str:
    """Write the lines that get a logger or its adapter; they need ``import logging``.

    Empty for anything else, and for a logger that ``getLogger()`` would not return for its name.
    """
    if isinstance(value, logging.Logger):
        got = _got(value, "logging.getLogger(__name__)" if _asks_for_module(statement, value, variables) else "")
        level = f"\n{name}.setLevel({_level(value.level)})" if value.level and value is not logging.root else ""
        return f"{name} = {got}{level}" if got else ""
    if type(value) is logging.LoggerAdapter and isinstance(value.logger, logging.Logger):
        got, extra = _got(value.logger, ""), literal(value.extra)
        own = {*vars(value)} - {"logger", "extra", "merge_extra"}
        if got and extra and not own:
            merged = ", merge_extra=True" if getattr(value, "merge_extra", False) else ""
            return f"{name} = logging.LoggerAdapter({got}, {extra}{merged})"
    return ""


def _got(logger: logging.Logger, as_written: str) -> str:
    if logger is logging.root:
        return "logging.getLogger()"
    # getLogger() would create a missing logger.
    if logging.Logger.manager.loggerDict.get(logger.name) is not logger:
        return ""
    return as_written or f"logging.getLogger({literal(logger.name)})"


def _level(level: int) -> str:
    name = logging.getLevelName(level)
    return f"logging.{name}" if getattr(logging, name, None) == level else str(level)


def _asks_for_module(statement: ast.stmt | None, logger: logging.Logger, variables: Mapping[str, object]) -> bool:
    """Whether the notebook says ``getLogger(__name__)``: the script's own name is meant then."""
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call) or len(call.args) != 1 or logger.name != variables.get("__name__", "__main__"):
        return False
    return isinstance(call.args[0], ast.Name) and call.args[0].id == "__name__"
