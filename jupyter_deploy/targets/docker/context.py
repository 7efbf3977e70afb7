"""A service as a build context: everything that plain ``docker build`` needs, the same bytes for the same input."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from ...bundles import Bundle
from ...environments import Wheels, runtime, uv
from ...errors import redacted
from ...home import Home
from ...services import PackageContents
from ...serving import ServingConfig
from .images import PORT, RUNTIME_FOLDER, WARM, base_of, labels_text

FOLDER = "/service"
# `docker stop` gives a container 10 s: requests in flight get most of it.
DRAIN_SECONDS = 8.0
_USER = "10001:10001"
_EPOCH = 315_532_800
_CHECK = (
    "import sys, urllib.request; "
    f"sys.exit(urllib.request.urlopen('http://127.0.0.1:{PORT}/-/ready', timeout=3).status != 200)"
)
_SERVE = f"""COPY config.json {FOLDER}/config.json
COPY bundle {FOLDER}/bundle
USER {_USER}
WORKDIR /tmp
ENV HOME=/tmp
EXPOSE {PORT}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python3", "-c", "{_CHECK}"]
ENTRYPOINT ["python3", "-u", "-m", "jupyter_deploy.serving"]
CMD ["{FOLDER}/bundle", "--config", "{FOLDER}/config.json"]
"""
_NEW_ENOUGH = "import sys; sys.version_info >= (3, 11) or sys.exit('the server needs Python 3.11, not ' + sys.version)"
_WHEELS = f"{RUNTIME_FOLDER}/wheels"
_INSTALL = f"""COPY requirements.txt constraints.txt {RUNTIME_FOLDER}/
RUN python3 -c "{_NEW_ENOUGH}" && (python3 -m pip --version >/dev/null 2>&1 || python3 -m ensurepip) && \\
    PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore python3 -m pip install --no-cache-dir \\
    -r {RUNTIME_FOLDER}/requirements.txt -c {RUNTIME_FOLDER}/constraints.txt
COPY jupyter_deploy {RUNTIME_FOLDER}/jupyter_deploy
ENV PYTHONPATH={RUNTIME_FOLDER}${{PYTHONPATH:+:$PYTHONPATH}}
RUN python3 -m compileall -q {RUNTIME_FOLDER} && python3 -c "{WARM}"
"""


def labels_of(contents: PackageContents) -> dict[str, str]:
    """Return the labels of the Open Container Initiative, independent of when and where it is packaged."""
    name = contents.name
    serves = f"{name}: {', '.join(contents.models)}" if contents.models else name
    return {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.description": f"Serves {serves} on port {PORT}",
        "org.opencontainers.image.version": contents.bundle.digest[:12],
        "org.opencontainers.image.base.name": base_of(contents.environment),
    }


def dockerfile(contents: PackageContents, base: str = "") -> str:
    """Write the Dockerfile, for the classic builder as well as for BuildKit.

    ``base`` is an image that holds environment and server already; by default the file installs them.
    """
    labels = labels_text(labels_of(contents))
    if base:
        return f"FROM {base}\nUSER 0\n{_SERVE}{labels}\n"
    environment = contents.environment
    own = f"COPY wheels {_WHEELS}\n" if uv.lines(environment) != uv.lines(environment, Path(_WHEELS)) else ""
    if environment.dockerfile:
        start = environment.dockerfile.rstrip() + "\nUSER 0\n"
    else:
        start = f"# docker build -t {contents.name} .\nARG BASE_IMAGE={base_of(environment)}\n"
        start += "FROM ${BASE_IMAGE}\nUSER 0\n"
    return f"{start}{own}{_INSTALL}{_SERVE}{labels}\n"


def write(contents: PackageContents, folder: Path, home: Home, *, whole: bool = True) -> tuple[str, ...]:
    """Write a build context into an empty folder; returns what was left out, and how to include it.

    ``whole`` includes environment and server; without them there is no Dockerfile either.
    """
    notices = []
    files: dict[str, bytes] = {"config.json": settings_of(contents).dumps().encode() + b"\n"}
    if whole:
        every = uv.lines(contents.environment, Path(_WHEELS))
        lines = [line for line in every if redacted(line) == line]
        if len(lines) < len(every):
            notices.append("credentials of the package index were left out: docker build --build-arg PIP_INDEX_URL=…")
        files |= runtime.files()
        own = Wheels(home).files(contents.environment.requirements)
        files |= {f"wheels/{place}": path.read_bytes() for place, path in own.items()}
        files["constraints.txt"] = "".join(f"{line}\n" for line in contents.environment.constraints).encode()
        files["requirements.txt"] = "".join(f"{line}\n" for line in lines).encode()
        files["Dockerfile"] = dockerfile(contents).encode()
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    _bundle(contents.bundle, folder / "bundle")
    _normalise(folder)
    return tuple(notices)


def _bundle(bundle: Bundle, place: Path) -> None:
    shutil.copytree(bundle.folder, place, symlinks=True)
    manifest: dict[str, Any] = json.loads((place / "bundle.json").read_text())
    # The path of a script's file on this machine must not appear in an image.
    manifest["label"] = Path(manifest["label"]).name if os.sep in manifest["label"] else manifest["label"]
    (place / "bundle.json").unlink()
    (place / "bundle.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))


def _normalise(folder: Path) -> None:
    """Give all files the same rights and time, so that the same input gives the same context."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            os.utime(path, (_EPOCH, _EPOCH))
        elif os.utime in os.supports_follow_symlinks:
            os.utime(path, (_EPOCH, _EPOCH), follow_symlinks=False)


def settings_of(contents: PackageContents) -> ServingConfig:
    """Return the settings of a packaged service: nothing secret, and closed admin routes."""
    from ...serving import with_settings

    fixed = ServingConfig(
        name=contents.name,
        title=contents.name,
        host="0.0.0.0",  # noqa: S104 - of a container
        exposure="network",
        port=PORT,
        workers=contents.workers,
        drain_seconds=DRAIN_SECONDS,
        auth="" if contents.auth == "none" else "key",
    )
    return with_settings(fixed, contents.settings, f"settings of {contents.name}")
