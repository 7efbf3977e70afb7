"""The noun: one immutable version of a model, and the rules for its name, version, tags and framework."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from ..errors import ModelProblem, UsageProblem
from ..frameworks import KINDS
from .lineage import Lineage, Resources, from_more

# azureml-core's rule for model names.
NAME_RULE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
_SCRIPT_CELL = "%%score_script "
_SCRIPT_LETTERS = 120
_NO_LINEAGE, _NO_RESOURCES = Lineage(), Resources()
_FOREIGN = re.compile(r"[^a-zA-Z0-9_]")


@dataclass(frozen=True, slots=True)
class Model:
    """One version of a registered model.

    Parameters
    ----------
    name : str
        The model's name.
    version : int
        1, 2, 3… in the order of registration.
    framework, framework_version : str
        For example ``"ScikitLearn"`` and ``"1.9.1"``; ``"Custom"`` and ``""`` if unknown.
    digest : str
        BLAKE3 that identifies the content.
    entry : str
        The one file or folder that was registered; ``AZUREML_MODEL_DIR`` has it under this name.
    size : int
        Bytes of all files.
    tags, properties : dict of str to str
        Tags can be changed; properties can only be added.
    description, run_id : str
        Free text; empty if not given.
    requirements : tuple of str
        ``distribution==version`` of the libraries that loading needs.
    modules : tuple of str
        The modules that loading imports, if known.
    created : datetime.datetime
        When it was registered, in UTC.
    notices : tuple of str
        For the user, about this registration; not stored.
    lineage : Lineage
        Its experiment and data sets.
    resources : Resources
        What a service of it gets.
    """

    name: str
    version: int
    framework: str
    framework_version: str
    digest: str
    entry: str
    size: int
    tags: Mapping[str, str] = field(hash=False)
    properties: Mapping[str, str] = field(hash=False)
    description: str
    run_id: str
    requirements: tuple[str, ...]
    modules: tuple[str, ...] = field(repr=False)
    created: datetime
    notices: tuple[str, ...] = field(default=(), compare=False, repr=False)
    lineage: Lineage = field(default=_NO_LINEAGE, repr=False)
    resources: Resources = field(default=_NO_RESOURCES, repr=False)

    @property
    def id(self) -> str:
        """``name:version``, as in Azure ML."""
        return f"{self.name}:{self.version}"

    @property
    def captured_by(self) -> str:
        """The script cell that took this value from its notebook; empty for a registered model."""
        cell, variable = self.properties.get("captured_by", ""), self.properties.get("variable", "")
        script = cell.removeprefix(_SCRIPT_CELL)
        # Any model may have such properties; only the script's name proves them.
        return script if script != cell and self.name == captured_name(script, variable) else ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: all fields but the notices, and ``captured_by``."""
        values = asdict(self)
        del values["notices"]
        lists = {"requirements": list(self.requirements), "modules": list(self.modules)}
        return {
            "id": self.id,
            **values,
            **lists,
            "created": self.created.isoformat(),
            "captured_by": self.captured_by,
        }


def check_name(name: str) -> str:
    """Refuse a name that Azure ML would refuse; the hint is a valid one."""
    if isinstance(name, str) and NAME_RULE.fullmatch(name):
        return name
    proposal = re.sub(r"[^a-zA-Z0-9\-._]+", "-", str(name)).lstrip("-._")[:255]
    raise ModelProblem(
        f"{str(name)[:80]!r} cannot be a model's name: letters, digits, '-', '.' and '_' only, "
        "a letter or digit first, at most 255 in all.",
        hint=f"For example {proposal!r}." if proposal else "For example 'churn'.",
    )


def captured_name(script: str, variable: str) -> str:
    """Name the model of a captured variable, for example ``"churn-clf"``.

    Script and variable names may hold letters that a model's may not.
    """
    own = script
    if not NAME_RULE.fullmatch(script):
        own = re.sub(r"[^a-zA-Z0-9\-._]", lambda found: f"x{ord(found[0]):x}", script)
        own = own if own[:1].isalnum() else f"x{own}"
    if len(own) > _SCRIPT_LETTERS:
        own = f"{own[: _SCRIPT_LETTERS - 13]}-{hashlib.sha256(script.encode()).hexdigest()[:12]}"
    return f"{own}-" + _FOREIGN.sub(lambda found: f"x{ord(found[0]):x}", variable)


def captured_properties(script: str, variable: str) -> dict[str, str]:
    """Return the properties that mark a captured value: ``captured_by`` and ``variable``."""
    return {"captured_by": f"{_SCRIPT_CELL}{script}", "variable": variable}


def parse_reference(reference: str) -> tuple[str, int | None]:
    """Split ``NAME`` or ``NAME:VERSION``; the version is None for the newest.

    ``azureml:`` before it and ``@latest`` behind it are understood.
    """
    name, _, version = reference.removeprefix("azureml:").removesuffix("@latest").partition(":")
    if version in {"", "latest"}:
        return name, None
    if not version.isdecimal() or int(version) < 1:
        raise UsageProblem(
            f"{reference!r}: a version is a whole number from 1, not {version!r}.",
            hint=f"Write {name}:1, or {name} for the newest version.",
        )
    return name, int(version)


def check_pairs(pairs: Any, what: str) -> dict[str, str]:
    """Check tags or properties and return a copy with values as text."""
    if pairs is None:
        return {}
    if not isinstance(pairs, Mapping) or not all(isinstance(key, str) and key for key in pairs):
        raise ModelProblem(f"{what} must be a dict with text keys.", hint=f"For example {what}={{'stage': 'trial'}}.")
    return {key: str(value) for key, value in pairs.items()}


def model_of_row(row: Any, notices: tuple[str, ...] = ()) -> Model:
    """Make a model of a row of the table ``models``."""
    values = dict(row)
    values["lineage"], values["resources"] = from_more(values.pop("more", None))
    values["requirements"] = tuple(values["requirements"])
    values["modules"] = tuple(values["modules"])
    values["created"] = datetime.fromtimestamp(values["created"], UTC)
    return Model(**values, notices=notices)


def model_of_columns(
    name: str,
    version: int,
    digest: str,
    entry: str,
    size: int,
    framework: str,
    framework_version: str,
    tags: str,
    properties: str,
    description: str,
    run_id: str,
    requirements: str,
    modules: str,
    created: float,
    more: str | None,
) -> Model:
    """Make a model of its columns, in the table's order: the fast way for many.

    ``tags``, ``properties``, ``requirements``, ``modules`` and ``more`` are JSON; ``created`` counts seconds.
    """
    lineage, resources = from_more(orjson.loads(more)) if more and more != "null" else (_NO_LINEAGE, _NO_RESOURCES)
    return Model(
        name,
        version,
        framework,
        framework_version,
        digest,
        entry,
        size,
        orjson.loads(tags),
        orjson.loads(properties),
        description,
        run_id,
        _texts(requirements),
        _texts(modules),
        datetime.fromtimestamp(created, UTC),
        lineage=lineage,
        resources=resources,
    )


@lru_cache(maxsize=256)
def _texts(json: str) -> tuple[str, ...]:
    # Most versions of a model need the same libraries.
    return tuple(orjson.loads(json))


def spelled_framework(name: str) -> str:
    """Return Azure ML's spelling of a framework, for example ``"ScikitLearn"`` for ``"scikitlearn"``.

    Unknown names are kept, as Azure ML's client does.
    """
    known = ("Custom", "TensorFlow", "ScikitLearn", "Onnx", "TfKeras", "PyTorch", "Multi", *KINDS.values())
    plain = {candidate.lower(): candidate for candidate in known} | {
        "sklearn": "ScikitLearn",
        "scikit-learn": "ScikitLearn",
        "keras": "TfKeras",
        "torch": "PyTorch",
    }
    return plain.get(name.lower(), name)
