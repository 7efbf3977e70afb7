"""What a service's container may and may not do."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from ...errors import Unschedulable
from ...services import Launch
from .images import LABEL, PORT
from .share import COLLECTED, SERVICE, STATE, Share

HOST = "127.0.0.1"
# Paths inside the container.
LOG = "/service.log"
_NOBODY = 10001
_PIDS = 512
_LEAST_MEMORY = 32 << 20


def user_of(info: Mapping[str, Any]) -> str:
    """Choose the ``uid:gid`` of a container's processes: never root.

    It is the user's own, so that it can read private files, or an unused id if root deploys. A rootless engine maps
    its own 0 to the user.
    """
    if any("rootless" in option for option in info.get("SecurityOptions") or ()):
        return "0:0"
    if sys.platform == "win32" or os.getuid() == 0:
        return f"{_NOBODY}:{_NOBODY}"
    return f"{os.getuid()}:{os.getgid()}"


def limits(launch: Launch, info: Mapping[str, Any]) -> dict[str, int]:
    """Return the limits of a container, as :meth:`docker.APIClient.create_host_config` takes them.

    Memory and swap are one limit: no swap. More than the machine has is Unschedulable.
    """
    has_memory, has_cpus = int(info["MemTotal"]), int(info["NCPU"])
    memory, cpus = launch.memory or has_memory // 2, launch.cpus or has_cpus
    if memory > has_memory:
        problem = f"asks for {memory / 1e9:.1f} GB of memory; the machine has {has_memory / 1e9:.1f} GB."
        raise Unschedulable(
            f"{launch.named} {problem}",
            problem=problem,
            hint=f"Ask for less: jupyter model deploy {launch.named} --memory {max(has_memory // (2 << 20), 1)}m",
        )
    if cpus > has_cpus:
        problem = f"asks for {cpus:g} processors; the machine has {has_cpus}."
        raise Unschedulable(
            f"{launch.named} {problem}",
            problem=problem,
            hint=f"Ask for less: jupyter model deploy {launch.named} --cpus {has_cpus}",
        )
    memory = max(memory, _LEAST_MEMORY)
    # A period of 100 ms, as docker's --cpus has it; unlike nano_cpus it can be changed while the container runs.
    return {"mem_limit": memory, "memswap_limit": memory, "cpu_period": 100_000, "cpu_quota": int(cpus * 100_000)}


def host_config(
    client: Any, launch: Launch, share: Share, port: int, bounds: Mapping[str, int], network: str = ""
) -> Any:
    """Build the host's part of a container's configuration: all of its safety but the user.

    ``port`` is published on loopback, unless the container has the ``network`` of another one, which has done that.
    """
    own = launch.image
    inside = own.port if own else PORT
    options: dict[str, Any] = {
        **bounds,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": _PIDS,
        "init": True,
        "restart_policy": {"Name": "unless-stopped"},
        "log_config": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        "mounts": _mounts(launch, share),
    }
    if network:
        options["network_mode"] = f"container:{network}"
    else:
        options["port_bindings"] = {f"{inside}/tcp": (HOST, port)}
    if own:
        # The image's user may be root, which may become another user or bind a port below 1024; nothing more.
        options["cap_add"] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_BIND_SERVICE", "SETGID", "SETUID"]
    else:
        options["read_only"] = True
        options["tmpfs"] = {"/tmp": "rw,noexec,nosuid,nodev,size=256m,mode=1777"}  # noqa: S108 - the container's own
    return client.api.create_host_config(**options)


def _mounts(launch: Launch, share: Share) -> list[Any]:
    from docker.types import Mount

    shown = Mount(SERVICE, str(share.service), type="bind", read_only=True)
    if launch.image:
        return [shown]
    return [
        shown,
        Mount(STATE, str(share.state), type="bind"),
        # A file, not its folder: the container must not be able to replace it by a link.
        Mount(LOG, str(launch.local.log), type="bind"),
        # The older part of the log; the container cannot create files beside it.
        Mount(f"{LOG}.1", f"{launch.local.log}.1", type="bind"),
        # It outlives the container.
        Mount(COLLECTED, str(launch.local.home.collected(launch.name)), type="bind"),
    ]


def labels_of(launch: Launch) -> dict[str, str]:
    """Return the labels, nothing secret, by which any process finds the container again."""
    spec = {
        "port": launch.port,
        "workers": launch.workers,
        "settings": launch.settings,
        "memory": launch.memory,
        "cpus": launch.cpus,
        "variables": sorted(launch.variables),
        "image": launch.image.name if launch.image else "",
    }
    return {
        f"{LABEL}.workspace": launch.workspace,
        f"{LABEL}.service": launch.name,
        f"{LABEL}.bundle": launch.bundle.digest,
        f"{LABEL}.spec": hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest(),
        f"{LABEL}.environment": launch.environment.digest,
        f"{LABEL}.role": "service",
    }


def variables_of(launch: Launch, bounds: Mapping[str, int], processors: int, port: int) -> dict[str, str]:
    """Return the public variables of a container; the user's own come through a file. ``port`` is the published one."""
    if launch.image:
        return dict(launch.variables)
    found = {"HOME": "/tmp", "USER": "service"}  # noqa: S108 - the container's own
    found["JUPYTER_DEPLOY_URL"] = f"{'https' if launch.certificate else 'http'}://{HOST}:{port}/score"
    share = max(1, bounds["cpu_quota"] // bounds["cpu_period"])
    if share < processors:
        # Numeric libraries count the machine's processors, and would wait for time that the container does not get.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            found[name] = str(share)
    return found
