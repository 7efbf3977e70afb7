"""What importing costs, in a fresh interpreter: which modules, and how long compared with a bare one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROUNDS = 7


def fresh(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after the code."""
    return {name.partition(".")[0] for name in modules_after(code)}


def modules_after(code: str) -> list[str]:
    """All modules that a fresh interpreter has loaded after the code."""
    printed = fresh(f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))")
    return list(json.loads(printed.splitlines()[-1]))


def best(measure: Callable[[], float]) -> float:
    """The least of several rounds: noise only ever adds."""
    return min(measure() for _ in range(ROUNDS))


def milliseconds(before: str, code: str) -> float:
    """The processor's time for the code, after what is loaded before it: other programs do not add to that."""
    timed = (
        f"import time\n{before}\nstarted = time.process_time()\n{code}\nprint((time.process_time() - started) * 1000)"
    )
    return float(fresh(timed).splitlines()[-1])


def milliseconds_from_start(code: str) -> float:
    """The processor's time of a process that runs the code."""
    return float(fresh(f"{code}\nimport time; print(time.process_time() * 1000)"))


def test_importing_the_package_costs_at_most_10_ms() -> None:
    assert best(lambda: milliseconds("", "import jupyter_deploy")) <= 10


def test_importing_the_package_is_small_beside_a_bare_interpreter() -> None:
    bare = best(lambda: milliseconds_from_start("pass"))
    with_package = best(lambda: milliseconds_from_start("import jupyter_deploy"))
    assert with_package / bare <= 2.0


SHELL = "from IPython.core.interactiveshell import InteractiveShell\nip = InteractiveShell.instance()"
LOAD = "ip.run_line_magic('load_ext', 'jupyter_deploy')"


def test_load_ext_costs_at_most_50_ms_over_ipython() -> None:
    took = best(lambda: milliseconds(SHELL, LOAD))
    ipython = best(lambda: milliseconds("", SHELL))
    assert took <= 50
    assert took / ipython <= 0.5


def test_load_ext_loads_nothing_heavy() -> None:
    heavy = {"docker", "ipywidgets", "joblib", "numpy", "requests", "sqlalchemy", "uvicorn", "sklearn", "psutil"}
    assert not loaded(f"{SHELL}\n{LOAD}") & heavy
    assert "jupyter_deploy" in loaded(f"{SHELL}\n{LOAD}")


COMMAND = "import sys\nfrom jupyter_deploy.cli import main\nsys.argv[1:] = ['services']\nassert main() == 0"


def test_a_short_command_loads_what_it_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside SQLAlchemy, which is most of its time; loading all of the package took more than twice as long."""
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path))
    names = modules_after(COMMAND)
    rooms = {".".join(name.split(".")[:2]) for name in names if name.startswith("jupyter_deploy.")}
    unused = {"capture", "compute", "datasets", "frameworks", "magics", "registry", "routing", "runs", "scoring", "sdk"}
    assert not rooms & {f"jupyter_deploy.{room}" for room in unused}
    assert sum(name.startswith("jupyter_deploy") for name in names) <= 90
    assert not {name.partition(".")[0] for name in names} & {"docker", "filelock", "fsspec", "numpy", "psutil", "yaml"}
    assert "sqlalchemy.orm" not in names


@pytest.mark.parametrize("module", ["front.server", "worker.worker", "worker.forkserver", "front.http", "__main__"])
def test_the_runtime_knows_nothing_of_jupyter(module: str) -> None:
    names = loaded(f"import jupyter_deploy.serving.{module}")
    forbidden = {"IPython", "traitlets", "ipywidgets", "docker", "sqlalchemy", "pydantic", "requests", "psutil"}
    assert not names & forbidden
    assert not {name for name in names if name.startswith("jupyter_")} - {"jupyter_deploy"}


def test_a_worker_starts_without_the_http_engine() -> None:
    assert not loaded("import jupyter_deploy.serving.worker.forkserver") & {"uvicorn", "uvloop", "numpy", "asyncio"}


def test_the_other_distribution_is_refused(tmp_path: object) -> None:
    code = (
        "import pathlib, shutil, subprocess, sys, tempfile, jupyter_deploy\n"
        "root = pathlib.Path(tempfile.mkdtemp())\n"
        "shutil.copytree(pathlib.Path(jupyter_deploy.__file__).parent, root / 'jupyter_deploy')\n"
        "(root / 'jupyter_deploy-0.8.1.dist-info').mkdir()\n"
        "command = [sys.executable, '-c', 'import jupyter_deploy']\n"
        "run = subprocess.run(command, cwd=root, stderr=subprocess.PIPE, text=True)\n"
        "shutil.rmtree(root)\n"
        "print(run.returncode, run.stderr)"
    )
    printed = fresh(code)
    assert printed.startswith("1 ")
    assert "ImportError: Another distribution, 'jupyter-deploy'" in printed
    assert "Hint: pip uninstall" in printed
