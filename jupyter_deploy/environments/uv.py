"""uv, the one installer of environments: its command, its progress, and its failures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from ..errors import EnvironmentProblem, redacted
from ..progress import Step
from .environment import Environment
from .wheels import placed, wheel_name

# The libraries that the server needs, besides this package's own files.
_RUNTIME = ("httptools", "orjson", "prometheus-client", "pyjwt", "uvicorn", "uvloop", "werkzeug")
_DISTRIBUTION = "jupyter-model-deploy"
_STEPS = (
    (re.compile(r"Resolved (\d+ packages?)"), 0.15, "resolved {}"),
    (re.compile(r"Downloading (.+)"), 0.2, "downloading {}"),
    (re.compile(r"Building (.+)"), 0.3, "building {}"),
    (re.compile(r"Downloaded (.+)"), 0.45, "downloaded {}"),
    (re.compile(r"Built (.+)"), 0.45, "built {}"),
    (re.compile(r"Prepared (\d+ packages?)"), 0.5, "installing {}"),
    (re.compile(r"Installed (\d+ packages?)"), 0.65, "compiling {}"),
    (re.compile(r"Bytecode compiled (\d+ files?)"), 0.9, "compiled {}"),
)
_WIDTH = 20
_LAST_LINES = 15
# What may follow a requirement in a sentence, so that "numpy" is not found in "numpy-extra" nor in "numpy==2".
_END = r"(?![\w-]|\.\w|\s*[=<>~!@\[])"


def binary() -> Path:
    """Find uv's program in its wheel."""
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        raise EnvironmentProblem("uv is not installed.", hint="%pip install uv, then deploy again.") from error


def lines(environment: Environment, wheels: Path | None = None) -> list[str]:
    """List the lines of a requirements file for an environment and the server, options first.

    ``wheels`` is the folder where the installer finds the user's own wheels; without it they have their addresses.
    """
    named = environment.requirements
    own = named if wheels is None else [placed(line, wheels) for line in named]
    return [*environment.options, *own, *runtime_requirements()]


def runtime_requirements() -> list[str]:
    """List what the server needs, with the ranges that this distribution declares.

    They are ranges, not the installed versions: the user's model may need others.
    """
    declared = [line for line in metadata.requires(_DISTRIBUTION) or () if "extra ==" not in line]
    return sorted(line for line in declared if re.split(r"[^A-Za-z0-9\-]", line, maxsplit=1)[0].lower() in _RUNTIME)


def install_command(program: str, python: str, requirements: str, more: Sequence[str] = ()) -> list[str]:
    """Write the words of uv's command.

    Bytecode is compiled at once: a container's files are read-only, and every start would compile it again.
    """
    command = [program, "pip", "install", "--python", python, "--requirements", requirements]
    return [*command, *more, "--compile-bytecode", "--no-progress", "--no-config", "--color", "never"]


def bar(fraction: float, step: str, stage: str = "environment") -> Step:
    """Draw a fraction from 0 to 1 as one line, for example ``"█████░░░░░░░░░░░░░░░ 25% downloading numpy"``."""
    full = round(min(max(fraction, 0.0), 1.0) * _WIDTH)
    text = f"{'█' * full}{'░' * (_WIDTH - full)} {fraction:4.0%} {step}"
    return Step(text, stage=stage, fraction=fraction, words=step)


class Steps:
    """Follows uv's output: its progress, and its last words.

    ``start`` and ``end`` are the fractions of the whole work between which uv's part lies.
    """

    def __init__(self, start: float = 0.0, end: float = 1.0, stage: str = "environment") -> None:
        self.said: list[str] = []
        self._stage = stage
        self._start, self._span = start, end - start
        self._fraction = 0.0

    def hear(self, line: str) -> str:
        """Take a line of output and return the progress to show; empty if the line is about nothing that takes time."""
        self.said.append(redacted(line.rstrip()))
        for pattern, fraction, step in _STEPS:
            found = pattern.match(line.strip())
            if found:
                self._fraction = max(self._fraction, fraction)
                words = step.format(found[1].split(" in ")[0])
                return bar(self._start + self._fraction * self._span, words, self._stage)
        return ""

    def problem(self, environment: Environment) -> EnvironmentProblem:
        """Say why uv failed: the requirement that it blames, if any, and its last words."""
        text = "\n".join(self.said)
        blamed = _blamed(text, lines(environment))
        last = "\n".join(self.said[-_LAST_LINES:])
        named = f": {redacted(', '.join(blamed))}" if blamed else ""
        return EnvironmentProblem(
            f"The environment {environment.name} cannot be installed{named}.", details=last, hint=_hint(text, blamed)
        )


def _blamed(text: str, wanted: Sequence[str]) -> list[str]:
    """Find the requirements that uv complains about, which it names as the user wrote them."""
    blame = " ".join(re.findall(r"(?:cause|error|hint|help): ?(.*(?:\n {6,}.*)*)", text))
    found = [line for line in wanted if re.search(_said(line.partition(";")[0], ends=_END), blame, re.IGNORECASE)]
    if found:
        return found
    names = {
        line: wheel_name(line) or re.split(r"[^A-Za-z0-9\-_.]", line, maxsplit=1)[0]
        for line in wanted
        if not line.startswith("-")
    }
    return [line for line, name in names.items() if name and re.search(_said(name), text, re.IGNORECASE)][:3]


def _said(words: str, ends: str = r"(?![\w-])") -> str:
    """Match a user's text as uv repeats it: with its own spaces and dashes."""
    signs = (r"[-_.]+" if sign in "-_." else re.escape(sign) for sign in re.sub(r"\s+", "", words))
    return r"(?<![\w.-])" + r"\s*".join(signs) + ends


def _hint(text: str, blamed: Iterable[str]) -> str:
    if re.search(r"\b(401 Unauthorized|403 Forbidden)", text):
        return "The package index refuses: check user and password in pip's index-url, which is used here too."
    if "404 Not Found" in text:
        return "There is nothing at that address: check its spelling."
    if re.search(r"Failed to fetch|error sending request|Could not connect|dns error|timed out|certificate", text):
        return "The package index cannot be reached: check the network, or pip's index-url, which is used here too."
    if "No space left" in text or "os error 28" in text:
        return "The disk is full: jupyter model prune removes what is not needed."
    if re.search(
        r"requires? Python|Requires-Python|only the following versions.*Python|no wheels? with a matching", text
    ):
        return "That version does not exist for this Python: choose another version of the package or of Python."
    if "not found in the package registry" in text:
        return "No package of that name is in the index: check its spelling."
    if "No solution found" in text:
        return "Choose versions that exist and go together: loosen the pin that is named."
    return "Correct what is named, and deploy again." if blamed else "The words above are the installer's."
