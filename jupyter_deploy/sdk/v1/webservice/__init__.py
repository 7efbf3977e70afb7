"""``azureml.core.webservice``: services by the class of the cloud's service that a notebook was written for.

All of them are the same services underneath. A class decides defaults (keys, limits) and the words of ``state``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....doors import door

if TYPE_CHECKING:
    from .aci import AciWebservice as AciWebservice
    from .aks import AksWebservice as AksWebservice
    from .aks import AutoScaler as AutoScaler
    from .aks_endpoint import AksEndpoint as AksEndpoint
    from .base import Webservice as Webservice
    from .configurations import AciServiceDeploymentConfiguration as AciServiceDeploymentConfiguration
    from .configurations import AksEndpointDeploymentConfiguration as AksEndpointDeploymentConfiguration
    from .configurations import AksServiceDeploymentConfiguration as AksServiceDeploymentConfiguration
    from .configurations import LocalWebserviceDeploymentConfiguration as LocalWebserviceDeploymentConfiguration
    from .configurations import WebserviceDeploymentConfiguration as WebserviceDeploymentConfiguration
    from .deploying import deployed_as as deployed_as
    from .entrance import deploy as deploy
    from .local import LocalWebservice as LocalWebservice
    from .packaging import ModelPackage as ModelPackage
    from .packaging import package as package
    from .printing import print_configuration as print_configuration
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "aci": "AciWebservice",
            "aks": "AksWebservice AutoScaler",
            "aks_endpoint": "AksEndpoint",
            "base": "Webservice",
            "configurations": (
                "AciServiceDeploymentConfiguration AksEndpointDeploymentConfiguration "
                "AksServiceDeploymentConfiguration LocalWebserviceDeploymentConfiguration "
                "WebserviceDeploymentConfiguration"
            ),
            "deploying": "deployed_as",
            "entrance": "deploy",
            "local": "LocalWebservice",
            "packaging": "ModelPackage package",
            "printing": "print_configuration",
        },
    )
