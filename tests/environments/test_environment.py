"""The noun: what decides its digest, what it shows of itself, what can be one, and the files it is read from."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.environments import Environment, from_stored, read_file, stored
from jupyter_deploy.environments.environment import checked
from jupyter_deploy.errors import ConfigProblem, DeployError, EnvironmentProblem

RUNNING = "{}.{}".format(*sys.version_info)
FULL = Environment(
    "full",
    python_version="3.12",
    requirements=("numpy==2.0", "Pandas>=2"),
    options=("--extra-index-url https://user:secret-index@h.example/simple",),
    constraints=("scipy<2",),
    base_image="registry.example/base:1",
    variables={"TOKEN": "secret-value"},
    version=3,
    notices=("conda packages are installed with pip: pytorch -> torch",),
)


@pytest.mark.parametrize(
    "change",
    [
        {"python_version": "3.13"},
        {"requirements": ("numpy==2.1", "Pandas>=2")},
        {"requirements": ("numpy==2.0",)},
        {"options": ()},
        {"options": ("--pre", *FULL.options)},
        {"constraints": ()},
        {"base_image": ""},
        {"dockerfile": "FROM other\n"},
    ],
    ids=str,
)
def test_what_is_installed_decides_the_digest(change: dict[str, Any]) -> None:
    assert replace(FULL, **change).digest != FULL.digest


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": 0},
        {"variables": {}},
        {"notices": ()},
        {"requirements": ("Pandas>=2", "numpy==2.0")},
    ],
    ids=str,
)
def test_all_else_does_not_decide_it(change: dict[str, Any]) -> None:
    assert replace(FULL, **change).digest == FULL.digest


def test_the_order_of_options_decides_since_the_first_index_wins() -> None:
    one, other = "--index-url https://a.example/simple", "--extra-index-url https://b.example/simple"
    assert Environment("x", options=(one, other)).digest != Environment("x", options=(other, one)).digest


def test_no_version_of_python_is_the_running_one_but_for_images() -> None:
    assert Environment("x").digest == Environment("x", python_version=RUNNING).digest
    assert (Environment("x").python, Environment("x", base_image="b").python) == (RUNNING, "")
    assert Environment("x", dockerfile="FROM b\n").python == ""
    assert Environment("x", "3.12", base_image="b").python == "3.12"
    assert [each.needs_image for each in (Environment("x"), FULL, Environment("x", dockerfile="FROM b\n"))] == [
        False,
        True,
        True,
    ]


def test_covers_what_needs_less() -> None:
    more = Environment("inferred", requirements=("a==1", "b==2"))
    less = replace(more, requirements=("a==1",))
    assert more.covers(less)
    assert more.covers(more)
    assert more.covers(replace(more, requirements=()))
    assert not less.covers(more)
    assert not more.covers(replace(less, requirements=("a==2",)))
    assert not more.covers(replace(less, python_version="3.12"))
    assert not more.covers(replace(less, options=("--pre",)))
    assert not more.covers(replace(less, base_image="b"))


def test_the_kernel_covers_itself_only() -> None:
    kernel, empty = Environment("kernel"), Environment("inferred")
    assert kernel.covers(kernel)
    assert not kernel.covers(empty)
    assert not empty.covers(kernel)


@pytest.mark.parametrize("shown", [repr, lambda each: json.dumps(each.as_dict())], ids=["repr", "as_dict"])
def test_secrets_are_not_shown(shown: Any) -> None:
    told = shown(replace(FULL, requirements=("demo @ https://user:secret-url@h.example/demo-1.0-py3-none-any.whl",)))
    assert "secret" not in told
    assert "h.example/demo" in told
    assert "full" in told


def test_as_dict_names_variables() -> None:
    told = FULL.as_dict()
    assert told["variables"] == ["TOKEN"]
    assert told["digest"] == FULL.digest
    assert told["options"] == ("--extra-index-url https://***@h.example/simple",)


def test_stored_and_back() -> None:
    back = from_stored(json.loads(json.dumps(stored(FULL))))
    assert back == FULL
    assert back.notices == FULL.notices
    assert back.digest == FULL.digest
    assert back.variables == {"TOKEN": "secret-value"}
    assert hash(back) == hash(FULL)


@pytest.mark.parametrize("name", ["a", "A.b-c_9", "9x", "x" * 255])
def test_good_names(name: str) -> None:
    assert checked(Environment(name)).name == name


@pytest.mark.parametrize(
    "name",
    ["", "-a", ".a", "a b", "a/b", "a:1", "x" * 256, "kernel", "inferred", 5, "a\n"],
)
def test_bad_names(name: Any) -> None:
    with pytest.raises(EnvironmentProblem, match="cannot be an environment's name") as caught:
        checked(Environment(name))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["azureml-sklearn", "AzureML-x", "Microsoft.x", "microsoft"])
def test_reserved_names(name: str) -> None:
    with pytest.raises(EnvironmentProblem, match="Azure's own"):
        checked(Environment(name))


@pytest.mark.parametrize("version", ["3.9", "3.8", "2.7", "3", "3.11.4", "three", "3.1"])
def test_pythons_that_cannot_be_used(version: str) -> None:
    with pytest.raises(EnvironmentProblem, match=f"Python {version} cannot be used"):
        checked(Environment("x", version))


@pytest.mark.parametrize("version", ["", "3.12", "3.14"])
def test_pythons_that_can(version: str) -> None:
    assert checked(Environment("x", version)).python_version == version


@pytest.mark.parametrize("variables", [{"a b": "x"}, {"": "x"}, {"1A": "x"}, {"A": 5}, {"A": "x\0y"}, {"A=B": "x"}])
def test_variables_that_cannot_be(variables: dict[str, Any]) -> None:
    with pytest.raises(EnvironmentProblem, match="cannot be an environment variable") as caught:
        checked(Environment("x", variables=variables))
    assert "y" not in caught.value.message.partition("cannot")[0]


def test_options_among_the_requirements_find_their_place() -> None:
    made = checked(
        Environment("x", requirements=("--pre", "numpy # the newest", "azureml-defaults"), options=("-f x",))
    )
    assert made.requirements == ("numpy",)
    assert made.options == ("-f x", "--pre")


def test_a_line_that_is_no_requirement_is_named() -> None:
    with pytest.raises(ConfigProblem, match=r"environment x, line 2: 'numpy=1' is not a requirement"):
        checked(Environment("x", requirements=("scipy", "numpy=1")))


CONDA = """\
name: file-name
channels: [conda-forge]
dependencies:
  - python=3.12
  - numpy=2.0
  - pytorch
  - pip
  - pip:
    - --extra-index-url https://h.example/simple
    - azureml-defaults
    - flask>=2
variables:
  SETTING: "7"
"""


def test_from_a_conda_file(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text(CONDA)
    made = Environment.from_conda_specification("mine", tmp_path / "env.yml")
    assert (made.name, made.python_version) == ("mine", "3.12")
    assert made.requirements == ("numpy==2.0.*", "torch", "flask>=2")
    assert made.options == ("--extra-index-url https://h.example/simple",)
    assert made.variables == {"SETTING": "7"}
    assert any("pytorch -> torch" in notice for notice in made.notices)


def test_from_requirements_with_what_they_include(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("-r more.txt\n-c bounds.txt\nnumpy==2.0  # pinned\n--pre\n")
    (tmp_path / "more.txt").write_text("pandas\n")
    (tmp_path / "bounds.txt").write_text("scipy<2\n")
    made = Environment.from_pip_requirements("mine", str(tmp_path / "r.txt"), pip_version="20")
    assert made == Environment(
        "mine", requirements=("pandas", "numpy==2.0"), options=("--pre",), constraints=("scipy<2",)
    )


def test_from_an_image_with_packages(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("numpy\n")
    (tmp_path / "env.yml").write_text("dependencies: [python=3.11, scipy]\n")
    bare = Environment.from_docker_image("mine", "registry.example/base:1")
    assert bare == Environment("mine", base_image="registry.example/base:1")
    with_pip = Environment.from_docker_image("mine", "b", None, pip_requirements=tmp_path / "r.txt")
    assert with_pip == Environment("mine", requirements=("numpy",), base_image="b")
    with_conda = Environment.from_docker_image("mine", "b", conda_specification=tmp_path / "env.yml")
    assert with_conda == Environment("mine", "3.11", ("scipy",), base_image="b")
    with pytest.raises(EnvironmentProblem, match="not both"):
        Environment.from_docker_image("mine", "b", None, tmp_path / "env.yml", tmp_path / "r.txt")


@pytest.mark.parametrize("image", ["", "  "])
def test_no_image_is_none(image: str) -> None:
    with pytest.raises(EnvironmentProblem, match="image"):
        Environment.from_docker_image("mine", image)


def test_from_a_dockerfile_or_its_text(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("# syntax\nARG A=1\nfrom base:1 AS x\nENV A=1\n")
    made = Environment.from_dockerfile("mine", tmp_path / "Dockerfile")
    assert made.dockerfile == (tmp_path / "Dockerfile").read_text()
    assert Environment.from_dockerfile("mine", made.dockerfile).digest == made.digest
    assert Environment.from_dockerfile("mine", "FROM base:1").dockerfile == "FROM base:1"
    (tmp_path / "Bad").write_text("RUN true\n")
    with pytest.raises(EnvironmentProblem, match="has no FROM line"):
        Environment.from_dockerfile("mine", tmp_path / "Bad")


@pytest.mark.parametrize(
    "read", [Environment.from_conda_specification, Environment.from_pip_requirements, Environment.from_dockerfile]
)
def test_files_that_cannot_be_read(read: Any, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"missing\.txt.* cannot be read: No such file") as caught:
        read("mine", tmp_path / "missing.txt")
    assert caught.value.hint
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DeployError, match="cannot be read: it is no text"):
        read("mine", tmp_path / "binary")
    with pytest.raises(DeployError, match="cannot be read: Is a directory"):
        read("mine", tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependencies: [mkl_fft, cudatoolkit-dev, r-base]\n", r"env\.yml: .*r-base.* without an equivalent for pip"),
        ("dependencies: [python=3.9]\n", r"Python 3\.9 cannot be used"),
        ("dependencis: [numpy]\n", r"env\.yml.*dependencis"),
        ("dependencies: [numpy\n", r"env\.yml"),
    ],
)
def test_bad_conda_files_are_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text(text)
    with pytest.raises(DeployError, match=message) as caught:
        Environment.from_conda_specification("mine", tmp_path / "env.yml")
    assert caught.value.hint or caught.value.details


def test_a_bad_requirement_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("numpy\n\n./local\n")
    with pytest.raises(ConfigProblem, match=r"r\.txt, line 3: './local' is on this machine's disk only"):
        Environment.from_pip_requirements("mine", tmp_path / "r.txt")


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("env.yml", "dependencies: [numpy]\n", "env"),
        ("my env.yaml", "dependencies: [numpy]\n", "my-env"),
        ("requirements.txt", "numpy\n", "requirements"),
        ("Dockerfile", "FROM b\n", "Dockerfile"),
        ("train.dockerfile", "FROM b\n", "train"),
        ("kernel.txt", "numpy\n", "file-kernel"),
        ("inferred.yml", "dependencies: [numpy]\n", "file-inferred"),
        ("_.txt", "numpy\n", "environment"),
        (f"{'n' * 250}.txt", "numpy\n", "n" * 250),
        ("azureml-env.yml", "dependencies: [numpy]\n", "file-azureml-env"),
    ],
)
def test_a_file_is_read_by_its_kind_and_named_after_itself(file: str, text: str, name: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    made = read_file(tmp_path / file)
    assert made.name == name
    assert (made.requirements, made.dockerfile) == ((), text) if "FROM" in text else (("numpy",), "")
