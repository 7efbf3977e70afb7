"""Requirements files: what they may hold, what they include, and which line is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.environments import uv_arguments
from jupyter_deploy.environments.requirements import read_requirements
from jupyter_deploy.errors import ConfigProblem

UV = Path(sys.executable).with_name("uv")
FILE = """\
\ufeff# what we need
--index-url https://a.example/simple   # the company's
-i https://b.example/simple --pre
--extra-index-url=https://c.example/simple
--no-binary :all:
numpy>=1.26,<2  # a comment
scikit-learn[x] \\
    ==1.5 ; \\
    python_version > '3.9'
azureml-defaults~=1.58

git+https://h.example/demo.git@main#egg=demo
https://h.example/demo-1.0-py3-none-any.whl
demo2==1.0 --hash=sha256:aa \\
    --hash=sha256:bb
numpy>=1.26,<2
"""


def test_a_file_of_everything() -> None:
    form = read_requirements(FILE, "requirements.txt")
    assert form.options == (
        "--index-url https://a.example/simple",
        "--index-url https://b.example/simple",
        "--pre",
        "--extra-index-url https://c.example/simple",
        "--no-binary :all:",
    )
    assert form.requirements == (
        "numpy>=1.26,<2",
        "scikit-learn[x]     ==1.5 ;     python_version > '3.9'",
        "git+https://h.example/demo.git@main#egg=demo",
        "https://h.example/demo-1.0-py3-none-any.whl",
        "demo2==1.0 --hash=sha256:aa     --hash=sha256:bb",
    )
    assert (form.python_version, form.notices, form.constraints) == ("", (), ())
    assert read_requirements(form.text(), "again").requirements == form.requirements
    assert read_requirements("", "empty").text() == ""


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("numpy\n\nnumpy=1.26", "r.txt, line 3: 'numpy=1.26' is not a requirement", "'=='"),
        ("numpy \\\n  >>1\npandas", "r.txt, line 1: 'numpy   >>1' is not a requirement", "scikit-learn"),
        ("# c\nnot a requirement", "r.txt, line 2", "scikit-learn"),
        ("-e .", "r.txt, line 1: '-e .' is on this machine's disk only", "beside the script"),
        ("--editable=git+https://h.example/x", "r.txt, line 1", "travel"),
        (".", "'.' is on this", "travel"),
        ("./wheels/x.whl", "'./wheels/x.whl' is on", "travel"),
        ("wheels/x.whl", "'wheels/x.whl' is on", "travel"),
        ("x-1.0-py3-none-any.whl", "is on this machine's disk only", "travel"),
        ("/opt/x", "'/opt/x' is on", "travel"),
        ("C:\\x", "is on this machine's disk only", "travel"),
        ("~/x", "'~/x' is on", "travel"),
        ("x @ file:///opt/x", "'x @ file:///opt/x' is on", "travel"),
        ("file:///opt/x", "'file:///opt/x' is on", "travel"),
        ("https://h.example/x.whl", "does not end in a wheel's name", "demo-1.0"),
        ("--extra-index https://h", "no option '--extra-index'", "'--extra-index-url'"),
        ("--global-option=x", "no option '--global-option'", ""),
        ("numpy --global-option=x", "'--global-option=x' cannot stand behind", "--hash"),
        ("--index-url", "--index-url needs a value", ""),
        ("--index-url 'x", "No closing quotation", ""),
        ("-r https://h.example/r.txt", "is not fetched", "copy"),
        ("-r other.txt", "'other.txt' cannot be included here", "Write its lines"),
        ("numpy >1 https://u:secret@h", "https://***@h", ""),
    ],
)
def test_what_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        read_requirements(text, "r.txt")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "secret" not in caught.value.text()


def test_what_is_included(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.txt").write_text("numpy\n-r sub/more.txt\n-c limits.txt\n")
    (tmp_path / "sub/more.txt").write_text(
        "pandas\n-r again.txt\n--find-links wheels\n--find-links https://h.example/\n"
    )
    (tmp_path / "sub/again.txt").write_text("joblib\nnumpy\n")
    (tmp_path / "limits.txt").write_text("numpy<2\n-r sub/again.txt\n")
    form = read_requirements("-r base.txt\nscipy\n-r sub/again.txt", "requirements.txt", tmp_path)
    assert form.requirements == ("numpy", "pandas", "joblib", "scipy")
    assert form.constraints == ("numpy<2", "joblib", "numpy")
    assert form.options == (f"--find-links {tmp_path}/sub/wheels", "--find-links https://h.example/")


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("-r a.txt", "", "a.txt, line 1: 'a.txt' includes itself"),
        ("numpy\n-r b.txt", "\n-c a.txt", "b.txt, line 2: 'a.txt' includes itself"),
        ("-r b.txt", "-r requirements.txt", "b.txt, line 1: 'requirements.txt' includes itself"),
        ("-r none.txt", "", "a.txt, line 1: 'none.txt' cannot be read: No such file"),
        ("-r b.txt", "numpy=1", "b.txt, line 1: 'numpy=1' is not a requirement"),
    ],
)
def test_includes_that_are_refused(tmp_path: Path, a: str, b: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(a)
    (tmp_path / "b.txt").write_text(b)
    with pytest.raises(ConfigProblem) as caught:
        read_requirements("-r a.txt", "requirements.txt", tmp_path)
    assert message in caught.value.message


def test_a_comment_ends_a_continued_line() -> None:
    assert read_requirements("numpy \\\n# and no more\npandas \\", "r.txt").requirements == ("numpy", "pandas")


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed")
def test_uv_takes_the_text(tmp_path: Path) -> None:
    """Each requirement behind a marker that is never true: uv has to understand it, and needs no index for it."""
    # A URL without a name is one that uv has to fetch before it knows what it is.
    text = FILE.replace("git+", "demo3 @ git+").replace("-i https", "--trusted-host a.example:81 -i https")
    form = read_requirements(text, "r.txt")
    lines = [line.partition(" --hash") for line in form.requirements if "python_version" not in line]
    never = [f"{line} ; python_version < '3'{sign}{hashes}" for line, sign, hashes in lines]
    # Of two indexes uv wants one.
    (tmp_path / "in.txt").write_text("\n".join([*form.options[1:], *never]))
    command = [str(UV), "pip", "install", "--dry-run", "--no-index", "--offline", "--no-config", "-r", "in.txt"]
    environ = {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache")}
    more = ["--python", sys.executable, *uv_arguments(form.options)]
    run = subprocess.run([*command, *more], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert "Would make no changes" in run.stderr


def test_what_uv_takes_as_arguments_only() -> None:
    options = ("--pre", "--trusted-host a.example", "--prefer-binary", "--index-url https://a.example/simple")
    assert uv_arguments(options) == ["--prerelease", "allow", "--allow-insecure-host", "a.example"]
