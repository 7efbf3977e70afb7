"""Wheels that no index has: kept by content, named by addresses that stand among an environment's requirements."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import EnvironmentProblem
from ..files import in_home
from ..home import Home
from ..store import scratch, told

SCHEME = "jupyter-deploy-wheel"
_ADDRESS = re.compile(rf"{SCHEME}://([0-9a-f]{{64}})/([^\s/;#]+\.whl)")
_ADD = "Environment.add_private_pip_wheel(ws, 'dist/{file}') keeps a wheel; what it returns is the requirement."


class Wheel(NamedTuple):
    """A kept wheel: the SHA-256 of its content, and its file's name."""

    digest: str
    file: str

    @property
    def address(self) -> str:
        """The requirement that installs it."""
        return f"{SCHEME}://{self.digest}/{self.file}"


class Wheels:
    """The wheels of a workspace, one folder per content."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def keep(self, path: str | Path, *, exist_ok: bool = False) -> tuple[Wheel, tuple[Wheel, ...]]:
        """Keep a copy of a wheel; the same content is kept once.

        Returns the wheel, and those of the same file name with other content.

        Raises
        ------
        EnvironmentProblem
            For a file that is no wheel; for one of a kept wheel's name with other content, unless ``exist_ok``.
        """
        place = in_home(path)
        data = _read(place)
        kept = Wheel(hashlib.sha256(data).hexdigest(), place.name)
        others = tuple(other for other in self._named(kept.file) if other != kept)
        if others and not exist_ok:
            raise EnvironmentProblem(
                f"A wheel {kept.file} is kept already, with other content: its SHA-256 is {others[0].digest[:12]}…, "
                f"that of {place} {kept.digest[:12]}….",
                hint="Give the new one another version; or exist_ok=True: environments that have the old one keep it.",
            )
        folder = self._home.wheels / kept.digest
        with told(self._home.root), scratch(self._home.staging) as empty:
            if not (folder / kept.file).is_file():
                folder.parent.mkdir(exist_ok=True)
                half = empty / kept.digest
                half.mkdir()
                (half / kept.file).write_bytes(data)
                (half / kept.file).chmod(0o444)
                # The same content under another file name has a folder already.
                if folder.exists():
                    (half / kept.file).replace(folder / kept.file)
                else:
                    half.rename(folder)
        return kept, others

    def files(self, lines: Iterable[str]) -> dict[str, Path]:
        """Find the kept wheels that lines name: relative place, as in :func:`placed`, → file.

        Raises
        ------
        EnvironmentProblem
            If a wheel is not kept in this workspace, as where the lines come from another one.
        """
        found = {}
        for wheel in _named_in(lines):
            place = self._home.wheels / wheel.digest / wheel.file
            if not place.is_file():
                raise EnvironmentProblem(
                    f"The wheel {wheel.file} with the SHA-256 {wheel.digest[:12]}… is not kept in this workspace.",
                    hint=_ADD.format(file=wheel.file),
                )
            if hashlib.sha256(place.read_bytes()).hexdigest() != wheel.digest:
                raise EnvironmentProblem(
                    f"{place} is not the wheel that was kept: its content has changed.",
                    hint=f"rm {place}; then {_ADD.format(file=wheel.file)}",
                )
            found[f"{wheel.digest}/{wheel.file}"] = place
        return found

    def _named(self, file: str) -> list[Wheel]:
        return [Wheel(place.parent.name, file) for place in sorted(self._home.wheels.glob(f"*/{file}"))]


def placed(line: str, folder: Path) -> str:
    """Write a requirement with the path of its wheel, for an installer that has copies in a folder."""
    found = _ADDRESS.search(line)
    if not found:
        return line
    url = (folder / found[1] / found[2]).as_uri()
    named = "" if found.start() else f"{found[2].partition('-')[0]} @ "
    return f"{named}{line[: found.start()]}{url}{line[found.end() :]}"


def wheel_name(line: str) -> str:
    """Return the name of the distribution whose wheel a line's address names; empty for other lines."""
    found = _ADDRESS.match(line)
    return found[2].partition("-")[0] if found else ""


def _named_in(lines: Iterable[str]) -> list[Wheel]:
    return [Wheel(found[1], found[2]) for line in lines if (found := _ADDRESS.search(line))]


def _read(place: Path) -> bytes:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        parse_wheel_filename(place.name)
    except InvalidWheelFilename:
        raise EnvironmentProblem(
            f"{place.name!r} is not the name of a wheel.",
            hint="pip wheel --no-deps . makes one, for example demo-1.0-py3-none-any.whl.",
        ) from None
    try:
        with zipfile.ZipFile(place) as archive:
            is_wheel = any(re.fullmatch(r"[^/]+\.dist-info/METADATA", name) for name in archive.namelist())
        if is_wheel:
            return place.read_bytes()
        reason = "it has no *.dist-info/METADATA"
    except OSError as error:
        raise EnvironmentProblem(
            f"{place} cannot be read: {error.strerror or error}.", hint=f"The current folder is {Path.cwd()}."
        ) from error
    except zipfile.BadZipFile:
        reason = "it is not a zip archive"
    raise EnvironmentProblem(f"{place} is not a wheel: {reason}.", hint="pip wheel --no-deps . makes one.")
