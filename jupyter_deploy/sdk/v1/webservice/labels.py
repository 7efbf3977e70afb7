"""What the SDK keeps with a service for itself: its class, and the configuration that it was deployed with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ....services import ServiceRecord
from .configurations import WebserviceDeploymentConfiguration

_CLASS = "azureml.compute_type"
_CONFIGURATION = "azureml.configuration"
LOCAL, ENDPOINT = "Local", "AKSENDPOINT"
CLASSES = {"ACI": "AciWebservice", "AKS": "AksWebservice", ENDPOINT: "AksEndpoint", LOCAL: "LocalWebservice"}


def kind_label(compute_type: str) -> dict[str, str]:
    """Return the label that says the class of a service."""
    return {_CLASS: compute_type}


def labels_of(configuration: WebserviceDeploymentConfiguration) -> dict[str, str]:
    """Return the labels of a service that is deployed with this configuration."""
    return {
        **kind_label(configuration.compute_type),
        _CONFIGURATION: json.dumps(configuration.kept(), sort_keys=True, default=str),
    }


def compute_type_of(record: ServiceRecord) -> str:
    """Return the class of a service; one that no notebook of the SDK has deployed is a local one."""
    return record.spec.labels.get(_CLASS, LOCAL)


def configuration_of(record: ServiceRecord) -> Mapping[str, Any]:
    """Return the options that a service was deployed with, by their names in the SDK."""
    found: dict[str, Any] = json.loads(record.spec.labels.get(_CONFIGURATION, "{}"))
    return found
