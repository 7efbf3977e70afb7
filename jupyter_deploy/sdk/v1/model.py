"""``azureml.core.Model``: versions of the registry, looked up, registered and changed in the SDK's words."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import InUse
from ...registry import Model as Version
from ...registry import check_pairs
from .exceptions import UserErrorException, WebserviceException
from .framework import Framework
from .lookup import Filter, found_version, names_of_models
from .model_facts import ModelFacts
from .model_paths import in_cache_or_here, in_workspace
from .registering import lineage_of, registered, resources_of
from .resource_configuration import ResourceConfiguration
from .workspace import Workspace


class Model(ModelFacts):
    """One version of a registered model. The constructor looks it up; its attributes are read when they are asked for.

    Parameters
    ----------
    id : str, optional
        ``"name:version"``; wins over the rest.
    tags, properties : list, optional
        ``"key"`` or ``["key", "value"]``; all must hold. The newest version that passes is taken.
    """

    Framework = Framework

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the SDK's word
        tags: Filter | None = None,
        properties: Filter | None = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
        **_: Any,
    ) -> None:
        if not id and not name:
            raise WebserviceException("Error, one of id or name must be provided.", hint=names_of_models(workspace))
        filters = {"tags": tags, "properties": properties, "run_id": run_id, "framework": model_framework}
        self.workspace = workspace
        self._version = found_version(workspace, str(id or name), None if id else version, {} if id else filters)

    @classmethod
    def _of(cls, workspace: Workspace, version: Version) -> Model:
        made = cls.__new__(cls)
        made.workspace, made._version = workspace, version
        return made

    def __repr__(self) -> str:
        shown = (
            f"name={self.name}, id={self.id}, version={self.version}, tags={self.tags}, properties={self.properties}"
        )
        return f"Model(workspace={self.workspace!r}, {shown})"

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str | Path,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        datasets: Sequence[tuple[str, Any]] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> Model:
        """Register a file or folder as the name's next version; always a new one."""
        what: dict[str, Any] = {"tags": tags, "properties": properties, "description": description or ""}
        lineage = lineage_of(workspace, datasets, sample_input_dataset, sample_output_dataset)
        how: dict[str, Any] = {"model_framework": model_framework, "model_framework_version": model_framework_version}
        how |= {"child_paths": child_paths, "resource_configuration": resource_configuration}
        return Model._of(workspace, registered(workspace, model_path, model_name, lineage=lineage, **what, **how))

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: Filter | None = None,
        properties: Filter | None = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> builtins.list[Model]:
        """List versions, newest first; all filters must hold, ``latest`` keeps one of each name."""
        for what, given in (("tags", tags), ("properties", properties)):
            if given is not None and not isinstance(given, (list, tuple)):
                raise UserErrorException(f"{what} must be a list.", hint=f"For example {what}=[['stage', 'trial']].")
        if not 20 <= page_count <= 255:
            raise UserErrorException("page_count must be from 20 to 255.")
        filters = {"tags": tags, "properties": properties, "run_id": run_id, "framework": model_framework}
        found = workspace._local.models.list(name, latest=latest, **filters)  # type: ignore[arg-type]
        if dataset_id is not None:
            found = [model for model in found if dataset_id in dict(model.lineage.datasets).values()]
        return [Model._of(workspace, model) for model in found]

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """Find a model's file or folder: in a service's folder, in the current one, else in the workspace."""
        if _workspace is not None:
            return in_workspace(_workspace, model_name, version)
        return in_cache_or_here(model_name, version)

    def download(self, target_dir: str | Path = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Copy its files to a folder; returns the path of the file or folder that was registered."""
        replaced = bool(exist_ok if exists_ok is None else exists_ok)
        return str(self.workspace._local.models.download(self.id, target_dir, exist_ok=replaced))

    def delete(self) -> None:
        """Unregister this version; refused while a service uses it."""
        try:
            self.workspace._local.unregister(self.id)
        except InUse as error:
            raise WebserviceException(error.message, status_code=412, hint=str(error.hint)) from error

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags; one that is there gets the new value."""
        old = self.tags
        for key, value in check_pairs(tags, "tags").items():
            if key in old:
                print(f"Replacing tag {key} -> {old[key]} with {key} -> {value}")  # noqa: T201 - the SDK's own line
        self.workspace._local.models.tag(self.id, tags)
        print("Model tag add operation complete.")  # noqa: T201

    def remove_tags(self, tags: Sequence[str]) -> None:
        """Remove tags by their keys."""
        _, unknown = self.workspace._local.models.untag(self.id, [tags] if isinstance(tags, str) else tags)
        for key in unknown:
            print(f"Tag with key {key} not found.")  # noqa: T201
        print("Model tag remove operation complete.")  # noqa: T201

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; they can never be changed."""
        self.workspace._local.models.add_properties(self.id, properties)
        print("Model properties add operation complete.")  # noqa: T201

    def update(
        self,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: ResourceConfiguration | None = None,
    ) -> None:
        """Replace what is given; ``tags`` replace all that there were."""
        lineage = lineage_of(self.workspace, None, sample_input_dataset, sample_output_dataset)
        self.workspace._local.models.change(
            self.id,
            tags=tags,
            description=description,
            sample_input=lineage.sample_input or None,
            sample_output=lineage.sample_output or None,
            resources=resources_of(resource_configuration),
        )

    def update_tags_properties(
        self,
        add_tags: Mapping[str, Any] | None = None,
        remove_tags: Sequence[str] | None = None,
        add_properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Add and remove tags, and add properties."""
        if remove_tags:
            self.remove_tags(remove_tags)
        if add_tags:
            self.add_tags(add_tags)
        if add_properties:
            self.add_properties(add_properties)

    def add_dataset_references(self, datasets: Sequence[tuple[str, Any]]) -> None:
        """Note data sets that it was made from, each with its purpose, beside those that are noted already."""
        lineage = lineage_of(self.workspace, datasets, None, None)
        self.workspace._local.models.change(self.id, datasets=lineage.datasets)

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        models: Sequence[Model | str],
        inference_config: Any = None,
        deployment_config: Any = None,
        deployment_target: Any = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> Any:
        """Deploy models as a service; see :mod:`jupyter_deploy.sdk.v1.webservice`."""
        how = (inference_config, deployment_config, deployment_target, overwrite, show_output)
        return _later("webservice", "deploy")(workspace, name, models, *how)

    @staticmethod
    def package(
        workspace: Workspace,
        models: Sequence[Model | str],
        inference_config: Any = None,
        generate_dockerfile: bool = False,
        image_name: str | None = None,
        image_label: str | None = None,
    ) -> Any:
        """Make an image, or the folder that one is built from."""
        how = (inference_config, generate_dockerfile, image_name, image_label)
        return _later("webservice", "package")(workspace, models, *how)

    @staticmethod
    def profile(
        workspace: Workspace,
        profile_name: str,
        models: Sequence[Model | str],
        inference_config: Any,
        input_dataset: Any,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        description: str | None = None,
    ) -> Any:
        """Measure what a service of the models needs for the rows of a data set."""
        how = (inference_config, input_dataset, cpu, memory_in_gb, description)
        return _later("profile", "profile")(workspace, profile_name, models, *how)

    @staticmethod
    def print_configuration(
        models: Sequence[Model | str],
        inference_config: Any = None,
        deployment_config: Any = None,
        deployment_target: Any = None,
    ) -> None:
        """Print what :meth:`deploy` would be given; never a key."""
        _later("webservice", "print_configuration")(models, inference_config, deployment_config, deployment_target)

    @staticmethod
    def deserialize(workspace: Workspace, model_payload: Mapping[str, Any]) -> Model:
        """Find the version that :meth:`serialize` has described."""
        reference = model_payload.get("id") if isinstance(model_payload, Mapping) else None
        if not reference:
            raise UserErrorException(
                f"{model_payload!r} does not describe a model: it has no id.",
                hint="Model.deserialize(ws, model.serialize())",
            )
        return Model(workspace, id=str(reference))

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        now, resources = self._now, self.resource_configuration
        return {
            "createdTime": now.created.isoformat(),
            "createdBy": None,
            "description": self.description,
            "id": now.id,
            "mimeType": self.mime_type,
            "name": now.name,
            "framework": now.framework,
            "frameworkVersion": self.model_framework_version,
            "tags": self.tags,
            "properties": self.properties,
            "unpack": self.unpack,
            "url": self.url,
            "version": now.version,
            "experimentName": self.experiment_name,
            "runId": self.run_id,
            "runDetails": None,
            "datasets": [{"name": purpose, "id": reference} for purpose, reference in now.lineage.datasets],
            "resourceConfiguration": resources.serialize() if resources else None,
            "sampleInputDatasetId": now.lineage.sample_input or None,
            "sampleOutputDatasetId": now.lineage.sample_output or None,
        }


def _later(module: str, name: str) -> Any:
    """Load what only some calls need."""
    try:
        return getattr(import_module(f".{module}", __package__), name)
    except ModuleNotFoundError as error:
        raise WebserviceException(
            f"Model.{name} is not there yet.", hint="In a notebook: %deploy NAME --model NAME:VERSION."
        ) from error
