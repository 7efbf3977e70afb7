"""What is set up for pip, as uv gets it: which source wins, what travels, what is never shown; and what uv says."""

from __future__ import annotations

import base64
import itertools
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_deploy.environments import IndexSettings, uv_settings
from jupyter_deploy.environments.indexes import pip_files
from jupyter_deploy.errors import ConfigProblem, redacted

A, B, C = "https://a.example/simple", "https://b.example/simple", "https://c.example/simple"
UV = Path(sys.executable).with_name("uv")


def conf(folder: Path, text: str, name: str = "pip.conf") -> Path:
    """Write a configuration file of pip's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("environ", "field", "value"),
    [
        ({"UV_DEFAULT_INDEX": A, "UV_INDEX_URL": B, "PIP_INDEX_URL": C}, "index_url", A),
        ({"UV_INDEX_URL": B, "PIP_INDEX_URL": C}, "index_url", B),
        ({"PIP_INDEX_URL": C}, "index_url", C),
        ({"PIP_INDEX_URL": ""}, "index_url", "https://file.example/simple"),
        ({}, "index_url", "https://file.example/simple"),
        ({"UV_INDEX": f"x={A}", "UV_EXTRA_INDEX_URL": B, "PIP_EXTRA_INDEX_URL": C}, "extra_index_urls", (f"x={A}", B)),
        ({"PIP_EXTRA_INDEX_URL": f" {A}\n{B} "}, "extra_index_urls", (A, B)),
        ({"UV_FIND_LINKS": f"{A},{B}", "PIP_FIND_LINKS": C}, "find_links", (A, B)),
        ({"PIP_FIND_LINKS": f"{A} {B} {A}"}, "find_links", (A, B)),
        ({"UV_CONSTRAINT": "/u.txt", "PIP_CONSTRAINT": "/p.txt"}, "constraint_files", ("/u.txt",)),
        ({"PIP_CONSTRAINT": "/p.txt https://a.example/c.txt"}, "constraint_files", ("/p.txt", "https://a.example/c.txt")),
        ({"PIP_CONSTRAINT": "~/c.txt", "HOME": "/h"}, "constraint_files", ("/h/c.txt",)),
        ({"PIP_CERT": "/p.pem", "SSL_CERT_FILE": "/s.pem"}, "certificate", "/p.pem"),
        ({"REQUESTS_CA_BUNDLE": "/r.pem", "SSL_CERT_FILE": "/s.pem"}, "certificate", "/s.pem"),
        ({"CURL_CA_BUNDLE": "/c.pem", "REQUESTS_CA_BUNDLE": "/r.pem"}, "certificate", "/r.pem"),
        ({"CURL_CA_BUNDLE": "/c.pem"}, "certificate", "/c.pem"),
        ({"PIP_TRUSTED_HOST": "a.example b.example:81"}, "trusted_hosts", ("a.example", "b.example:81")),
        ({"https_proxy": "http://l:1", "HTTPS_PROXY": "http://u:1"}, "proxies", {"HTTPS_PROXY": "http://l:1"}),
        ({"PIP_PROXY": "p:3128", "NO_PROXY": "x"}, "proxies", {
            "HTTP_PROXY": "http://p:3128", "HTTPS_PROXY": "http://p:3128", "NO_PROXY": "x"}),
        ({"PIP_NO_INDEX": "1"}, "index_url", ""),
        ({"PIP_NO_INDEX": "yes", "PIP_EXTRA_INDEX_URL": B}, "extra_index_urls", ()),
        ({"PIP_NO_INDEX": "yes", "UV_INDEX": B}, "no_index", False),
        ({"PIP_NO_INDEX": "off"}, "no_index", False),
        ({"PIP_NO_INDEX": "true"}, "no_index", True),
    ],
)  # fmt: skip
def test_the_variables(tmp_path: Path, environ: dict[str, str], field: str, value: object) -> None:
    file = conf(tmp_path, "[global]\nindex-url = https://file.example/simple\n")
    assert getattr(uv_settings(environ, [file]), field) == value


@pytest.mark.parametrize(
    ("first", "second", "index"),
    [
        (f"[global]\nindex-url={A}", f"[global]\nindex_url = {B}", B),
        # [install] counts more than [global], wherever it is.
        (f"[install]\nindex-url={A}", f"[global]\nindex-url={B}", A),
        (f"[install]\nindex-url={A}", f"[install]\nINDEX-URL={B}", B),
        # An empty value takes the earlier one away.
        (f"[global]\nindex-url={A}", "[global]\nindex-url=", ""),
        (f"[global]\nindex-url={A}", f"[download]\nindex-url={B}", A),
        (f"[global]\nindex-url={A}", "", A),
    ],
)
def test_the_files(tmp_path: Path, first: str, second: str, index: str) -> None:
    files = [conf(tmp_path / "1", first), conf(tmp_path / "2", second), tmp_path / "missing.conf"]
    assert uv_settings({}, files).index_url == index


def test_values_over_several_lines(tmp_path: Path) -> None:
    file = conf(tmp_path, f"[global]\nextra-index-url =\n    {A}\n    {B}\ncert = certs/ca.pem\n")
    settings = uv_settings({}, [file])
    assert settings.extra_index_urls == (A, B)
    assert settings.certificate == str(Path("certs/ca.pem").absolute())


@pytest.mark.parametrize(
    ("data", "reason"), [(b"index-url = x", "no section headers"), (b"[global]\nx = \xff", "not UTF-8")]
)
def test_a_broken_file_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "pip.conf").write_bytes(data)
    with pytest.raises(ConfigProblem, match=f"pip.conf: pip's configuration cannot be read: .*{reason}"):
        uv_settings({}, [tmp_path / "pip.conf"])


def test_pips_places_are_those_of_pip_itself(tmp_path: Path) -> None:
    places = {
        "XDG_CONFIG_DIRS": f"{tmp_path}/x1:{tmp_path}/x2",
        "XDG_CONFIG_HOME": f"{tmp_path}/c",
        "HOME": str(tmp_path),
    }
    own = conf(tmp_path, "", "own.conf")
    keep = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    for extra in ({}, {"PIP_CONFIG_FILE": str(own)}, {"PIP_CONFIG_FILE": str(tmp_path / "missing.conf")}):
        environ = {**keep, **places, **extra}
        code = (
            "from pip._internal.configuration import Configuration, OVERRIDE_ORDER as order\n"
            "files = dict(Configuration(isolated=False).iter_config_files())\n"
            "print(*[file for kind in order for file in files.get(kind, [])], sep='\\n')"
        )
        run = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
        assert [str(path) for path in pip_files(environ, sys.platform)] == run.stdout.split()


def test_no_files_at_all(tmp_path: Path) -> None:
    conf(tmp_path / ".pip", f"[global]\nindex-url={A}")
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    assert uv_settings(environ).index_url == A
    assert uv_settings({**environ, "PIP_CONFIG_FILE": os.devnull}) == IndexSettings()


def test_the_mac_has_other_places(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert tmp_path / ".config/pip/pip.conf" in pip_files(environ, "darwin")
    (tmp_path / "Library/Application Support/pip").mkdir(parents=True)
    found = pip_files(environ, "darwin")
    assert found[0] == Path("/Library/Application Support/pip/pip.conf")
    assert tmp_path / "Library/Application Support/pip/pip.conf" in found


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    here, gone = tmp_path / "here", tmp_path / "gone"
    here.mkdir()
    environ = {"PIP_EXTRA_INDEX_URL": f"file://{gone} file://{here} {A}", "PIP_FIND_LINKS": f"{gone} {here}"}
    settings = uv_settings(environ, [])
    assert settings.extra_index_urls == (f"file://{here}", A)
    assert settings.find_links == (str(here),)


def test_a_container_gets_what_is_not_on_this_disk(tmp_path: Path) -> None:
    settings = IndexSettings(
        "file:///opt/simple", (A, "near=file:///opt/simple", "/opt/more"), (B, "/opt/wheels"), "/ca.pem", ("/c.txt",)
    )
    travels = settings.for_container()
    assert travels == IndexSettings("", (A,), (B,), "/ca.pem", ("/c.txt",))
    assert travels.for_container() == travels


def test_the_best_version_over_all_indexes() -> None:
    assert "UV_INDEX_STRATEGY" not in IndexSettings(A).environ()
    assert IndexSettings(A, (B,)).environ()["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert (
        uv_settings({"UV_INDEX": A, "UV_INDEX_STRATEGY": "first-index"}, []).environ()["UV_INDEX_STRATEGY"]
        == "first-index"
    )


def test_over_takes_out_what_speaks_against() -> None:
    given = {
        "PATH": "/bin",
        "UV_INDEX_URL": C,
        "UV_EXTRA_INDEX_URL": B,
        "UV_FIND_LINKS": "/gone",
        "https_proxy": "http://p:1",
    }
    assert uv_settings(given, []).over(given) == {
        "PATH": "/bin",
        "UV_DEFAULT_INDEX": C,
        "UV_INDEX": B,
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "HTTPS_PROXY": "http://p:1",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@host/x", "https://***@host/x"),
        ("https://token@host", "https://***@host"),
        ("git+ssh://git@host/x", "git+ssh://***@host/x"),
        ("--index-url HTTPS://u:p@ss@host/simple", "--index-url HTTPS://***@host/simple"),
        (f"{A},https://u:p@b", f"{A},https://***@b"),
        ("demo @ https://host/a@1.0/demo.whl", "demo @ https://host/a@1.0/demo.whl"),
        ("https://host/?mail=a@b", "https://host/?mail=a@b"),
        ("mail a@b.example", "mail a@b.example"),
        ("https://conda.anaconda.org/t/ab-12/team/x", "https://conda.anaconda.org/t/***/team/x"),
    ],
)
def test_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


def test_no_secret_is_ever_shown() -> None:
    schemes, users, hosts = ("https", "http", "git+https"), ("", "u", "first.last", "%40x"), ("h", "h:81", "[::1]")
    for scheme, user, host, seed in itertools.product(schemes, users, hosts, range(20)):
        secret = base64.urlsafe_b64encode(os.urandom(9 + seed)).decode() + "!$&'()*+,;=:@"
        url = f"{scheme}://{user}:{secret}@{host}/simple"
        settings = IndexSettings(url, (url,), (url,), "", (url,), {"HTTPS_PROXY": url})
        assert secret not in redacted(f"x {url} y")
        assert secret not in repr(settings)
        assert secret in settings.environ()["UV_DEFAULT_INDEX"]


def wheel(folder: Path, name: str, version: str) -> None:
    """Build the least that is a wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def index(folder: Path, version: str) -> str:
    """Make an index with one version of demo, and return its URL."""
    wheel(folder / "demo", "demo", version)
    file = f"demo-{version}-py3-none-any.whl"
    (folder / "demo/index.html").write_text(f'<a href="{file}">{file}</a>')
    return folder.as_uri()


def compiled(tmp_path: Path, settings: IndexSettings, given: dict[str, str]) -> str:
    """What uv finds for ``demo``, with the user's own variables around."""
    (tmp_path / "in.txt").write_text("demo")
    environ = settings.over({"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache"), **given})
    options = ["--no-config", "--no-header", "--no-annotate", "--offline", "--python", sys.executable]
    command = [str(UV), "pip", "compile", "in.txt", *options, *settings.arguments()]
    run = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed")
def test_uv_takes_it(tmp_path: Path) -> None:
    first, second = index(tmp_path / "first", "1.0"), index(tmp_path / "second", "2.0")
    wheel(tmp_path / "with, odd name", "demo", "3.0")
    (tmp_path / "with, odd name/limit.txt").write_text("demo<2")
    odd = str(tmp_path / "with, odd name")
    gone = {"PIP_EXTRA_INDEX_URL": f"file://{tmp_path}/gone", "UV_FIND_LINKS": f"{tmp_path}/gone"}
    cases: list[tuple[IndexSettings, dict[str, str], str]] = [
        (uv_settings({"PIP_INDEX_URL": first}, []), {}, "demo==1.0"),
        (uv_settings({"PIP_INDEX_URL": first, "PIP_EXTRA_INDEX_URL": second}, []), {}, "demo==2.0"),
        (uv_settings({"PIP_INDEX_URL": first, **gone}, []), gone, "demo==1.0"),
        (uv_settings({"UV_INDEX_URL": first}, []), {"UV_INDEX_URL": second}, "demo==1.0"),
        (IndexSettings(first, find_links=(odd,)), {}, "demo==3.0"),
        (IndexSettings(first, (second,), (odd,), constraint_files=(f"{odd}/limit.txt",)), {}, "demo==1.0"),
        (IndexSettings(find_links=(odd,), no_index=True), {}, "demo==3.0"),
        (IndexSettings(first, trusted_hosts=("a.example", "b.example:81"), proxies={"NO_PROXY": "x"}), {}, "demo==1.0"),
    ]
    for settings, given, found in cases:
        assert compiled(tmp_path, settings, given) == found


@pytest.mark.skipif(not UV.exists(), reason="uv is not installed")
def test_uv_says_which_variables_it_reads() -> None:
    """Another version of uv that drops one of them is noticed here."""
    helped = subprocess.run([str(UV), "pip", "install", "--help"], capture_output=True, text=True, timeout=60).stdout
    words = " ".join(helped.split())
    for name in ("DEFAULT_INDEX", "INDEX", "INDEX_STRATEGY", "FIND_LINKS", "CONSTRAINT", "INSECURE_HOST"):
        assert f"UV_{name}=]" in words or f"UV_{name}]" in words or f"`UV_{name}`=]" in words, name
    # Where this fails, uv has learned the variable, and IndexSettings.arguments() can go.
    assert "UV_NO_INDEX" not in words
