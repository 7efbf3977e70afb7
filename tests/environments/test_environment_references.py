"""What users write for an environment, the registered ones, and the database that older versions left."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.environments import Environment, Environments, environment_of, reference_of
from jupyter_deploy.errors import DeployError, EnvironmentProblem, NotFound, StoreProblem, UsageProblem
from jupyter_deploy.home import Home
from jupyter_deploy.store import Database
from jupyter_deploy.store.migrations import SCHEMA_VERSION
from jupyter_deploy.workspace import Workspace


@pytest.fixture
def rows(tmp_path: Path) -> Environments:
    return Environments(Database.at(tmp_path / "state.db"), Home(tmp_path))


def inferred() -> list[str]:
    return ["numpy==2.0"]


@pytest.mark.parametrize("text", ["", "kernel", "inferred"])
def test_the_packages_own_names_stay(rows: Environments, text: str) -> None:
    assert reference_of(text, rows) == text


@pytest.mark.parametrize("name", ["env.yml", "env.yaml", "requirements.txt", "Dockerfile", "sub/any"])
def test_files_become_absolute(rows: Environments, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentProblem, match="is not there") as caught:
        reference_of(name, rows)
    assert str(tmp_path / name) in caught.value.message
    assert caught.value.hint
    (tmp_path / name).write_text("FROM b\n")
    for given in (name, str(tmp_path / name), Path(name), tmp_path / name):
        assert reference_of(given, rows) == str(tmp_path / name)


def test_a_link_is_not_followed_and_home_is(
    rows: Environments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "v1.txt").write_text("numpy\n")
    (tmp_path / "now.txt").symlink_to("v1.txt")
    assert reference_of(tmp_path / "now.txt", rows) == str(tmp_path / "now.txt")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert reference_of("~/v1.txt", rows) == str(tmp_path / "v1.txt")


def test_a_path_that_is_not_there_is_no_name(rows: Environments, tmp_path: Path) -> None:
    rows.register(Environment("sklearn"))
    with pytest.raises(EnvironmentProblem, match="is not there"):
        reference_of(tmp_path / "sklearn", rows)


def test_registered_names_and_versions(rows: Environments) -> None:
    rows.register(Environment("sklearn", requirements=("a",)))
    rows.register(Environment("old.txt"))
    rows.register(Environment("my-dockerfile"))
    for text in ("sklearn", "sklearn:1", "old.txt", "old.txt:1", "my-dockerfile"):
        assert reference_of(text, rows) == text


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("kernal", "Did you mean 'kernel'?"),
        ("infered", "Did you mean 'inferred'?"),
        ("sklaern", "Did you mean 'sklearn'?"),
        ("sklearn:7", "Its versions: 1."),
        ("zzz", "a conda or requirements file, or a registered name. Registered: sklearn."),
    ],
)
def test_unknown_names_get_the_nearest(rows: Environments, given: str, hint: str) -> None:
    rows.register(Environment("sklearn"))
    with pytest.raises(NotFound) as caught:
        reference_of(given, rows)
    assert hint in caught.value.hint


def test_what_is_no_version_is_told(rows: Environments) -> None:
    rows.register(Environment("sklearn"))
    with pytest.raises(UsageProblem, match="is not NAME or NAME:VERSION"):
        reference_of("sklearn:new", rows)


def test_what_references_mean(rows: Environments, tmp_path: Path) -> None:
    rows.register(Environment("mine", requirements=("a",)))
    rows.register(Environment("mine", requirements=("b",)))
    assert environment_of("kernel", rows, inferred).is_kernel
    assert environment_of("inferred", rows, inferred) == Environment("inferred", requirements=("numpy==2.0",))
    assert environment_of("mine", rows, inferred).requirements == ("b",)
    assert environment_of("mine:1", rows, inferred).requirements == ("a",)


def test_a_file_is_read_anew_each_time(rows: Environments, tmp_path: Path) -> None:
    file = tmp_path / "r.txt"
    for package in ("a", "b"):
        file.write_text(f"{package}\n")
        assert environment_of(str(file), rows, inferred).requirements == (package,)
    file.unlink()
    with pytest.raises(DeployError, match=r"r\.txt cannot be read") as caught:
        environment_of(str(file), rows, inferred)
    assert caught.value.hint


def test_a_new_content_is_a_new_version_and_the_same_is_not(rows: Environments) -> None:
    one = Environment("mine", requirements=("a",), variables={"A": "1"}, notices=("read from a file",))
    assert [rows.register(one).version for _ in range(2)] == [1, 1]
    changed = [
        Environment("mine", requirements=("b",)),
        Environment("mine", requirements=("a",), variables={"A": "2"}),
        one,
        Environment("other", requirements=("a",)),
        Environment("mine", requirements=("b",), version=9),
    ]
    assert [rows.register(each).version for each in changed] == [2, 3, 1, 1, 2]
    assert [each.version for each in rows.versions("mine")] == [1, 2, 3]
    assert rows["mine"].variables == {"A": "2"}
    assert rows["mine:1"].variables == {"A": "1"}
    assert rows["mine:1"].notices == ("read from a file",)
    assert (list(rows), len(rows)) == (["mine", "other"], 2)
    assert rows.digests() == {each.digest for name in rows for each in rows.versions(name)}


def test_what_is_in_it(rows: Environments) -> None:
    assert "mine" not in rows
    assert list(rows) == []
    rows.register(Environment("mine"))
    assert all(name in rows for name in ("mine", "mine:1"))
    assert not any(name in rows for name in ("mine:2", "min", "mine:", "mine:x", "mine/x", "", 5))


def test_the_nearest_name(rows: Environments) -> None:
    with pytest.raises(NotFound, match="No environment named 'mine'") as caught:
        rows["mine"]
    assert "Register one" in caught.value.hint
    rows.register(Environment("mine"))
    with pytest.raises(NotFound) as caught:
        rows["mien"]
    assert caught.value.hint == "Did you mean 'mine'?"
    with pytest.raises(NotFound, match="has no version 4") as caught:
        rows.get_version("mine", 4)
    assert caught.value.hint == "Its versions: 1."


def test_what_cannot_be_made_is_not_registered(rows: Environments) -> None:
    with pytest.raises(EnvironmentProblem):
        rows.register(Environment("azureml-mine"))
    with pytest.raises(DeployError):
        rows.register(Environment("mine", requirements=("numpy=1",)))
    assert list(rows) == []


REGISTER = """
import json, sys
from jupyter_deploy.environments.environment import Environment
from jupyter_deploy.workspace import Workspace
rows = Workspace().environments
print("ready", flush=True)
sys.stdin.readline()
own = [rows.register(Environment("shared", requirements=(f"own-{sys.argv[1]}-{n}",))).version for n in range(3)]
print(json.dumps([own, rows.register(Environment("shared", requirements=("same",))).version]))
"""


def test_eight_processes_register_and_no_version_is_given_twice(home: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", REGISTER, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(8)
    ]
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    said = [json.loads(process.communicate("go\n", timeout=60)[0]) for process in running[::-1]]
    own = [version for versions, _ in said for version in versions]
    (same,) = {version for _, version in said}
    assert sorted([*own, same]) == list(range(1, 26))
    assert [each.version for each in Workspace().environments.versions("shared")] == list(range(1, 26))


SCHEMA_1 = """
CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR, PRIMARY KEY (key));
CREATE TABLE model_names (name VARCHAR NOT NULL, last_version INTEGER NOT NULL, PRIMARY KEY (name));
CREATE TABLE models (name VARCHAR NOT NULL, version INTEGER NOT NULL, digest VARCHAR NOT NULL, entry VARCHAR NOT NULL,
  size BIGINT NOT NULL, framework VARCHAR NOT NULL, framework_version VARCHAR NOT NULL, tags JSON NOT NULL,
  properties JSON NOT NULL, description VARCHAR NOT NULL, run_id VARCHAR NOT NULL, requirements JSON NOT NULL,
  modules JSON NOT NULL, created FLOAT NOT NULL, PRIMARY KEY (name, version));
CREATE INDEX ix_models_digest ON models (digest);
CREATE INDEX newest_models ON models (created DESC, version DESC);
CREATE TABLE scripts (name VARCHAR NOT NULL, source TEXT NOT NULL, folder VARCHAR NOT NULL, updated FLOAT NOT NULL,
  PRIMARY KEY (name));
CREATE TABLE services (name VARCHAR NOT NULL, spec JSON NOT NULL, bundle VARCHAR NOT NULL, models JSON NOT NULL,
  handle JSON NOT NULL, desired VARCHAR NOT NULL, created FLOAT NOT NULL, updated FLOAT NOT NULL, PRIMARY KEY (name));
INSERT INTO meta VALUES ('schema', '1');
INSERT INTO scripts VALUES ('old', 'def run(data):\n    return 1\n', '/', 1.0);
INSERT INTO services VALUES ('old', '{"name":"old","script":"old","script_is_file":false,"models":null,
  "target":"process","port":0,"environment":"kernel","workers":1,"settings":{}}', 'b', '[]', '{}', 'stopped', 1.0, 1.0);
"""


def schema_1(home: Path) -> Path:
    home.mkdir(mode=0o700)
    database = sqlite3.connect(home / "state.db")
    database.executescript(SCHEMA_1)
    database.close()
    return home / "state.db"


def test_a_database_of_schema_1_is_used_on(home: Path) -> None:
    schema_1(home)
    opened = Workspace(home)
    assert opened.scripts.get("old").source == "def run(data):\n    return 1\n"
    assert opened.services["old"].state == "Stopped"
    assert opened.environments.register(Environment("mine")).version == 1
    first = opened._database.workspace_id
    assert len(first) == 12
    again = Workspace(home)
    assert again._database.workspace_id == first
    assert list(again.environments) == ["mine"]
    assert again.deploy("old").invoke("") == 1
    again.services["old"].delete()


def test_eight_processes_upgrade_one_database(home: Path) -> None:
    schema_1(home)
    code = "from jupyter_deploy.workspace import Workspace; print(Workspace()._database.workspace_id)"
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert said == {f"{Workspace(home)._database.workspace_id}\n"}


@pytest.mark.parametrize("found", ["0", "99"])
def test_a_database_of_the_future_is_left_alone(home: Path, found: str) -> None:
    path = schema_1(home)
    database = sqlite3.connect(path)
    with database:
        database.execute("UPDATE meta SET value = ?", (found,))
    database.close()
    before = path.stat().st_size
    with pytest.raises(StoreProblem, match=rf"schema {found}, not {SCHEMA_VERSION}\)") as caught:
        Workspace(home)
    assert "Upgrade" in caught.value.hint
    assert path.stat().st_size == before
