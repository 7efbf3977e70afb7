"""Where a user's workspace is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .files import write_atomic

HOME_VARIABLE = "JUPYTER_DEPLOY_HOME"
_ARTIFACTS = "artifacts.url"


@dataclass(frozen=True)
class Home:
    """The folders of one workspace: per user, not per folder and not per environment.

    ``root`` holds everything; :meth:`create` makes it with mode 0700.
    """

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file: what exists and what should run."""
        return self.root / "state.db"

    @property
    def artifacts(self) -> Path:
        """Model files, one folder per content digest, unless :meth:`artifacts_url` says another place."""
        return self.root / "artifacts"

    def artifacts_url(self) -> str:
        """Return the folder or fsspec URL of model files, as :meth:`keep_artifacts` has noted it."""
        try:
            return (self.root / _ARTIFACTS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return str(self.artifacts)

    def keep_artifacts(self, url: str) -> None:
        """Note where model files are, for every process that opens this workspace."""
        if url != self.artifacts_url():
            # A URL may hold credentials.
            write_atomic(self.root / _ARTIFACTS, url, mode=0o600)

    @property
    def bundles(self) -> Path:
        """What services run from, one folder per digest."""
        return self.root / "bundles"

    @property
    def contents(self) -> Path:
        """The users' own files that scripts ship, by content: bundles link to them."""
        return self.root / "contents"

    @property
    def environments(self) -> Path:
        """Virtual environments, one folder per digest."""
        return self.root / "environments"

    @property
    def wheels(self) -> Path:
        """The users' own wheels, one folder per content."""
        return self.root / "wheels"

    @property
    def runtime(self) -> Path:
        """Copies of this package's own files for interpreters that lack them, one folder per digest."""
        return self.root / "runtime"

    @property
    def staging(self) -> Path:
        """Work in progress; the next change, or list of services, removes what a killed process left here."""
        return self.root / "staging"

    @property
    def trials(self) -> Path:
        """A file for each script that is being tried, named after its server; it holds the stage that owns it."""
        return self.root / "trials"

    def profile_log(self, name: str) -> Path:
        """Return where the log of the last profile of a name is kept, if that failed."""
        return self.root / "profiles" / f"{name}.log"

    @property
    def runs(self) -> Path:
        """Files that runs have uploaded, one folder a run."""
        return self.root / "runs"

    @property
    def datastores(self) -> Path:
        """Files that were uploaded to datastores, one folder a datastore."""
        return self.root / "datastores"

    @property
    def datasets(self) -> Path:
        """The files of registered data sets: ``<name>/<version>/``."""
        return self.root / "datasets"

    @property
    def logs(self) -> Path:
        """One append-only file per service."""
        return self.root / "logs"

    def service(self, name: str) -> Path:
        """Return the folder of one service's own files (configuration, admin token, last failure)."""
        return self.root / "services" / name

    def endpoint(self, name: str) -> Path:
        """Return the folder of one endpoint's own files (keys, the rules and sockets of its router)."""
        return self.root / "endpoints" / name

    def log(self, name: str) -> Path:
        """Return one service's log file."""
        return self.logs / f"{name}.log"

    def collected(self, name: str) -> Path:
        """Return the folder of what one service collects of its requests; it may outlive the service.

        Parameters
        ----------
        name : str
            The service's name.

        Returns
        -------
        pathlib.Path
            ``<root>/collected/<name>``.
        """
        return self.root / "collected" / name

    def create(self) -> None:
        """Make the missing folders. The root is for its owner only: models and tokens are below it."""
        if not self.root.is_dir():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Independent of the umask.
            self.root.chmod(0o700)
        for folder in (self.artifacts, self.bundles, self.staging, self.logs, self.root / "services"):
            folder.mkdir(exist_ok=True)
