"""``ml_client.batch_endpoints`` and ``ml_client.batch_deployments``."""

from __future__ import annotations

import builtins
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....endpoints import check_endpoint_name
from ....errors import not_found
from ....files import in_home
from ....workspace import Workspace
from ..batching import OUTPUT, BatchRun, check_output
from ..entities import BatchDeployment, BatchEndpoint, BatchJob, Input, Model, Output
from ..exceptions import ValidationException
from ..kept import absolute_values
from ..plan import Parts
from ..poller import LROPoller, entity_of
from ..vocabulary import Vocabulary
from .data import DataOperations
from .environments import EnvironmentOperations
from .jobs import JobOperations
from .models import ModelOperations

_ENDPOINT, _DEPLOYMENT = "batch endpoint", "batch deployment"


class Kept:
    """Batch endpoints and their deployments as they are kept: descriptions, of which nothing runs between two jobs."""

    def __init__(self, workspace: Workspace) -> None:
        self._notes = workspace.labels.notes

    def endpoints(self) -> list[str]:
        """Name the endpoints."""
        return sorted(name for name, _ in self._notes.of(_ENDPOINT))

    def endpoint(self, name: Any) -> BatchEndpoint:
        """Find an endpoint; the hint of the error is the nearest name."""
        if name not in self.endpoints():
            empty = "ml_client.batch_endpoints.begin_create_or_update(BatchEndpoint(name='scores')) makes one."
            raise not_found("batch endpoint", str(name), self.endpoints(), empty=empty)
        made: BatchEndpoint = BatchEndpoint.read(self._notes.get(_ENDPOINT, name, 0), None, f"batch endpoint {name}")
        made._facts.update({"id": f"azureml:{name}", "provisioning_state": "Succeeded"})
        return made

    def deployments(self, endpoint: str) -> list[str]:
        """Name the deployments of an endpoint."""
        found = (name.partition("/") for name, _ in self._notes.of(_DEPLOYMENT))
        return sorted(name for of, _, name in found if of == endpoint)

    def deployment(self, endpoint: str, name: Any) -> BatchDeployment:
        """Find a deployment; the hint of the error is the nearest name."""
        self.endpoint(endpoint)
        known = self.deployments(endpoint)
        if name not in known:
            raise not_found("batch deployment", str(name), known, empty=f"{endpoint} has none yet.")
        values = self._notes.get(_DEPLOYMENT, f"{endpoint}/{name}", 0)
        made: BatchDeployment = BatchDeployment.read(values, None, f"batch deployment {name}")
        made._facts.update({"id": f"azureml:{endpoint}/{name}", "provisioning_state": "Succeeded"})
        return made

    def put(self, kind: str, name: str, values: Mapping[str, Any] | None) -> None:
        """Keep a description in place of the one of its name; None forgets it."""
        gone = dict.fromkeys(self._notes.get(kind, name, 0))
        self._notes.put(kind, name, 0, {**gone, **(values or {})})


class BatchEndpointOperations(metaclass=Vocabulary):
    """Endpoints that score files. ``invoke`` starts a job, which is a run of the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept = Kept(workspace)

    def begin_create_or_update(self, endpoint: BatchEndpoint) -> LROPoller[BatchEndpoint]:
        """Keep an endpoint, in place of the one of its name."""
        given = entity_of(endpoint)
        if not isinstance(given, BatchEndpoint):
            raise ValidationException(
                f"A {type(given).__name__} is no batch endpoint.", hint="BatchEndpoint(name='scores')"
            )
        name = check_endpoint_name(given.name, "a batch endpoint")
        default = (given.defaults or {}).get("deployment_name")
        known = self._kept.deployments(name)
        if default and default not in known:
            raise ValidationException(
                f"The default deployment {default!r} is not there.",
                hint=f"There are: {', '.join(known) or 'none yet'}.",
            )

        def work(_: Any) -> BatchEndpoint:
            self._kept.put(_ENDPOINT, name, given.values())
            return self._kept.endpoint(name)

        return LROPoller(f"batch endpoint {name}", work)

    def get(self, name: str) -> BatchEndpoint:
        """Find an endpoint."""
        return self._kept.endpoint(name)

    def list(self) -> builtins.list[BatchEndpoint]:
        """List the endpoints by name."""
        return [self._kept.endpoint(name) for name in self._kept.endpoints()]

    def begin_delete(self, name: str) -> LROPoller[None]:
        """Forget an endpoint and its deployments; the answers of its jobs stay."""
        self._kept.endpoint(name)

        def work(_: Any) -> None:
            for deployment in self._kept.deployments(name):
                self._kept.put(_DEPLOYMENT, f"{name}/{deployment}", None)
            self._kept.put(_ENDPOINT, name, None)

        return LROPoller(f"batch endpoint {name}", work)

    def invoke(
        self,
        endpoint_name: str,
        *,
        deployment_name: str | None = None,
        input: Any = None,  # noqa: A002 - the SDK's word
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Output] | None = None,
        experiment_name: str | None = None,
        params_override: Any = None,
    ) -> BatchJob:
        """Score a file, or the files of a folder; returns at once. ``ml_client.jobs.stream(job.name)`` waits.

        Parameters
        ----------
        input, inputs : Input or str, mapping, optional
            A path, a data asset or an :class:`Input`; one input in all.
        outputs : mapping, optional
            ``{"score": Output(path="answers")}``: a folder of this machine. Otherwise ``ml_client.jobs.download``
            copies the answers.

        Raises
        ------
        ValidationException
            At once, where there is nothing to score, or nothing that scores.
        """
        endpoint = self._kept.endpoint(endpoint_name)
        deployment = self._kept.deployment(endpoint_name, self._meant(endpoint, deployment_name))
        files = self._files(input, inputs)
        jobs = JobOperations(self._workspace)
        deployments = BatchDeploymentOperations(self._workspace)
        parts, model = deployments.meaning(deployment)
        name = f"batchjob-{uuid.uuid4()}"
        place = next((each.path for each in (outputs or {}).values() if each.path), None)
        folder = in_home(place) if place else self._workspace.runs.folder(name) / OUTPUT
        run = BatchRun(f"batch-{name[-12:]}", deployment, parts, model, files, folder)
        return jobs.start(name, experiment_name or endpoint_name, run)

    def _meant(self, endpoint: BatchEndpoint, named: str | None) -> str:
        known = self._kept.deployments(str(endpoint.name))
        default = named or (endpoint.defaults or {}).get("deployment_name")
        if default:
            return str(default)
        if len(known) == 1:
            return known[0]
        raise ValidationException(
            f"Which deployment of {endpoint.name}? It has {', '.join(known) or 'none yet'}.",
            hint="deployment_name='blue', or endpoint.defaults = {'deployment_name': 'blue'} and an update of it.",
        )

    def _files(self, one: Any, several: Mapping[str, Any] | None) -> builtins.list[Path]:
        given = [*([one] if one is not None else []), *(several or {}).values()]
        if len(given) != 1:
            raise ValidationException(
                f"A job has one input, not {len(given)}.",
                hint="inputs={'rows': Input(type='uri_file', path='rows.csv')}",
            )
        path = given[0].path if isinstance(given[0], Input) else os.fspath(given[0])
        found = DataOperations(self._workspace)._path(str(path))
        if found.is_file():
            return [found.absolute()]
        held = sorted(each.absolute() for each in found.rglob("*") if each.is_file() and not each.name.startswith("."))
        if not held:
            there = "is empty" if found.is_dir() else "is not there"
            raise ValidationException(f"The input {found} {there}.", hint=f"The current folder is {Path.cwd()}.")
        return held

    def list_jobs(self, endpoint_name: str) -> builtins.list[BatchJob]:
        """List the jobs of an endpoint, newest first."""
        self._kept.endpoint(endpoint_name)
        return JobOperations(self._workspace).of_endpoint(endpoint_name)


class BatchDeploymentOperations(metaclass=Vocabulary):
    """Deployments of batch endpoints: they are kept, and run when their endpoint is invoked."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept = Kept(workspace)
        self._models = ModelOperations(workspace)
        self._environments = EnvironmentOperations(workspace)

    def begin_create_or_update(
        self, deployment: BatchDeployment, *, skip_script_validation: bool = False
    ) -> LROPoller[BatchDeployment]:
        """Keep a deployment, in place of the one of its name; its model is registered if it is only a path."""
        given = entity_of(deployment)
        if not isinstance(given, BatchDeployment):
            raise ValidationException(
                f"A {type(given).__name__} is no batch deployment.",
                hint="ModelBatchDeployment(name='blue', endpoint_name='scores', model=…)",
            )
        name = check_endpoint_name(given.name, "a batch deployment")
        endpoint = str(self._kept.endpoint(given.endpoint_name).name)
        given.check()
        check_output(given)
        if given.model is None and given.code_configuration is None:
            raise ValidationException(f"Batch deployment {name} has neither model nor code_configuration.")
        self._environments._reference(given.environment, f"{endpoint}-{name}")
        if isinstance(given.model, Model) and not given.model.id and given.model.path is not None:
            given.model.source()
        elif given.model is not None:
            self._models._reference(given.model)

        def work(_: Any) -> BatchDeployment:
            values = absolute_values(given)
            if given.model is not None:
                values["model"] = f"azureml:{self._models._reference(given.model)}"
            self._kept.put(_DEPLOYMENT, f"{endpoint}/{name}", values)
            return self._kept.deployment(endpoint, name)

        return LROPoller(f"batch deployment {name}", work)

    def meaning(self, given: BatchDeployment) -> tuple[Parts, str | None]:
        """Look up what a deployment names; for :meth:`BatchEndpointOperations.invoke`."""
        given.check()
        found, image = self._environments._reference(given.environment, f"{given.endpoint_name}-{given.name}")
        if image is not None:
            raise ValidationException(
                "An image that serves by itself scores no files.", hint="Environment(conda_file=…)"
            )
        return Parts(found), self._models._reference(given.model) if given.model is not None else None

    def get(self, name: str, endpoint_name: str) -> BatchDeployment:
        """Find a deployment."""
        return self._kept.deployment(endpoint_name, name)

    def list(self, endpoint_name: str) -> builtins.list[BatchDeployment]:
        """List the deployments of an endpoint by name."""
        self._kept.endpoint(endpoint_name)
        return [self._kept.deployment(endpoint_name, name) for name in self._kept.deployments(endpoint_name)]

    def begin_delete(self, name: str, endpoint_name: str) -> LROPoller[None]:
        """Forget a deployment; refused while it is its endpoint's default."""
        self._kept.deployment(endpoint_name, name)
        if (self._kept.endpoint(endpoint_name).defaults or {}).get("deployment_name") == name:
            raise ValidationException(
                f"{name} is the default deployment of {endpoint_name}.",
                hint="First endpoint.defaults = {}, then ml_client.batch_endpoints.begin_create_or_update(endpoint).",
            )
        return LROPoller(
            f"batch deployment {name}", lambda _: self._kept.put(_DEPLOYMENT, f"{endpoint_name}/{name}", None)
        )

    def list_jobs(self, endpoint_name: str, *, name: str | None = None) -> builtins.list[BatchJob]:
        """List the jobs of an endpoint, or those of one deployment, newest first."""
        self._kept.endpoint(endpoint_name)
        return JobOperations(self._workspace).of_endpoint(endpoint_name, name)
