"""Conda environments: azureml-core's class, the files, and what pip gets of them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from jupyter_deploy.environments.conda import CondaDependencies, read_conda, to_pip
from jupyter_deploy.environments.conda_names import INTERPRETER_PARTS, PIP_NAMES, SELECTORS, refusal
from jupyter_deploy.errors import ConfigProblem

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
UV = Path(sys.executable).with_name("uv")
SEED = """\
name: project_environment
dependencies:
  - python=3.6.2
  - scikit-learn=0.20.0
  - pip:
    - azureml-defaults
    - inference-schema[numpy-support]
channels: [conda-forge]
"""


def of(*packages: str, pip: tuple[str, ...] = ()) -> CondaDependencies:
    """An environment of conda packages and lines of pip's."""
    return read_conda({"dependencies": [*packages, {"pip": list(pip)}]}, "env.yml")


def test_a_package_whose_name_begins_with_python_is_none() -> None:
    for written in ("pythonnet=3.0.1", "conda-forge::pythonnet 3.0.1", "pythonnet==3.0.1"):
        dependencies = of(written, "python-dateutil")
        assert dependencies.python_version is None
        names = [Requirement(line).name for line in to_pip(dependencies, "env.yml").requirements]
        assert names == ["pythonnet", "python-dateutil"]


def test_the_default_is_azure_mls_with_the_running_python() -> None:
    dependencies = CondaDependencies()
    assert dependencies.as_dict() == {
        "name": "project_environment",
        "dependencies": [f"python={RUNNING}", {"pip": ["azureml-defaults"]}],
        "channels": ["anaconda", "conda-forge"],
    }
    assert dependencies.python_version == RUNNING
    form = to_pip(dependencies)
    assert (form.python_version, form.requirements, form.options, form.notices) == (RUNNING, (), (), ())


def test_a_cell_of_azure_mls_documentation(tmp_path: Path) -> None:
    dependencies = CondaDependencies()
    dependencies.add_conda_package("scikit-learn")
    text = dependencies.serialize_to_string()
    assert text.startswith("# ")
    assert yaml.safe_load(text) == dependencies.as_dict()
    (tmp_path / "env.yml").write_text(text)
    assert to_pip(CondaDependencies(str(tmp_path / "env.yml"))).requirements == ("scikit-learn",)


def test_create() -> None:
    made = CondaDependencies.create(
        pip_indexurl="https://a.example/simple",
        pip_packages=["azureml-defaults", "joblib>=1"],
        conda_packages=["numpy=1.26", "python=3.11"],
        python_version="3.12.11",
        pin_sdk_version=False,
    )
    assert list(made.pip_packages) == ["azureml-defaults", "joblib>=1"]
    assert list(made.conda_packages) == ["numpy=1.26"]
    assert list(made.pip_options) == ["--index-url https://a.example/simple"]
    assert made.python_version == "3.11"
    assert list(CondaDependencies.create().pip_packages) == ["azureml-defaults"]
    assert list(CondaDependencies.create(pip_packages=[]).pip_packages) == []
    with pytest.raises(ConfigProblem, match="pip_requirements must be a list") as caught:
        CondaDependencies.create(pip_packages="numpy")
    assert "['numpy']" in caught.value.hint


@pytest.mark.parametrize(
    "names", list(itertools.permutations(["scikit-learn", "scikit_learn==1.5", "Scikit.Learn>=1"]))
)
def test_the_last_of_a_name_stays(names: tuple[str, ...]) -> None:
    dependencies = CondaDependencies.create(pip_packages=names, conda_packages=[name.lower() for name in names])
    assert list(dependencies.pip_packages) == [names[-1]]
    assert list(dependencies.conda_packages) == [names[-1].lower()]
    dependencies.remove_pip_package(names[0])
    dependencies.remove_conda_package(names[1].lower())
    assert not [*dependencies.pip_packages, *dependencies.conda_packages]


def test_different_markers_stay_beside_each_other() -> None:
    lines = ["numpy<2; python_version < '3.10'", "numpy>=2; python_version >= '3.10'"]
    assert list(CondaDependencies.create(pip_packages=lines).pip_packages) == lines


def test_channels_options_and_python() -> None:
    dependencies = CondaDependencies()
    dependencies.add_channel("pytorch")
    dependencies.add_channel("pytorch")
    dependencies.remove_channel("anaconda")
    dependencies.remove_channel("nowhere")
    assert list(dependencies.conda_channels) == ["conda-forge", "pytorch"]
    dependencies.set_pip_index_url("https://a.example/simple")
    dependencies.set_pip_index_url("--index-url https://b.example/simple")
    dependencies.set_pip_option("--extra-index-url=https://c.example/simple")
    dependencies.set_pip_option("--extra-index-url https://d.example/simple")
    dependencies.set_pip_option("--pre")
    dependencies.remove_pip_option("--pre")
    dependencies.remove_pip_option("--extra-index-url https://c.example/simple")
    assert list(dependencies.pip_options) == [
        "--index-url https://b.example/simple",
        "--extra-index-url https://d.example/simple",
    ]
    assert to_pip(dependencies).options == tuple(dependencies.pip_options)
    dependencies.remove_pip_option("--extra-index-url")
    assert len(list(dependencies.pip_options)) == 1
    dependencies.set_python_version("3.12")
    assert dependencies.python_version == "3.12"
    with pytest.raises(ConfigProblem, match="'three' is not a version"):
        dependencies.set_python_version("three")
    dependencies.set_pip_requirements(["--pre", "numpy"])
    assert (list(dependencies.pip_options), list(dependencies.pip_packages)) == (["--pre"], ["numpy"])


def test_merge_requirements() -> None:
    lines = ["numpy>=1", "a[x]", "numpy<2", "A[y]==1", "a; sys_platform == 'x'", "https://h.example/z.zip"]
    assert CondaDependencies.merge_requirements(lines) == [
        "numpy<2,>=1",
        "a[x,y]==1",
        "a; sys_platform == 'x'",
        "https://h.example/z.zip",
    ]


def test_written_and_read_again(tmp_path: Path) -> None:
    dependencies = of("python=3.11", "numpy=1.26", pip=("--pre", "joblib"))
    assert dependencies.save_to_file(tmp_path, "a.yml") == "a.yml"
    again = CondaDependencies(tmp_path / "a.yml")
    assert again.as_dict() == dependencies.as_dict()
    again.add_channel("x")
    assert again.save() == str(tmp_path / "a.yml")
    assert "- x" in (tmp_path / "a.yml").read_text()
    assert CondaDependencies().save_to_file(str(tmp_path)) == "conda_dependencies.yml"
    with pytest.raises(ConfigProblem, match="no folder"):
        dependencies.save(tmp_path / "missing/a.yml")
    with pytest.raises(ConfigProblem, match=r"none.yml cannot be read: No such file"):
        CondaDependencies(tmp_path / "none.yml")


def test_the_seed_tutorials_file() -> None:
    form = to_pip(read_conda(SEED, "env.yml"))
    assert form.python_version == "3.6"
    assert form.requirements == ("scikit-learn==0.20.0.*", "inference-schema[numpy-support]")
    assert form.notices == ("python 3.6.2: any 3.6 will do for pip",)


def test_a_file_without_python_or_anything() -> None:
    assert read_conda("name: x", "env.yml").as_dict() == {"name": "x", "dependencies": [], "channels": []}
    found = read_conda("prefix: /opt/x\nvariables: {A: 1}\ndependencies: [python, numpy]", "env.yml")
    assert found.variables == {"A": "1"}
    assert found.as_dict()["variables"] == {"A": "1"}
    assert to_pip(found).python_version == ""


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dependencies:\n  - numpy\n - pandas\n", "env.yml, line 3: this is not YAML", "Indent"),
        ("dependencies:\n\t- numpy\n", "env.yml, line 2: this is not YAML", "spaces"),
        ("", "env.yml is empty", "dependencies"),
        ("- numpy", "env.yml holds a list", "dependencies"),
        ("dependancies: [numpy]", "unknown key 'dependancies'", "'dependencies'"),
        ("1: [numpy]", "unknown key '1'", "Known keys"),
        ("dependencies: numpy", "env.yml: dependencies must be a list, not 'numpy'", "One item a line"),
        ("dependencies: [numpy, 3.8]", "dependencies, item 2: 3.8 is not a text", "Quote"),
        ("dependencies: [{pipp: [x]}]", "dependencies, item 1: unknown key 'pipp'", "'pip'"),
        ("dependencies: [{pip: numpy}]", "env.yml: pip must be a list", "One item a line"),
        ("dependencies: [numpy, null]", "item 2: None is not a text", "Quote"),
        ("channels: {a: b}", "channels must be a list", ""),
        ("variables: [a]", "variables must be names with values", ""),
        ("name: [a]", "name must be a text", ""),
        ("dependencies: [{pip: ['-r other.txt']}]", "env.yml: pip: '-r other.txt' cannot be given", "themselves"),
        ("dependencies: [{pip: ['-e .']}]", "env.yml: pip: '-e .' cannot be given", "themselves"),
        ("dependencies: [{pip: ['./x.whl']}]", "'./x.whl' is on this machine's disk only", "travel"),
        ("dependencies: [{pip: ['numpy=1.26']}]", "pip: 'numpy=1.26' is not a requirement", "'=='"),
        ("dependencies: [{pip: ['--indx-url x']}]", "no option '--indx-url'", "'--index-url'"),
        ("dependencies: ['numpy pandas']", "env.yml: 'numpy pandas' is not a conda package", "scikit-learn=1.5"),
        ("dependencies: ['numpy[versio=1]']", "unknown key 'versio'", "'version'"),
    ],
)
def test_bad_files_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        read_conda(text, "env.yml")
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy=1.26*", "numpy==1.26.*"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy 1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311_0", "numpy==1.26.4"),
        ("numpy==1.26.4=py311_0", "numpy==1.26.4"),
        ("numpy 1.26.4 py311_0", "numpy==1.26.4"),
        ("numpy>=1.2,<2", "numpy>=1.2,<2"),
        ("numpy >= 1.2, < 2", "numpy>=1.2,<2"),
        ("numpy>=1.2.*", "numpy>=1.2"),
        ("numpy!=1.2.*", "numpy!=1.2.*"),
        ("numpy~=1.2", "numpy~=1.2"),
        ("numpy=*", "numpy"),
        ("numpy *", "numpy"),
        ("numpy[version='>=1.2']", "numpy>=1.2"),
        ('numpy[version=">=1.2,<2", build=py*]', "numpy>=1.2,<2"),
        ("conda-forge::numpy=1.26", "numpy==1.26.*"),
        ("pytorch=2.1", "torch==2.1.*"),
        ("opencv==4.8.1", "opencv-python-headless==4.8.1.*"),
        ("uvicorn-standard>=0.29", "uvicorn[standard]>=0.29"),
        ("mkl", "mkl"),
        ("cmake", "cmake"),
        ("cuda-python", "cuda-python"),
        ("rpy2", "rpy2"),
        ("setuptools<70", "setuptools<70"),
    ],
)
def test_conda_in_pips_words(conda: str, pip: str) -> None:
    assert to_pip(of(conda)).requirements == (pip,)


@pytest.mark.parametrize("text", ["numpy 1.2|1.3", "numpy>=1.2|<1", "numpy=1.^2", "numpy=^1.*$", "numpy=not_a_version"])
def test_versions_that_pip_does_not_have(text: str) -> None:
    with pytest.raises(ConfigProblem, match=r"env.yml: numpy: pip has no") as caught:
        to_pip(of(text), "env.yml")
    assert ">=1.2" in caught.value.hint


@pytest.mark.parametrize(
    ("python", "version", "notices"),
    [
        ("python", "", 0),
        ("python=3.12", "3.12", 0),
        ("python==3.12", "3.12", 0),
        ("python 3.12.*", "3.12", 0),
        ("python=3.12.4", "3.12", 1),
        ("python=3.12.4=h12debd9_0", "3.12", 1),
        ("python=3", RUNNING, 0),
        ("python>=3.8", RUNNING, 0),
        ("python>=3.8,<3.10", "3.9", 0),
    ],
)
def test_pythons_version(python: str, version: str, notices: int) -> None:
    form = to_pip(of(python))
    assert (form.python_version, len(form.notices), form.requirements) == (version, notices, ())


def test_a_python_that_never_was() -> None:
    with pytest.raises(ConfigProblem, match="there is no Python '<3'"):
        to_pip(of("python<3"))


def test_what_is_told() -> None:
    given = read_conda(
        {
            "channels": ["defaults", "https://conda.anaconda.org/t/secret-token/team", "nvidia"],
            "dependencies": ["pytorch=2.1=py3_cpu", "pytables", "cpuonly", "pytorch::torchvision", "pip", "openssl"],
        },
        "env.yml",
    )
    form = to_pip(given)
    assert form.requirements == ("torch==2.1", "tables", "torchvision")
    assert form.notices == (
        "conda packages are installed with pip: pytorch -> torch, pytables -> tables",
        "left out, since pip has no choice of builds: cpuonly",
        "left out, since every Python brings its own: openssl",
        "conda's builds mean nothing to pip: pytorch=py3_cpu",
        "conda's channels mean nothing to pip: https://conda.anaconda.org/t/***/team, nvidia, pytorch",
    )


def test_pip_has_the_last_word() -> None:
    assert to_pip(of("numpy=1.26", pip=("numpy==2.0",))).requirements == ("numpy==2.0",)
    assert to_pip(of("numpy=1.26", pip=("NumPy",))).requirements == ("numpy==1.26.*", "NumPy")
    marked = "numpy==2.0; sys_platform=='x'"
    assert to_pip(of("numpy=1.26", pip=(marked,))).requirements == ("numpy==1.26.*", marked)


def test_lines_for_pip_stay_as_they_are() -> None:
    lines = ("scikit-learn[tests] >=1.5 ; python_version>'3.9'", "a @ git+https://h.example/a@main", "B==1.0")
    assert to_pip(of(pip=lines)).requirements == lines


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cudatoolkit", "base image"),
        ("cudnn", "base image"),
        ("libgcc", "Dockerfile"),
        ("libstdcxx-ng", "Dockerfile"),
        ("gcc_linux-64", "Dockerfile"),
        ("gxx", "Dockerfile"),
        ("openjdk", "Dockerfile"),
        ("ffmpeg", "Dockerfile"),
        ("graphviz", "Dockerfile"),
        ("openmpi", "Dockerfile"),
        ("nodejs", "Dockerfile"),
        ("git", "Dockerfile"),
        ("libblas", "bring their own"),
        ("r-base", "R is not supported"),
        ("r-ggplot2", "R is not supported"),
        ("spacy-model-en_core_web_sm", "URL"),
    ],
)
def test_what_pip_does_not_have_is_refused_by_name(name: str, hint: str) -> None:
    with pytest.raises(ConfigProblem, match=f"env.yml: {name} is a conda package without") as caught:
        to_pip(of("numpy", f"{name}=1.0"), "env.yml")
    assert hint in caught.value.hint


def test_all_that_is_refused_is_named_at_once() -> None:
    with pytest.raises(ConfigProblem, match="git, ffmpeg, cudatoolkit are") as caught:
        to_pip(of("git", "cudatoolkit=11.3", "numpy", "ffmpeg"))
    assert "git, ffmpeg: Use a base image" in caught.value.hint


def test_the_tables_agree() -> None:
    for name, pip in PIP_NAMES.items():
        assert Requirement(pip)
        assert name == name.lower()
        assert not refusal(name) or name.startswith("lib")
    assert not (SELECTORS | INTERPRETER_PARTS) & PIP_NAMES.keys()


SIGNS: dict[str, Callable[[str], str]] = {
    "=": lambda version: f"=={version}.*",
    "==": lambda version: f"=={version}",
    ">=": lambda version: f">={version}",
    " ": lambda version: f"=={version}",
}


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("version", ["1", "1.2", "1.2.3", "2024.1", "1.0rc1"])
@pytest.mark.parametrize("build", ["", "py311_0"])
def test_every_combination_is_a_requirement(sign: str, version: str, build: str) -> None:
    text = f"numpy{sign}{version}" + (f"{' ' if sign == ' ' else '='}{build}" if build else "")
    if sign == ">=" and build:
        text = f"numpy>={version} {build}"
    is_exact = sign == "=" and (build or version.endswith("rc1"))
    wanted = f"=={version}" if is_exact else SIGNS[sign](version)
    (line,) = to_pip(of(text)).requirements
    assert Requirement(line).specifier == Requirement(f"numpy{wanted}").specifier


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed")
def test_uv_takes_every_line(tmp_path: Path) -> None:
    """Each behind a marker that is never true: uv has to understand it, and needs no index for it."""
    packages: list[Any] = [f"{name}>=1" for name in PIP_NAMES] + [
        "numpy=1.26",
        "scipy 1.11.*",
        "numba!=0.5.*",
        "dill~=0.3",
    ]
    form = to_pip(of(*packages, pip=("--pre", "--only-binary :all:", "a[b]>1", "c @ https://h.example/c.zip")))
    lines = [f"{line} ; python_version < '3'" for line in form.requirements]
    (tmp_path / "in.txt").write_text("\n".join([*form.options, *lines]))
    command = [str(UV), "pip", "compile", "--no-index", "--offline", "--no-config", "--no-header", "-p", sys.executable]
    environ = {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache")}
    run = subprocess.run([*command, "in.txt"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
