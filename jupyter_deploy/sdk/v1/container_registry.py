"""``azureml.core.container_registry``."""

from __future__ import annotations

from .vocabulary import Vocabulary


class ContainerRegistry(metaclass=Vocabulary):
    """Where images come from. Docker's own login is used: what is set here is never sent."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.username: str | None = None
        self.password: str | None = None

    def __repr__(self) -> str:
        # Never the password.
        return f"ContainerRegistry(address={self.address!r}, username={self.username!r})"
