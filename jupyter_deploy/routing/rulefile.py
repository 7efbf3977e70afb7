"""Rules as the text of a 0600 file, for a router that reads them itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ..endpoints import Limits
from ..services import Certificate
from ..serving import Credentials
from .rules import Backend, Pool, Rules

# The file's name in the router's folder.
RULES = "rules.json"


def rules_text(rules: Rules) -> str:
    """Return the text; keys are in it."""
    return json.dumps({**asdict(rules), "credentials": rules.credentials.to_json()})


def read_rules(text: str) -> Rules:
    """Read what :func:`rules_text` returned."""
    values: dict[str, Any] = json.loads(text)
    values["pools"] = tuple(_pool(one) for one in values["pools"])
    values["credentials"] = Credentials.from_json(values["credentials"])
    if values["certificate"] is not None:
        values["certificate"] = Certificate(**values["certificate"])
    return Rules(**values)


def _pool(values: dict[str, Any]) -> Pool:
    backends = tuple(Backend(**one) for one in values["backends"])
    return Pool(**{**values, "backends": backends, "limits": Limits(**values["limits"])})
