"""The engine ``dask``: a service's script in the processes of a Dask cluster, without the service."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import DeployError, Hint, InvokeProblem, StartFailed, TargetProblem, UsageProblem
from ..invoking import Signature, signature_in
from ..serving import Failure, WorkerOptions, pack_bundle
from . import hosts
from .asking import Outcome
from .lanes import Block
from .plan import Plan

_CONNECT_SECONDS = 5
_WORKERS_SECONDS = 15
# A task costs the scheduler about a millisecond.
_LEAST_ROWS = 32
_AHEAD = 2


@dataclass(frozen=True)
class Hosted:
    """What a cluster runs."""

    service: str
    bundle: Path
    options: WorkerOptions
    variables: Mapping[str, str] = field(hash=False, repr=False)
    timeout: float | None = None


class Cluster:
    """A Dask cluster that has a script.

    Parameters
    ----------
    hosted : Hosted
        The script.
    scheduler : str or distributed.Client or None
        The cluster's; None for processes of this machine, which end with this.
    processes : int
        How many of those.
    progress : callable
        Gets the steps.
    """

    def __init__(self, hosted: Hosted, scheduler: Any, processes: int, progress: Callable[[str], None]) -> None:
        self._hosted, self._scheduler, self._processes, self._progress = hosted, scheduler, processes, progress
        self._opened = contextlib.ExitStack()
        self._client: Any = None
        self.key = f"jupyter_deploy-{hosted.service}-{secrets.token_hex(4)}"

    def __enter__(self) -> Cluster:
        with contextlib.ExitStack() as stack:
            self._client = self._connected(stack)
            with self._told("cannot load the script"):
                self._ship(stack)
            self._opened = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opened.close()

    def _connected(self, stack: contextlib.ExitStack) -> Any:
        distributed = _dask()
        if self._scheduler is None:
            self._progress(f"starting {self._processes} Dask workers")
            # On this machine only, and on no port that another cluster may have.
            cluster = distributed.LocalCluster(
                n_workers=self._processes, threads_per_worker=1, dashboard_address="127.0.0.1:0", scheduler_port=0
            )
            stack.enter_context(cluster)
            return stack.enter_context(distributed.Client(cluster))
        if not isinstance(self._scheduler, str):
            return self._scheduler
        try:
            return stack.enter_context(distributed.Client(self._scheduler, timeout=_CONNECT_SECONDS))
        except (OSError, ValueError) as error:
            raise TargetProblem(
                f"No Dask scheduler answers at {self._scheduler}: {error}",
                hint="`dask scheduler` starts one, and `dask worker ADDRESS` its workers.",
            ) from error

    def _ship(self, stack: contextlib.ExitStack) -> None:
        client, hosted = self._client, self._hosted
        try:
            # They may be about to come.
            client.wait_for_workers(1, timeout=_WORKERS_SECONDS)
        except TimeoutError as error:
            raise TargetProblem("The Dask cluster has no workers.", hint="`dask worker ADDRESS` starts one.") from error
        folder = str(hosted.bundle)
        archive = None
        if not all(client.run(hosts.sees, folder).values()):
            self._progress("sending the script and its models to the cluster")
            packed = io.BytesIO()
            pack_bundle(hosted.bundle, packed)
            archive = packed.getvalue()
        options = hosted.options.as_dict()
        shipment = hosts.Shipment(
            self.key, hosted.bundle.name, folder, archive, options, dict(hosted.variables), hosted.timeout
        )
        from .dask_plugin import ScriptPlugin

        client.register_plugin(ScriptPlugin(shipment), name=self.key)
        stack.callback(self._take_back)

    def _take_back(self) -> None:
        # A cluster that is gone has taken its processes with it.
        with contextlib.suppress(Exception):
            self._client.unregister_worker_plugin(self.key)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what Dask raises into an error of this package."""
        try:
            yield
        except DeployError:
            raise
        except Exception as error:
            raise InvokeProblem(
                f"The Dask cluster {what}: {type(error).__name__}: {str(error)[:500]}",
                hint=(
                    "Its workers need this package in the same version, and what the script imports; "
                    "the log of the worker says more."
                ),
            ) from error

    def signature(self) -> Signature | None:
        """Load the script in one process of the cluster, and return what its schema names.

        Raises
        ------
        StartFailed
            If the script cannot be loaded there.
        """
        self._progress("loading the script in the cluster")
        with self._told("cannot load the script"):
            found = self._client.submit(hosts.describe, self.key, pure=False).result()
        if "facts" not in found:
            failure = Failure.read(found.get("failure"))
            reason = failure.summary if failure else found["died"]
            raise StartFailed(
                f"{self._hosted.service} cannot be loaded in the cluster: {reason}",
                details=failure.traceback if failure else "",
                hint=Hint("The cluster's workers need what the script imports, in the same versions."),
            )
        schemas = found["facts"].get("schemas")
        return signature_in({"definitions": {"ServiceInput": schemas["input"]}}) if schemas else None

    def tasks(self, plan: Plan) -> Tasks:
        """Return the engine."""
        return Tasks(self._client, self.key, plan, self._told)

    @property
    def processes(self) -> int:
        """How many tasks run at once."""
        return len(self._client.nthreads())


class Tasks:
    """Blocks of rows as tasks of a cluster, a few more than it has processes."""

    def __init__(self, client: Any, key: str, plan: Plan, told: Callable[[str], Any]) -> None:
        self.size = plan.size * max(1, -(-_LEAST_ROWS // plan.size))
        self._client, self._key, self._plan, self._told = client, key, plan, told
        self._waiting: deque[tuple[Block, Any]] = deque()

    def __enter__(self) -> Tasks:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(Exception):
            self._client.cancel([future for _, future in self._waiting])

    def outcomes(self, blocks: Iterator[Block]) -> Iterator[tuple[Block, list[Outcome]]]:
        """Yield outcomes in order; see :class:`.lanes.Engine`."""
        for block in blocks:
            with self._told("does not take any more rows"):
                # Processes may come and go.
                most = _AHEAD * len(self._client.nthreads()) + 1
                future = self._client.submit(hosts.score, self._key, self._plan, block, pure=False)
            self._waiting.append((block, future))
            while len(self._waiting) >= most:
                yield self._first()
        while self._waiting:
            yield self._first()

    def _first(self) -> tuple[Block, list[Outcome]]:
        block, future = self._waiting[0]
        with self._told("gave up"):
            found = future.result()
        self._waiting.popleft()
        return block, found


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise UsageProblem(
            "The engine dask needs dask and distributed, which are not installed here.",
            hint="pip install 'dask>=2024.8' 'distributed>=2024.8'",
        ) from error
    return distributed


def processes_here(asked: int | None) -> int:
    """Choose how many processes a cluster on this machine has."""
    return asked or max(1, os.cpu_count() or 1)
