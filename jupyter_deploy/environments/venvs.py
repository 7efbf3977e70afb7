"""Environments as virtual environments of this machine: made once per digest, with uv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import EnvironmentProblem
from ..files import remove_tree, write_atomic
from ..home import Home
from ..store import built_once
from . import uv
from .environment import Environment, stored
from .indexes import uv_settings
from .requirements import uv_arguments
from .wheels import Wheels

_WHOLE = "environment.json"
_END_SECONDS = 5.0


def interpreter(home: Home, environment: Environment) -> Path:
    """Return the interpreter of the kernel or of the virtual environment, which may not exist yet."""
    if environment.is_kernel:
        return Path(sys.executable)
    below = Path("Scripts") / "python.exe" if os.name == "nt" else Path("bin") / "python"
    return home.environments / environment.digest / below


def ensure(home: Home, environment: Environment, say: Callable[[str], None]) -> Path:
    """Make an environment's virtual environment, unless it exists, and return its interpreter.

    If the installation fails, nothing half-made stays.
    """
    python = interpreter(home, environment)
    if environment.is_kernel:
        return python
    if environment.needs_image:
        raise EnvironmentProblem(
            f"The environment {environment.name} is made from an image, which a plain process cannot run in.",
            hint="Deploy with --target docker.",
        )
    folder = home.environments / environment.digest
    if (folder / _WHOLE).exists() and python.exists():
        return python
    home.environments.mkdir(exist_ok=True)
    # One builder at a time: the second one finds the first one's result.
    with built_once(home.environments, environment.digest):
        if not ((folder / _WHOLE).exists() and python.exists()):
            remove_tree(folder, trash=home.staging)
            Wheels(home).files(environment.requirements)
            try:
                _make(folder, environment, home.wheels, say)
            except BaseException:
                remove_tree(folder, trash=home.staging)
                raise
    return python


def _make(folder: Path, environment: Environment, wheels: Path, say: Callable[[str], None]) -> None:
    program = str(uv.binary())
    steps = uv.Steps(0.05)
    wanted = sys.executable if environment.python == "{}.{}".format(*sys.version_info) else environment.python
    say(uv.bar(0.02, f"making the environment {environment.name}"))
    _run([program, "venv", "--no-project", "--no-config", "--python", wanted, str(folder)], environment, steps, say)
    requirements = folder / "requirements.txt"
    # Indexes may have credentials.
    write_atomic(requirements, "".join(f"{line}\n" for line in uv.lines(environment, wheels)), mode=0o600)
    more = [*uv_settings(os.environ).arguments(), *uv_arguments(environment.options)]
    if environment.constraints:
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{line}\n" for line in environment.constraints))
        more += ["--constraints", str(constraints)]
    _run(uv.install_command(program, str(folder), str(requirements), more), environment, steps, say)
    whole = json.dumps({**stored(environment), "variables": {}, "made": time.time()})
    write_atomic(folder / _WHOLE, whole, mode=0o600)


def _run(command: list[str], environment: Environment, steps: uv.Steps, say: Callable[[str], None]) -> None:
    # uv reads its own variables and the user's pip settings, but must not install into the kernel's virtual
    # environment.
    environ = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    environ = uv_settings(os.environ).over(environ)
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environ, text=True
    )
    try:
        with process.stderr as said:  # type: ignore[union-attr]
            for line in said:
                progress = steps.hear(line)
                if progress:
                    say(progress)
        code = process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    if code:
        raise steps.problem(environment)
