"""The installer's words as progress and as problems, from uv itself; the files that serve; amounts users write."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.deploying.asked import cpus_of, memory_of
from jupyter_deploy.environments import Environment, runtime, uv
from jupyter_deploy.errors import EnvironmentProblem, UsageProblem
from jupyter_deploy.home import Home
from tests.index import Index, serve, wheel


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installer") / "venv"
    command = [uv.binary(), "venv", "--no-project", "--no-config", "--python", sys.executable, folder]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    needs_new = wheel("jdtest_new", "1.0")[0], _needing_python(">=3.99")
    with serve(wheel("jdtest_one", "1.0"), wheel("jdtest_one", "2.0"), needs_new, wheel("jdtest", "1.0")) as served:
        yield served


def _needing_python(versions: str) -> bytes:
    import io
    import zipfile

    _, data = wheel("jdtest_new", "1.0")
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.namelist():
            text = old.read(entry).decode()
            new.writestr(entry, text.replace("Name:", f"Requires-Python: {versions}\nName:"))
    return made.getvalue()


class Run:
    """uv, run on lines, and what was heard of it."""

    def __init__(self, venv: Path, url: str, *lines: str) -> None:
        self.environment = Environment("demo", requirements=lines)
        file = venv.parent / "requirements.txt"
        file.write_text("".join(f"{line}\n" for line in lines))
        cache = venv.parent / "cache"
        environ = {**os.environ, "UV_DEFAULT_INDEX": url, "UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": str(cache)}
        command = uv.install_command(str(uv.binary()), str(venv), str(file))
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        self.code, self.steps = done.returncode, uv.Steps(0.1, 0.9)
        self.progress = [shown for line in done.stderr.splitlines() if (shown := self.steps.hear(line))]

    @property
    def problem(self) -> EnvironmentProblem:
        assert self.code, self.steps.said
        return self.steps.problem(self.environment)


def test_progress_only_grows_within_its_part(venv: Path, index: Index) -> None:
    run = Run(venv, index.url, "jdtest-one==1.0")
    assert run.code == 0, run.steps.said
    words = [shown.split("% ")[1] for shown in run.progress]
    assert words == ["resolved 1 package", "installing 1 package", "compiling 1 package", words[-1]]
    assert words[-1].startswith("compiled ")
    parts = [int(shown.split("%")[0].split()[-1]) for shown in run.progress]
    assert parts == sorted(parts)
    assert 10 < parts[0] < parts[-1] <= 90


@pytest.mark.parametrize(
    ("lines", "blamed", "said", "hint"),
    [
        (("jdtest-one==9.9",), "jdtest-one==9.9", "no version of jdtest-one==9.9", "loosen the pin"),
        (("jdtest-one>=2", "jdtest-one < 2"), "jdtest-one>=2, jdtest-one < 2", "unsatisfiable", "loosen the pin"),
        (("jdtest-one", "jdtest-nowhere"), "jdtest-nowhere", "not found in the package registry", "spelling"),
        (("jdtest-one", "jdtest-one=3"), "jdtest-one=3", 'no such comparison operator "="', "Correct what is named"),
        (("jdtest-new",), "jdtest-new", "3.99", "does not exist for this Python"),
        (("jdtest", "jdtest-one", "JDtest_One == 9"), "JDtest_One == 9", "jdtest-one==9", "loosen the pin"),
    ],
    ids=["no such version", "contradiction", "no such package", "malformed", "newer Python", "another spelling"],
)
def test_the_line_to_blame_is_named(
    venv: Path, index: Index, lines: tuple[str, ...], blamed: str, said: str, hint: str
) -> None:
    problem = Run(venv, index.url, *lines).problem
    assert problem.message == f"The environment demo cannot be installed: {blamed}."
    assert said in problem.details
    assert hint in problem.hint


def test_an_index_that_nobody_serves(venv: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://user:secret@127.0.0.1:{closed.getsockname()[1]}/simple"
        problem = Run(venv, url, "jdtest-two").problem
    assert problem.message == "The environment demo cannot be installed: jdtest-two."
    assert "127.0.0.1" in problem.details
    assert "index cannot be reached" in problem.hint
    assert "secret" not in problem.text()


def test_an_index_that_wants_another_password(venv: Path) -> None:
    with serve(wheel("jdtest_locked", "1.0"), credentials="user:right") as locked:
        problem = Run(venv, locked.url.replace("right", "wr0ng"), "jdtest-locked").problem
    assert "jdtest-locked" in problem.message
    assert "wr0ng" not in problem.text()
    assert "password" in problem.hint


def test_credentials_of_a_line_to_blame_are_not_shown(venv: Path, index: Index) -> None:
    url = f"http://user:secret@{index.host_and_port}/files/jdtest_gone-1.0-py3-none-any.whl"
    problem = Run(venv, index.url, f"jdtest-gone @ {url}").problem
    assert "jdtest-gone @ http://***@" in problem.message
    assert "secret" not in problem.text()
    assert "nothing at that address" in problem.hint


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("error: Failed to write to the client cache: No space left on device (os error 28)", "disk is full"),
        ("  cause: dns error", "index cannot be reached"),
        ("  cause: invalid peer certificate: UnknownIssuer", "index cannot be reached"),
        ("error: something new", "The words above are the installer's."),
    ],
)
def test_hints_for_what_no_test_can_bring_about(line: str, hint: str) -> None:
    steps = uv.Steps()
    assert steps.hear(line) == ""
    assert hint in steps.problem(Environment("demo")).hint


def test_only_the_last_words_are_shown() -> None:
    steps = uv.Steps()
    for number in range(100):
        steps.hear(f"line {number}")
    assert steps.problem(Environment("demo")).details.splitlines() == [f"line {number}" for number in range(85, 100)]


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (0, "░" * 20 + "   0% x"),
        (0.5, "█" * 10 + "░" * 10 + "  50% x"),
        (1, "█" * 20 + " 100% x"),
    ],
)
def test_the_bar(fraction: float, shown: str) -> None:
    assert uv.bar(fraction, "x") == shown


def test_the_server_needs_only_what_is_declared() -> None:
    names = {line.partition(">")[0] for line in uv.runtime_requirements()}
    assert names == {"httptools", "orjson", "prometheus-client", "pyjwt", "uvicorn", "uvloop", "werkzeug"}
    wanted = uv.lines(Environment("x", requirements=("a==1",), options=("--pre",)))
    assert wanted[:2] == ["--pre", "a==1"]
    assert wanted[2:] == uv.runtime_requirements()


def test_the_files_that_serve_are_put_once_and_work_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    folder = runtime.ensure(home)
    assert folder == home.runtime / runtime.digest()
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == runtime.files()
    assert "jupyter_deploy/serving/front/server.py" in found
    assert not any("targets" in name or "display" in name for name in found)
    before = folder.stat().st_ino
    assert runtime.ensure(home).stat().st_ino == before
    assert list(home.staging.iterdir()) == []
    code = "import jupyter_deploy.serving.config, sys; print(sys.modules['jupyter_deploy'].__file__)"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.strip() == str(folder / "jupyter_deploy" / "__init__.py"), ran.stderr


def test_eight_processes_put_the_files_at_once(home: Path) -> None:
    code = (
        "from jupyter_deploy.environments import runtime; from jupyter_deploy.home import Home; import pathlib, sys\n"
        "home = Home(pathlib.Path(sys.argv[1])); home.create(); print(runtime.ensure(home))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, home], stdout=subprocess.PIPE) for _ in range(8)]
    said = {process.communicate(timeout=60)[0].decode().strip() for process in started}
    assert said == {str(home / "runtime" / runtime.digest())}
    shutil.rmtree(home)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (0, 0),
        ("0", 0),
        (32 << 20, 32 << 20),
        ("512m", 512 << 20),
        ("512M", 512 << 20),
        ("512MB", 512 << 20),
        ("512 MiB", 512 << 20),
        ("1.5GiB", 3 << 29),
        ("2g", 2 << 30),
        (" 1t ", 1 << 40),
        ("65536k", 64 << 20),
        ("536870912b", 512 << 20),
    ],
)
def test_amounts_of_memory(given: Any, size: int) -> None:
    assert memory_of(given) == size


@pytest.mark.parametrize("given", ["", "m", "-1", -5, "1.5.2g", "2 gigs", "2gg", "1e9", None, True, "inf", "nan"])
def test_what_is_no_amount_of_memory(given: Any) -> None:
    with pytest.raises(UsageProblem, match="memory cannot be") as caught:
        memory_of(given)
    assert "512m" in caught.value.hint


@pytest.mark.parametrize("given", [1, 1024, "31m", "1k"])
def test_too_little_memory(given: Any) -> None:
    with pytest.raises(UsageProblem, match="too little"):
        memory_of(given)


@pytest.mark.parametrize(
    ("given", "number"), [(0, 0.0), ("0", 0.0), (0.5, 0.5), ("0.5", 0.5), (2, 2.0), (0.01, 0.01), (9999, 9999.0)]
)
def test_numbers_of_processors(given: Any, number: float) -> None:
    assert cpus_of(given) == number


@pytest.mark.parametrize("given", ["", "two", -1, 0.001, 10_000, "nan", "inf", None, [], "1,5"])
def test_what_is_no_number_of_processors(given: Any) -> None:
    with pytest.raises(UsageProblem, match="cpus cannot be"):
        cpus_of(given)
