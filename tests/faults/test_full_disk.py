"""A disk that is full, and one that is read-only: looking, stopping and removing work; what cannot work says why."""

from __future__ import annotations

import gc
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.errors import DiskFull, ReadOnly
from jupyter_deploy.targets.process.pids import lives
from jupyter_deploy.workspace import Workspace

from ..e2e.conftest import until
from ..mounts import fill, read_only, small
from ..servers import process_of

DOUBLE = "import json\n\ndef run(data):\n    return [2 * number for number in json.loads(data)]\n"
Say = Callable[[str], str]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small(tmp_path_factory.mktemp("disk") / "mount", 12) as folder:
        yield folder


@pytest.fixture
def home(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace on the small disk: two services, models, and something to prune."""
    home = disk / "home"
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(home))
    workspace = Workspace()
    workspace.register("price", {"a": 1})
    workspace.register("price", {"a": 2})
    for name in ("one", "two"):
        workspace.score_script(name, DOUBLE)
        workspace.deploy(name)
    (home / "environments" / "unused").mkdir(parents=True)
    (home / "environments" / "unused" / "big").write_bytes(bytes(340_000))
    del workspace
    gc.collect()
    # Each command of these tests collects garbage; what other tests have left need not be looked at each time.
    gc.freeze()
    yield home
    gc.unfreeze()
    for place in disk.glob("fill*"):
        place.unlink()
    # SQLite shares its index between all connections of a process, and some here are to a read-only mount.
    code = "import sys; from jupyter_deploy.workspace import Workspace\n"
    code += "for service in list(Workspace(sys.argv[1]).services.values()): service.delete()"
    subprocess.run([sys.executable, "-c", code, str(home)], check=True)
    subprocess.run(["rm", "-rf", str(home)], check=True)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command as the command line does, each with a database that it has to open; the code comes first."""

    def run(line: str) -> str:
        code = main(shlex.split(line))
        gc.collect()
        out, err = capsys.readouterr()
        return f"{code} {out}{err}"

    return run


def test_on_a_full_disk_all_that_looks_stops_and_removes_works(disk: Path, home: Path, say: Say) -> None:
    facts = process_of(Workspace().services["one"])
    gc.collect()
    fill(disk)
    # A process of its own, where nothing is open yet.
    found = subprocess.run(
        [sys.executable, "-m", "jupyter_deploy.cli", "services", "--json"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert [each["state"] for each in json.loads(found.stdout)] == ["Healthy", "Healthy"]
    for line in ("services", "models", "overview", "show price", "environments", "state one", "logs one"):
        assert say(line).startswith("0 "), line
    assert say("invoke one [4]").split() == ["0", "[", "8", "]"]

    full = f"1 DiskFull: The disk of {home} is full ("
    for line in ("deploy three --script one", "reload two", "register more " + __file__, "tag price a=b"):
        said = say(line)
        assert said.startswith(full), said
        assert said.endswith("KB free).\nHint: `jupyter model prune` would free 340 KB.\n") or "0 bytes free" in said
        assert len(said.strip().splitlines()) == 2
    assert list((home / "staging").iterdir()) == []
    assert say("invoke two [4]").startswith("0 ")

    assert say("stop one").startswith("0 one is stopped")
    assert not lives(facts.pid, facts.born)
    assert "Stopped" in say("state one")
    assert say("unregister price:1 --yes").startswith("0 price:1 is unregistered")
    assert say("delete two --yes").startswith("0 two is deleted")
    assert say("prune --dry-run").startswith("0 ")
    assert say("prune --yes").startswith("0 Removed 1 of 1")
    assert not (home / "environments" / "unused").exists()
    assert say("register more " + __file__).startswith("0 Model more:1")


def test_a_disk_that_is_full_but_for_a_few_bytes_is_a_full_one(disk: Path, home: Path, say: Say) -> None:
    fill(disk, leave=20_000)
    assert say("services").startswith("0 ")
    assert "DiskFull" in say("register more " + os.__file__)
    assert say("stop one").startswith("0 one is stopped")
    assert say("delete one --yes").startswith("0 ")


def test_nothing_is_lost_where_the_disk_fills_up_while_something_is_made(disk: Path, home: Path, say: Say) -> None:
    opened = Workspace()
    before = {path: path.stat().st_mtime for path in home.rglob("*") if path.is_file() and "state.db" not in path.name}
    fill(disk, leave=600_000)
    for make in (
        lambda: opened.register("large", {"a": os.urandom(3_000_000)}),
        lambda: opened.score_script("one", f"import json\n# {'x' * 1_000_000}\n" + DOUBLE),
    ):
        with pytest.raises(DiskFull) as caught:
            make()
        assert "has too little room" in caught.value.message or "is full" in caught.value.message
        assert str(home) in caught.value.message
    assert opened.services["one"].invoke([1]) == [2]
    assert opened.services["one"].state == "Healthy"
    after = {path: path.stat().st_mtime for path in home.rglob("*") if path.is_file() and "state.db" not in path.name}
    changed = {path.relative_to(home).as_posix() for path in before.keys() ^ after.keys()}
    assert all(path.startswith("logs/") for path in changed), changed
    assert [model.id for model in opened.models.list()] == ["price:2", "price:1"]


def test_the_reserve_is_made_again_when_there_is_room(disk: Path, home: Path, say: Say) -> None:
    whole = (home / "reserve").stat()
    assert whole.st_size == whole.st_blocks * 512
    assert whole.st_size >= 1 << 20
    place = fill(disk)
    assert say("stop one").startswith("0 ")
    assert (home / "reserve").stat().st_size < whole.st_size
    place.unlink()
    assert say("services").startswith("0 ")
    assert (home / "reserve").stat().st_size == whole.st_size


def test_without_a_reserve_a_service_is_stopped_all_the_same(disk: Path, home: Path, say: Say) -> None:
    facts = process_of(Workspace().services["one"])
    gc.collect()
    (home / "reserve").unlink()
    fill(disk)
    assert say("services").startswith("0 ")
    assert say("stop one").startswith("0 one is stopped")
    assert not lives(facts.pid, facts.born)
    # What is pruned makes the room that the rest needs.
    assert say("prune --yes").startswith("0 Removed 1 of 1")
    assert say("delete two --yes").startswith("0 two is deleted")


def test_on_a_read_only_disk_looking_and_stopping_work(
    disk: Path, home: Path, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its newest rows are still in the log of a process that died, which cannot be folded in there."""
    Workspace().models.list()
    code = "import os, signal\nfrom jupyter_deploy.workspace import Workspace\n"
    code += "Workspace().models.tag('price', {'stage': 'late'}); os.kill(os.getpid(), signal.SIGKILL)"
    gc.collect()
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (home / "state.db-wal").stat().st_size
    (home / "state.db-shm").unlink()
    facts = process_of(Workspace().services["one"])
    with read_only(disk, tmp_path / "view") as view:
        monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(view / "home"))
        for line in ("services", "overview", "state one", "logs one", "prune --dry-run", "invoke one [4]"):
            assert say(line).startswith("0 "), line
        assert "stage=late" in say("models")
        why = f"1 ReadOnly: {view / 'home'} is on a read-only file system.\nHint: "
        lines = ["deploy two --workers 2", "deploy new --script one", "reload two", "register more " + __file__]
        for line in (*lines, "tag price a=b", "unregister price:1 --yes", "delete two --yes", "prune --yes"):
            said = say(line)
            assert said.startswith(why), (line, said)
            assert len(said.strip().splitlines()) == 2
        assert say("invoke two [4]").startswith("0 ")
        assert say("stop one").startswith("0 one is stopped")
        assert not lives(facts.pid, facts.born)
        assert "one is stopped, but its row still says that it should run" in caplog.text
        with pytest.raises(ReadOnly):
            Workspace().register("more", {"a": 1})


def test_a_service_serves_on_a_full_disk_and_says_later_how_many_lines_were_lost(disk: Path, home: Path) -> None:
    opened = Workspace()
    opened.score_script("one", DOUBLE.replace("    return", "    print('x' * 3000)\n    return"))
    service = opened.services["one"]
    place = fill(disk)
    for number in range(40):
        assert service.invoke([number]) == [2 * number]
    assert service.state == "Healthy"
    place.unlink()
    service.invoke([1])
    told = until(lambda: re.search(r"(\d+) lines of the log were lost: No space left", service.logs(500)))
    # Three for each request: what it printed, and its access line, but for what the last page still took.
    assert 60 <= int(told[1]) <= 82
    assert all(re.match(r"\d{4}-", line) for line in service.logs(30).splitlines()[-2:])
