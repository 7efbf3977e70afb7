"""Refuse telemetry that a service's environment cannot send."""

from __future__ import annotations

import re

from ..environments import INFERRED, KERNEL
from ..errors import EnvironmentProblem
from ..serving import TELEMETRY_PACKAGES, is_telemetry_installed
from .resolution import Resolved

_EXTRA = "pip install 'jupyter-model-deploy[telemetry]'"


def check_telemetry(resolved: Resolved, verb: str = "deploy") -> None:
    """Refuse ``otlp_endpoint`` where OpenTelemetry is known to be missing; of an image, its server finds out.

    ``verb`` is for the hint.

    Raises
    ------
    EnvironmentProblem
        With the command that installs it.
    """
    spec, environment = resolved.spec, resolved.environment
    if not spec.settings.get("otlp_endpoint") or spec.image:
        return
    if environment.is_kernel:
        if is_telemetry_installed():
            return
        raise EnvironmentProblem("otlp_endpoint needs OpenTelemetry, which is not installed here.", hint=_EXTRA)
    has = {re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", line)[0]).lower() for line in environment.requirements}
    missing = [name for name in TELEMETRY_PACKAGES if name not in has]
    if not missing or environment.needs_image:
        return
    given = (spec.environment or INFERRED).removeprefix(KERNEL) or INFERRED
    if given.startswith(INFERRED):
        more = f"{given},{','.join(missing)}" if "+" in given else f"{given}+{','.join(missing)}"
        hint = f"jupyter model {verb} {spec.name} --environment {more}"
    else:
        hint = f"Add to {environment.name}: {', '.join(missing)}"
    raise EnvironmentProblem(
        f"otlp_endpoint needs {' and '.join(missing)}, which the environment {environment.name} does not have.",
        hint=hint,
    )
