"""The routes: each is authenticated, authorized for its method, and runs what blocks in a thread."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

from ..errors import DeployError, UsageProblem
from ..workspace import Workspace
from . import acting, faces, logs, looking
from .answers import encoded, error_facts, status_of, told
from .jobs import Job
from .parts import Parts

PREFIX = "jupyter-model-deploy/api"
RESOURCE = "jupyter_model_deploy"
PARTS = "jupyter_model_deploy_parts"
_NAME = r"([^/]+)"
_BODY_LIMIT = 8 << 20
Found = TypeVar("Found")


class Handler(APIHandler):
    """What all routes share: JSON in and out, threads, and errors as data."""

    auth_resource = RESOURCE
    # A page that is only open must not keep JupyterHub from ending an idle server.
    _track_activity = False

    @property
    def parts(self) -> Parts:
        """What the extension has made for its routes."""
        parts: Parts = self.settings[PARTS]
        return parts

    def set_default_headers(self) -> None:
        """Keep answers out of every cache: some hold keys (tornado's hook)."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def send(self, value: Any, status: int = HTTPStatus.OK) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.finish(encoded(value))

    async def answer(self, finding: Awaitable[Any], status: int = HTTPStatus.OK) -> None:
        """Answer with what is found, or with the error: the one place that maps one to the other."""
        try:
            self.send(await finding, status)
        except DeployError as error:
            self.send(error_facts(error), status_of(error))

    def from_workspace(self, work: Callable[..., Found], *arguments: Any) -> Awaitable[Found]:
        """Run work on the workspace in a thread; a workspace that cannot be opened is an answer, too."""
        return self.parts.in_thread(lambda: work(self.parts.opened.get(), *arguments))

    def whole_number(self, name: str, default: int) -> int:
        """Read a number behind the address's ``?``."""
        text = self.get_query_argument(name, str(default))
        try:
            return int(text)
        except ValueError as error:
            raise UsageProblem(f"{name} is a whole number, not {text[:40]!r}.", hint=f"{name}={default}") from error

    def body(self) -> Any:
        """Read the request's body as JSON; an empty one is an empty object."""
        if len(self.request.body) > _BODY_LIMIT:
            raise UsageProblem(f"A request has at most {_BODY_LIMIT >> 20} MB.", hint="Name a file instead.")
        try:
            return json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise UsageProblem(f"The body is no JSON: {error}.", hint="{}") from error
        except RecursionError as error:
            raise UsageProblem("The body's JSON is nested too deeply.", hint="Name a file instead.") from error

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write what Jupyter itself refuses, and what should not happen, in the form of all errors (tornado's hook)."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        if isinstance(error, HTTPError):
            message = error.log_message or error.reason or HTTPStatus(status_code).phrase
            self.finish(encoded(told(f"HTTP{status_code}", str(message), _ADVICE.get(status_code, ""))))
            return
        lines = traceback.format_exception_only(error) if error else []
        message = f"{type(error).__name__}: {error}" if error else HTTPStatus(status_code).phrase
        hint = "The traceback is in the log of Jupyter's server."
        self.finish(encoded(told("Unexpected", message, hint, [line.rstrip() for line in lines])))


_ADVICE: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "Reload the page and log in; you may also lack the right to do this.",
    HTTPStatus.NOT_FOUND: "The page and Jupyter's server may differ in version: restart the server, reload the page.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The page and Jupyter's server may differ in version.",
}


class InfoHandler(Handler):
    """``GET info``."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Tell versions and problems."""
        await self.answer(self.parts.info())


class OverviewHandler(Handler):
    """``GET overview``."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Tell all models and services; the page listens from now on."""
        self.parts.hub.listen(quietly=True)
        await self.answer(self.parts.overview())


class ListeningHandler(Handler):
    """``POST listening``."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Note that a visible page listens."""
        self.send({"revision": self.parts.hub.listen()})


class ModelHandler(Handler):
    """``GET models/<name>``."""

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Tell all versions of a model."""
        await self.answer(self.from_workspace(looking.model, name, self.get_query_argument("version", "")))


class ServiceHandler(Handler):
    """``GET services/<name>``."""

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Tell all about a service."""
        await self.answer(self.from_workspace(looking.service, name))


class TrafficHandler(Handler):
    """``GET services/<name>/traffic``."""

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Tell the requests of each of the last seconds."""
        await self.answer(self.from_workspace(looking.traffic, name))


class FaceHandler(Handler):
    """``POST faces/<kind>``."""

    @authenticated
    @authorized(action="read")  # type: ignore[untyped-decorator] # its hint is that of the form without arguments
    async def post(self, kind: str) -> None:
        """Draw what a notebook shows as it is now; who may look may ask."""
        await self.answer(self._face(kind))

    async def _face(self, kind: str) -> dict[str, str]:
        of = self.body()
        services = (await self.parts.overview())["services"] if faces.needs_services(kind, of) else []
        return await self.from_workspace(faces.present, kind, of, services)


class KeysHandler(Handler):
    """``GET services/<name>/keys``."""

    @authenticated
    @authorized(action="write")  # type: ignore[untyped-decorator] # its hint is that of the form without arguments
    async def get(self, name: str) -> None:
        """Tell a service's keys; who may only look does not get them."""
        await self.answer(self.from_workspace(looking.keys, name))


class EndpointHandler(Handler):
    """``GET endpoints/<name>``."""

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Tell what a request to an endpoint, or to one of its deployments, may hold."""
        await self.answer(self.from_workspace(looking.endpoint, name, self.get_query_argument("deployment", "")))


class EndpointKeysHandler(Handler):
    """``GET endpoints/<name>/keys``."""

    @authenticated
    @authorized(action="write")  # type: ignore[untyped-decorator] # its hint is that of the form without arguments
    async def get(self, name: str) -> None:
        """Tell an endpoint's keys; who may only look does not get them."""
        await self.answer(self.from_workspace(looking.endpoint_keys, name))


class LogHandler(Handler):
    """``GET services/<name>/log``."""

    def log_of(self, workspace: Workspace, name: str) -> logs.Log:
        """Find the log."""
        return logs.of_service(workspace, name)

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Tell lines of a service's log."""
        await self.answer(self._page(name))

    async def _page(self, name: str) -> dict[str, Any]:
        numbers = (self.whole_number("offset", -1), self.whole_number("limit", 500))
        rest = (self.get_query_argument("file", ""), self.whole_number("before", -1))
        return await self.from_workspace(lambda workspace: logs.page(self.log_of(workspace, name), *numbers, *rest))


class EndpointLogHandler(LogHandler):
    """``GET endpoints/<name>/log``."""

    def log_of(self, workspace: Workspace, name: str) -> logs.Log:
        """Find the log."""
        return logs.of_endpoint(workspace, name)


class DownloadHandler(Handler):
    """``GET services/<name>/log/download``."""

    def log_of(self, workspace: Workspace, name: str) -> logs.Log:
        """Find the log."""
        return logs.of_service(workspace, name)

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Send a service's log as a file."""
        try:
            pieces = await self.from_workspace(lambda workspace: logs.whole(self.log_of(workspace, name)))
            following = partial(next, pieces, b"")
            piece = await self.parts.in_thread(following)
        except DeployError as error:
            self.send(error_facts(error), status_of(error))
            return
        self.set_header("Content-Disposition", f'attachment; filename="{_file_name(name)}.log"')
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        while piece:
            self.write(piece)
            await self.flush()
            piece = await self.parts.in_thread(following)
        self.finish(set_content_type="text/plain; charset=utf-8")


class EndpointDownloadHandler(DownloadHandler):
    """``GET endpoints/<name>/log/download``."""

    def log_of(self, workspace: Workspace, name: str) -> logs.Log:
        """Find the log."""
        return logs.of_endpoint(workspace, name)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "-" for letter in name)


class VerbsHandler(Handler):
    """``GET verbs``."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Describe the verbs."""
        await self.answer(self.parts.in_thread(acting.table))


class VerbHandler(Handler):
    """``POST verbs/<name>``."""

    _track_activity = True

    @authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Run a verb: here where it is quick, else as a job."""
        try:
            request = await self.parts.in_thread(acting.Request.read, name, self.body(), self.parts.root)
            if acting.is_long(request):
                self._send_job(self.parts.jobs.start(request))
                return
        except DeployError as error:
            self.send(error_facts(error), status_of(error))
            return
        await self.answer(self.parts.in_acting_thread(lambda: acting.act(self.parts.opened.get(), request)))

    def _send_job(self, job: Job) -> None:
        self.send({"job": job.id, **job.as_dict()}, HTTPStatus.ACCEPTED)


class JobsHandler(Handler):
    """``GET jobs``."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """List the jobs of this server, newest first."""
        self.send({"jobs": [job.as_dict() for job in self.parts.jobs.all()]})


class JobHandler(Handler):
    """``GET`` and ``DELETE jobs/<id>``."""

    @authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        """Tell how far a job is, or its outcome."""
        await self.answer(_soon(lambda: self.parts.jobs.get(job_id).as_dict()))

    @authenticated
    @authorized
    async def delete(self, job_id: str) -> None:
        """Interrupt a job."""
        await self.answer(_soon(lambda: self.parts.jobs.cancel(job_id).as_dict()), HTTPStatus.ACCEPTED)


async def _soon(work: Callable[[], Found]) -> Found:
    await asyncio.sleep(0)
    return work()


class UnknownHandler(Handler):
    """All other addresses below the API's."""

    @authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Refuse as JSON: a page may be newer than its server."""
        raise HTTPError(HTTPStatus.NOT_FOUND, f"There is no {path[:80]}.")

    @authenticated
    @authorized
    async def post(self, path: str) -> None:
        """Refuse, as :meth:`get` does."""
        raise HTTPError(HTTPStatus.NOT_FOUND, f"There is no {path[:80]}.")


ROUTES: list[tuple[str, type[Handler]]] = [
    (f"{PREFIX}/info", InfoHandler),
    (f"{PREFIX}/overview", OverviewHandler),
    (f"{PREFIX}/listening", ListeningHandler),
    (f"{PREFIX}/models/{_NAME}", ModelHandler),
    (f"{PREFIX}/services/{_NAME}", ServiceHandler),
    (f"{PREFIX}/services/{_NAME}/traffic", TrafficHandler),
    (f"{PREFIX}/services/{_NAME}/keys", KeysHandler),
    (f"{PREFIX}/services/{_NAME}/log", LogHandler),
    (f"{PREFIX}/services/{_NAME}/log/download", DownloadHandler),
    (f"{PREFIX}/endpoints/{_NAME}", EndpointHandler),
    (f"{PREFIX}/endpoints/{_NAME}/keys", EndpointKeysHandler),
    (f"{PREFIX}/endpoints/{_NAME}/log", EndpointLogHandler),
    (f"{PREFIX}/endpoints/{_NAME}/log/download", EndpointDownloadHandler),
    (f"{PREFIX}/faces/{_NAME}", FaceHandler),
    (f"{PREFIX}/verbs", VerbsHandler),
    (f"{PREFIX}/verbs/{_NAME}", VerbHandler),
    (f"{PREFIX}/jobs", JobsHandler),
    (f"{PREFIX}/jobs/{_NAME}", JobHandler),
    (f"{PREFIX}/(.*)", UnknownHandler),
]
