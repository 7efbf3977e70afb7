"""README and docs/ name no verb, option, setting or file that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from jupyter_deploy.magics.scripting import SCORE_SCRIPT
from jupyter_deploy.sdk.az import az_verb
from jupyter_deploy.serving.config import settable
from jupyter_deploy.verbs import NAMES, Verb, find

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"(?:jupyter model |%model |%(?=register |deploy |invoke ))([a-z_]+)(.*)")
SETTING = re.compile(r"--set ([a-z_]+)=")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*|(?<![\w-])-[a-z](?=\s)")


def commands(text: str) -> list[tuple[str, str]]:
    """Each command in a page: its verb, and what stands behind it."""
    pieces = re.findall(r"`([^`\n]+)`", text) + re.findall(
        r"^```(?:python|sh)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    lines = [line for piece in pieces for line in piece.splitlines() if not line.startswith("<")]
    return [(found[1], found[2]) for line in lines for found in COMMAND.finditer(line)]


def flags(verb: Verb) -> set[str]:
    return {flag for argument in verb.all_arguments() for flag in argument.flags}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for verb, rest in commands(text):
        assert verb in NAMES
        # Words of Azure's own commands are read as those.
        written = az_verb(verb, rest.split()) or find(verb)
        assert set(FLAG.findall(rest)) <= flags(written), f"{verb}{rest}"
    azure = [
        verb
        for name in (*NAMES, "list", "show", "delete")
        for words in (["-g"], ["create", "-g"])
        if (verb := az_verb(name, words))
    ]
    known = set().union(*(flags(find(name)) for name in NAMES), *map(flags, azure), flags(SCORE_SCRIPT), {"--help"})
    alone = re.findall(r"`(--[a-z][a-z0-9-]*)[^`\n]*`", text)
    assert set(alone) <= known
    # What Azure's own commands set are fields of an entity.
    theirs = {key for verb, rest in commands(text) if az_verb(verb, rest.split()) for key in SETTING.findall(rest)}
    assert set(SETTING.findall(text)) - theirs <= set(settable())
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        # The tutorials are copied from notebooks/ when the documentation is built.
        place = page.parent / link
        assert place.exists() or (ROOT / "notebooks" / place.name).exists(), link


def test_commands_are_found() -> None:
    everything = [verb for page in PAGES for verb, _ in commands(page.read_text(encoding="utf-8"))]
    assert {"deploy", "register", "invoke", "package", "serve", "reload", "state", "logs", "view"} <= set(everything)
    assert len(everything) > 50


def test_every_verb_has_a_page() -> None:
    source = (ROOT / "docs" / "_ext" / "generated.py").read_text(encoding="utf-8")
    (groups,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GROUPS"
    ]
    assert sorted(" ".join(groups.values()).split()) == sorted(NAMES)
    assert {page.stem for page in PAGES if page.parent.name == "verbs"} == {*groups, "index", "magics"}
