"""Faces: three layers of each value; whatever a text holds, it is shown as text; no secret is shown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jupyter_deploy.display import FACES, bundle, face_of, html, markup, plain, service_content, services, text
from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import DeployError, InvokeProblem
from jupyter_deploy.scripts import Script
from jupyter_deploy.services import Stats
from jupyter_deploy.verbs import Listing, LogText

from ..markup import Page, harmless
from .hostile import facts, model, seen


def test_every_face_is_found() -> None:
    assert len({place for _, _, place in FACES}) == len(FACES)
    for module, name, _ in FACES:
        kind = type(name, (), {"__module__": module})
        assert face_of(kind()) is not None
    assert face_of(InvokeProblem("x")) is face_of(DeployError("x"))
    assert face_of([]) is None
    assert text([1]) == "[1]"


def test_secrets_are_in_no_layer() -> None:
    own = Environment(
        "own",
        requirements=("x @ https://me:geheim@host/x.whl",),
        variables={"KEY": "geheim"},
        options=("--index-url https://me:geheim@host/simple",),
        dockerfile="FROM python\nENV TOKEN=geheim",
    )
    for value in (own, Listing("environments", [own])):
        assert "geheim" not in str(bundle(value))
    assert "KEY" in text(own)


def test_an_environment_says_whether_it_is_registered() -> None:
    assert text(Environment("own")).startswith("Environment own, not registered")
    assert text(Environment("own", version=3)).startswith("Environment own:3")


def test_stats() -> None:
    shown = text(Stats(12.5, 1_500_000, 3_000_000, 4, 10, 20))
    for part in ("12.5 % of one", "1.5 MB of 3.0 MB", "10 B in, 20 B out"):
        assert part in shown


def test_a_long_log_is_cut_in_the_page_only() -> None:
    log = LogText("".join(f"line {number}\n" for number in range(5000)))
    found = bundle(log)
    assert found["text/plain"].count("\n") == 4999
    page = harmless(found["text/html"])
    assert "3,000 earlier lines" in page.text
    assert "line 3000\n" in page.text
    assert "line 2999\n" not in page.text
    (data,) = (value for key, value in found.items() if "json" in key)
    assert data["lines"][0] == "line 3000"


def test_the_live_card_says_the_same_as_the_one_that_stays() -> None:
    known = {**facts("churn"), "edited": ("helper.py",), "script_hash": "abc"}
    stays, live = service_content(known, moved=("x",)), service_content(known, moved=("x",), steady=True)
    assert [row.label for row in stays.rows] == [row.label for row in live.rows]
    assert [row for row in stays.rows if row.label != "runs"] == [row for row in live.rows if row.label != "runs"]
    assert dict(live.rows)["runs"] == "generation 3, 2 workers, 1 restart"
    assert (stays.numbers, stays.uptime) == (live.numbers, live.uptime)


def test_a_services_card() -> None:
    page = harmless(services.SERVICE.html(replace(seen("Healthy"), name="churn", reason="")))
    for part in (
        "up 2 hours 5 minutes",
        "0.1",
        "1.2 ms",
        "1.25 s",
        "2 of 6",
        "generation 3, 2 workers, 1,234 requests",
    ):
        assert part in page.text
    status = [attributes for _, attributes in page.tags if attributes.get("role") == "status"]
    assert len(status) == 1
    codes = [attributes for tag, attributes in page.tags if tag == "code"]
    assert all("user-select:all" in str(attributes["style"]) for attributes in codes)
    assert all(attributes["title"] for attributes in codes)
    assert [attributes["scope"] for tag, attributes in page.tags if tag == "th"] == ["row"] * 8
    assert "href" not in services.SERVICE.html(seen("Healthy"))


@pytest.mark.parametrize(
    ("state", "first", "last"),
    [("Healthy", "%invoke churn VALUE", "%model stop churn"), ("Failed", "%deploy churn", "%model delete churn")],
)
def test_commands_go_with_the_state(state: str, first: str, last: str) -> None:
    commands = list(services.Seen("churn", state, {"image": ""}).commands.values())
    assert (commands[0], commands[-1]) == (first, last)


def test_an_own_image_is_not_reloaded() -> None:
    assert "reload" not in services.Seen("churn", "Healthy", {"image": "seed:1"}).commands
    assert services.Seen("churn", "deleted").commands == {}


def test_tables_have_headers() -> None:
    page = Page(html(Listing("services", [facts("a"), facts("b")])))
    scopes = [attributes["scope"] for tag, attributes in page.tags if tag == "th"]
    assert scopes == ["col"] * 5 + ["row"] * 2


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("state", markup.TONES)
def test_badges_can_be_read_in_both_themes(state: str) -> None:
    tone = markup.TONES[state]
    assert contrast(tone.ink, tone.ground) >= 4.5
    for page in ("#ffffff", "#111111"):
        # The word stands on the badge; the badge itself is a shape, for which 3 is asked.
        assert contrast(tone.ground, page) >= 3
    assert state in Page(markup.badge(state)).text
    assert len({tone.sign for tone in markup.TONES.values()}) >= 5


def test_colours_are_the_themes() -> None:
    fragment = (
        services.SERVICE.html(seen("Healthy"))
        + html(InvokeProblem("x", details="x", hint="x"))
        + html(Listing("models", [model("x")]))
    )
    for style in (attributes["style"] or "" for _, attributes in Page(fragment).tags if "style" in attributes):
        rules = dict(rule.split(":", 1) for rule in style.split(";") if rule)
        if rules.get("color", "").startswith("#"):
            assert rules["background"].startswith("#"), style
        for value in rules.values():
            assert "#" not in value or value.startswith(("#", "4px solid")), style


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1.9, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (3600, "1 hour"),
        (7500, "2 hours 5 minutes"),
        (86399, "23 hours 59 minutes"),
        (86400, "1 day"),
        (90000, "1 day 1 hour"),
        (1e7, "115 days 17 hours"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert plain.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.2, "under 10 seconds"), (29, "20 seconds"), (61, "1 minute"), (7500, "2 hours 5 minutes")]
)
def test_durations_that_do_not_change_each_second(seconds: float, words: str) -> None:
    assert plain.duration(seconds, steady=True) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0.03, "30 µs"), (1.25, "1.2 ms"), (340.2, "340 ms"), (2500.0, "2.50 s")],
)
def test_milliseconds(value: float | None, words: str) -> None:
    assert plain.milliseconds(value) == words


def test_what_is_saved_for_a_renderer_names_no_place_of_this_machine() -> None:
    script = Script("churn", "def run(data): pass\n", "/home/ada/secret-project")
    data = bundle(script)["application/vnd.jupyter-deploy.script.v1+json"]
    assert data["name"] == "churn"
    assert "secret-project" not in json.dumps(data)
