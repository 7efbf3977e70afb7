"""The instances of a deployment: started, changed, replaced, added and removed without a failed request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..endpoints import DeploymentRecord, Endpoints, member_of
from ..errors import DeployError, NotFound
from ..services import Change, ServiceRecord, Services, Setting
from .asked import Asked
from .copies import Copies, Given
from .deployment import Deployment
from .rollout import Progress

# What a request can say without touching what instances serve.
_SAID = frozenset({"tags", "description", "labels"})


class Instances:
    """Brings the instances of a deployment to what is asked for; its caller holds the deployment's lock.

    ``inner_key`` returns the key that an endpoint's router shows to instances. ``push`` tells the router of an endpoint
    where they are.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        rows: Services,
        deployment: Deployment,
        copies: Copies,
        inner_key: Callable[[str], str],
        push: Callable[[str], None],
    ) -> None:
        self._endpoints = endpoints
        self._rows = rows
        self._deployment = deployment
        self._copies = copies
        self._inner_key = inner_key
        self._push = push

    def services(self, record: DeploymentRecord) -> list[ServiceRecord]:
        """Return the rows of a deployment's instances, oldest first; one that a killed process left is not there."""
        return [found for name in record.instances if (found := self._rows.find(name))]

    def bring(self, record: DeploymentRecord, asked: Asked, given: Given) -> Change:
        """Bring the instances to what is asked for, and the router to where they are.

        ``record`` has the number of instances that there should be. A request that says nothing of what they serve
        changes nothing of it, even if the script has another text by now.

        Raises
        ------
        StartFailed, ReloadFailed
            With the script's traceback; what served before serves on.
        """
        before = self._endpoints.find_deployment(record.endpoint, record.name)
        living = self.services(record)
        # Whatever changes wakes it, so that it is seen to serve.
        record = replace(record, instances=tuple(one.name for one in living), failed="", wanted=record.wanted or 1)
        if not living:
            return self._first(record, self._own(record, asked), given)
        first, own = living[0].name, self._own(record, asked)
        served_alike = before and (before.limits, before.warm) == (record.limits, record.warm)
        if before and before != record and served_alike and not asked.given - _SAID:
            change = _rescaled(before, record)
        elif self._copies.another(first, own, given):
            record, change = self._replaced(record, own, given)
        else:
            change = self._in_place(living, own, given)
        self._endpoints.put_deployment(record)
        self.scale(record, given.progress)
        return change

    def _own(self, record: DeploymentRecord, asked: Asked) -> Asked:
        settings = dict(asked.settings) if isinstance(asked.settings, Mapping) else {}
        known = self._endpoints.find_deployment(record.endpoint, record.name) or record
        for limit, setting in (("timeout_ms", "scoring_timeout_ms"), ("queue_ms", "queue_wait_ms")):
            if value := getattr(record.limits, limit):
                settings[setting] = value
            elif getattr(known.limits, limit):
                # The limit is taken away: the server's own default counts again.
                settings.setdefault(setting, None)
        if record.warm:
            settings["sample"] = record.warm
        image = asked.image or (found[0].spec.image if (found := self.services(record)) else None)
        return asked.but(
            settings=settings or asked.settings,
            endpoint=record.endpoint,
            deployment=record.name,
            # An image of the user's own knows no keys of this package.
            auth="none" if image else "key",
        )

    def _first(self, record: DeploymentRecord, asked: Asked, given: Given) -> Change:
        new = self._endpoints.find_deployment(record.endpoint, record.name) is None
        record, name = self._numbered(record)
        # Before it starts: where this process is killed, the row says whose the service is.
        self._endpoints.put_deployment(record)
        try:
            self._give_key(record, name)
            change = self._deploy(name, asked, given)
        except BaseException:
            if new:
                self._endpoints.remove_deployment(record.endpoint, record.name)
            raise
        self.scale(record, given.progress)
        return change

    def _deploy(self, name: str, asked: Asked, given: Given) -> Change:
        return self._deployment.deploy(
            name,
            asked,
            large=given.large,
            source=given.source,
            names=given.names,
            progress=given.progress,
            otherwise=given.otherwise,
        )

    def _numbered(self, record: DeploymentRecord) -> tuple[DeploymentRecord, str]:
        name = member_of(record.endpoint, record.name, record.last + 1)
        return replace(record, instances=(*record.instances, name), last=record.last + 1), name

    def _give_key(self, record: DeploymentRecord, name: str) -> None:
        self._deployment.access.take(name, {"primary": self._inner_key(record.endpoint)})

    def _in_place(self, living: list[ServiceRecord], asked: Asked, given: Given) -> Change:
        """Reload each instance; the first one shows whether the new version serves, and the others follow it."""
        done: list[ServiceRecord] = []
        first = living[0].name
        change = self._deploy(first, asked, given)
        try:
            for before in living[1:]:
                done.append(before)
                self._copies.like(before.name, first, given.progress)
        except DeployError:
            for before in (living[0], *done[:-1]):
                self._copies.restore(before, given.progress)
            raise
        return change

    def _replaced(self, record: DeploymentRecord, asked: Asked, given: Given) -> tuple[DeploymentRecord, Change]:
        """Start the new instances beside the old ones: each takes one's place once it is ready."""
        started, model = time.perf_counter(), ""
        for leaving in record.instances:
            record, name = self._numbered(record)
            self._endpoints.put_deployment(record)
            try:
                self._give_key(record, name)
                if model:
                    self._copies.like(name, model, given.progress)
                else:
                    self._copies.beside(name, leaving, asked, given)
            except BaseException:
                kept = tuple(one for one in record.instances if one != name)
                self._endpoints.put_deployment(replace(record, instances=kept))
                raise
            model = model or name
            # First the new one gets requests, then the old one none.
            self._push(record.endpoint)
            record = self._without(record, leaving)
        took = (time.perf_counter() - started) * 1000
        return record, Change(record.title, "replaced", (), took, generation=1)

    def _without(self, record: DeploymentRecord, name: str) -> DeploymentRecord:
        record = replace(record, instances=tuple(one for one in record.instances if one != name))
        self._endpoints.put_deployment(record, frees=True)
        self._push(record.endpoint)
        self.delete_service(name, keep_data=True)
        return record

    def scale(self, record: DeploymentRecord, progress: Progress) -> DeploymentRecord:
        """Have as many instances as the row says; the others are not touched."""
        self._rouse(record, progress)
        while len(record.instances) < record.wanted:
            progress(f"starting instance {len(record.instances) + 1} of {record.wanted}")
            before, (record, name) = record, self._numbered(record)
            self._endpoints.put_deployment(record)
            try:
                self._give_key(record, name)
                self._copies.like(name, record.instances[0], progress)
            except BaseException:
                self._endpoints.put_deployment(replace(before, last=record.last))
                raise
            if len(record.instances) < record.wanted:
                # It gets requests while the next one starts.
                self._push(record.endpoint)
        self._push(record.endpoint)
        while len(record.instances) > record.wanted:
            progress(f"ending an instance; {len(record.instances) - 1} stay")
            record = self._without(record, record.instances[-1])
        return record

    def settle(self, record: DeploymentRecord, settings: Mapping[str, Setting | None]) -> None:
        """Give all instances other settings; what they serve stays."""
        for one in self.services(record):
            self._copies.settle(one.name, settings)

    def _rouse(self, record: DeploymentRecord, progress: Progress) -> None:
        for one in self.services(record):
            if one.is_stopped:
                progress("starting it again")
                self._copies.like(one.name, one.name, progress)

    def sleep(self, record: DeploymentRecord) -> DeploymentRecord:
        """Stop the last instance of a deployment; what it serves stays known. The router sends requests elsewhere."""
        record = self.scale(replace(record, wanted=1), lambda _: None)
        record = replace(record, wanted=0)
        self._endpoints.put_deployment(record)
        # First the router has another place for requests, then this one ends.
        self._push(record.endpoint)
        for name in record.instances:
            self._deployment.stop(name)
        return record

    def wake(self, record: DeploymentRecord, awake: Callable[[], None]) -> DeploymentRecord:
        """Start the instances of a deployment that sleeps; ``awake`` is called when the first one is ready.

        Raises
        ------
        StartFailed
            With the script's traceback; it sleeps on.
        """
        self._rouse(record, lambda _: None)
        awake()
        record = replace(record, wanted=max(1, record.scaling.least if record.scaling else 1), failed="")
        self._endpoints.put_deployment(record)
        return self.scale(record, lambda _: None)

    def delete_service(self, name: str, *, keep_data: bool = False) -> None:
        """Let an instance finish its requests, and remove it."""
        try:
            self._deployment.delete(name, keep_data=keep_data)
        except NotFound:
            # Another process has removed it, too.
            return


def _rescaled(before: DeploymentRecord, record: DeploymentRecord) -> Change:
    what = [
        key
        for key in ("limits", "scaling", "tags", "description", "warm")
        if getattr(before, key) != getattr(record, key)
    ]
    if before.wanted != record.wanted:
        what.insert(0, f"{record.wanted} instances")
    return Change(record.title, "scaled" if before.wanted != record.wanted else "updated", tuple(what))
