"""Where a model comes from, and what it needs to run: kept with its version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import ModelProblem


@dataclass(frozen=True, slots=True)
class Resources:
    """What a model's service gets unless its deployment says otherwise; None where the service's default will do.

    Parameters
    ----------
    cpu : float, optional
        Cores.
    memory_gb : float, optional
        Gigabytes.
    gpu : int, optional
        Devices.
    """

    cpu: float | None = None
    memory_gb: float | None = None
    gpu: int | None = None

    def __post_init__(self) -> None:
        for name in ("cpu", "memory_gb", "gpu"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
                raise ModelProblem(f"{name} must be a number from 0, not {value!r}.", hint=f"For example {name}=1.")


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a model was made of.

    Parameters
    ----------
    experiment : str
        Of the run that registered it; empty where there was none.
    datasets : tuple of tuple of (str, str)
        A purpose, such as ``"training"``, and a data set's ``NAME:VERSION``; one purpose may stand several times.
    sample_input, sample_output : str
        Data sets as ``NAME:VERSION``; empty where not given.
    """

    experiment: str = ""
    datasets: tuple[tuple[str, str], ...] = ()
    sample_input: str = ""
    sample_output: str = ""


def to_more(lineage: Lineage, resources: Resources) -> dict[str, Any] | None:
    """Write both for the column ``more``; None where there is nothing to say."""
    said = {key: value for key, value in asdict(lineage).items() if value}
    needs = {key: value for key, value in asdict(resources).items() if value is not None}
    return {**said, **({"resources": needs} if needs else {})} or None


def from_more(more: Mapping[str, Any] | None) -> tuple[Lineage, Resources]:
    """Read what :func:`to_more` wrote; keys of a newer package are left alone."""
    found = more or {}
    texts = {key: str(found.get(key, "")) for key in ("experiment", "sample_input", "sample_output")}
    datasets = tuple((str(purpose), str(reference)) for purpose, reference in found.get("datasets", ()))
    needs = {key: found.get("resources", {}).get(key) for key in ("cpu", "memory_gb", "gpu")}
    return Lineage(datasets=datasets, **texts), Resources(**needs)
