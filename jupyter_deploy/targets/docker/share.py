"""The folder that one container is shown: what it serves and with which settings, and what it may write."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...files import older_log, touch_private, write_atomic
from ...services import Health, Launch
from ...serving import LEFT_FILE, Credentials, Failure, ServingConfig, with_settings
from ...store import refuse_secrets
from ..admin import CREDENTIALS_FILE, TOKEN_FILE
from .facts import ContainerFacts
from .images import PORT

DRAIN_SECONDS = 30.0
# Paths inside the container.
SERVICE = "/service"
STATE = "/state"
COLLECTED = "/collected"
CURRENT = "current"
_ENDED = "ended.txt"
_DEBUGGER = "debugger.port"
_CELLS = "cells"
_TLS = ("tls.crt", "tls.key")


class Share:
    """The folder that one container is shown: settings, token and bundles to read, its state to write.

    Its bundles are hard links to the workspace's; a container sees those of its own service only. ``current`` names
    the one that a restart of the container serves.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = folder / "service"
        self.state = folder / "state"

    @classmethod
    def of(cls, facts: ContainerFacts) -> Share:
        """Return the folder of a server's container."""
        return cls(Path(facts.share))

    @classmethod
    def of_network(cls, facts: ContainerFacts) -> Share:
        """Return the folder of the container whose network a server's container has."""
        return cls(Path(facts.network_share))

    @classmethod
    def create(cls, launch: Launch, user: str) -> Share:
        """Make and fill the folder of a new container, whose processes run as ``uid:gid``."""
        refuse_secrets(launch.local.home.root, f"The admin token of {launch.named}'s container")
        share = cls(launch.local.folder / "containers" / secrets.token_hex(4))
        share.service.mkdir(parents=True, mode=0o755)
        share.state.mkdir(mode=0o755)
        (share.service / "bundles").mkdir(mode=0o755)
        write_atomic(share.service / TOKEN_FILE, secrets.token_urlsafe(32), mode=0o600)
        launch.local.log.parent.mkdir(parents=True, exist_ok=True)
        for log in (launch.local.log, older_log(launch.local.log)):
            touch_private(log)
        share.authorize(launch.credentials)
        if launch.certificate:
            for name, file in zip(_TLS, (launch.certificate.file, launch.certificate.key_file), strict=True):
                write_atomic(share.service / name, Path(file).read_bytes(), mode=0o600)
        launch.local.home.collected(launch.name).mkdir(mode=0o700, parents=True, exist_ok=True)
        share.add(launch.bundle.folder)
        share.use(launch)
        share.give(user, launch)
        return share

    def give(self, user: str, launch: Launch) -> None:
        """Let the container's user, ``uid:gid``, read the secrets and write state, log and collected data."""
        if sys.platform == "win32" or os.getuid() != 0:
            return
        uid, gid = (int(number) for number in user.split(":"))
        names = (TOKEN_FILE, CREDENTIALS_FILE, "config.json", *_TLS)
        ours = (*(path for name in names if (path := self.service / name).exists()), self.state)
        for path in (*ours, launch.local.log, older_log(launch.local.log), launch.local.home.collected(launch.name)):
            os.chown(path, uid, gid)

    def add(self, bundle: Path) -> str:
        """Link a bundle of the workspace, and return its path in the container."""
        place = self.service / "bundles" / bundle.name
        if not place.exists():
            half = self.folder / f"half-{secrets.token_hex(4)}"
            shutil.copytree(bundle, half, symlinks=True, copy_function=_link)
            for folder, _, _ in os.walk(half):
                Path(folder).chmod(0o755)
            half.rename(place)
        return f"{SERVICE}/bundles/{bundle.name}"

    def use(self, launch: Launch) -> None:
        """Let a restart serve this bundle with these settings."""
        link = self.service / "bundles" / f"next-{secrets.token_hex(4)}"
        link.symlink_to(launch.bundle.digest, target_is_directory=True)
        link.replace(self.service / "bundles" / CURRENT)
        config = replace(
            settings_of(launch),
            name=launch.name,
            host="0.0.0.0",  # noqa: S104 - of the container; it is published on loopback only
            exposure="loopback",
            port=PORT,
            workers=launch.workers,
            token_file=f"{SERVICE}/{TOKEN_FILE}",
            auth_file=f"{SERVICE}/{CREDENTIALS_FILE}" if self.has_credentials else "",
            tls_certificate=f"{SERVICE}/{_TLS[0]}" if launch.certificate else "",
            tls_key=f"{SERVICE}/{_TLS[1]}" if launch.certificate else "",
            state_folder=STATE,
            collect_folder=COLLECTED,
            environ=dict(launch.variables),
        )
        self._replace("config.json", config.dumps())

    def authorize(self, credentials: Credentials) -> None:
        """Let a restart ask clients for these credentials."""
        self._replace(CREDENTIALS_FILE, credentials.dumps())

    @property
    def has_credentials(self) -> bool:
        """Whether the container's server reads credentials when it starts."""
        return (self.service / CREDENTIALS_FILE).exists()

    def _replace(self, name: str, text: str) -> None:
        """Replace a file that only the container's user may read."""
        path = self.service / name
        owner = path.stat() if path.exists() else None
        write_atomic(path, text, mode=0o600)
        if owner is not None and sys.platform != "win32" and os.getuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)

    def keep(self, digests: tuple[str, ...]) -> None:
        """Remove the bundles that are not in use."""
        for entry in (self.service / "bundles").iterdir():
            if entry.name not in digests and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)

    def failure(self) -> Failure | None:
        """Read why the script could not be loaded."""
        path = self.state / "failure.json"
        try:
            # The container can write there: a link would lead to a file of this machine.
            found: Any = None if path.is_symlink() else json.loads(path.read_text())
        except (OSError, ValueError):
            return None
        # The script can write there too: what is no failure is not the server's file.
        return Failure.read(found)

    @property
    def has_served(self) -> bool:
        """Whether the script was ever loaded."""
        return (self.state / "served").exists()

    @property
    def accepts(self) -> bool:
        """Whether the server has begun to accept at the service's port."""
        return (self.state / "accepts").exists()

    @property
    def has_left(self) -> bool:
        """Whether the server has given way to another one, and the container only holds its network."""
        return (self.state / LEFT_FILE).exists()

    @property
    def debugger(self) -> int:
        """The port that leads to a debugger in the container; 0 for none."""
        try:
            return int((self.folder / _DEBUGGER).read_text())
        except (OSError, ValueError):
            return 0

    @debugger.setter
    def debugger(self, port: int) -> None:
        if self.folder.exists():
            write_atomic(self.folder / _DEBUGGER, str(port))

    def leave(self) -> None:
        """Let the container hold nothing but its network, from its next start on."""
        # The container can write there: a link would lead to a file of this machine.
        os.close(os.open(self.state / LEFT_FILE, os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o644))

    def end(self, reason: str) -> None:
        """Record why the container could not serve, because it is about to be removed."""
        if self.folder.exists():
            write_atomic(self.folder / _ENDED, reason)

    def ended(self) -> Health | None:
        """Return why the container could not serve, if that was recorded."""
        try:
            return Health("Failed", (self.folder / _ENDED).read_text())
        except OSError:
            return None

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def debugged_in(launch: Launch) -> str:
    """Return the folder of this machine that has the files in which breakpoints are set; empty without a debugger."""
    if not launch.settings.get("debug_port"):
        return ""
    source = str(launch.settings.get("debug_source", ""))
    return str(Path(source).parent if source else launch.local.folder / _CELLS)


def settings_of(launch: Launch) -> ServingConfig:
    """Return all settings of a service, checked: its own over this target's defaults."""
    defaults = ServingConfig(title=launch.name, drain_seconds=DRAIN_SECONDS, debug_local=debugged_in(launch))
    return with_settings(defaults, launch.settings, f"settings of {launch.named}")
