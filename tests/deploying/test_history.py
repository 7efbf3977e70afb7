"""What was done to a service is written down, and bounded."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_deploy.deploying.history import history_of, note, note_failure
from jupyter_deploy.errors import ReloadFailed
from jupyter_deploy.home import Home
from jupyter_deploy.services import Change


def test_the_newest_is_first_and_nothing_is_kept_of_no_service(tmp_path: Path) -> None:
    home = Home(tmp_path)
    note(home, Change("churn", "created"))
    assert history_of(home, "churn") == []
    home.service("churn").mkdir(parents=True)
    note(home, Change("churn", "created", milliseconds=3, generation=1))
    note(home, Change("churn", "unchanged"))
    note_failure(home, "churn", ReloadFailed("churn: it raised", problem="it raised"))
    found = history_of(home, "churn")
    assert [(one["action"], one["sentence"]) for one in found] == [
        ("failed", "it raised"),
        ("created", "created in 3 ms; generation 1 serves"),
    ]
    assert found[0]["at"] >= found[1]["at"]
    (file,) = home.service("churn").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(file.read_bytes() + b'{"cut')
    assert len(history_of(home, "churn")) == 2


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.service("churn").mkdir(parents=True)
    (home.service("churn") / "history.jsonl").write_text(
        "".join(f"{json.dumps({'action': 'reloaded', 'n': number, 'sentence': 'x' * 300})}\n" for number in range(2000))
    )
    note(home, Change("churn", "reloaded"))
    found = history_of(home, "churn")
    assert (len(found), found[1]["n"]) == (100, 1999)
    assert len((home.service("churn") / "history.jsonl").read_text().splitlines()) == 100
