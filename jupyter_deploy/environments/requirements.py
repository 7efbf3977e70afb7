"""Requirements as pip reads them: one line, or a file with all that it includes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ..errors import ConfigProblem, nearest, redacted

# This package's own server replaces the one that these bring.
PROVIDED = frozenset({"azureml-defaults"})
FLAGS = ("--no-index", "--prefer-binary", "--pre", "--require-hashes")
VALUED = (
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--no-binary",
    "--only-binary",
    "--trusted-host",
    "--use-feature",
)
INCLUDES = ("--requirement", "--constraint")
EDITABLE = "--editable"
_SHORT = {
    "-i": "--index-url",
    "-f": "--find-links",
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": EDITABLE,
    "--pypi-url": "--index-url",
}
_COMMENT = re.compile(r"(^|\s+)#.*$")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LOCAL = re.compile(
    r"""[.~/\\] | file: | [a-z]:[\\/]             # a path, or a URL of one
    | [^\s;@\[:]*[/\\]                            # sub/folder
    | [^\s;@:]+\s*@\s*([.~/\\]|file:)             # name @ file:///…
    | [^\s;@:]+\.(whl|zip|tar\.gz|tar\.bz2)\s*(;|$)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class PipForm:
    """What pip or uv can install."""

    python_version: str = ""  # "3.11"; empty if none was asked for
    requirements: tuple[str, ...] = field(default=(), repr=False)  # lines of a requirements file
    # lines too, in their long form: indexes, find-links, binaries
    options: tuple[str, ...] = field(default=(), repr=False)
    notices: tuple[str, ...] = ()  # what the translation changed or left out, for the user
    # lines that bound versions without installing anything
    constraints: tuple[str, ...] = field(default=(), repr=False)

    def text(self) -> str:
        """Return options and requirements as the text of a requirements file."""
        return "".join(f"{line}\n" for line in (*self.options, *self.requirements))


class Line(NamedTuple):
    """What a requirement's line says: name (empty for a bare URL), marker, and whether it pins a version."""

    name: str
    marker: str
    settles: bool


def parse_requirement(line: str, where: str) -> Line:
    """Check a requirement's line; the line itself is kept as it is.

    For example ``"scikit-learn[x]>=1.5; python_version>'3.9'"``, a URL, or ``"name @ URL"``. A local path is refused,
    because it would not travel. ``where`` names file and line in the message.
    """
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    body, *behind = re.split(r"\s+(?=--?[a-z])", line.strip())
    for option in behind:
        if not option.startswith("--hash"):
            raise ConfigProblem(
                f"{where}: {redacted(option)!r} cannot stand behind a requirement.", hint="uv takes only --hash there."
            )
    if _URL.match(body) and not body.lower().startswith("file:"):
        return _parse_url(body, where)
    if _LOCAL.match(body):
        raise _local(body, where)
    try:
        requirement = Requirement(body)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0].rstrip(":")
        single = re.match(r"[\w.-]+\s*=\s*[\w.*]+$", body)
        hint = "pip's sign for a version is '=='." if single else "For example 'scikit-learn>=1.5'."
        raise ConfigProblem(
            f"{where}: {redacted(body)!r} is not a requirement: {redacted(reason)}.", hint=hint
        ) from None
    settles = bool(requirement.specifier or requirement.url)
    return Line(canonicalize_name(requirement.name), str(requirement.marker or ""), settles)


def _parse_url(body: str, where: str) -> Line:
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

    url, _, marker = body.partition(" ;")
    parts = urlsplit(url)
    file = PurePosixPath(unquote(parts.path)).name
    if file.endswith(".whl"):
        try:
            return Line(parse_wheel_filename(file)[0], marker.strip(), True)
        except InvalidWheelFilename:
            raise ConfigProblem(
                f"{where}: {redacted(url)!r} does not end in a wheel's name.",
                hint="For example 'demo-1.0-py3-none-any.whl'.",
            ) from None
    egg = re.search(r"egg=([\w.-]+)", parts.fragment)
    return Line(canonicalize_name(egg[1]) if egg else "", marker.strip(), True)


def _local(body: str, where: str) -> ConfigProblem:
    return ConfigProblem(
        f"{where}: {redacted(body)!r} is on this machine's disk only.",
        hint="It would not travel with the service: put its modules beside the script, or publish it to an index"
        + ("; or name what Environment.add_private_pip_wheel(ws, path) returns." if ".whl" in body else "."),
    )


def parse_options(line: str, where: str) -> list[tuple[str, str]]:
    """Split a line of pip's options, for example ``"-i https://a.example/simple --pre"``, into long names and values.

    A flag's value is empty. Options that a requirements file cannot hold are refused.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ConfigProblem(f"{where}: {redacted(line)!r}: {error}.") from None
    pairs = []
    while words:
        word = words.pop(0)
        name, _, value = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        name = _SHORT.get(name, name)
        if name in FLAGS:
            pairs.append((name, ""))
            continue
        if name not in (*VALUED, *INCLUDES, EDITABLE):
            close = nearest(name, (*FLAGS, *VALUED))
            hint = f"Did you mean {close!r}?" if close else f"Known options: {', '.join((*VALUED, *FLAGS))}."
            raise ConfigProblem(f"{where}: pip has no option {redacted(name)!r} in requirements.", hint=hint)
        if not value and not words:
            raise ConfigProblem(f"{where}: {name} needs a value.")
        pairs.append((name, value or words.pop(0)))
    return pairs


def option_line(name: str, value: str) -> str:
    """Write an option as a line, for example ``"--index-url https://a.example/simple"``; a flag's value is empty."""
    return f'{name} "{value}"' if re.search(r"\s", value) else f"{name} {value}".strip()


def uv_arguments(options: Iterable[str]) -> list[str]:
    """Return the arguments for options that uv ignores, with a warning, when it reads them in a file.

    ``options`` are as in :attr:`PipForm.options`. Options without a meaning in uv (``--prefer-binary``) have none.
    """
    arguments = []
    for line in options:
        name, _, value = line.partition(" ")
        if name == "--pre":
            arguments += ["--prerelease", "allow"]
        elif name == "--trusted-host":
            arguments += ["--allow-insecure-host", value]
    return arguments


@dataclass
class _Reading:
    """What has been read so far; ``open`` are the files on the way down, which must not include each other."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    open: list[Path] = field(default_factory=list)


def read_requirements(text: str, where: str, folder: Path | None = None) -> PipForm:
    """Read a requirements file with all that it includes, each file once; azureml-defaults is left out.

    Included files are relative to ``folder``; without it, including is refused. The error names file and line.
    """
    reading = _Reading()
    if folder is not None:
        reading.open.append((folder / Path(where).name).resolve())
    _collect(text, where, folder, reading, reading.requirements)
    return PipForm(
        requirements=tuple(dict.fromkeys(reading.requirements)),
        options=tuple(dict.fromkeys(reading.options)),
        constraints=tuple(dict.fromkeys(reading.constraints)),
    )


def _collect(text: str, where: str, folder: Path | None, reading: _Reading, lines: list[str]) -> None:
    for number, line in _logical_lines(text):
        place = f"{where}, line {number}"
        if not line.startswith("-"):
            if parse_requirement(line, place).name not in PROVIDED:
                lines.append(line)
            continue
        for name, value in parse_options(line, place):
            if name == EDITABLE:
                raise _local(f"-e {value}", place)
            if name in INCLUDES:
                # Files that a constraints file includes are constraints as well.
                into = reading.constraints if name == "--constraint" else lines
                _include(value, place, folder, reading, into)
                continue
            is_folder = name == "--find-links" and folder is not None and not _URL.match(value)
            reading.options.append(
                option_line(name, str(((folder or Path()) / value).absolute()) if is_folder else value)
            )


def _include(value: str, place: str, folder: Path | None, reading: _Reading, lines: list[str]) -> None:
    if _URL.match(value):
        raise ConfigProblem(f"{place}: {redacted(value)} is not fetched.", hint="Include a copy of it on this disk.")
    if folder is None:
        raise ConfigProblem(f"{place}: {value!r} cannot be included here.", hint="Write its lines instead.")
    path = (folder / value).resolve()
    if path in reading.open:
        raise ConfigProblem(f"{place}: {value!r} includes itself.", hint="Remove one of the two includes.")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigProblem(
            f"{place}: {value!r} cannot be read: {reason}.", hint=f"It was looked for at {path}."
        ) from None
    reading.open.append(path)
    _collect(text, value, path.parent, reading, lines)
    reading.open.pop()


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines, drop comments and blanks; each with the number of its first line, as pip counts."""
    start, parts = 0, list[str]()
    for number, line in enumerate((*text.lstrip("\ufeff").splitlines(), ""), start=1):
        start = start if parts else number
        is_comment = _COMMENT.match(line)
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        whole = _COMMENT.sub("", "".join((*parts, f" {line}" if is_comment else line))).strip()
        parts = []
        if whole:
            yield start, whole
