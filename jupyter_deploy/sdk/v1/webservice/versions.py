"""An endpoint's versions in the SDK's words: which one is the default, and what each gets of the traffic."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ....deploying import Options
from ....endpoints import check_endpoint_name
from ....errors import NotFound, UsageProblem, nearest
from ....workspace import Endpoint
from ..exceptions import WebserviceException
from ..workspace import Workspace
from .configurations import AksEndpointDeploymentConfiguration
from .deploying import AS_NEW, configured, deployed_as, in_place_of, name_is_taken
from .known import class_of, endpoint_of, found
from .labels import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import Webservice

LABEL = "azureml.versions"
FIRST = "version-1"
_WHOLE = 100
# What a deployment has not: clients see what the endpoint has.
_OF_ENDPOINT = ("port", "auth", "tls", "tls_key")


@dataclass(frozen=True)
class VersionRules:
    """Which version is the default, which the control, and what each was given of the traffic.

    Parameters
    ----------
    default, control : str
        Names of versions; empty for an endpoint without any.
    own : int
        What the default was given itself. It gets the unassigned rest, too.
    shares : mapping
        What each of the others was given, in percent.
    """

    default: str = ""
    control: str = ""
    own: int = 0
    shares: Mapping[str, int] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, live: Endpoint) -> VersionRules:
        """Read those of an endpoint. Its traffic decides: it may have been changed by other means since."""
        traffic, kept = live.traffic, json.loads(live.record.labels.get(LABEL, "{}"))
        if not traffic:
            return cls()
        default = kept.get("default")
        if default not in traffic:
            default = max(traffic, key=lambda name: traffic[name])
        control = kept.get("control") if kept.get("control") in traffic else default
        shares = {name: share for name, share in traffic.items() if name != default}
        return cls(default, control, min(kept.get("own", 0), _WHOLE - sum(shares.values())), shares)

    def with_version(
        self, name: str, share: int | None = None, is_default: bool | None = None, is_control: bool | None = None
    ) -> VersionRules:
        """Add a version, or change what is given of one.

        Raises
        ------
        WebserviceException
            For shares that add up to more than 100 %, and where no version would be the default or the control.
        """
        if not self.default:
            return VersionRules(name, name, share or 0)
        for said, now, option in ((is_default, self.default, "is_default"), (is_control, self.control, _CONTROL)):
            if said is False and now == name:
                raise WebserviceException(
                    f"{name} stays what it is: one version of an endpoint has {option}=True.",
                    hint=f"endpoint.update_version(another, {option}=True) takes it from {name}.",
                )
        shares, own = dict(self.shares), self.own
        default = name if is_default else self.default
        if default != self.default:
            shares[self.default] = own
            own = shares.pop(name, 0)
        if name == default:
            own = own if share is None else share
        else:
            shares[name] = shares.get(name, 0) if share is None else share
        made = VersionRules(default, name if is_control else self.control, own, shares)
        made._check_sum()
        return made

    def _check_sum(self) -> None:
        given = {self.default: self.own, **self.shares}
        if sum(given.values()) > _WHOLE:
            listed = " + ".join(f"{name} {share}" for name, share in given.items() if share)
            largest = max(given, key=lambda name: given[name])
            raise WebserviceException(
                f"The versions' traffic_percentile add up to {sum(given.values())} % ({listed}); 100 % is the most.",
                hint=f"Give {largest} less first: endpoint.update_version({largest!r}, traffic_percentile=…). "
                "What is given to no version goes to the default one.",
            )

    def without(self, name: str) -> VersionRules:
        """Remove a version; its share goes to the default.

        Raises
        ------
        WebserviceException
            For the default itself.
        """
        if name == self.default:
            other = next(iter(self.shares), None)
            raise WebserviceException(
                f"Version {name} is the default: it gets what no other version is given.",
                hint=f"Make another one the default first: endpoint.update_version({other!r}, is_default=True)."
                if other
                else "It is the only version: endpoint.delete() removes the endpoint.",
            )
        shares = {other: share for other, share in self.shares.items() if other != name}
        return replace(self, shares=shares, control=self.default if self.control == name else self.control)

    def traffic(self) -> dict[str, int]:
        """Return what is in force."""
        return {self.default: _WHOLE - sum(self.shares.values()), **self.shares}

    def label(self) -> dict[str, str]:
        """Write down what the traffic does not say."""
        return {LABEL: json.dumps({"default": self.default, "control": self.control, "own": self.own})}


_CONTROL = "is_control_version_type"


def put_rules(workspace: Workspace, live: Endpoint, rules: VersionRules) -> None:
    """Have rules in force when this returns, and write them down."""
    with spoken():
        if live.traffic != rules.traffic():
            live.route(rules.traffic())
        workspace._local.endpoints.create(live.name, labels=rules.label())


def share_of(percentile: float | None) -> int | None:
    """Check a share of the traffic.

    Raises
    ------
    WebserviceException
        For what is no whole number from 0 to 100.
    """
    if percentile is None:
        return None
    if isinstance(percentile, bool) or not isinstance(percentile, (int, float)) or not 0 <= percentile <= _WHOLE:
        raise WebserviceException("Invalid configuration, traffic_percentile must be from 0 to 100.")
    if percentile != int(percentile):
        raise WebserviceException(
            f"traffic_percentile must be a whole number of percent here, not {percentile:g}.",
            hint=f"For example traffic_percentile={round(percentile)}.",
        )
    return int(percentile)


def version_named(live: Endpoint, name: object) -> str:
    """Return the name of a version that there is.

    Raises
    ------
    WebserviceException
        With the nearest name, where there is none.
    """
    known = list(live.deployments)
    if name in known:
        return str(name)
    close = nearest(str(name), known)
    raise WebserviceException(
        f"Endpoint {live.name} has no version {name!r}.",
        status_code=404,
        hint=(f"Did you mean {close!r}? " if close else "") + f"Versions: {', '.join(known) or 'none'}.",
    )


@contextmanager
def spoken() -> Iterator[None]:
    """Have what an endpoint refuses raised as the SDK does."""
    try:
        yield
    except (NotFound, UsageProblem) as problem:
        raise WebserviceException(problem.message, hint=str(problem.hint)) from problem


def of_version(options: Options) -> Options:
    """Leave out of options what only the endpoint has."""
    return {key: value for key, value in options.items() if key not in _OF_ENDPOINT}  # type: ignore[return-value]


def deploy_endpoint(
    workspace: Workspace,
    name: str,
    models: Sequence[Any],
    inference_config: Any,
    configuration: AksEndpointDeploymentConfiguration,
    overwrite: bool,
    show_output: bool,
) -> Webservice:
    """Create an endpoint with its first version, which is its default; returns when it serves.

    With ``overwrite``, the version takes the place of all that the endpoint had.
    """
    local, live = workspace._local, endpoint_of(workspace, name)
    version, share = configuration.version_name or FIRST, share_of(configuration.traffic_percentile)
    if live is None and found(workspace, name) is not None:
        raise WebserviceException(
            f"A service that is no endpoint is named {name!r}.", hint=f"Webservice(ws, {name!r}).delete() first."
        )
    if live is not None and not overwrite:
        raise name_is_taken(name)
    with spoken():
        check_endpoint_name(version, "a version")
    say: Callable[[str], None] = print if show_output else lambda _: None
    options = deployed_as(workspace, name, models, inference_config)
    options |= configured(configuration, say=print if show_output else None)
    options["labels"] = labels_of(configuration)
    described: dict[str, Any] = {
        "auth": options.get("auth"),
        "tags": configuration.tags,
        "properties": configuration.properties if live is None else None,
        "description": configuration.description,
    }
    with spoken():
        if live is None:
            live = local.endpoints.create(name, progress=say, **described)
            try:
                live.deploy(version, progress=say, **of_version(options))
            except BaseException:
                live.delete()
                raise
        else:
            _replace(workspace, live, version, options, described, say)
    put_rules(workspace, live, VersionRules(version, version, share or 0))
    for which in ("primary", "secondary"):
        if key := getattr(configuration, f"{which}_key"):
            live.regenerate_key(which, key)
    made: Webservice = class_of(configuration.compute_type)(workspace, name)
    return made


def _replace(
    workspace: Workspace,
    live: Endpoint,
    version: str,
    options: Options,
    described: Mapping[str, Any],
    say: Callable[[str], None],
) -> None:
    """Have one version in the place of all others; they serve until it does."""
    before = live.deployments[version].served if version in live.deployments else None
    if before is not None:
        options = in_place_of(before, {**AS_NEW, **options})
    live.deploy(version, progress=say, **of_version(options))
    tags = {**dict.fromkeys(live.record.tags), **(described["tags"] or {})}
    text = described["description"] or ""
    workspace._local.endpoints.create(live.name, **{**described, "tags": tags, "description": text})
    live.route({version: _WHOLE}, "none")
    for other in [one for one in live.deployments if one != version]:
        live.deployments[other].delete()
