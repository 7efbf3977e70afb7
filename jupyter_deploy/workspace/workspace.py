"""The façade: what a user can do, in one place. Magics, command line and SDKs only translate to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ..files import in_home
from ..home import Home
from .home_folder import find_home
from .opening import absolute_url, open_home
from .tables import ScoresByName
from .written import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..capture import Notebook
    from ..deploying import Asked, Options, Package, Progress
    from ..environments import Environment
    from ..registry import Lineage, Model, Resources
    from .living import Living, Run
    from .profile import Profile
    from .service import Service
    from .trial import Trial
    from .written import Written


class Workspace(ScoresByName):
    """Everything of one user: models, scripts, services.

    Opening one collects nothing. A change, or a list of services, removes what killed processes left.

    Parameters
    ----------
    home : str or pathlib.Path, optional
        The folder of the workspace; by default ``$JUPYTER_DEPLOY_HOME``, else a folder in Jupyter's data folder.
    artifacts : str, optional
        A folder or fsspec URL for model files. The workspace keeps it: terminals, the side panel and later notebooks
        use it, too. By default the one that was given last, else a folder in the home.

    Raises
    ------
    StoreProblem
        If the folder or its database cannot be used.
    """

    def __init__(self, home: str | Path | None = None, *, artifacts: str | None = None) -> None:
        place = absolute_url(artifacts) if artifacts else None
        super().__init__(Home(in_home(home).absolute()) if home is not None else find_home(), place)
        open_home(self.home, self._database, place)

    def __repr__(self) -> str:
        return f"<Workspace {self.home.root}>"

    def register(
        self,
        name: str,
        source: object,
        *,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str = "",
        framework: str = "",
        framework_version: str = "",
        child_paths: Sequence[str] | None = None,
        run_id: str = "",
        lineage: Lineage | None = None,
        resources: Resources | None = None,
        file_format: str = "",
        version: int | None = None,
        progress: Progress = lambda _: None,
    ) -> Model:
        """Register a model as the next version of a name.

        Parameters
        ----------
        name : str
            Letters, digits, ``-``, ``.``, ``_``; at most 255.
        source : object
            A path to a file or folder, or the model object itself.
        tags, properties : mapping, optional
            Texts by name; properties can never be changed.
        description, run_id : str, optional
            Free text.
        framework, framework_version : str, optional
            The framework of the model; detected for objects.
        child_paths : sequence of str, optional
            Of a folder, take only these paths, relative to it.
        lineage, resources : Lineage, Resources, optional
            Its experiment and data sets; what a service of it gets.
        file_format : str, optional
            ``"skops"`` saves an object of scikit-learn in a format that runs no code when it is read.
        version : int, optional
            A number in place of the next one.
        progress : callable, optional
            Gets what is done for the services that follow the model. One that cannot take it serves on, and the log of
            this process says why.

        Raises
        ------
        ModelProblem
            If the name, a pair, the path or the object is refused; nothing is registered.
        """
        about: dict[str, Any] = {"tags": tags, "properties": properties, "description": description, "run_id": run_id}
        files: dict[str, Any] = {"framework": framework, "framework_version": framework_version}
        files |= {"child_paths": child_paths, "file_format": file_format}
        files |= {"lineage": lineage, "resources": resources, "version": version}
        return self._registering.register(name, source, progress, **about, **files)

    def unregister(self, reference: str) -> Model:
        """Remove one version of a model, and its files where no other version has the same.

        The reference is ``NAME:VERSION``, or ``NAME`` for the newest.

        Raises
        ------
        InUse
            Naming the services that need it.
        """
        self.housekeeping.clear_away()
        self._deployment.unproven.collect(waited_for=False)
        model = self.models.unregister(reference)
        self.housekeeping.garbage.collect_artifact(model.digest)
        return model

    def score_script(
        self,
        name: str,
        cell: str,
        *,
        folder: Path | None = None,
        notebook: Notebook | None = None,
        sample: Any = None,
        value: Any = NOTHING,
        draft: bool = False,
        run: Run | None = None,
        progress: Progress = lambda _: None,
    ) -> Written:
        """Make a script of a cell, try it, reload the services that run it, and store it.

        Parameters
        ----------
        name, cell : str
            The name on the magic's line, and the lines below it.
        folder : pathlib.Path, optional
            Where modules beside the notebook are; the current folder by default.
        notebook : Notebook, optional
            Variables and cells that it may use.
        sample : object, optional
            A value that ``run()`` takes, which gives it a schema.
        value : object, optional
            A request that it must answer first, in a fresh process; None for the sample.
        draft : bool, optional
            Only write the script; nothing is saved, stored or changed.
        run : Run, optional
            The previous run of the cell in the same kernel, to list what has changed since.

        Raises
        ------
        ScriptProblem
            If it cannot serve; nothing is stored or changed.
        TrialFailed, ReloadFailed
            If it failed on the value, or a service could not load it: all serve on as before, and nothing is stored.
        """
        from ..capture import Notebook

        given = {"sample": sample, "value": value, "draft": draft, "run": run, "progress": progress}
        with self.housekeeping.changing() if value is NOTHING else self.housekeeping.trying():
            return self._authoring.write(name, cell, folder or Path.cwd(), notebook or Notebook(), **given)

    def try_script(self, name: str, value: Any, progress: Progress = lambda _: None) -> Trial:
        """Run a stored script on a value, in a fresh process on its service's environment.

        The value is one that ``Service.invoke`` takes.
        """
        with self.housekeeping.trying():
            return self._trials.run(self.scripts.get(name), value, progress)

    def profile(
        self,
        name: str,
        rows: object,
        asked: Asked | None = None,
        *,
        large: bool = False,
        progress: Progress = lambda _: None,
        **options: Unpack[Options],
    ) -> Profile:
        """Measure what :meth:`deploy` would serve: latencies, processors, memory, and how much of them to give it.

        A server of its own takes each row once, one after the other; no service is touched. ``workspace.profiles`` has
        the latest result of a name. Where it does not start, or no row goes well, ProfileFailed is raised.

        ``rows`` is a list of values, as for :meth:`.Service.invoke`; a text file with a request a line; a folder with a
        request a file; or a data frame with one column of texts. ``cpus`` and ``memory`` are the limits.
        """
        from ..deploying import Asked

        wanted = Asked.of(**options) if asked is None else asked
        with self.housekeeping.trying():
            return self._profiling.run(name, wanted, rows, large, progress)

    def deploy(
        self,
        name: str,
        *,
        large: bool = False,
        living: Living | None = None,
        wait: bool = True,
        progress: Progress = lambda _: None,
        keys: Mapping[str, str | None] | None = None,
        **options: Unpack[Options],
    ) -> Service:
        """Deploy a service; options that are not given stay as they are, and ``"default"`` takes one back.

        Parameters
        ----------
        name : str
            3 to 32 lower-case letters, digits and ``-``; another name is converted to such a one.
        script, models : str or pathlib.Path, sequence of str or Model, optional
            A stored script's name or a file; references (``"none"``: no model). A new service takes those of its name.
        target : str, optional
            ``"auto"``, ``"docker"`` or ``"process"``; a new service is ``"auto"``.
        environment : str, pathlib.Path or Environment, optional
            ``"kernel"``, ``"inferred"``, a registered name, a conda or requirements file, or an
            :class:`~jupyter_deploy.environments.Environment`.
        port, workers, memory, cpus : int or str, optional
            1 to 65535, a free one by default; processes, 1 by default; a container's limits, in bytes or as ``"512m"``.
        settings, variables : mapping, optional
            Of :class:`jupyter_deploy.serving.ServingConfig`; the script's environment. None removes a key.
        image, source, large : str or OwnImage, str or pathlib.Path, bool, optional
            The user's own image, instead of a script; a folder to ship whole; allow more than 100 MB.
        tags, properties, description : mapping, mapping, str, optional
            For people and tools. A tag of None is removed; a property is never changed.
        auth, tls, tls_key : str, str or pathlib.Path, optional
            What clients must show: ``"none"``, ``"key"``, ``"token"``. HTTPS: ``"self-signed"``, or the file of a
            certificate and that of its key; ``"none"``.
        follow_model, on_change : str, sequence of str, optional
            ``"latest"``: a new version of its model is deployed when it is registered. Addresses and commands that are
            told of changes.
        living, wait, progress : Living, bool, callable, optional
            Take the notebook's present values for a script whose cell was run in it; return when it serves, or at once;
            gets the steps of the work.
        """
        from ..deploying import Asked

        return self.apply(
            name, Asked.of(**options), living=living, wait=wait, large=large, progress=progress, keys=keys
        )

    def apply(
        self,
        name: str,
        asked: Asked,
        *,
        living: Living | None = None,
        wait: bool = True,
        large: bool = False,
        progress: Progress = lambda _: None,
        keys: Mapping[str, str | None] | None = None,
    ) -> Service:
        """Deploy a service from a request that an edge has built; :meth:`deploy` builds one from its arguments."""
        from ..deploying import fallback_target

        notes, chosen = list[str](), list[str]()
        self.housekeeping.clear_away()
        self._deployment.unproven.settle(name)
        name, asked = self._naming.named(name, asked, notes.append)
        if keys and any(keys.values()):
            self._deployment.access.take(name, keys)
        record = self._rows.find(name)
        located = self._references.located(asked, record.spec.source if record else "", chosen.append, new=not record)
        otherwise = "" if record else fallback_target(asked, located)
        act = partial(
            self._deployment.deploy, name, located, wait=wait, large=large, progress=progress, otherwise=otherwise
        )
        runs = self._deployment.script_of(name, located)
        with self._room():
            change = self._authoring.renewed(name, runs, living, f"%deploy {name} --stored", act, progress)
        if record is None and self._rows.get(name).spec.target != located.target:
            # It runs elsewhere, and the change says why: the first choice means nothing any more.
            chosen.clear()
        return self.services.handle(name, replace(change, notes=(*notes, *chosen, *change.notes)))

    def reload(
        self,
        name: str,
        *,
        script: str | Path | None = None,
        model: str | None = None,
        sample: Any = None,
        large: bool = False,
        living: Living | None = None,
        progress: Progress = lambda _: None,
    ) -> Service:
        """Load a service's script again, as :meth:`Service.reload` does.

        ``living`` and ``progress`` are as for :meth:`deploy`.
        """
        from ..deploying import Asked
        from ..invoking import encode_payload

        name = self._rows.get(name).name
        runs = "" if script is not None else self._deployment.script_of(name, Asked())
        text = None if sample is None else encode_payload(sample).decode()
        given: dict[str, Any] = {"script": script, "model": model, "sample": text, "large": large}
        act = partial(self._deployment.reload, name, **given, progress=progress)
        with self.housekeeping.changing():
            change = self._authoring.renewed(name, runs, living, f"%model reload {name} --stored", act, progress)
        return self.services.handle(name, change)

    def package(
        self,
        name: str,
        *,
        script: str | Path | None = None,
        models: Sequence[str | Model] | str | Model | None = None,
        environment: str | Path | Environment | None = None,
        source: str | Path | None = None,
        variables: Mapping[str, str | None] | str | None = None,
        image: str | None = None,
        folder: str | Path | None = None,
        progress: Progress = lambda _: None,
    ) -> Package:
        """Make an image, or a build context, that serves on its own.

        Parameters
        ----------
        name : str
            A service's name; if there is none, the name of script and model.
        script, models, environment, source, variables : optional
            As for :meth:`deploy`, instead of the service's; a notice says how variables are given to a container.
        image : str, optional
            Its name; by default the service's name with the bundle's digest as its tag.
        folder, progress : str or pathlib.Path, callable, optional
            Write a build context there instead, the same bytes for the same input; gets the steps of the work.
        """
        from ..deploying import Asked

        name, script = self._naming.service(name, script, progress, models=models)
        asked = Asked.of(script=script, models=models, environment=environment, source=source, variables=variables)
        with self.housekeeping.changing():
            return self._packages.make(name, self._references.located(asked, "", progress), image, folder, progress)
