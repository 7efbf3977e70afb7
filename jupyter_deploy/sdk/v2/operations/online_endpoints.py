"""``ml_client.online_endpoints``."""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ....endpoints import check_endpoint_name, checked_mirror, checked_traffic
from ....errors import InvokeProblem
from ....files import in_home
from ....invoking import Payload
from ....workspace import Endpoint as Live
from ....workspace import Workspace
from ..entities import EndpointAuthKeys, EndpointAuthToken, OnlineEndpoint
from ..exceptions import HttpResponseError, ResourceNotFoundError, ValidationException
from ..kept import LABEL, endpoint_entity, endpoint_label
from ..poller import LROPoller, entity_of
from ..vocabulary import Vocabulary
from .underway import UNDERWAY
from .versions import texts

_AUTH = {"key": "key", "aml_token": "token", "aad_token": "token"}
_KEYS = ("primary", "secondary")


class OnlineEndpointOperations(metaclass=Vocabulary):
    """Endpoints of this machine. ``local=True`` is accepted everywhere: there is no other place; calls wait with it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def begin_create_or_update(self, endpoint: OnlineEndpoint, *, local: bool = False) -> LROPoller[OnlineEndpoint]:
        """Create an endpoint, or change one: traffic and mirror where the notebook names them, else they stay.

        Raises
        ------
        ValidationException
            At once, for a name or shares that no endpoint can have, or traffic of an endpoint that is not there yet.
        """
        given = entity_of(endpoint)
        if not isinstance(given, OnlineEndpoint):
            raise ValidationException(
                f"A {type(given).__name__} is no online endpoint.", hint="ManagedOnlineEndpoint(name='churn-endpoint')"
            )
        name = check_endpoint_name(given.name)
        known = name in self._workspace.endpoints
        rules = {what: _named(getattr(given, what)) for what in ("traffic", "mirror_traffic")}
        awaited = [(name, one) for shares in rules.values() for one in shares or () if UNDERWAY.creates((name, one))]
        if known and not awaited:
            self._check_rules(name, rules)
        elif not known and not UNDERWAY.word((name,)):
            _refuse_rules_of_new(rules)
        # What waits for its creation must not wait for a change that waits in turn.
        word = "Updating" if known or UNDERWAY.creates((name,)) else "Creating"
        UNDERWAY.begin((name,), word)

        def work(say: Callable[[str], None]) -> OnlineEndpoint:
            with UNDERWAY.ending((name,), word):
                if word == "Updating":
                    UNDERWAY.until_created((name,))
                live = self._put(given, say)
                for one in awaited:
                    UNDERWAY.until_created(one)
                if any(rules[what] is not None for what in rules):
                    live.route(traffic=rules["traffic"], mirror=rules["mirror_traffic"])
                for what in ("traffic", "mirror_traffic"):
                    getattr(given, what).settled()
            return endpoint_entity(live)

        return LROPoller(f"endpoint {name}", work).ended(local)

    def _check_rules(self, name: str, rules: Mapping[str, Any]) -> None:
        """Refuse at once what can be told without asking a deployment whether it is ready."""
        live = self._workspace.endpoints[name]
        known = list(live.deployments)
        traffic = live.record.traffic
        if rules["traffic"] is not None:
            traffic = checked_traffic(rules["traffic"], known, known)
        if rules["mirror_traffic"] is not None:
            checked_mirror(rules["mirror_traffic"], traffic, known, known)

    def _put(self, given: OnlineEndpoint, say: Callable[[str], None]) -> Live:
        name = str(given.name)
        before = self._workspace.endpoints[name].record if name in self._workspace.endpoints else None
        gone = dict.fromkeys(before.tags if before and given.tags else ())
        properties = {
            key: text for key, text in texts(given.properties).items() if not before or key not in before.properties
        }
        return self._workspace.endpoints.create(
            name,
            auth=None if given._facts.get("auth") == given.auth_mode else _AUTH[given.auth_mode],
            tags={**gone, **texts(given.tags)} or None,
            properties=properties or None,
            description=given.description,
            labels={LABEL: endpoint_label(given)},
            progress=say,
        )

    def get(self, name: str, *, local: bool = False) -> OnlineEndpoint:
        """Find an endpoint; its ``traffic`` lists all deployments.

        Raises
        ------
        ResourceNotFoundError
            With the nearest name.
        """
        made = endpoint_entity(self._live(name))
        word = UNDERWAY.word((name,))
        if word:
            made._facts["provisioning_state"] = word
        return made

    def list(self, *, local: bool = False) -> builtins.list[OnlineEndpoint]:
        """List the endpoints by name."""
        return [endpoint_entity(each) for each in self._workspace.endpoints.values()]

    def begin_delete(self, name: str | None = None, *, local: bool = False) -> LROPoller[None]:
        """Delete an endpoint with all its deployments; requests in flight are answered."""
        live = self._live(name)
        UNDERWAY.begin((live.name,), "Deleting")

        def work() -> None:
            with UNDERWAY.ending((live.name,), "Deleting"):
                UNDERWAY.until_all_created(live.name)
                live.delete()

        return LROPoller(f"endpoint {name}", lambda _: work()).ended(local)

    def invoke(
        self,
        endpoint_name: str,
        *,
        request_file: str | os.PathLike[str] | None = None,
        deployment_name: str | None = None,
        input_data: Any = None,
        params_override: Any = None,
        local: bool = False,
    ) -> str:
        """Send a request, and return the text of the answer.

        With ``local=True``, the only deployment answers even without traffic: Azure's local endpoints have no rules.

        Parameters
        ----------
        request_file : str or pathlib.Path, optional
            A file with the body.
        deployment_name : str, optional
            Who must answer, whatever the rules are.
        input_data : object, optional
            In place of a file: a dictionary, a list, a data frame, or the body's text.

        Raises
        ------
        HttpResponseError
            With the status that a client gets, and the script's traceback.
        """
        live = self._live(endpoint_name)
        if deployment_name not in live.deployments if deployment_name else not any(live.traffic.values()):
            UNDERWAY.until_all_created(live.name)
        if deployment_name and deployment_name not in live.deployments:
            names = ", ".join(live.deployments) or "none yet"
            raise ResourceNotFoundError(
                f"Endpoint {endpoint_name} has no deployment {deployment_name!r}.",
                hint=f"There are: {names}.",
                status_code=404,
            )
        has_traffic, there = any(live.traffic.values()), list(live.deployments)
        if local and not has_traffic and len(there) == 1:
            (deployment_name,) = there
        handle = live.only(deployment_name) if deployment_name else live
        try:
            answer = handle.request(_body(request_file, input_data))
        except InvokeProblem as error:
            hint = str(error.hint)
            if not deployment_name and not has_traffic and there:
                hint = (
                    f"endpoint.traffic = {{{there[-1]!r}: 100}}, then ml_client.online_endpoints."
                    f"begin_create_or_update(endpoint).result(); or ask one of them: deployment_name={there[-1]!r}."
                )
            raise HttpResponseError(
                f"{error.message}", status_code=error.status or 400, hint=hint, details=error.details
            ) from error
        return answer.body.decode(errors="replace")

    def get_keys(self, name: str) -> EndpointAuthKeys | EndpointAuthToken:
        """Return the two keys of an endpoint, or a token where it takes tokens; printed whole, neither is shown."""
        live = self._live(name)
        if live.record.auth == "token":
            made = live.get_token()
            return EndpointAuthToken(made.token, _expiry(made.token), made.refresh_after.timestamp())
        keys = live.get_keys()
        return EndpointAuthKeys(keys.primary, keys.secondary)

    def begin_regenerate_keys(self, name: str, *, key_type: str = "primary") -> LROPoller[None]:
        """Replace one of the two keys; the one before it is refused when the work has ended."""
        live, which = self._live(name), str(key_type).lower()
        if which not in _KEYS:
            raise ValidationException(f"key_type cannot be {key_type!r}.", hint="key_type='primary' or 'secondary'")
        return LROPoller(f"keys of {name}", lambda _: live.regenerate_key(which))

    def _live(self, name: Any) -> Live:
        UNDERWAY.until_created((str(name),))
        return self._workspace.endpoints[name]


def _named(shares: Any) -> dict[str, Any] | None:
    """Return the shares that a notebook gave; None where it gave none."""
    return dict(shares) if shares.named else None


def _refuse_rules_of_new(rules: Mapping[str, Any]) -> None:
    for what, shares in rules.items():
        if any((shares or {}).values()):
            raise ValidationException(
                f"{what} cannot be given when an endpoint is created: it has no deployments yet.",
                hint=f"Create the endpoint, then its deployments; then endpoint.{what} = {shares} and "
                "ml_client.online_endpoints.begin_create_or_update(endpoint).result().",
            )


def _body(file: Any, data: Any) -> Any:
    if file is not None and data is not None:
        raise ValidationException("Give request_file or input_data, not both.")
    if file is not None:
        place = in_home(file)
        if not place.is_file():
            raise ValidationException(
                f"request_file: there is no {place}.",
                hint=f"The current folder is {Path.cwd()}; a value itself goes into input_data=.",
            )
        return Payload(place.read_bytes(), "application/json")
    if data is None:
        raise ValidationException(
            "invoke() needs a request.", hint="request_file='sample-request.json', or input_data={'data': [[1, 2]]}"
        )
    if isinstance(data, (str, bytes)):
        return Payload(data.encode() if isinstance(data, str) else data, "application/json")
    if isinstance(data, (dict, list)):
        return Payload(json.dumps(data).encode(), "application/json")
    return data


def _expiry(token: str) -> float:
    import jwt

    return float(jwt.decode(token, options={"verify_signature": False})["exp"])
