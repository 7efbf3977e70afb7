"""``Environment.add_private_pip_wheel``: kept by content, told where it differs, installed where a service runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy.environments import Wheels
from jupyter_deploy.environments.wheels import placed
from jupyter_deploy.errors import EnvironmentProblem
from jupyter_deploy.home import Home
from jupyter_deploy.sdk.v1 import (
    CondaDependencies,
    Environment,
    InferenceConfig,
    LocalWebservice,
    Model,
    UserErrorException,
    WebserviceException,
    Workspace,
)
from tests.index import wheel

SCORE = "import jdtest_own\n\n\ndef init(): ...\n\n\ndef run(data):\n    return jdtest_own.WORD\n"


@pytest.fixture
def own(folder: Path) -> Callable[[str], Path]:
    """Writes the wheel ``jdtest_own`` 1.0 that says a word."""

    def written(word: str) -> Path:
        name, data = wheel("jdtest_own", "1.0", f"WORD = {word!r}\n")
        place = folder / "dist of mine" / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        return place

    return written


def with_wheel(address: str) -> Environment:
    made = Environment("with-wheel")
    made.python.conda_dependencies = CondaDependencies.create(pip_packages=[address])
    return made


def test_it_is_kept_once_and_other_content_is_told(ws: Workspace, own: Callable[[str], Path]) -> None:
    first = Environment.add_private_pip_wheel(ws, own("one"))
    assert re.fullmatch(r"jupyter-deploy-wheel://[0-9a-f]{64}/jdtest_own-1\.0-py3-none-any\.whl", first)
    assert Environment.add_private_pip_wheel(workspace=ws, file_path=str(own("one")), exist_ok=False) == first
    with pytest.raises(UserErrorException, match="is kept already, with other content: its SHA-256 is") as caught:
        Environment.add_private_pip_wheel(ws, own("two"))
    assert "exist_ok=True" in caught.value.message
    with pytest.warns(UserWarning, match="with other content: environments that have that one keep it"):
        second = Environment.add_private_pip_wheel(ws, own("two"), exist_ok=True)
    assert second != first
    # Both are there, and each is an environment of its own.
    one, two = (with_wheel(address).register(ws) for address in (first, second))
    assert (one.version, two.version) == ("1", "2")
    assert [*one.python.conda_dependencies.pip_packages] == [first]
    assert one._described().digest != two._described().digest  # type: ignore[union-attr]


def test_a_files_requirement_may_be_its_address(ws: Workspace, folder: Path, own: Callable[[str], Path]) -> None:
    address = Environment.add_private_pip_wheel(ws, own("one"))
    packages = CondaDependencies.create(pip_packages=["jdtest_own==0.9", address])
    assert [*packages.pip_packages] == [address], "it takes the place of the package of its name"
    packages.save("env.yml")
    assert [*Environment.from_conda_specification("a", "env.yml").python.conda_dependencies.pip_packages] == [address]
    (folder / "requirements.txt").write_text(f"{address} ; python_version > '3'\njdtest_other[x] @ {address}\n")
    read = Environment.from_pip_requirements("a", "requirements.txt")
    lines = [placed(line, Path("/a folder")) for line in read.python.conda_dependencies.pip_packages]
    url = "file:///a%20folder/" + address.partition("://")[2]
    assert lines == [f"jdtest_own @ {url} ; python_version > '3'", f"jdtest_other[x] @ {url}"]
    assert placed("numpy>=1", Path("/a")) == "numpy>=1"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("demo.whl", b"", "is not the name of a wheel"),
        ("demo-1.0.tar.gz", b"", "is not the name of a wheel"),
        ("demo-1.0-py3-none-any.whl", b"text", "is not a wheel: it is not a zip archive"),
        ("demo-1.0-py3-none-any.whl", wheel("demo", "1.0")[1].replace(b"METADATA", b"METABATA"), "has no .*METADATA"),
        ("demo-1.0-py3-none-any.whl", None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_wheel_is_refused(ws: Workspace, folder: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(UserErrorException, match=words):
        Environment.add_private_pip_wheel(ws, name)
    assert not [*folder.parent.glob("home/wheels/*")]


def test_another_workspace_and_changed_content_are_told(
    ws: Workspace, tmp_path: Path, own: Callable[[str], Path]
) -> None:
    address = Environment.add_private_pip_wheel(ws, own("one"))
    with pytest.raises(EnvironmentProblem, match=r"is not kept in this workspace") as caught:
        Wheels(Home(tmp_path / "other")).files([address])
    assert "add_private_pip_wheel(ws, 'dist/jdtest_own-1.0-py3-none-any.whl')" in str(caught.value.hint)
    (kept,) = (tmp_path / "home" / "wheels").glob("*/*.whl")
    kept.chmod(0o644)
    kept.write_bytes(own("two").read_bytes())
    with pytest.raises(EnvironmentProblem, match="its content has changed"):
        Wheels(Home(tmp_path / "home")).files([address])


def test_a_process_has_it_and_each_service_its_own(ws: Workspace, folder: Path, own: Callable[[str], Path]) -> None:
    (folder / "score.py").write_text(SCORE)
    first = Environment.add_private_pip_wheel(ws, own("one"))
    config = InferenceConfig("score.py", environment=with_wheel(first))
    service = Model.deploy(ws, "web", [], config, LocalWebservice.deploy_configuration())
    service.wait_for_deployment()
    assert service.run("{}") == "one"
    with pytest.warns(UserWarning, match="other content"):
        second = Environment.add_private_pip_wheel(ws, own("two"), exist_ok=True)
    service.update([], InferenceConfig("score.py", environment=with_wheel(second)))
    service.wait_for_deployment()
    assert service.run("{}") == "two"
    missing = with_wheel(second.replace(second[25:35], "0" * 10))
    with pytest.raises((UserErrorException, WebserviceException), match="not kept in this workspace"):
        service.update([], InferenceConfig("score.py", environment=missing))
    assert service.run("{}") == "two"


def test_a_packages_folder_brings_it(ws: Workspace, folder: Path, own: Callable[[str], Path]) -> None:
    (folder / "score.py").write_text(SCORE)
    address = Environment.add_private_pip_wheel(ws, own("one"))
    package = Model.package(ws, [], InferenceConfig("score.py", environment=with_wheel(address)), True)
    package.wait_for_creation()
    package.save("context")
    place = "wheels/" + address.partition("://")[2]
    assert (folder / "context" / place).read_bytes() == own("one").read_bytes()
    line = f"jdtest_own @ file:///opt/jupyter_deploy/{place}"
    assert line in (folder / "context" / "requirements.txt").read_text().splitlines()
    text = (folder / "context" / "Dockerfile").read_text()
    assert text.index("COPY wheels /opt/jupyter_deploy/wheels") < text.index("pip install")
    assert json.loads((folder / "context" / "config.json").read_text())
