"""The attributes that only some classes of services have."""

from __future__ import annotations

from typing import Any


class AttributesOfAll:
    """Has each of them as None, so that code for one class of services reads those of another.

    No class has an image of its own.
    """

    autoscaler: Any = None
    compute_name: Any = None
    deploy_to_cloud: Any = None
    deployment_status: Any = None
    dns_name_label: Any = None
    image: Any = None
    image_id: Any = None
    ip_address: Any = None
    liveness_probe: Any = None
    location: Any = None
    max_concurrent_requests_per_container: Any = None
    max_request_wait_time: Any = None
    namespace: Any = None
    port: Any = None
    public_fqdn: Any = None
    scoring_timeout_ms: Any = None
    ssl_enabled: Any = None
