"""The way to Docker's daemon (or another with its API), and its errors in plain words."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DeployError, TargetProblem, Unschedulable

if TYPE_CHECKING:
    import docker

_ASK_SECONDS = 3.0
_MAKE_SECONDS = 1.0
_AGAIN_SECONDS = 0.05
_SOCKET = Path("/var/run/docker.sock")
_START = "Start Docker, point DOCKER_HOST at its socket, or use --target process."


def unreachable(environ: Mapping[str, str] = os.environ) -> str:
    """Say why no daemon answers; empty if one does.

    ``DOCKER_HOST`` and Docker's own contexts say where it is.
    """
    if not environ.get("DOCKER_HOST") and os.name != "nt" and not _SOCKET.exists() and not _context_host():
        return f"there is no {_SOCKET}"
    try:
        with engine(_ASK_SECONDS) as client:
            client.ping()
    except TargetProblem as error:
        return error.message.rstrip(".")
    return ""


@contextmanager
def engine(timeout: float | None = 120.0) -> Iterator[docker.DockerClient]:
    """Connect to the daemon, with a negotiated API version; ``timeout`` is in seconds per answer.

    Raises TargetProblem if no daemon answers, or if it refuses a request.
    """
    import docker

    client = None
    try:
        with _spoken():
            host = None if os.environ.get("DOCKER_HOST") or _SOCKET.exists() else _context_host()
            try:
                _knock(host or os.environ.get("DOCKER_HOST") or f"unix://{_SOCKET}")
            except OSError as error:
                raise _silent(error) from error
            client = docker.DockerClient(base_url=host, timeout=timeout) if host else docker.from_env(timeout=timeout)
            yield client
    finally:
        if client is not None:
            client.close()


def _knock(host: str) -> None:
    """Connect once and hang up: without a daemon, the SDK would not close its own connection."""
    kind, _, place = host.partition("://")
    if kind == "unix" and hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(_ASK_SECONDS)
            door.connect(place)
    elif kind == "tcp":
        name, _, port = place.partition("/")[0].rpartition(":")
        if name and port.isdecimal():
            socket.create_connection((name.strip("[]"), int(port)), timeout=_ASK_SECONDS).close()


def _context_host() -> str:
    """Return the socket of Docker's current context, where Docker Desktop and others record it."""
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context: Any = ContextAPI.get_current_context()
    except (DockerException, OSError, ValueError, KeyError):
        return ""
    host = str(context.Host or "") if context else ""
    path = host.removeprefix("unix://")
    return "" if host.startswith("unix://") and not Path(path).exists() else host.replace("http+unix://", "unix://")


@contextmanager
def _spoken() -> Iterator[None]:
    import requests
    import urllib3
    from docker.errors import APIError, DockerException

    try:
        yield
    except APIError as error:
        raise problem(str(error.explanation or error)) from error
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        # Not every OSError: missing files of this machine have other causes.
        raise _silent(error) from error


def _silent(error: BaseException) -> TargetProblem:
    return TargetProblem(f"Docker does not answer: {_short(error)}.", hint=_START)


def problem(said: str) -> DeployError:
    """Make the error for a message of the daemon."""
    text = " ".join(said.split())
    if "no space left on device" in text:
        return TargetProblem(
            "The disk of the Docker engine is full.",
            details=text,
            hint="jupyter model prune removes what no service needs; docker system df shows what else takes space.",
        )
    if re.search(r"Range of CPUs|[Mm]inimum memory limit", text):
        return Unschedulable(f"The machine cannot give that: {text}.", hint="Ask for other --cpus or --memory.")
    used = re.search(r"unable to set memory limit.*current usage: (\d+)", text)
    if used:
        return Unschedulable(
            f"The service uses {int(used[1]) / (1 << 20):,.0f} MB already; its limit cannot be less.",
            hint="Give more, or stop and deploy it again.",
        )
    if "permission denied" in text.lower():
        return TargetProblem(f"Docker refuses: {text}.", hint="Your user may need to be in the docker group.")
    return TargetProblem(f"Docker says: {text}.", hint="docker info and docker ps -a may tell more.")


def discard(client: Any, name: str) -> None:
    """Remove a container that may still be in creation: after an interrupted request, the engine goes on."""
    from docker.errors import NotFound

    end = time.monotonic() + _MAKE_SECONDS
    while True:
        try:
            client.api.remove_container(name, v=True, force=True)
        except NotFound:
            if time.monotonic() > end:
                return
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _short(error: BaseException) -> str:
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return "this user may not use its socket"
    if "Connection refused" in text:
        return "its socket exists, but no daemon listens"
    if "No such file" in text or "FileNotFoundError" in text:
        return "its socket does not exist"
    if "timed out" in text.lower():
        return "no answer in time"
    return " ".join(text.split())[:200]
