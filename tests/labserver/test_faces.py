"""What a notebook's saved outputs become in the panel's page: each face as it is now."""

from __future__ import annotations

import json
from typing import Any

from jupyter_deploy.display import bundle
from jupyter_deploy.environments import Environment
from jupyter_deploy.verbs import Listing
from jupyter_deploy.workspace import Workspace

from .conftest import Ask


def saved(value: Any) -> tuple[str, dict[str, Any]]:
    """The kind of a value's face and its data, as a notebook keeps them."""
    (mime,) = (mime for mime in bundle(value) if mime.startswith("application/vnd.jupyter-deploy."))
    return mime.split(".")[2], json.loads(json.dumps(bundle(value)[mime]))


async def test_a_model_is_the_one_that_was_shown_or_said_to_be_another(ask: Ask, shared: Workspace) -> None:
    kind, data = saved(shared.register("faced", {"a": 1}))
    shared.models.tag("faced:1", {"stage": "live"})
    status, found = await ask("POST", f"faces/{kind}", data)
    assert status == 200
    assert "stage=live" in found["html"]
    assert found["said"] == "No service serves it."
    shared.unregister("faced:1")
    _, found = await ask("POST", f"faces/{kind}", data)
    assert found == {"html": "", "said": "faced:1 is not registered any more."}
    kind, weights = saved(shared.models["weights:1"])
    assert (await ask("POST", f"faces/{kind}", weights))[1]["said"] == "Served by echo."
    other = {**weights, "digest": data["digest"]}
    assert "registered anew" in (await ask("POST", f"faces/{kind}", other))[1]["said"]


async def test_a_script_says_whether_it_is_still_that_one(ask: Ask, shared: Workspace) -> None:
    kind, data = saved(shared.score_script("faced", "def run(data):\n    return data\n"))
    assert (await ask("POST", f"faces/{kind}", data))[1] == {"html": "", "said": "No service runs it."}
    assert (await ask("POST", f"faces/{kind}", {**data, "draft": True}))[1] == {"html": "", "said": ""}
    shared.score_script("faced", "def run(data):\n    return [data]\n")
    said = (await ask("POST", f"faces/{kind}", data))[1]["said"]
    assert said == "It was written anew since then. No service runs it."
    gone = {**data, "name": "never"}
    assert (await ask("POST", f"faces/{kind}", gone))[1]["said"] == "The script never is not stored any more."


async def test_lists_are_listed_again_with_the_same_filters(ask: Ask, shared: Workspace) -> None:
    shared.register("listed", {"a": 1})
    asked = {"name": "listed", "tags": {}, "captured": False}
    kind, data = saved(Listing("models", shared.models.list(**asked), asked))
    shared.register("listed", {"a": 2})
    _, found = await ask("POST", f"faces/{kind}", data)
    assert found["html"].count("</tr>") == 3
    assert "weights" not in found["html"]
    for value, row in ((shared.services, "echo"), (shared.models, "weights"), (shared, "weights")):
        kind, data = saved(value)
        assert row in (await ask("POST", f"faces/{kind}", data))[1]["html"]
    # One that was saved by an older version, or is no question.
    assert (await ask("POST", "faces/listing", {"kind": "leftovers", "asked": None}))[1]["html"] == ""


async def test_records_stay_with_a_word_about_today(ask: Ask, shared: Workspace) -> None:
    kind, data = saved(shared.services["echo"].stats())
    assert data["service"] == "echo"
    assert "uses now" in (await ask("POST", f"faces/{kind}", data))[1]["html"]
    assert (await ask("POST", f"faces/{kind}", {"service": "nowhere"}))[1]["html"] == ""
    _, found = await ask("POST", "faces/package", {"name": "echo", "models": ["weights:1"]})
    assert found == {"html": "", "said": "echo serves the same now."}
    _, found = await ask("POST", "faces/package", {"name": "echo", "models": []})
    assert found["said"] == "echo serves weights:1 now."
    assert (await ask("POST", "faces/profile", {"name": "echo"}))[1]["said"] == "echo has no limits now."
    assert (await ask("POST", "faces/profile", {"name": "none"}))[1]["said"] == "There is no service none now."


async def test_an_environment(ask: Ask, shared: Workspace) -> None:
    kind, data = saved(shared.environments.register(Environment("faced", requirements=("six==1.17.0",))))
    assert "six==1.17.0" in (await ask("POST", f"faces/{kind}", data))[1]["html"]
    assert (await ask("POST", f"faces/{kind}", {**data, "version": 7}))[1]["said"].startswith("faced:7 is not")
    assert (await ask("POST", f"faces/{kind}", {"name": "own", "version": None}))[1] == {"html": "", "said": ""}


async def test_what_is_no_face_is_refused(ask: Ask, shared: Workspace) -> None:
    status, found = await ask("POST", "faces/modell", {})
    assert (status, found["hint"]) == (400, "Did you mean 'model'?")
    assert (await ask("POST", "faces/model", "[1]"))[0] == 400
    # Nothing here may be trusted to be of its type.
    for kind in (
        "model",
        "environment",
        "script",
        "listing",
        "overview",
        "stats",
        "profile",
        "package",
        "endpoint",
        "deployment",
    ):
        for value in (None, 3, [1], {"a": 1}, "../.."):
            keys = ("name", "version", "digest", "kind", "asked", "service", "models", "source", "endpoint")
            status, _ = await ask("POST", f"faces/{kind}", dict.fromkeys(keys, value))
            assert status in {200, 400, 404}, (kind, value)
