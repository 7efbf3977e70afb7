"""The command line: ``jupyter model VERB``."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from ..errors import DeployError, UsageProblem

_OBJECTS_BEFORE_COLLECTING = 200_000


def main(arguments: list[str] | None = None) -> int:
    """Run one verb, by default from ``sys.argv``; returns 0, 1 for a problem, 2 for wrong words, 130 after Ctrl-C."""
    words = sys.argv[1:] if arguments is None else arguments
    if arguments is None:
        # What a command imports stays: looking for garbage in it took a quarter of a short command's time.
        gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
        # A line of this program's own code says nothing to who reads it.
        warnings.showwarning = lambda message, *_, **__: print(f"Warning: {message}", file=sys.stderr)
    try:
        code = _run(words)
        # Flush here: a closed pipe would look like a bug later.
        sys.stdout.flush()
        if arguments is None:
            # Nor is it looked through when the process ends.
            gc.freeze()
        return code
    except UsageProblem as error:
        print(error.text(), file=sys.stderr)
        return 2
    except DeployError as error:
        print(error.text(), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the pipe has left (head, less).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def _run(words: list[str]) -> int:
    from ..verbs import HelpShown, find, list_of_verbs

    program = "jupyter model"
    if not words or words[0] in {"-h", "--help", "help"}:
        print(list_of_verbs(program))
        return 0 if words else 2
    if words[0] == "--version":
        from importlib.metadata import version

        print(version("jupyter-model-deploy"))
        return 0
    from ..verbs import run
    from .saying import Saying

    azure = _az(words)
    if azure and _output(words) == "json":
        words = [*words, "--json"]
    verb = azure or find(words[0], " ".join(words[1:]))
    saying = Saying()
    try:
        value = run(verb, words[1:], _session(saying.say), f"{program} {verb.name}")
    except HelpShown:
        return 0
    finally:
        saying.end()
    from ..display import face_of

    # Answers are for programs, unless they are objects of this package.
    _show(value, as_json="--json" in words or (verb.name == "invoke" and face_of(value) is None))
    # The result of an interrupted run is shown, but is incomplete.
    cut = value.get("interrupted") if isinstance(value, dict) else getattr(value, "interrupted", False)
    measured = verb.name in {"invoke", "score"} or (verb.name == "profile" and "--data" in words)
    if measured and cut is True:
        return 130
    return 1 if verb.name == "score" and _failed(value) else 0


def _failed(scored: Any) -> int:
    return int(scored["failed"] if isinstance(scored, dict) else scored.failed)


def _az(words: list[str]) -> Any:
    """Find the command of ``az ml model`` that these words are, if they are one."""
    if not any(word.startswith("-") for word in words[1:]):
        return None
    from ..sdk import az_verb

    return az_verb(words[0], words[1:])


def _output(words: list[str]) -> str:
    """Return what ``az``'s ``-o`` asks for; empty if it is not there."""
    for flag, value in zip(words, [*words[1:], ""], strict=True):
        name, equals, given = flag.partition("=")
        if name in {"-o", "--output"}:
            return given if equals else value
    return ""


def _session(say: Callable[[str], None]) -> Any:
    from ..verbs import Session

    def emit(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def confirm(question: str) -> bool:
        if not sys.stdin.isatty():
            raise UsageProblem("Confirmation is not possible here.", hint="Add --yes.")
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def note(text: str) -> None:
        if sys.stderr.isatty():
            print(text, file=sys.stderr)

    return Session(say, emit, confirm, note=note)


def _show(value: Any, *, as_json: bool) -> None:
    if value is None and not as_json:
        return
    if isinstance(value, bytes) and not as_json and not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(value)
    elif as_json:
        import json

        print(json.dumps(value, indent=1 if isinstance(value, (dict, list)) and len(str(value)) < 10_000 else None))
    else:
        from ..display import text

        print(text(value))
