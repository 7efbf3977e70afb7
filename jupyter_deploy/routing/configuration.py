"""Rules as the resources that Envoy reads: listeners, clusters, routes. Plain JSON; nothing is written here."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from ..endpoints import HEADER, MIRRORED, RunningRouter
from ..services import Certificate
from .rules import Backend, Pool, Rules
from .standby import LOOPBACK_DEVICE, SO_BINDTODEVICE, STANDS_BY

Json = dict[str, Any]
ROUTES = "rules"
PREFIX = "ingress"
# No deployment's name has a dot.
MIRROR_SUFFIX = ".mirror"
_API = "type.googleapis.com/envoy"
_FILTERS = f"{_API}.extensions.filters.http"
# Hosts that a browser page of another site cannot name: what listens on loopback must know who is meant.
_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
# Shorter than the 75 s after which a server closes an idle connection, so that no request meets that moment.
_IDLE = "60s"
_UNBOUNDED = 1_000_000
# Who holds requests of deployments that sleep is a process that may just be being started again: for about ten seconds.
_RETRIES, _RETRIES_ASLEEP = 3, 60
_SCORE = "/score"
_REROUTE = """function envoy_on_request(handle)
  local path = handle:headers():get(":path")
  if path == "/score" or path:sub(1, 7) == "/score?" then
    handle:headers():replace(":path", %s .. path:sub(7))
  end
end
"""
_OPEN: list[Json] = [{"path": "/"}, {"prefix": "/v2/health/"}]
_REPLACE, _KEEP = "OVERWRITE_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT"


def bootstrap(folder: Path, admin: Path) -> Json:
    """Return the file that Envoy is started with: where the rest is, and its admin socket."""

    def watched(name: str) -> Json:
        place = {"path": str(folder / name), "watched_directory": {"path": str(folder)}}
        return {"path_config_source": place, "resource_api_version": "V3"}

    return {
        "node": {"id": "router", "cluster": "router"},
        "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
        "dynamic_resources": {"cds_config": watched("clusters.json"), "lds_config": watched("listeners.json")},
        "stats_flush_interval": "1s",
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_API}.extensions.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 10_000,
                    },
                }
            ]
        },
    }


def document(resources_: list[Json]) -> tuple[str, str]:
    """Return the text of a file of resources, and the version that it states: a digest of its content."""
    version = sha256(json.dumps(resources_, sort_keys=True).encode()).hexdigest()[:16]
    return json.dumps({"version_info": version, "resources": resources_}, indent=1), version


def listeners(rules: Rules, running: RunningRouter, folder: Path, access_log: Path) -> list[Json]:
    """Return where clients connect, and what a request passes through."""
    manager = {
        "@type": f"{_API}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": PREFIX,
        "rds": {
            "route_config_name": ROUTES,
            "config_source": {
                "path_config_source": {
                    "path": str(folder / "routes.json"),
                    "watched_directory": {"path": str(folder)},
                },
                "resource_api_version": "V3",
            },
        },
        "http_filters": _filters(rules),
        "access_log": [_access_log(access_log)],
        "server_header_transformation": "PASS_THROUGH",
        "use_remote_address": True,
        "stream_idle_timeout": "0s",
        "request_headers_timeout": "20s",
        "normalize_path": True,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
    }
    chain: Json = {"filters": [{"name": "http", "typed_config": manager}]}
    if rules.certificate is not None:
        chain["transport_socket"] = _tls(rules.certificate)
    kind = f"{_API}.config.listener.v3.Listener"
    outer = {"socket_address": {"address": "127.0.0.1", "port_value": running.port}}
    # Where clients that came while there was no router are passed on.
    inner = {"pipe": {"path": running.facts["inner"], "mode": 0o600}}
    found: list[Json] = [
        {"@type": kind, "name": name, "address": address, "filter_chains": [chain]}
        for name, address in ((PREFIX, outer), ("inner", inner))
    ]
    if STANDS_BY:
        device = base64.b64encode(LOOPBACK_DEVICE).decode()
        option = {"level": socket.SOL_SOCKET, "name": SO_BINDTODEVICE, "buf_value": device, "state": "STATE_PREBIND"}
        found[0]["socket_options"] = [{"description": "preferred to the standby's", **option}]
    return found


def _tls(certificate: Certificate) -> Json:
    pair = {"certificate_chain": {"filename": certificate.file}, "private_key": {"filename": certificate.key_file}}
    common = {"tls_certificates": [pair], "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"}}
    kind = f"{_API}.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    return {"name": "tls", "typed_config": {"@type": kind, "common_tls_context": common}}


def _filters(rules: Rules) -> list[Json]:
    script = {"@type": f"{_FILTERS}.lua.v3.Lua", "default_source_code": {"inline_string": _lua()}}
    found: list[Json] = [{"name": "envoy.filters.http.lua", "typed_config": script}]
    if rules.credentials.kind == "token":
        found.append({"name": "envoy.filters.http.jwt_authn", "typed_config": _tokens(rules)})
    found.append({"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_FILTERS}.router.v3.Router"}})
    return found


@cache
def _lua() -> str:
    return resources.files(__package__).joinpath("rules.lua").read_text(encoding="utf-8")


def _tokens(rules: Rules) -> Json:
    secret = base64.urlsafe_b64encode(bytes.fromhex(rules.credentials.signing_key)).rstrip(b"=").decode()
    keys = json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "k": secret}]})
    provider = {
        "audiences": [rules.credentials.audience],
        "local_jwks": {"inline_string": keys},
        "require_expiration": True,
        "clock_skew_seconds": 1,
    }
    # The script gets no token: the router's own header takes its place.
    return {
        "@type": f"{_FILTERS}.jwt_authn.v3.JwtAuthentication",
        "providers": {"workspace": provider},
        "rules": [
            *({"match": match} for match in _OPEN),
            {"match": {"prefix": "/"}, "requires": {"provider_name": "workspace"}},
        ],
    }


def _access_log(path: Path) -> Json:
    line = {
        "time": "%START_TIME%",
        "request_id": "%REQ(x-ms-request-id)%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ)%",
        "status": "%RESPONSE_CODE%",
        "deployment": "%UPSTREAM_CLUSTER%",
        "instance": "%UPSTREAM_HOST%",
        "milliseconds": "%DURATION%",
        "sent": "%BYTES_SENT%",
        "received": "%BYTES_RECEIVED%",
        "why": "%RESPONSE_FLAGS%",
    }
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_API}.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"json_format": line},
        },
    }


def clusters(rules: Rules) -> list[Json]:
    """Return each deployment's instances, and how their health is watched.

    What is mirrored goes to the same instances as another cluster, so that it is counted apart.
    """
    mirrored = [pool for pool in rules.pools if pool.name in rules.mirror]
    found = [_cluster(pool, pool.name, rules.sticky) for pool in rules.pools]
    return found + [_cluster(pool, f"{pool.name}{MIRROR_SUFFIX}", "") for pool in mirrored]


def _cluster(pool: Pool, name: str, sticky: str) -> Json:
    # Azure ML lets twice as many in as are run at once: the others wait.
    most = 2 * pool.limits.concurrency * max(1, len(pool.backends)) or _UNBOUNDED
    thresholds = {"max_connections": _UNBOUNDED, "max_pending_requests": most, "max_requests": most}
    addresses = [{"endpoint": {"address": _address(one)}} for one in pool.backends]
    check = {
        "timeout": "2s",
        "interval": "1s",
        "no_traffic_interval": "2s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": pool.readiness},
    }
    return {
        "@type": f"{_API}.config.cluster.v3.Cluster",
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "lb_policy": "RING_HASH" if sticky else "LEAST_REQUEST",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": addresses}]},
        "circuit_breakers": {"thresholds": [{**thresholds, "max_retries": 100}]},
        "health_checks": [check],
        # What an instance answers is its model's affair; that it does not answer, or refuses, is not.
        "outlier_detection": {
            "split_external_local_origin_errors": True,
            "consecutive_local_origin_failure": 2,
            "enforcing_consecutive_local_origin_failure": 100,
            "enforcing_consecutive_5xx": 0,
            "enforcing_consecutive_gateway_failure": 0,
            "enforcing_success_rate": 0,
            "enforcing_local_origin_success_rate": 0,
            "interval": "1s",
            "base_ejection_time": "1s",
            "max_ejection_percent": 100,
        },
        "typed_extension_protocol_options": {
            f"{_API.removeprefix('type.googleapis.com/')}.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_API}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "common_http_protocol_options": {"idle_timeout": _IDLE},
                "explicit_http_config": {"http_protocol_options": {}},
                **_own_route(pool.scoring),
            }
        },
    }


def _own_route(scoring: str) -> Json:
    """Have the server of a user's image get requests at its own route: clients know the endpoint's alone."""
    if scoring == _SCORE:
        return {}
    script = {
        "@type": f"{_FILTERS}.lua.v3.Lua",
        "default_source_code": {"inline_string": _REROUTE % json.dumps(scoring)},
    }
    codec = {"@type": f"{_FILTERS}.upstream_codec.v3.UpstreamCodec"}
    return {
        "http_filters": [
            {"name": "envoy.filters.http.lua", "typed_config": script},
            {"name": "envoy.filters.http.upstream_codec", "typed_config": codec},
        ]
    }


def _address(one: Backend) -> Json:
    return (
        {"pipe": {"path": one.path}} if one.path else {"socket_address": {"address": one.host, "port_value": one.port}}
    )


def routes(rules: Rules) -> list[Json]:
    """Return which deployment gets which request."""
    named = [_route(rules, _to_one(rules, pool), header=pool.name) for pool in rules.pools]
    unknown = _refusal(rules, f"Endpoint {rules.endpoint} has no deployment of that name.", header="")
    inner = {"match": {"prefix": "/-/"}, **_answer(404, "There is nothing here.")}
    shared = _shared(rules)
    host = {"name": "endpoint", "domains": _HOSTS, "routes": [inner, *named, unknown, *shared]}
    refused = {"match": {"prefix": "/"}, **_answer(403, "This endpoint is not known by that host name.")}
    return [
        {
            "@type": f"{_API}.config.route.v3.RouteConfiguration",
            "name": ROUTES,
            "ignore_port_in_host_matching": True,
            "virtual_hosts": [host, {"name": "others", "domains": ["*"], "routes": [refused]}],
        }
    ]


def _shared(rules: Rules) -> list[Json]:
    shares = {name: share for name, share in rules.traffic.items() if share}
    if not shares:
        first = rules.pools[0].name if rules.pools else "blue"
        how = f"jupyter model endpoint traffic {rules.endpoint} {first}=100"
        return [_refusal(rules, f"No deployment of endpoint {rules.endpoint} has traffic. Give it some: {how}")]
    pools = [pool for pool in rules.pools if pool.name in shares]
    timeouts = [pool.limits.timeout_ms for pool in pools]
    weighted = [{"name": name, "weight": share, **_marks(rules, name)} for name, share in shares.items()]
    spread: Json = {"clusters": weighted}
    if rules.sticky:
        spread["use_hash_policy"] = True
    action: Json = {"weighted_clusters": spread, **_common(rules, pools, 0 if 0 in timeouts else max(timeouts))}
    for name, share in rules.mirror.items():
        action["request_mirror_policies"] = [_mirror(name, share)]
    # Who asks only for health shows nothing.
    health = [{**_route(rules, {"route": action}), "match": match, "metadata": {}} for match in _OPEN]
    return [*health, _route(rules, {"route": action})]


def _mirror(name: str, share: int) -> Json:
    return {
        "cluster": f"{name}{MIRROR_SUFFIX}",
        "runtime_fraction": {"default_value": {"numerator": share, "denominator": "HUNDRED"}},
        "disable_shadow_host_suffix_append": True,
        "request_headers_mutations": [{"append": _header(MIRRORED, "true")}],
    }


def _to_one(rules: Rules, pool: Pool) -> Json:
    action = {"cluster": pool.name, **_common(rules, [pool], pool.limits.timeout_ms)}
    return {"route": action, **_marks(rules, pool.name)}


def _common(rules: Rules, pools: Sequence[Pool], timeout_ms: int) -> Json:
    found: Json = {
        "timeout": f"{timeout_ms / 1000:.3f}s" if timeout_ms else "0s",
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": _RETRIES_ASLEEP if any(one.path for pool in pools for one in pool.backends) else _RETRIES,
            "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": {"@type": f"{_API}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"},
                }
            ],
            "host_selection_retry_max_attempts": 3,
        },
    }
    if rules.sticky:
        found["hash_policy"] = [{"header": {"header_name": rules.sticky}}]
    return found


def _marks(rules: Rules, name: str) -> Json:
    inner = [_header("authorization", f"Bearer {rules.inner_key}")] if rules.inner_key else []
    return {"response_headers_to_add": [_header(HEADER, name)], "request_headers_to_add": inner}


def _route(rules: Rules, action: Json, header: str | None = None) -> Json:
    match: Json = {"prefix": "/"}
    if header is not None:
        value = {"string_match": {"exact": header}} if header else {"present_match": True}
        match["headers"] = [{"name": HEADER, **value}]
    action = {**action}
    request_id = [_header("x-ms-request-id", "%REQ(x-request-id)%", _KEEP)]
    action["request_headers_to_add"] = [*request_id, *action.get("request_headers_to_add", ())]
    return {"match": match, "request_headers_to_remove": [MIRRORED], **action, **_secured(rules)}


def _secured(rules: Rules) -> Json:
    if rules.credentials.kind != "key":
        return {}
    first, last = rules.credentials.keys[0], rules.credentials.keys[-1]
    return {"metadata": {"filter_metadata": {"envoy.filters.http.lua": {"keys": [first, last]}}}}


def _refusal(rules: Rules, message: str, header: str | None = None) -> Json:
    return _route(rules, _answer(404, message), header)


def _answer(status: int, message: str) -> Json:
    body = {"inline_string": json.dumps({"message": message})}
    headers = [_header("content-type", "application/json"), _header("x-router-says", "so")]
    return {"direct_response": {"status": status, "body": body}, "response_headers_to_add": headers}


def _header(name: str, value: str, action: str = _REPLACE) -> Json:
    return {"header": {"key": name, "value": value}, "append_action": action}
