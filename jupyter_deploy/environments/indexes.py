"""Where packages come from: the user's pip configuration, as variables that uv reads.

uv reads none of pip's configuration, but a company's index, certificate and proxy are set there, and need not be set
a second time.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ..errors import ConfigProblem, redacted
from ..files import in_home

_NAMED = re.compile(r"[\w.-]+=(?=[^=])")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_UV_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
# The variables that :meth:`IndexSettings.over` replaces.
VARIABLES = frozenset(
    {
        *_UV_INDEXES,
        "UV_FIND_LINKS",
        "UV_CONSTRAINT",
        "UV_INSECURE_HOST",
        "SSL_CERT_FILE",
        *_PROXIES,
        *(name.lower() for name in _PROXIES),
    }
)


@dataclass(frozen=True)
class IndexSettings:
    """Where uv looks for packages, and how it gets there. Fields that may hold credentials are not in its repr."""

    index_url: str = field(default="", repr=False)  # takes PyPI's place; empty for PyPI
    # with uv's ``name=`` before them if the user named them
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)  # folders and pages with links to packages
    certificate: str = ""  # path of a bundle of certificates; empty for the system's
    constraint_files: tuple[str, ...] = field(default=(), repr=False)  # paths or URLs of files that bound versions
    # HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, if set
    proxies: dict[str, str] = field(default_factory=dict, repr=False, hash=False)
    trusted_hosts: tuple[str, ...] = ()  # hosts whose certificates are not checked
    no_index: bool = False  # whether only find_links count; uv has no variable for it, see arguments()
    strategy: str = ""  # the user's own UV_INDEX_STRATEGY

    def environ(self) -> dict[str, str]:
        """Return the variables that tell uv all of it, except :meth:`arguments`."""
        strategy = self.strategy
        if self.extra_index_urls and not strategy:
            # pip takes the best version over all indexes; uv's default is the first index that has the package.
            strategy = "unsafe-best-match"
        values = {
            "UV_DEFAULT_INDEX": _quoted(self.index_url, " "),
            "UV_INDEX": " ".join(_quoted(url, " ") for url in self.extra_index_urls),
            "UV_INDEX_STRATEGY": strategy,
            # uv splits this variable at commas, all others at spaces.
            "UV_FIND_LINKS": ",".join(_quoted(place, ",") for place in self.find_links),
            "UV_CONSTRAINT": " ".join(_quoted(path, " ") for path in self.constraint_files),
            "UV_INSECURE_HOST": " ".join(self.trusted_hosts),
            "SSL_CERT_FILE": self.certificate,
            **self.proxies,
        }
        return {name: value for name, value in values.items() if value}

    def arguments(self) -> list[str]:
        """Return what uv has no variable for, as arguments of ``uv pip install`` or ``uv pip compile``."""
        return ["--no-index"] if self.no_index else []

    def over(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Merge the variables into others, from which contradicting ones are removed."""
        return {**{name: value for name, value in environ.items() if name not in VARIABLES}, **self.environ()}

    def for_container(self) -> IndexSettings:
        """Leave out the indexes and links on this machine's disk.

        Constraint files and certificate are still paths of this machine: the builder of the image copies them.
        """
        return replace(
            self,
            index_url="" if _local_path(self.index_url) else self.index_url,
            extra_index_urls=tuple(url for url in self.extra_index_urls if not _local_path(url)),
            find_links=tuple(place for place in self.find_links if not _local_path(place)),
        )


def uv_settings(environ: Mapping[str, str], files: Sequence[Path] | None = None) -> IndexSettings:
    """Gather what uv's variables, pip's variables and pip's files say; the first of these that says something wins.

    ``files`` are in rising priority; None means those that pip reads. Local paths become absolute. Local indexes and
    folders that do not exist are left out, because uv stops at them.
    """
    pip = _pip_options(environ, pip_files(environ) if files is None else files)
    home = _home(environ)
    index, extra = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL"), _words(environ, *_UV_INDEXES[2:])
    # An index that is named to uv is used, whatever pip's settings say.
    no_index = _is_true(pip.get("no-index", "")) and not (index or extra)
    if not no_index:
        index = index or pip.get("index-url") or pip.get("pypi-url")
        extra = extra or pip.get("extra-index-url", "").split()
    links = [place for place in environ.get("UV_FIND_LINKS", "").split(",") if place.strip()]
    certificate = pip.get("cert") or next((environ[name] for name in _CERTIFICATES if environ.get(name)), "")
    constraints = _words(environ, "UV_CONSTRAINT") or pip.get("constraint", "").split()
    return IndexSettings(
        index_url=_absolute(index or "", home),
        extra_index_urls=_present(_absolute(url, home) for url in extra),
        find_links=_present(_absolute(place, home) for place in links or pip.get("find-links", "").split()),
        certificate=_absolute(certificate, home),
        constraint_files=tuple(_absolute(path, home) for path in constraints),
        proxies=_proxies(environ, pip.get("proxy", "")),
        trusted_hosts=tuple(_words(environ, "UV_INSECURE_HOST") or pip.get("trusted-host", "").split()),
        no_index=no_index,
        strategy=environ.get("UV_INDEX_STRATEGY", ""),
    )


def pip_files(environ: Mapping[str, str], platform: str = sys.platform) -> list[Path]:
    """List the paths of pip's configuration in rising priority, whether they exist or not.

    ``"darwin"`` has other folders. ``environ`` may have ``PIP_CONFIG_FILE``, ``HOME``, ``XDG_CONFIG_DIRS`` and
    ``XDG_CONFIG_HOME``.
    """
    own = environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return []
    home = _home(environ)
    if platform == "darwin":
        shared = [Path("/Library/Application Support/pip")]
        library = home / "Library/Application Support/pip"
        user = library if library.is_dir() else home / ".config/pip"
    else:
        folders = environ.get("XDG_CONFIG_DIRS", "").strip() or "/etc/xdg"
        shared = [*(in_home(folder) / "pip" for folder in folders.split(os.pathsep) if folder), Path("/etc")]
        user = Path(environ.get("XDG_CONFIG_HOME", "").strip() or home / ".config") / "pip"
    # A file that the user names replaces the user's own, but not the machine's and the interpreter's.
    users = [] if own and Path(own).exists() else [home / ".pip", user]
    found = [folder / "pip.conf" for folder in (*shared, *users, Path(sys.prefix))]
    return [*found, Path(own)] if own else found


def _pip_options(environ: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """Merge as pip does: first the files, section by section, then [install] over [global], then the variables."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else redacted(str(error).splitlines()[0])
            raise ConfigProblem(
                f"{file}: pip's configuration cannot be read: {reason}",
                hint="Correct the file ('pip config debug' shows what pip reads), or set PIP_CONFIG_FILE=/dev/null.",
            ) from None
        for section in sections.keys() & set(parser.sections()):
            sections[section].update({_option(name): value for name, value in parser.items(section)})
    variables = {_option(name[4:]): value for name, value in environ.items() if name.startswith("PIP_")}
    # An empty value counts as none: the layer below applies.
    layers = (*sections.values(), variables)
    return {name: value.strip() for layer in layers for name, value in layer.items() if value.strip()}


def _option(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _is_true(text: str) -> bool:
    return text.lower() in {"1", "true", "yes", "y", "on", "t"}


def _words(environ: Mapping[str, str], *names: str) -> list[str]:
    return [word for name in names for word in environ.get(name, "").split()]


def _proxies(environ: Mapping[str, str], pip_proxy: str) -> dict[str, str]:
    # The lower-case name wins, as in pip and curl.
    found = {name: environ.get(name.lower()) or environ.get(name, "") for name in _PROXIES}
    if pip_proxy:
        found["HTTP_PROXY"] = found["HTTPS_PROXY"] = pip_proxy if "://" in pip_proxy else f"http://{pip_proxy}"
    return {name: value for name, value in found.items() if value}


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _local_path(place: str) -> Path | None:
    """Return the path of an index, link or file on this machine's disk; None for another machine's URL."""
    place = _NAMED.sub("", place, count=1) if _NAMED.match(place) else place
    if place.lower().startswith("file:"):
        return Path(unquote(urlsplit(place).path))
    return Path(place) if place and "://" not in place else None


def _absolute(place: str, home: Path) -> str:
    path = _local_path(place)
    if path is None or place.lower().startswith("file:") or _NAMED.match(place):
        return place
    if path.parts[:1] == ("~",):
        path = home.joinpath(*path.parts[1:])
    return str(path.absolute())


def _present(places: Iterable[str]) -> tuple[str, ...]:
    found = ((place, _local_path(place)) for place in places)
    return tuple(dict.fromkeys(place for place, path in found if path is None or path.exists()))


def _quoted(place: str, separator: str) -> str:
    if separator not in place:
        return place
    path = _local_path(place)
    url = path.as_uri() if path is not None and path.is_absolute() else place
    return url.replace(separator, quote(separator))
