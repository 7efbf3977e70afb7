"""One sentence about the failures that people run into again and again.

To add one: a line in :data:`BREAKAGES`, and in ``tests/e2e/test_breakages.py`` a script that provokes it.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path, PurePath
from typing import NamedTuple

from .errors import nearest
from .services import ServiceRecord
from .serving.failures import Failure
from .serving.layout import tree_lines

_LOOKED_AT = 2000


class Breakage(NamedTuple):
    r"""A failure by its exception, and what to do about it.

    Parameters
    ----------
    kind : str
        The exception's class; a pattern that matches all of it.
    message : str
        A pattern that is found in its text.
    hint : str
        What to do; ``\1`` is the pattern's first group, ``{service}`` the service's name.
    """

    kind: str
    message: str
    hint: str


_ELSEWHERE = "register it again from here, or deploy with an environment that has the version it was saved with"

# The first that matches counts.
BREAKAGES = (
    # Modules and names that libraries have dropped.
    Breakage(
        "ImportError|ModuleNotFoundError",
        r"sklearn\.externals",
        "scikit-learn has no joblib of its own any more: write `import joblib`.",
    ),
    Breakage(
        "ModuleNotFoundError",
        r"No module named '(sklearn\.[\w.]+)'",
        rf"The model was saved with an old scikit-learn, which had \1: {_ELSEWHERE} (--environment).",
    ),
    Breakage(
        "ModuleNotFoundError",
        r"No module named '(numpy\._core[\w.]*)'",
        rf"The model was saved with NumPy 2, and here is NumPy 1: {_ELSEWHERE} (--environment).",
    ),
    Breakage(
        "ModuleNotFoundError",
        r"No module named 'azureml\.(?:train|automl)",
        "Azure's AutoML runs only with its own packages, which need an old Python: name them in an environment "
        "(--environment FILE), or save the fitted model itself.",
    ),
    Breakage(
        "ModuleNotFoundError",
        "inference_schema",
        "%pip install 'jupyter-model-deploy[schema]' brings the decorators; then deploy again.",
    ),
    Breakage(
        "ModuleNotFoundError",
        "",
        "Install the package into the kernel's environment (%pip install …), or put the module beside the "
        "notebook; then deploy again.",
    ),
    Breakage(
        "AttributeError",
        r"module 'numpy' has no attribute '(float|int|bool|complex|object|str)'",
        r"NumPy has dropped np.\1: write \1 alone.",
    ),
    Breakage(
        "AttributeError",
        r"module 'numpy' has no attribute 'asscalar'",
        "NumPy has dropped np.asscalar(a): write a.item().",
    ),
    # Models of other versions and machines.
    Breakage(
        "ValueError",
        r"File format not supported: filepath=.*Keras 3",
        "Keras 3 reads no SavedModel: save the model as .keras and register that, or use keras.layers.TFSMLayer.",
    ),
    Breakage(
        "UnpicklingError",
        r"Weights only load failed",
        "torch.load takes only weights by default: torch.load(path, weights_only=False), if you trust the file.",
    ),
    Breakage(
        "RuntimeError",
        r"deserialize object on a CUDA device",
        'The model was saved on a GPU, and here is none: torch.load(path, map_location="cpu").',
    ),
    Breakage(
        "AttributeError",
        # Workers are forked from the fork-server, which is what __main__ is there.
        r"Can't get attribute '?\w+'? on <module '(?:__main__|jupyter_deploy\.serving\.\w+)'",
        "The model refers to a class of the notebook: register it from the notebook, which ships the class too.",
    ),
    Breakage(
        "AttributeError",
        r"Can't get attribute '?\w+'? on <module '([\w.]+)'",
        rf"The model was saved with another version of \1: {_ELSEWHERE} (--environment).",
    ),
    Breakage(
        "ValueError",
        r"incompatible dtype|binary incompatibility|is not a known BitGenerator",
        f"The model was saved with another version of its library: {_ELSEWHERE} (--environment).",
    ),
    Breakage("NotFittedError", "", "The model was registered before it was fitted: fit it, register it again, deploy."),
    # The model's folder.
    Breakage("KeyError", "AZUREML_MODEL_DIR", "Give the service a model: deploy {service} --model NAME."),
    Breakage(
        "ModelNotFoundException",
        r"Model (\S+) not found",
        r"Give the service that model: deploy {service} --model \1; or ask for one that it has.",
    ),
    # What goes in and comes out.
    Breakage(
        "NameError",
        r"name '(os|sys|json|re|time|math|pickle|joblib|logging)' is not defined",
        r"Write `import \1` at the top of the script.",
    ),
    Breakage("NameError", r"name 'np' is not defined", "Write `import numpy as np` at the top of the script."),
    Breakage("NameError", r"name 'pd' is not defined", "Write `import pandas as pd` at the top of the script."),
    Breakage("JSONDecodeError", "", "run() received text that is not the JSON it expects; look at what is sent."),
    Breakage(
        "TypeError",
        r"the JSON object must be str, bytes or bytearray, not \w+",
        "It is decoded already (a schema does that): leave json.loads out.",
    ),
    Breakage(
        "TypeError",
        r"Object of type (ndarray|\w*(?:int|float)\d+|bool_?|DataFrame|Series|Timestamp) is not JSON serializable",
        r"json.dumps does not know \1: return the value itself, without json.dumps; the server knows it.",
    ),
    Breakage(
        "TypeError",
        r"list indices must be integers or slices, not str",
        'The script looks a name up in a list: it expects an object, for example {"data": [[1, 2]]}.',
    ),
    Breakage(
        "KeyError", r"^'(data|inputs|input_data|raw_data)'$", r'The script expects an object with "\1": send {"\1": …}.'
    ),
    Breakage(
        "ValueError",
        r"Expected 2D array, got",
        "The model expects rows: send a list of lists, for example [[1, 2, 3]].",
    ),
    # The server's own.
    Breakage(
        "ScoringTimeout", "", "The log shows where the script was. A longer limit: --set scoring_timeout_ms=60000."
    ),
    Breakage(
        "SampleFailed", "", "Correct the script, or the sample: reload --sample JSON; an empty one takes it away."
    ),
    Breakage("MemoryError", "", "The service ran out of memory; send smaller requests or run fewer workers."),
    Breakage("[^ ]+", "OOMKilled", "Give it more memory, for example: deploy {service} --memory 2g."),
    Breakage(
        "WorkerDied",
        "",
        "The script ended its process, or a library crashed it: logs {service} shows its last words.",
    ),
    Breakage(
        "[^ ]+",
        "__main__",
        "The model refers to a class of the notebook: register it from the notebook, which ships the class too.",
    ),
)


def failure_hint(failure: Failure, record: ServiceRecord, bundle: Path) -> str:
    """Advise on a failure of the script.

    Parameters
    ----------
    failure : Failure
        What happened.
    record : ServiceRecord
        The service that it happened in.
    bundle : pathlib.Path
        The bundle's folder, for what the script finds there.

    Returns
    -------
    str
        What to try; where nothing particular is known, where to look.
    """
    if failure.kind in {"FileNotFoundError", "IsADirectoryError", "NotADirectoryError"}:
        return _about_a_path(failure, record, bundle)
    for kind, message, hint in BREAKAGES:
        found = re.search(message, failure.message) if re.fullmatch(kind, failure.kind) else None
        if found:
            return found.expand(hint).replace("{service}", record.name)
    if failure.kind == "TypeError" and "not NoneType" in failure.message and re.search("environ|getenv", failure.text):
        return (
            "That variable is not set: AZUREML_MODEL_DIR names the model's folder; "
            f"deploy {record.name} --env KEY=VALUE sets others."
        )
    return f"Correct the script and run its cell again; logs {record.name} shows more."


def _about_a_path(failure: Failure, record: ServiceRecord, bundle: Path) -> str:
    if not record.models:
        return f"The service has no model: deploy {record.name} --model NAME."
    root = bundle / "models"
    below = root / record.models[0].replace(":", "/") if len(record.models) == 1 else root
    shown = [line.strip() for line in tree_lines(str(below), limit=8)][1:]
    holds = f"AZUREML_MODEL_DIR holds: {', '.join(shown)}."
    right = _meant(failure, below)
    if not right:
        return holds
    words = ", ".join(f'"{part}"' for part in right.parts)
    return f'Try os.path.join(os.environ["AZUREML_MODEL_DIR"], {words}). {holds}'


def _meant(failure: Failure, folder: Path) -> PurePath | None:
    """Find the file that a wrong path means: the one of its name, else of nearly its name, else the only one."""
    named = re.search(r"'([^']+)'", failure.message)
    wanted = PurePath(named[1]).name if named else ""
    files = [path.relative_to(folder) for path in itertools.islice(folder.rglob("*"), _LOOKED_AT) if path.is_file()]
    by_name = {path.name: path for path in sorted(files, reverse=True)}
    if failure.kind == "IsADirectoryError" and len(files) == 1:
        return files[0]
    return by_name.get(nearest(wanted, by_name) or "")
