"""Classes of the cloud's SDK that a scoring script may import, but not use."""

from __future__ import annotations

from typing import Any, NoReturn


class NotInService(RuntimeError):
    """A class of the cloud's SDK was used inside a service."""


class _Unavailable(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise _problem(cls)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _problem(cls)


def _problem(cls: type) -> NotInService:
    name = f"{cls.__module__}.{cls.__qualname__}"
    return NotInService(
        f"{name} is not available inside a service: it runs without a cloud workspace. "
        "Read files from AZUREML_MODEL_DIR, or install the real package."
    )


def unavailable(name: str) -> type:
    """Make a class for annotations, ``isinstance`` and ``except``; any other use raises :class:`NotInService`."""
    module, _, own = name.rpartition(".")
    base = Exception if own.endswith(("Exception", "Error")) else object
    if base is Exception:
        return type(own, (Exception,), {"__module__": module})
    return _Unavailable(own, (), {"__module__": module})
