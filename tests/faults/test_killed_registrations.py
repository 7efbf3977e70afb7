"""``kill -9`` at any point of a registration, and many processes at once: whole versions or none, and nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_deploy.store import Claims
from jupyter_deploy.workspace import Workspace

PREAMBLE = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from jupyter_deploy import files, registry, workspace as workspaces
from jupyter_deploy.registry import Models
from jupyter_deploy.store import staging
from jupyter_deploy.store.artifacts import ArtifactStore, TreeWriter
from jupyter_deploy.store.hashing import HashingFile
from jupyter_deploy.workspace import Workspace

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def before(owner, name, then=die):
    original = getattr(owner, name)
    def hooked(*args, **kwargs):
        then()
        return original(*args, **kwargs)
    setattr(owner, name, hooked)

def after(owner, name, then=die, nth=1):
    original, calls = getattr(owner, name), []
    def hooked(*args, **kwargs):
        result = original(*args, **kwargs)
        calls.append(1)
        if len(calls) == nth:
            then()
        return result
    setattr(owner, name, hooked)
"""
OPEN = """
source = Path(sys.argv[1])
workspace = Workspace()
"""
# Forks for each job: starting an interpreter for each would take most of the time of these tests.
FORKS = """
import fsspec, json, orjson, sqlalchemy.dialects.sqlite

for line in sys.stdin:
    home, source, code = json.loads(line)
    pid = os.fork()
    if not pid:
        try:
            os.environ['JUPYTER_DEPLOY_HOME'] = home
            source, workspace = Path(source), Workspace()
            exec(code)
            os._exit(0)
        finally:
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of two files and an empty folder."""
    (tmp_path / "churn" / "hollow").mkdir(parents=True)
    (tmp_path / "churn" / "a.bin").write_bytes(bytes(3 << 20))
    (tmp_path / "churn" / "b.txt").write_text("b")
    return tmp_path / "churn"


@contextmanager
def child(code: str, *arguments: object, start: str = OPEN) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that never outlives the test."""
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + start + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


Run = Callable[[Path, Path, str], int]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run code in a process of its own and return how it ended, as :mod:`subprocess` would."""
    with child(FORKS, start="") as process:

        def run_one(home: Path, source: Path, code: str) -> int:
            assert process.stdin is not None
            process.stdin.write(json.dumps([str(home), str(source), code]) + "\n")
            process.stdin.flush()
            return int(line(process))

        yield run_one


def check_consistent(workspace: Workspace, out: Path) -> None:
    """Every version is whole, and there is no file that no version names, once somebody has looked."""
    assert list(workspace.services) == []
    models = workspace.models.list()
    assert {path.name for path in workspace.home.artifacts.iterdir()} == {model.digest for model in models}
    assert list(workspace.home.staging.iterdir()) == []
    assert list(workspace.home.bundles.iterdir()) == []
    for model in models:
        place = workspace.models.download(model.id, out / model.id)
        found = [path for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()]
        assert sum(path.stat().st_size for path in found) == model.size


@pytest.mark.parametrize(
    ("hook", "versions", "following"),
    [
        pytest.param("before(HashingFile, 'close')", [1], 2, id="the first file is half written"),
        pytest.param("after(HashingFile, 'close')", [1], 2, id="one of two files is written"),
        pytest.param("before(TreeWriter, 'finish')", [1], 2, id="all files are written"),
        pytest.param("before(staging.Stage, 'claim')", [1], 2, id="staged and not claimed"),
        pytest.param("before(Models, 'add')", [1], 2, id="staged and claimed"),
        pytest.param("before(ArtifactStore, 'publish')", [1], 2, id="about to rename"),
        pytest.param("after(ArtifactStore, 'publish')", [1], 2, id="renamed without a row"),
        pytest.param("sa.event.listen(workspace._database.engine, 'commit', die)", [1], 2, id="about to commit"),
        pytest.param("after(Models, 'add')", [1, 2], 3, id="committed"),
        pytest.param("before(staging, '_remove')", [1, 2], 3, id="about to clean up"),
        pytest.param("after(staging.shutil, 'rmtree')", [1, 2], 3, id="half cleaned up"),
    ],
)
def test_a_registration_killed(
    run: Run, home: Path, tmp_path: Path, folder: Path, hook: str, versions: list[int], following: int
) -> None:
    code = f"workspace.register('churn', source / 'b.txt')\n{hook}\nworkspace.register('churn', source)"
    assert run(home, folder, code) == -signal.SIGKILL

    workspace = Workspace()
    assert sorted(model.version for model in workspace.models.list("churn")) == versions
    check_consistent(workspace, tmp_path / "out")
    assert workspace.register("churn", folder).version == following
    check_consistent(workspace, tmp_path / "again")


@pytest.mark.parametrize(
    ("hook", "versions"),
    [
        pytest.param("sa.event.listen(workspace._database.engine, 'commit', die)", [1, 2], id="about to commit"),
        pytest.param(
            "from jupyter_deploy.deploying import Garbage; before(Garbage, 'collect_artifact')",
            [1],
            id="the row is gone",
        ),
        pytest.param("before(ArtifactStore, 'remove')", [1], id="about to remove the files"),
        pytest.param("before(files.shutil, 'rmtree')", [1], id="renamed away"),
    ],
)
def test_an_unregistration_killed(
    run: Run, home: Path, tmp_path: Path, folder: Path, hook: str, versions: list[int]
) -> None:
    code = f"""
for path in (source / 'b.txt', source):
    workspace.register('churn', path)
{hook}
workspace.unregister('churn:2')
"""
    assert run(home, folder, code) == -signal.SIGKILL

    workspace = Workspace()
    assert sorted(model.version for model in workspace.models.list("churn")) == versions
    workspace.housekeeping.remove(workspace.housekeeping.leftovers())
    check_consistent(workspace, tmp_path / "out")
    assert workspace.register("churn", folder).version == 3


def test_the_next_change_clears_away_what_a_killed_registration_left(run: Run, home: Path, folder: Path) -> None:
    code = "after(ArtifactStore, 'publish')\nworkspace.register('churn', source)"
    assert run(home, folder, code) == -signal.SIGKILL
    workspace = Workspace()
    assert len(list(workspace.home.artifacts.iterdir())) == 1
    model = workspace.register("other", folder / "b.txt")
    assert [entry.name for entry in workspace.home.artifacts.iterdir()] == [model.digest]
    assert list(workspace.home.staging.iterdir()) == []


def test_the_hooks_alone_kill(run: Run, home: Path, folder: Path) -> None:
    assert run(home, folder, "workspace.register('churn', source)") == 0
    assert run(home, folder, "raise ValueError('mine')") == 1
    assert [model.id for model in Workspace().models.list()] == ["churn:1"]


def test_killed_wherever_it_happens_to_be(home: Path, tmp_path: Path, folder: Path) -> None:
    code = """
number = 0
while True:
    number += 1
    (source / 'b.txt').write_text(str(number))
    print(workspace.register('churn', source).version, flush=True)
"""
    expected = 0
    for rounds in (1, 3):
        with child(code, folder) as process:
            for _ in range(rounds):
                expected += 1
                assert int(line(process)) >= expected
            process.kill()
            process.wait(timeout=60)
        workspace = Workspace()
        found = sorted(model.version for model in workspace.models.list("churn"))
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= expected
        expected = len(found)
        check_consistent(workspace, tmp_path / f"out{rounds}")


def test_eight_at_once(home: Path, tmp_path: Path) -> None:
    code = """
(source / f'{sys.argv[2]}.txt').write_text('model ' + sys.argv[2])
print('ready', flush=True)
sys.stdin.readline()
for _ in range(4):
    print(Workspace().register('churn', source / f'{sys.argv[2]}.txt').version, flush=True)
"""
    (tmp_path / "files").mkdir()
    with _all(code, tmp_path / "files", 8) as processes:
        assert [line(process) for process in processes] == ["ready"] * 8
        for process in processes:
            go(process)
        printed = [process.communicate(timeout=100)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert all([int(version) for version in mine] == sorted(map(int, mine)) for mine in printed)
    assert sorted(int(version) for mine in printed for version in mine) == list(range(1, 33))

    workspace = Workspace()
    assert {model.version: model.entry for model in workspace.models.list("churn")} == {
        int(version): f"{number}.txt" for number, mine in enumerate(printed) for version in mine
    }
    check_consistent(workspace, tmp_path / "out")


@contextmanager
def _all(code: str, source: Path, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield [stack.enter_context(child(code, source, number)) for number in range(count)]


@pytest.mark.parametrize(
    ("hook", "rubbish"),
    [
        pytest.param("before(Models, 'add', wait)", True, id="staged"),
        pytest.param("before(ArtifactStore, 'publish', wait)", False, id="about to rename"),
        pytest.param("after(ArtifactStore, 'publish', wait)", False, id="renamed without a row"),
    ],
)
def test_a_living_registration_is_not_collected(
    home: Path, tmp_path: Path, folder: Path, hook: str, rubbish: bool
) -> None:
    code = f"""
def wait():
    print('here', flush=True)
    sys.stdin.readline()

{hook}
print(workspace.register('churn', source).version)
"""
    with child(code, folder) as process:
        assert line(process) == "here"
        workspace = Workspace()
        if rubbish:
            # What is to be collected makes this process go all the way, under the write lock.
            left = workspace.home.artifacts / ("0" * 64)
            left.mkdir()
            workspace.housekeeping.garbage.collect()
            assert not left.exists()
        else:
            workspace.housekeeping.garbage.collect()
        assert list(workspace.services) == []
        assert len(list(workspace.home.staging.glob("*.lock"))) == 1
        go(process)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out.strip()) == (0, "1")
    assert workspace.models["churn"].version == 1
    check_consistent(workspace, tmp_path / "out")


def test_stages_of_one_process_and_of_a_dead_one(tmp_path: Path) -> None:
    dead = "d" * 32
    (tmp_path / dead).mkdir()
    (tmp_path / dead / "half").write_text("x")
    (tmp_path / f"{dead}.claims").write_text("dead\n")
    (tmp_path / f"{dead}.lock").touch()
    (tmp_path / "trash-old-1-1").mkdir()
    claims = Claims(tmp_path)
    with claims.open() as one, claims.open() as two:
        one.claim("a")
        one.claim("b")
        two.claim("c")
        assert claims.living() == {"a", "b", "c"}
        left = claims.left_behind()
        assert left.digests == {"dead"}
        left.remove()
        assert [claims.is_open(token) for token in (dead, one.token, two.token)] == [False, True, True]
        assert one.folder.is_dir()
        assert two.folder.is_dir()
        assert not (tmp_path / dead).exists()
        assert not (tmp_path / "trash-old-1-1").exists()
    assert claims.living() == set()
    assert list(tmp_path.iterdir()) == []


def test_a_stage_goes_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), Claims(tmp_path).open() as opened:
        (opened.folder / "file").write_text("x")
        raise ValueError("mine")
    assert list(tmp_path.iterdir()) == []


def test_the_home_is_for_its_owner_only(home: Path) -> None:
    old = os.umask(0)
    try:
        Workspace()
    finally:
        os.umask(old)
    assert home.stat().st_mode & 0o777 == 0o700
