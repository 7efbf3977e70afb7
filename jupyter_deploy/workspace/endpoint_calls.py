"""Requests to an endpoint: made as those to a service, answered by one of its deployments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..endpoints import HEADER
from ..errors import Hint, InvokeProblem, ServiceDown
from ..invoking import Invocation, Payload, Reply
from ..services import Certificate, LocalFolders, Server, Target
from ..serving import Failure


@dataclass(frozen=True)
class Member:
    """One instance of a deployment, as its target knows it."""

    deployment: str
    target: Target
    local: LocalFolders
    server: Server


@dataclass(frozen=True)
class EndpointInvocation(Invocation):
    """One endpoint, as it is invoked: the request goes to its router, and what failed is asked of who answered."""

    members: Sequence[Member] = field(default=(), hash=False)
    named: str = ""  # the deployment that must answer; empty for whom the rules choose
    explain: Callable[[], ServiceDown] | None = field(default=None, repr=False)  # why there is no answer

    shown: Certificate | None = None  # what the router shows its clients

    @property
    def certificate(self) -> Certificate | None:
        """The router's certificate; None for plain HTTP."""
        return self.shown

    def _own_headers(self) -> dict[str, str]:
        own = super()._own_headers()
        return {**own, HEADER: self.named} if self.named else own

    def must_run(self) -> None:
        """Leave it to the router: it says which deployment does not answer."""

    def down(self) -> ServiceDown:
        """Say why the router does not answer."""
        return self.explain() if self.explain else super().down()

    def refused(self, reply: Reply, payload: Payload) -> InvokeProblem:
        """Say why a request failed; the log that shows more is that of an instance that may have answered."""
        problem = super().refused(reply, payload)
        if isinstance(problem.hint, Hint) and problem.hint.log_of:
            known, names = problem.hint, [one.local.service for one in self._answered(reply)]
            log = names[0] if names else ""
            problem.hint = Hint(known.advice, log_of=log, shows=known.shows, request_id=reply.request_id)
        return problem

    def _answered(self, reply: Reply) -> list[Member]:
        return [one for one in self.members if one.deployment == reply.headers.get(HEADER, "")]

    def failure(self, reply: Reply) -> Failure | None:
        """Ask the instances of the deployment that answered what the script raised."""
        if reply.status < 400 and reply.whole:
            return None
        # Where the model's own status was one of the client's faults, no script has raised.
        if int(reply.headers.get("ms-azureml-model-error-statuscode", reply.status)) < 500:
            return None
        for member in self._answered(reply):
            found = member.target.failure(member.local, member.server, reply.request_id)
            if found:
                return found
        return None
