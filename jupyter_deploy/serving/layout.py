"""Where a script finds itself and its models: Azure ML's folders and variables over a bundle or a plain file."""

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
    """The places that one generation of workers runs with.

    Parameters
    ----------
    entry : str
        Absolute path of the entry script.
    app_root : str
        ``AML_APP_ROOT`` and the working directory.
    label : str
        How tracebacks call the entry script.
    environ : dict of str to str
        Variables that the script gets.
    preload : tuple of str, or None
        Library modules that it is known to need; None where nothing may be imported ahead of the script.
    search : tuple of str
        Folders at the end of ``sys.path``.
    origins : tuple of Origin
        Where the entry script's lines come from, of one that was put together of several cells.
    notices : tuple of str
        What is doubtful about it, for the log.
    bundle : str
        The bundle's folder; empty for a plain script.
    """

    entry: str
    app_root: str
    label: str
    environ: dict[str, str] = field(hash=False)
    preload: tuple[str, ...] | None = ()
    search: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    notices: tuple[str, ...] = ()
    bundle: str = ""

    def __post_init__(self) -> None:
        # A message between processes makes lists of them.
        object.__setattr__(self, "origins", origins_of(self.origins))

    @property
    def of_bundle(self) -> bool:
        """Whether a deployment made it, and not the server alone."""
        return bool(self.bundle)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a message.

        Returns
        -------
        dict
            What ``Layout(**values)`` takes.
        """
        return {**asdict(self), "origins": [list(origin) for origin in self.origins]}

    def told(self, text: str) -> str:
        """Put the places that people know into a line of a traceback.

        Parameters
        ----------
        text : str
            Any text.

        Returns
        -------
        str
            The same, but for mentions of a script that came from a notebook: a file's path is one that people know.
        """
        from_cells = self.origins or Path(self.label).name != Path(self.entry).name
        return relabel(text, self.entry, self.label, self.origins) if from_cells and self.entry in text else text


def package_root(script: Path) -> Path:
    """Find the folder from which a script's package is imported.

    Parameters
    ----------
    script : pathlib.Path
        An absolute path.

    Returns
    -------
    pathlib.Path
        The script's own folder, where that is no package.
    """
    folder = script.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder


def layout_of_bundle(bundle: Path) -> Layout:
    """Read a bundle's layout.

    One model: ``AZUREML_MODEL_DIR`` is its version's folder. Several or none: the folder of all models, with
    ``<name>/<version>/`` below it (Azure ML v1; both end in the same two parts).

    Parameters
    ----------
    bundle : pathlib.Path
        A folder with ``bundle.json``, ``code/`` and ``models/``.

    Returns
    -------
    Layout
        With absolute paths.

    Raises
    ------
    ConfigProblem
        If it is not a bundle.
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
    return replace(layout, origins=origins, notices=tuple(notices), bundle=str(bundle))


def link_bundle(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make the links in a bundle by which a script finds its models, and its folder by the names that it uses.

    Parameters
    ----------
    folder : pathlib.Path
        The bundle's, which has everything else.
    manifest : mapping
        Its.
    """
    code = folder / "code" / manifest.get("cwd", "")
    code.mkdir(parents=True, exist_ok=True)
    (folder / "models").mkdir(exist_ok=True)
    names = manifest.get("names", ())
    if names:
        # Through a folder of links beside the code: a link from a folder to itself has no end for who walks through it.
        beside = folder / "source"
        beside.mkdir()
        for path in code.iterdir():
            (beside / path.name).symlink_to(os.path.relpath(path, beside), target_is_directory=path.is_dir())
        for name in names:
            (code / name).symlink_to(os.path.relpath(beside, code), target_is_directory=True)
    models = code / MODELS_FOLDER
    models.symlink_to(os.path.relpath(folder / "models", code), target_is_directory=True)


def layout_of_script(script: Path, model_dir: str, app_root: Path, source_directory: str = "") -> Layout:
    """Lay out a plain entry script, as ``serve --entry-script`` does.

    Parameters
    ----------
    script : pathlib.Path
        The entry script.
    model_dir : str
        The value of ``AZUREML_MODEL_DIR``; empty leaves it unset.
    app_root : pathlib.Path
        ``AML_APP_ROOT``.
    source_directory : str, optional
        ``AZUREML_SOURCE_DIRECTORY``, below ``app_root``.

    Returns
    -------
    Layout
        With absolute paths.
    """
    folder = str(Path(model_dir).absolute()) if model_dir else ""
    root = app_root.absolute()
    also: tuple[str, ...] = (str(root / source_directory),) if source_directory else ()
    # A script in a package finds it, wherever the server was started.
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
    """Show what lies below a folder, for the log of a script that did not find its file.

    Parameters
    ----------
    folder : str
        Usually ``AZUREML_MODEL_DIR``.
    limit : int, optional
        How many lines at most.

    Yields
    ------
    str
        One file or folder, indented by its depth.
    """
    root = Path(folder)
    yield f"{folder}/" if root.is_dir() else f"{folder} (not there)"
    # Cut before sorting: the folder may be anything.
    paths = list(itertools.islice(root.rglob("*"), limit + 1)) if root.is_dir() else []
    for path in sorted(paths[:limit]):
        yield "  " * len(path.relative_to(root).parts) + path.name + ("/" if path.is_dir() else "")
    if len(paths) > limit:
        yield "  … and more"
