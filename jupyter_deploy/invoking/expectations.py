"""What a service's ``run()`` gets, for errors about a missing or a wrong value."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import Hint, UsageProblem
from ..scripts import RunInput, run_input
from ..serving import Failure, origins_of
from .answers import decoded
from .payloads import Payload
from .signatures import Signature, is_record

# These are the script's fault, whatever was sent.
_OF_THE_SCRIPT = frozenset(
    {
        *("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError"),
        *("NotImplementedError", "RecursionError"),
    }
)
_ABOUT_RECORDS = re.compile(
    r"\bdicts?\b|\blists?\b|\bdata ?frames?\b|\b[12]D array\b|\bstring indices\b", re.IGNORECASE
)
_LONGEST = 1500


def input_of(bundle: Path) -> RunInput | None:
    """Read from a bundle what its script's ``run()`` gets; None if the bundle is not here."""
    try:
        manifest: dict[str, Any] = json.loads((bundle / "bundle.json").read_text())
        source = (bundle / "code" / manifest["entry"]).read_text(encoding="utf-8-sig")
    except (OSError, ValueError, KeyError):
        return None
    lines = source.split("\n")
    own = [one for one in origins_of(manifest.get("origins", ())) if one.label == manifest.get("label")]
    return run_input(source, "\n".join(line for one in own for line in lines[one.first - 1 : one.last]))


def nothing_sent(name: str, command: str, taken: RunInput | None, signature: Signature | None) -> UsageProblem | None:
    """Refuse to send nothing to a service that needs a value; None if an empty request is valid.

    ``command`` is the user's way to write ``invoke``. ``signature`` is that of a service with a schema.
    """
    if signature is not None:
        # Of a model that takes tensors of a size that is not known, there is none.
        example = json.dumps(signature.example or dict.fromkeys(signature.parameters, "…"), ensure_ascii=False)
        told = taken.text.partition("\n")[2].replace("\n", "; ") if taken else ""
        said = f"{name} takes {told}" if told else signature.sentence().replace("It", name, 1)
    elif taken is not None and taken.kind == "json" and taken.is_read:
        example, said = "[[1, 2]]", f"{name} takes JSON: {taken.sentence}"
    else:
        return None
    if len(example) > _LONGEST:
        return UsageProblem(f"{_cut(said)}. Nothing was sent.", hint="/swagger.json of the service has an example.")
    if signature is not None and not signature.example:
        return UsageProblem(
            f"{_cut(said)}. Nothing was sent.",
            hint=f"In this form, with values for …: {command} {name} --data '{example}'",
        )
    return UsageProblem(
        f"{_cut(said)}. Nothing was sent.", hint=f"For example: {command} {name} --data {shlex.quote(example)}"
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def request_hint(failure: Failure, taken: RunInput | None, payload: Payload) -> str:
    """Advise on a request that made ``run()`` fail; empty if what was sent says nothing."""
    if taken is None or failure.stage != "run" or taken.kind != "json" or not _ABOUT_RECORDS.search(failure.message):
        return ""
    sent = decoded(payload.body) if payload.body else None
    rows = sent if isinstance(sent, list) else [sent]
    if not rows or not all(isinstance(row, Mapping) and is_record(row) for row in rows):
        return ""
    what = "a list of dicts, one for each row" if isinstance(sent, list) else "a dict"
    first = next(iter(taken.parameters), "data")
    return f"run() gets plain JSON here: {what}. To get a data frame, write run({first}: pd.DataFrame)."


def doubt(name: str, failure: Failure, taken: RunInput | None) -> Hint:
    """Say where to look after a failure without a known cause; empty if the script is not to blame."""
    if failure.stage != "run" or failure.kind in _OF_THE_SCRIPT or taken is None:
        return Hint()
    return Hint(f"{taken.sentence}: compare that with what was sent.", log_of=name)
