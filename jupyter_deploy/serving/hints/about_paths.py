"""Files that are not where the script looks for them."""

from __future__ import annotations

import errno
import itertools
import os
import re
from pathlib import Path, PurePath

from ...errors import nearest
from ..layout import tree_lines
from .situation import Situation

_LOOKED_AT = 2000
_MODEL_DIR = "AZUREML_MODEL_DIR"
_LOOKS_LIKE_JSON = re.compile(r"\s*[\[{]")


def about_path(at: Situation) -> str:
    """Advise on a file that does not exist; empty if nothing is certain."""
    path = _path(at)
    if not path:
        return ""
    if at.text is not None and path.strip() and (path == at.text or path == at.text.strip()):
        return _text_for_a_file(at)
    if _LOOKS_LIKE_JSON.match(path) and len(path) > 2 and at.stage == "run":
        return _text_for_a_file(at)
    folder = os.environ.get(_MODEL_DIR, "")
    if not folder:
        return ""
    whole = Path.cwd() / path
    root = Path(os.path.abspath(folder))  # noqa: PTH100
    if Path(os.path.abspath(whole)).is_relative_to(root):  # noqa: PTH100
        return _in_model_folder(at, path, root)
    right = _meant(PurePath(path).name, root, only=False)
    if right is not None and not (Path(at.root) / path).is_relative_to(root):
        return f"The model has a file of that name: {_join(right)}."
    return ""


def about_folder(at: Situation) -> str:
    """Advise on a model's folder that is opened as a file; empty for other folders."""
    if not re.search(r"/(?:azureml-)?models/[^/]+/\d+(?:/|$)", _path(at)):
        return ""
    return "The model was registered as a folder: join the name of a file in it to this path."


def about_writing(at: Situation) -> str:
    """Advise on a file in the script's own folder that cannot be written; empty for other files."""
    assert isinstance(at.error, OSError)
    path = _path(at)
    if at.error.errno not in {errno.EACCES, errno.EROFS} or not path or not at.root:
        return ""
    place = Path(os.path.abspath(Path.cwd() / path))  # noqa: PTH100
    if not place.is_relative_to(at.root) or os.access(place, os.W_OK):
        return ""
    return "What a service ships is never written to: write to tempfile.gettempdir(), or copy the file there first."


def about_text_for_a_file(at: Situation) -> str:
    """Advise on an exception of a library that took the request's text for a file name.

    Empty if that is not certain.
    """
    text = (at.text or "").strip()
    if len(text) < 2 or text not in at.message or not re.search(r"\bopen|file|URI|path", at.message, re.IGNORECASE):
        return ""
    return _text_for_a_file(at) if at.raised_in not in {"script", "module", "json"} else ""


def _path(at: Situation) -> str:
    name = getattr(at.error, "filename", None)
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if isinstance(name, str) and name:
        return name
    # pandas makes its own: "File [1, 2] does not exist".
    found = re.fullmatch(r"File (.*) does not exist", at.message, re.DOTALL) or re.search(r"'([^']+)'$", at.message)
    return found[1] if found else ""


def _text_for_a_file(at: Situation) -> str:
    call = re.search(r"([\w.]*\bread_\w+)\(\s*(\w+)", at.line)
    if call:
        return f"{call[1]}() takes the request's text for a file's name: write {call[1]}(io.StringIO({call[2]}))."
    call = re.search(r"([\w.]+)\(\s*(\w+)\s*[,)]", at.line)
    if call and at.raised_in != "script":
        return (
            f"{call[1]}() takes the request's text for a file's name: decode it first, for example "
            f"np.array(json.loads({call[2]}))."
        )
    return "The request's text is taken for a file's name: decode it first, with json.loads()."


def _in_model_folder(at: Situation, path: str, root: Path) -> str:
    shown = [line.strip() for line in tree_lines(str(root), limit=8)][1:]
    if not shown:
        return "The service has no model: {give NAME}."
    holds = f"{_MODEL_DIR} holds: {', '.join(shown)}."
    right = _meant(PurePath(path).name, root, only=isinstance(at.error, IsADirectoryError))
    return f"Try {_join(right)}. {holds}" if right else holds


def _join(path: PurePath) -> str:
    words = ", ".join(f'"{part}"' for part in path.parts)
    return f'os.path.join(os.environ["{_MODEL_DIR}"], {words})'


def _meant(wanted: str, folder: Path, *, only: bool) -> PurePath | None:
    """Find the file that a wrong path means: one of the same name, else of a similar name, else the only one."""
    paths = itertools.islice(folder.rglob("*"), _LOOKED_AT)
    files = [path.relative_to(folder) for path in paths if path.is_file()]
    by_name = {path.name: path for path in sorted(files, reverse=True)}
    if only and len(files) == 1:
        return files[0]
    return by_name.get(wanted) or by_name.get(nearest(wanted, by_name) or "" if len(wanted) > 3 else "")


def about_variable(at: Situation) -> str:
    """Advise on an environment variable that is not set; empty if nothing is certain.

    The error is a ``KeyError`` of ``os.environ``, or a ``TypeError`` about None.
    """
    if isinstance(at.error, KeyError):
        name = str(at.error.args[0]) if at.error.args else ""
        last = at.frames[-1][0].f_globals.get("__name__") if at.frames else ""
        if last != "os" or name in os.environ:
            return ""
    else:
        names = re.findall(r"(?:environ\.get|getenv)\(\s*['\"](\w+)['\"]\s*\)", at.line)
        unset = [name for name in names if name not in os.environ]
        if not unset or "NoneType" not in at.message:
            return ""
        name = unset[0]
    if name == _MODEL_DIR:
        return "The service has no model: {give NAME}."
    also = f" {_MODEL_DIR} names the model's folder." if name.startswith("AZUREML_MODEL") else ""
    return f"The variable {name} is not set: {{variable {name}}}.{also}"
