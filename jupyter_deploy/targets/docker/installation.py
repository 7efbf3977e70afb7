"""Install an environment into a base image: uv runs in a container, which is then committed.

Not a Dockerfile, because the classic builder, the only one that the SDK can use, has neither cache nor secret mounts:
here uv's cache is a volume that all environments share, and credentials never reach a layer or its history.
"""

from __future__ import annotations

import io
import os
import platform
import secrets
import shlex
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...environments import Environment, IndexSettings, Wheels, uv, uv_arguments, uv_settings
from ...errors import EnvironmentProblem
from ...home import Home
from .daemon import discard, problem

CACHE_VOLUME = "jupyter-deploy-uv-cache"
_BUILD = "/jupyter-deploy-build"
_CACHE = "/jupyter-deploy-cache"
_UNFIT = 64
_NO_COMMAND = 127
_SCRIPT = """set -eu
python=$(command -v python3) || {{ echo "error: the base image has no python3" >&2; exit {unfit}; }}
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
wanted={python}
if [ -n "$wanted" ] && [ "$found" != "$wanted" ]; then
  echo "error: the base image has Python $found, not $wanted" >&2; exit {unfit}
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {{
  echo "error: the base image has Python $found, and the server needs 3.11 or newer" >&2; exit {unfit}; }}
{exports}
uv={build}/uv
# Where the program of this machine does not run in the image (another system, another libc), pip brings one that does.
"$uv" --version >/dev/null 2>&1 || {{
  PIP_BREAK_SYSTEM_PACKAGES=1 "$python" -m pip install --quiet --target {build}/lib uv && uv={build}/lib/bin/uv; }}
exec "$uv" {words} --python "$python" --break-system-packages --cache-dir {cache} --link-mode copy
"""


def install(
    client: Any,
    home: Home,
    environment: Environment,
    base: str,
    tag: str,
    labels: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Install an environment into the base image, which is on the engine, and commit it as ``tag``.

    An error has the installer's last words.
    """
    say(uv.bar(0.3, f"installing {environment.name} into {base}", "build"))
    container = f"jupyter-deploy-installer-{secrets.token_hex(4)}"
    try:
        client.api.create_container(
            base,
            name=container,
            entrypoint=["sh", f"{_BUILD}/install.sh"],
            command=[],
            user="0",
            working_dir="/",
            labels={**labels, "jupyter-deploy.role": "installer"},
            host_config=client.api.create_host_config(mounts=_mounts(), init=True),
        )
        client.api.put_archive(container, _BUILD, _files(home, environment))
        _run(client, container, environment, say)
        say(uv.bar(0.92, "storing the image", "build"))
        changes = ["ENTRYPOINT []", 'CMD ["python3"]', *(f"LABEL {key}={value}" for key, value in labels.items())]
        repository, _, name = tag.rpartition(":")
        client.api.commit(container, repository=repository, tag=name, changes=changes)
    finally:
        discard(client, container)


def _mounts() -> list[Any]:
    from docker.types import Mount

    return [Mount(_BUILD, None, type="volume"), Mount(_CACHE, CACHE_VOLUME, type="volume")]


def _run(client: Any, container: str, environment: Environment, say: Callable[[str], None]) -> None:
    steps = uv.Steps(0.32, 0.92, "build")
    client.api.start(container)
    rest = b""
    # attach() would leave a connection open: the SDK takes its socket out of the session.
    for piece in client.api.logs(container, stream=True, follow=True):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            progress = steps.hear(line.decode("utf-8", "replace"))
            if progress:
                say(progress)
    if rest:
        steps.hear(rest.decode("utf-8", "replace"))
    code = client.api.wait(container)["StatusCode"]
    if code == _NO_COMMAND and "exec sh failed" in steps.said[-1]:
        code, steps.said = _UNFIT, ["the base image has no shell"]
    if code == _UNFIT:
        raise EnvironmentProblem(
            f"{environment.name} cannot be installed: {steps.said[-1].removeprefix('error: ')}.",
            hint="Name another base image: the environment's, or JUPYTER_DEPLOY_BASE_IMAGE.",
        )
    if code:
        raise (
            problem(steps.said[-1]) if "no space left" in "\n".join(steps.said).lower() else steps.problem(environment)
        )


def _files(home: Home, environment: Environment) -> bytes:
    settings = uv_settings(os.environ).for_container()
    lines = uv.lines(environment, Path(_BUILD, "wheels"))
    files = {"requirements.txt": "".join(f"{line}\n" for line in lines).encode()}
    own = Wheels(home).files(environment.requirements)
    files |= {f"wheels/{place}": path.read_bytes() for place, path in own.items()}
    exports = {key: value for key, value in os.environ.items() if key.startswith("UV_HTTP_")}
    exports |= settings.environ()
    files |= _own_files(settings, exports)
    more = [*settings.arguments(), *uv_arguments(environment.options)]
    if environment.constraints:
        files["own-constraints.txt"] = "".join(f"{line}\n" for line in environment.constraints).encode()
        more += ["--constraints", f"{_BUILD}/own-constraints.txt"]
    words = uv.install_command("", "", f"{_BUILD}/requirements.txt", more)
    at = words.index("--python")
    script = _SCRIPT.format(
        python=shlex.quote(environment.python),
        unfit=_UNFIT,
        exports="\n".join(f"export {key}={shlex.quote(value)}" for key, value in exports.items()),
        build=_BUILD,
        cache=_CACHE,
        words=shlex.join([*words[1:at], *words[at + 2 :]]),
    )
    files["install.sh"] = script.encode()
    if platform.system() == "Linux":
        files["uv"] = uv.binary().read_bytes()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755 if name == "uv" else 0o600
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def _own_files(settings: IndexSettings, exports: dict[str, str]) -> dict[str, bytes]:
    """Copy the files that the settings refer to, and point the variables at the copies."""
    files = {}
    if settings.certificate:
        files["ca.crt"] = Path(settings.certificate).read_bytes()
        exports["SSL_CERT_FILE"] = exports["PIP_CERT"] = f"{_BUILD}/ca.crt"
    copies = []
    for number, path in enumerate(settings.constraint_files):
        if "://" in path or not Path(path).is_file():
            copies += [path] if "://" in path else []
            continue
        files[f"constraints-{number}.txt"] = Path(path).read_bytes()
        copies.append(f"{_BUILD}/constraints-{number}.txt")
    if copies:
        exports["UV_CONSTRAINT"] = " ".join(copies)
    return files
