"""Images that hold an environment and the files that serve; built once per digest, from any base."""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...environments import Environment, bar, runtime
from ...errors import DeployError, EnvironmentProblem
from ...home import Home
from ...store import built_once
from .daemon import problem
from .installation import install

BASE_VARIABLE = "JUPYTER_DEPLOY_BASE_IMAGE"
LABEL = "jupyter-deploy"
RUNTIME_FOLDER = "/opt/jupyter_deploy"
PORT = 5001
_DEFAULT_BASE = "python:{python}-slim"
_LEAST = (3, 11)
# Compile what a start imports: a running container's files are read-only.
WARM = "from jupyter_deploy.serving.front import server; from jupyter_deploy.serving.worker import forkserver, worker"
_DOCKERFILE = f"""FROM {{base}}
USER 0
COPY jupyter_deploy {RUNTIME_FOLDER}/jupyter_deploy
ENV PYTHONPATH={RUNTIME_FOLDER}${{{{PYTHONPATH:+:$PYTHONPATH}}}}
RUN python3 -m compileall -q {RUNTIME_FOLDER} && PYTHONDONTWRITEBYTECODE= python3 -c "{WARM}"
STOPSIGNAL SIGTERM
EXPOSE {PORT}
ENTRYPOINT ["python3", "-u", "-m", "jupyter_deploy.serving"]
CMD []
"""


def base_of(environment: Environment, environ: Mapping[str, str] = os.environ) -> str:
    """Return the image that an environment is installed into.

    ``{python}`` in the name of the base image in ``environ`` stands for the version of Python.
    """
    if environment.dockerfile:
        return f"{LABEL}/base:{environment.digest[:24]}"
    if environment.base_image:
        return environment.base_image
    return base_image(environment.python, environ)


def base_image(python: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the image that containers with a version of Python start from."""
    return (environ.get(BASE_VARIABLE) or _DEFAULT_BASE).replace("{python}", python)


def environment_tag(environment: Environment) -> str:
    """Return the image of an environment, with a tag made of its digest and its base."""
    return f"{LABEL}/environment:{_key(environment)}"


def runtime_tag(environment: Environment) -> str:
    """Return the image that services run from: the environment's, with the files that serve."""
    return f"{LABEL}/runtime:{_key(environment)}-{runtime.digest()[:12]}"


def _key(environment: Environment) -> str:
    import hashlib

    return hashlib.sha256(f"{environment.digest} {base_of(environment)}".encode()).hexdigest()[:24]


def ensure(client: Any, home: Home, environment: Environment, workspace: str, say: Callable[[str], None]) -> str:
    """Build the image of an environment, unless it exists, and return its name; ``workspace`` is its owner's id.

    An error has the failing step's output; nothing half-made stays.
    """
    if environment.is_kernel:
        raise EnvironmentProblem(
            "A container cannot run on the kernel's own interpreter.",
            hint="Leave --environment out to have it inferred, or use --target process.",
        )
    wanted = runtime_tag(environment)
    if exists(client, wanted):
        return wanted
    home.environments.mkdir(exist_ok=True)
    labels = {f"{LABEL}.workspace": workspace, f"{LABEL}.environment": environment.digest}
    # One builder at a time: the second one finds the first one's result.
    with built_once(home.environments, f"image-{_key(environment)}"):
        made = environment_tag(environment)
        if not exists(client, made):
            _base(client, environment, labels, say)
            install(client, home, environment, base_of(environment), made, labels, say)
        if not exists(client, wanted):
            say(bar(0.96, "adding the server", "build"))
            build(client, _DOCKERFILE.format(base=made), runtime.files(), wanted, labels)
    return wanted


def exists(client: Any, name: str) -> bool:
    """Whether the engine has an image; nothing is pulled."""
    from docker.errors import ImageNotFound

    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def _base(client: Any, environment: Environment, labels: Mapping[str, str], say: Callable[[str], None]) -> None:
    name = base_of(environment)
    if exists(client, name):
        return
    if environment.dockerfile:
        say(bar(0.05, "building the Dockerfile", "build"))
        build(client, environment.dockerfile, {}, name, labels, say)
    else:
        pull(client, name, say, chosen=bool(environment.base_image))


def pull(client: Any, name: str, say: Callable[[str], None], *, chosen: bool) -> None:
    """Pull an image; if no registry answers, the error says how to name a local one.

    ``chosen`` is an image that the user has named, not the default base.
    """
    from docker.errors import APIError, NotFound

    repository, _, tag = name.rpartition(":") if re.search(r":[^/]+$", name) else (name, "", "latest")
    layers: dict[str, tuple[int, int]] = {}
    refused = ""
    say(bar(0.0, f"pulling {name}", "pull"))
    try:
        for event in client.api.pull(repository, tag=tag, stream=True, decode=True):
            refused = str(event.get("error", refused))
            detail = event.get("progressDetail") or {}
            if detail.get("total"):
                layers[event["id"]] = (detail.get("current", 0), detail["total"])
                done, total = (sum(sizes) for sizes in zip(*layers.values(), strict=True))
                words = f"pulling {name}, {done / 1e6:.0f} of {total / 1e6:.0f} MB"
                say(bar(0.3 * done / total, words, "pull"))
        if refused:
            raise _not_pulled(name, refused, chosen)
    except (NotFound, APIError) as error:
        raise _not_pulled(name, str(error.explanation or error), chosen) from error


def _not_pulled(name: str, said: str, chosen: bool) -> EnvironmentProblem:
    hint = f"Name one that is: export {BASE_VARIABLE}=IMAGE (docker images lists them), or use --target process."
    if chosen:
        hint = f"docker images lists those that are; where a registry has it, docker pull {name} shows more."
    return EnvironmentProblem(
        f"The image {name} is not on this machine and cannot be pulled: {' '.join(said.split())}.",
        hint=hint,
    )


def context(dockerfile: str, files: Mapping[str, bytes]) -> bytes:
    """Make a build context from a Dockerfile and files by path: a tar archive.

    The same input gives the same bytes, so the engine's cache is hit.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, data in sorted({**files, "Dockerfile": dockerfile.encode()}.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def build(
    client: Any,
    dockerfile: str,
    files: Mapping[str, bytes],
    tag: str,
    labels: Mapping[str, str],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Build an image from a Dockerfile and files by path; an error has the failing step's log."""
    events = client.api.build(
        fileobj=io.BytesIO(context(dockerfile, files)),
        custom_context=True,
        tag=tag,
        rm=True,
        forcerm=True,
        labels=dict(labels),
        decode=True,
    )
    _follow(events, say)


def build_folder(client: Any, dockerfile: str, folder: Path, tag: str, labels: Mapping[str, str]) -> None:
    """Build an image from a folder of any size; an error has the failing step's log."""
    with tempfile.TemporaryFile(dir=folder.parent) as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(folder, arcname=".")
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(dockerfile.encode())
            tar.addfile(entry, io.BytesIO(dockerfile.encode()))
        archive.seek(0)
        options = {"custom_context": True, "rm": True, "forcerm": True, "decode": True}
        _follow(client.api.build(fileobj=archive, tag=tag, labels=dict(labels), **options), lambda _: None)


def _follow(events: Iterator[dict[str, Any]], say: Callable[[str], None]) -> None:
    step = error = ""
    said: list[str] = []
    for event in events:
        line = str(event.get("stream", "")).rstrip()
        found = re.match(r"Step (\d+)/(\d+) : (.+)", line)
        if found:
            step, said = found[3], []
            words = f"step {found[1]} of {found[2]}: {step[:60]}"
            say(bar(0.3 * int(found[1]) / int(found[2]), words, "build"))
        elif line and not line.startswith(" --->"):
            said.append(line)
        error = str(event.get("error", error))
    # Raise after the last event: only then does the SDK free its connection.
    if error:
        raise _failed(step, said, error)


def _failed(step: str, said: list[str], error: str) -> DeployError:
    known = problem(error)
    if "no space left" in error or not step:
        return known
    return EnvironmentProblem(
        f"The build failed at: {step}",
        details="\n".join([*said[-20:], error]),
        hint="The lines above are that step's own.",
    )


def labels_text(labels: Mapping[str, str]) -> str:
    """Write labels as one line of a Dockerfile."""
    return "LABEL " + " ".join(f"{key}={json.dumps(value)}" for key, value in sorted(labels.items()))
