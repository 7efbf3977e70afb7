"""What a service is to get, by the class of the cloud's service that a notebook was written for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

from ..exceptions import WebserviceException

_MB = 1 << 20
_GB = 1 << 30
# What the cloud has where nothing is said.
PROBE = {
    "period_seconds": 10,
    "initial_delay_seconds": 310,
    "timeout_seconds": 2,
    "success_threshold": 1,
    "failure_threshold": 3,
}
_PROBE_SETTINGS = {
    "period_seconds": "probe_seconds",
    "initial_delay_seconds": "probe_delay_seconds",
    "timeout_seconds": "probe_timeout_seconds",
    "success_threshold": "probe_successes",
    "failure_threshold": "probe_failures",
}
# No graphics card, no delay before the first look.
_MAY_BE_ZERO = frozenset({"gpu_cores", "initial_delay_seconds"})
# Of a service on AKS where it is not said.
SCORING_TIMEOUT_MS = 60_000
# Not written down: they go to the service's own file of keys.
_SECRET = frozenset({"primary_key", "secondary_key"})
# By the annotation: "false" would be true. Numbers and dicts have errors of their own.
_TYPES: dict[str, tuple[type, str]] = {"bool | None": (bool, "True or False"), "str | None": (str, "a text")}


def _bytes(gigabytes: float | None) -> int | None:
    return None if gigabytes is None else max(int(gigabytes * _GB), 32 * _MB)


@dataclass
class WebserviceDeploymentConfiguration:
    """The options that all classes share; ``None`` is the service's default."""

    compute_type: ClassVar[str] = ""

    description: str | None = None
    tags: Mapping[str, str] | None = None
    properties: Mapping[str, str] | None = None

    def validate_configuration(self) -> None:
        """Refuse values of the wrong type, and tags and properties that are no dicts."""
        for option in fields(self):
            value = getattr(self, option.name)
            wanted, named = _TYPES.get(str(option.type), (object, ""))
            if value is not None and not isinstance(value, wanted):
                # A key is not shown, whatever it is.
                shown = "" if option.name in _SECRET else f", not {value!r}"
                raise WebserviceException(f"Invalid configuration, {option.name} must be {named}{shown}.")
        for what in ("tags", "properties"):
            given = getattr(self, what)
            if given is not None and not isinstance(given, Mapping):
                raise WebserviceException(
                    f"Invalid configuration, {what} must be a dict, not {given!r}.",
                    hint=f"For example {what}={{'area': 'mnist'}}.",
                )

    def print_deploy_configuration(self) -> None:
        """Print the options that were given; never a key."""
        given = {key: value for key, value in self.kept().items() if value is not None}
        print(json.dumps({"computeType": self.compute_type, **given}, indent=2, default=str))  # noqa: T201

    def kept(self) -> dict[str, Any]:
        """Return the options that are written down with the service: all but its keys."""
        return {key: value for key, value in asdict(self).items() if key not in _SECRET}

    def settings(self) -> dict[str, str | int | float | bool]:
        """Return the server's settings that follow."""
        return {}

    def replicas(self) -> int:
        """Return how many processes run the script at first."""
        return 1

    def sizes(self) -> bool:
        """Tell whether it says how many those are."""
        return False


@dataclass
class LocalWebserviceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """A service for its user alone, on a port of this machine."""

    compute_type: ClassVar[str] = "Local"

    port: int | None = None

    def validate_configuration(self) -> None:
        """Refuse what is no port."""
        super().validate_configuration()
        if self.port is None:
            return
        if isinstance(self.port, bool) or not isinstance(self.port, int) or not 1 <= self.port <= 65535:
            raise WebserviceException(
                "Invalid configuration, port must be an integer in range [1, 65535]",
                hint="For example port=8890. Without one, a free port is chosen.",
            )


@dataclass
class _Cloud(WebserviceDeploymentConfiguration):
    """What the cloud's two classes share."""

    cpu_cores: float | None = None
    memory_gb: float | None = None
    auth_enabled: bool | None = None
    enable_app_insights: bool | None = None
    collect_model_data: bool | None = None
    primary_key: str | None = field(default=None, repr=False)
    secondary_key: str | None = field(default=None, repr=False)

    def validate_configuration(self) -> None:
        """Refuse sizes that are not above zero, and one key without the other's meaning."""
        super().validate_configuration()
        for name in ("cpu_cores", "memory_gb"):
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and not (is_number and 0 < value < float("inf")):
                raise WebserviceException(
                    f"Invalid configuration, {name} must be a number greater than zero, not {value!r}."
                )
        given = [name for name in sorted(_SECRET) if getattr(self, name)]
        if given and not self._keys_are_on():
            raise WebserviceException(f"Invalid configuration, {given[0]} needs auth_enabled=True.")

    def _keys_are_on(self) -> bool:
        """Tell whether clients need a key."""
        return bool(self.auth_enabled)

    def settings(self) -> dict[str, str | int | float | bool]:
        """Return what is collected: requests and answers, where the notebook asks for either of the two."""
        asked = (self.enable_app_insights, self.collect_model_data)
        if all(one is None for one in asked):
            return {}
        return {"collect": "requests" if any(asked) else "off"}

    @property
    def cpus(self) -> float | None:
        """The processors that it may use at most."""
        return self.cpu_cores

    @property
    def memory(self) -> int | None:
        """The bytes that it may use at most."""
        return _bytes(self.memory_gb)


@dataclass
class AciServiceDeploymentConfiguration(_Cloud):
    """One replica with limits; keys and TLS on request."""

    compute_type: ClassVar[str] = "ACI"

    location: str | None = None
    ssl_enabled: bool | None = None
    ssl_cert_pem_file: str | None = None
    ssl_key_pem_file: str | None = None
    ssl_cname: str | None = None
    dns_name_label: str | None = None
    cmk_vault_base_url: str | None = None
    cmk_key_name: str | None = None
    cmk_key_version: str | None = None
    vnet_name: str | None = None
    subnet_name: str | None = None

    def validate_configuration(self) -> None:
        """Refuse TLS without its files."""
        super().validate_configuration()
        files = (self.ssl_cert_pem_file, self.ssl_key_pem_file, self.ssl_cname)
        if self.ssl_enabled and not all(files):
            raise WebserviceException(
                "SSL is enabled, you must provide a SSL certificate file, key file and cname.",
                hint="ssl_cert_pem_file='cert.pem', ssl_key_pem_file='key.pem', ssl_cname='localhost'",
            )
        if self.ssl_enabled is None and any(files[:2]):
            raise WebserviceException(
                "Invalid configuration, a certificate needs ssl_enabled=True: the service would speak plain http."
            )


@dataclass
class AksServiceDeploymentConfiguration(_Cloud):
    """Replicas, keys by default, tokens on request, timeouts and queue as on a cluster."""

    compute_type: ClassVar[str] = "AKS"

    autoscale_enabled: bool | None = None
    autoscale_min_replicas: int | None = None
    autoscale_max_replicas: int | None = None
    autoscale_refresh_seconds: int | None = None
    autoscale_target_utilization: int | None = None
    scoring_timeout_ms: int | None = None
    replica_max_concurrent_requests: int | None = None
    max_request_wait_time: int | None = None
    num_replicas: int | None = None
    gpu_cores: int | None = None
    period_seconds: int | None = None
    initial_delay_seconds: int | None = None
    timeout_seconds: int | None = None
    success_threshold: int | None = None
    failure_threshold: int | None = None
    namespace: str | None = None
    token_auth_enabled: bool | None = None
    compute_target_name: str | None = None
    cpu_cores_limit: float | None = None
    memory_gb_limit: float | None = None
    blobfuse_enabled: bool | None = None

    def validate_configuration(self) -> None:
        """Refuse what contradicts itself, as the SDK does."""
        super().validate_configuration()
        if self.auth_enabled and self.token_auth_enabled:
            raise WebserviceException("Cannot set both auth_enabled and token_auth_enabled to True.")
        if self.autoscale_enabled and self.num_replicas:
            raise WebserviceException("Invalid configuration, autoscale_enabled and num_replicas cannot both be set.")
        bounds = [
            name.name
            for name in fields(self)
            if name.name.startswith("autoscale_") and name.name != "autoscale_enabled" and getattr(self, name.name)
        ]
        if self.autoscale_enabled is False and bounds:
            raise WebserviceException(f"Invalid configuration, {bounds[0]} needs autoscale_enabled=True.")
        if self.autoscale_enabled is False and not self.num_replicas:
            raise WebserviceException("Invalid configuration, num_replicas is needed where autoscale_enabled is False.")
        self._check_numbers()

    def _keys_are_on(self) -> bool:
        return self.auth_enabled is not False and not self.token_auth_enabled

    def _check_numbers(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            # Annotations are texts: "int | None".
            if value is None or str(option.type).partition(" ")[0] not in {"int", "float"}:
                continue
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if is_number and value == 0 and option.name in _MAY_BE_ZERO:
                continue
            if not is_number or value <= 0:
                raise WebserviceException(
                    f"Invalid configuration, {option.name} must be a number greater than zero, not {value!r}."
                )
        for name in ("cpu_cores", "memory_gb"):
            given, limit = getattr(self, name), getattr(self, f"{name}_limit")
            if given and limit and limit < given:
                raise WebserviceException(f"Invalid configuration, {name}_limit is below {name}.")
        least, most = self.autoscale_min_replicas, self.autoscale_max_replicas
        if least and most and least > most:
            raise WebserviceException("Invalid configuration, autoscale_min_replicas is above autoscale_max_replicas.")
        words = self.namespace
        if words is not None and not (words.replace("-", "").isalnum() and words == words.lower() and len(words) < 64):
            raise WebserviceException("Invalid configuration, namespace has lower-case letters, digits and '-' only.")

    def settings(self) -> dict[str, str | int | float | bool]:
        """Return timeouts and probes, and the queue: twice the requests that the replicas take at once."""
        found = super().settings()
        if self.scoring_timeout_ms is not None:
            found["scoring_timeout_ms"] = self.scoring_timeout_ms
        if self.replica_max_concurrent_requests is not None:
            found["queue_limit"] = 2 * self.replica_max_concurrent_requests * self.replicas()
        if self.max_request_wait_time is not None:
            found["queue_wait_ms"] = self.max_request_wait_time
        if probe := self.probe():
            found |= {setting: probe[option] for option, setting in _PROBE_SETTINGS.items()}
        return found

    @property
    def cpus(self) -> float | None:
        """The processors that it may use at most: the limit, else what it is given."""
        return self.cpu_cores_limit or self.cpu_cores

    @property
    def memory(self) -> int | None:
        """The bytes that it may use at most: the limit, else what it is given."""
        return _bytes(self.memory_gb_limit or self.memory_gb)

    def probe(self) -> dict[str, int]:
        """Return the probe's numbers, those of the cloud beside the given ones; empty if none is given."""
        given = {name: getattr(self, name) for name in PROBE}
        if all(number is None for number in given.values()):
            return {}
        return {name: usual if given[name] is None else given[name] for name, usual in PROBE.items()}

    def replicas(self) -> int:
        """Return the number of replicas, or the least that autoscaling may have."""
        return self.num_replicas or self.autoscale_min_replicas or 1

    def sizes(self) -> bool:
        """Tell whether it says something of replicas."""
        return any((self.num_replicas, self.autoscale_min_replicas, self.autoscale_enabled))


@dataclass
class AksEndpointDeploymentConfiguration(AksServiceDeploymentConfiguration):
    """One version of an endpoint."""

    compute_type: ClassVar[str] = "AKSENDPOINT"

    version_name: str | None = None
    traffic_percentile: float | None = None

    def validate_configuration(self) -> None:
        """Refuse a share of the traffic that is no percentage."""
        share = self.traffic_percentile
        self.traffic_percentile = None
        super().validate_configuration()
        self.traffic_percentile = share
        if share is not None and not 0 <= share <= 100:
            raise WebserviceException("Invalid configuration, traffic_percentile must be from 0 to 100.")
