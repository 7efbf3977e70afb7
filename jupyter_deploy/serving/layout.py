"""Where a script finds itself and its models: Azure ML's folders and variables for a bundle or a plain file."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem
from .origins import Origin, origins_of, relabel

MODELS_FOLDER = "azureml-models"
# In a bundle's folder, beside code/ and models/.
MANIFEST = "bundle.json"
NOTICES = "notices.json"
BUNDLE_LISTING = "files.list"


@dataclass(frozen=True)
class Layout:
    """The paths and variables of one generation's workers."""

    entry: str  # absolute path of the entry script
    app_root: str  # AML_APP_ROOT and the working directory
    label: str  # the entry script's name in tracebacks
    environ: dict[str, str] = field(hash=False)
    # libraries that the script needs; None if nothing may be imported before the script
    preload: tuple[str, ...] | None = ()
    search: tuple[str, ...] = ()  # folders at the end of sys.path
    origins: tuple[Origin, ...] = ()  # which cells the entry script's lines come from
    notices: tuple[str, ...] = ()  # doubts about the script, for the log
    bundle: str = ""  # the bundle's folder; empty for a plain script
    models: tuple[str, ...] = ()  # the bundle's, name:version each

    def __post_init__(self) -> None:
        # JSON messages between processes make lists of tuples.
        object.__setattr__(self, "origins", origins_of(self.origins))
        object.__setattr__(self, "models", tuple(self.models))

    @property
    def of_bundle(self) -> bool:
        """Whether a deployment made it, not a server alone."""
        return bool(self.bundle)

    def as_dict(self) -> dict[str, Any]:
        """Return the arguments of ``Layout``, for a message."""
        return {**asdict(self), "origins": [list(origin) for origin in self.origins]}

    def told(self, text: str) -> str:
        """Replace the path of a notebook's script in a traceback's line by cell and line; other lines stay."""
        from_cells = self.origins or Path(self.label).name != Path(self.entry).name
        return relabel(text, self.entry, self.label, self.origins) if from_cells and self.entry in text else text


def package_root(script: Path) -> Path:
    """Find the folder from which a script's package is imported: the script's own, if that is no package."""
    folder = script.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder


def layout_of_bundle(bundle: Path) -> Layout:
    """Read a bundle's layout, with absolute paths.

    With one model, ``AZUREML_MODEL_DIR`` is its version's folder. With several or none, it is the folder of all
    models, with ``<name>/<version>/`` below it (Azure ML v1; both end in the same two parts).
    """
    bundle = bundle.absolute()
    try:
        manifest = json.loads((bundle / MANIFEST).read_text())
        entry, label, models = manifest["entry"], manifest["label"], manifest["models"]
        preload = manifest["preload"]
        origins = origins_of(manifest.get("origins", ()))
        notices = json.loads((bundle / NOTICES).read_text()) if (bundle / NOTICES).exists() else ()
    except (OSError, ValueError, KeyError) as error:
        raise ConfigProblem(f"{bundle} is not a complete bundle: {error}.", hint="Deploy the service again.") from error
    code = bundle / "code"
    root = code / manifest.get("cwd", "")
    folder = bundle / "models"
    if len(models) == 1:
        folder = folder / models[0]["name"] / str(models[0]["version"])
    also = () if root == code else (str(code),)
    layout = _layout(code / entry, root, str(folder), label, None if preload is None else tuple(preload), also)
    if manifest.get("source"):
        layout.environ["AZUREML_SOURCE_DIRECTORY"] = manifest["source"]
    held = tuple(f"{model['name']}:{model['version']}" for model in models)
    return replace(layout, origins=origins, notices=tuple(notices), bundle=str(bundle), models=held)


def link_bundle(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Link a bundle's models, and its folder under the names that the script uses, as the manifest says."""
    code = folder / "code" / manifest.get("cwd", "")
    code.mkdir(parents=True, exist_ok=True)
    (folder / "models").mkdir(exist_ok=True)
    names = manifest.get("names", ())
    if names:
        # The links are in a folder beside the code: a link from a folder to itself would never end for a program that
        # walks it.
        beside = folder / "source"
        beside.mkdir()
        for path in code.iterdir():
            (beside / path.name).symlink_to(os.path.relpath(path, beside), target_is_directory=path.is_dir())
        for name in names:
            (code / name).symlink_to(os.path.relpath(beside, code), target_is_directory=True)
    models = code / MODELS_FOLDER
    models.symlink_to(os.path.relpath(folder / "models", code), target_is_directory=True)


def layout_of_script(script: Path, model_dir: str, app_root: Path, source_directory: str = "") -> Layout:
    """Make the layout of a plain entry script, as ``serve --entry-script`` does, with absolute paths.

    An empty ``model_dir`` leaves ``AZUREML_MODEL_DIR`` unset. ``source_directory`` is ``AZUREML_SOURCE_DIRECTORY``,
    below ``app_root``.
    """
    folder = str(Path(model_dir).absolute()) if model_dir else ""
    root = app_root.absolute()
    also: tuple[str, ...] = (str(root / source_directory),) if source_directory else ()
    # A script in a package finds its package, wherever the server was started.
    also += (str(package_root(script.absolute())),)
    return _layout(script.absolute(), root, folder, str(script), also=also)


def _layout(
    entry: Path,
    app_root: Path,
    model_dir: str,
    label: str,
    preload: tuple[str, ...] | None = (),
    also: tuple[str, ...] = (),
) -> Layout:
    environ = {"AML_APP_ROOT": str(app_root), "AZUREML_ENTRY_SCRIPT": str(entry)}
    if model_dir:
        environ["AZUREML_MODEL_DIR"] = model_dir
    return Layout(str(entry), str(app_root), label, environ, preload, (str(app_root), *also))


def tree_lines(folder: str, limit: int = 200) -> Iterator[str]:
    """Yield lines that show a folder's content, indented by depth, for the log of a script that misses its file."""
    root = Path(folder)
    yield f"{folder}/" if root.is_dir() else f"{folder} (not there)"
    # Limit before sorting: the folder may be of any size.
    paths = list(itertools.islice(root.rglob("*"), limit + 1)) if root.is_dir() else []
    for path in sorted(paths[:limit]):
        yield "  " * len(path.relative_to(root).parts) + path.name + ("/" if path.is_dir() else "")
    if len(paths) > limit:
        yield "  … and more"
