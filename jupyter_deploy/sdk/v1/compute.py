"""``azureml.core.compute``: named slots; services that are sent there run on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ...compute import Cluster
from ...errors import NotFound
from ..notices import notice
from .exceptions import ComputeTargetException
from .vocabulary import Vocabulary
from .workspace import Workspace

_CREATED = 'Provisioning operation finished, operation "Succeeded"'


@dataclass
class ProvisioningConfiguration:
    """The sizes that were asked for."""

    cluster: Cluster

    def enable_ssl(
        self,
        ssl_cname: str | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        leaf_domain_label: str | None = None,
        overwrite_existing_domain: bool = False,
    ) -> None:
        """Keep a host's name and files with the cluster; services on it answer by http here, and a warning says so."""
        if leaf_domain_label and (ssl_cname or ssl_cert_pem_file or ssl_key_pem_file):
            raise ComputeTargetException("leaf_domain_label excludes ssl_cname, ssl_cert_pem_file, ssl_key_pem_file.")
        tls = (ssl_cname or "", ssl_cert_pem_file or "", ssl_key_pem_file or "")
        if not leaf_domain_label and not all(tls):
            raise ComputeTargetException("TLS needs ssl_cname, ssl_cert_pem_file and ssl_key_pem_file, all three.")
        host, certificate, key = tls
        self.cluster = replace(self.cluster, host_name=leaf_domain_label or host, certificate=certificate, key=key)
        notice(
            "Services on a cluster answer by http here. AciWebservice.deploy_configuration(ssl_enabled=True, …) is for "
            "https."
        )


class ComputeTarget(metaclass=Vocabulary, error=ComputeTargetException):
    """A compute target. It is ready as soon as it is created."""

    _kind = ""

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        """Make an object of the target's own class."""
        known = {cluster.name: cluster.kind for cluster in workspace._local.compute_targets.list()}
        found = _CLASSES.get(known.get(name, ""), cls)
        # Of another kind than was asked for: the constructor says so.
        return super().__new__(found if issubclass(found, cls) else cls)

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        try:
            self._cluster = workspace._local.compute_targets.get(name)
        except NotFound as error:
            text = f"ComputeTargetNotFound: Compute Target with name {name} not found in provided workspace"
            raise ComputeTargetException(text, hint=str(error.hint)) from error
        if self._kind and self._cluster.kind != self._kind:
            raise ComputeTargetException(f"The compute target {name} is of the kind {self._cluster.kind}.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace.name!r}, name={self.name!r})"

    @property
    def name(self) -> str:
        """The target's name."""
        return self._cluster.name

    @property
    def type(self) -> str:
        """``"AKS"``, ``"AmlCompute"`` or ``"ComputeInstance"``."""
        return self._cluster.kind

    @property
    def location(self) -> str:
        """A label."""
        return self._cluster.location or "local"

    @property
    def provisioning_state(self) -> str:
        """Always ``"Succeeded"``: nothing has to be made."""
        return "Succeeded"

    @property
    def provisioning_errors(self) -> None:
        """Always None."""
        return

    def get_status(self) -> str:
        """Return the state."""
        return self.provisioning_state

    def refresh_state(self) -> None:
        """Do nothing: the state does not change."""

    def wait_for_completion(self, show_output: bool = False, is_delete_operation: bool = False, **_: Any) -> None:
        """Return at once."""
        if show_output:
            print(_CREATED)  # noqa: T201 - the SDK's own line

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        return {
            "computeType": self.type,
            "computeLocation": self.location,
            "name": self.name,
            "provisioningState": self.provisioning_state,
            "agentCount": self._cluster.nodes,
            "agentVmSize": self._cluster.size,
        }

    def delete(self) -> None:
        """Forget it; services that were sent there go on."""
        self.workspace._local.compute_targets.delete(self.name)

    def detach(self) -> None:
        """Forget it, as :meth:`delete` does."""
        self.delete()

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: ProvisioningConfiguration) -> ComputeTarget:
        """Keep a compute target under a name; creating it again replaces its sizes."""
        if not isinstance(provisioning_configuration, ProvisioningConfiguration):
            raise ComputeTargetException(
                f"provisioning_configuration cannot be a {type(provisioning_configuration).__name__}.",
                hint="AksCompute.provisioning_configuration()",
            )
        workspace._local.compute_targets.put(replace(provisioning_configuration.cluster, name=name))
        return ComputeTarget(workspace, name)

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: ProvisioningConfiguration) -> ComputeTarget:
        """Keep a compute target that is said to exist."""
        return ComputeTarget.create(workspace, name, attach_configuration)

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """List them by name."""
        return [ComputeTarget(workspace, cluster.name) for cluster in workspace._local.compute_targets.list()]


class ClusterPurpose(metaclass=Vocabulary):
    """What an AKS cluster is for."""

    FAST_PROD = "FastProd"
    DEV_TEST = "DevTest"


class AksCompute(ComputeTarget, error=ComputeTargetException):
    """An AKS cluster in name: services for it get its defaults, on this machine."""

    ClusterPurpose = ClusterPurpose
    _kind = "AKS"

    @property
    def agent_count(self) -> int:
        """How many machines were asked for."""
        return self._cluster.nodes

    @property
    def agent_vm_size(self) -> str:
        """The machines' name in the cloud."""
        return self._cluster.size

    @property
    def cluster_purpose(self) -> str:
        """One of :class:`ClusterPurpose`."""
        return self._cluster.purpose

    @staticmethod
    def provisioning_configuration(
        agent_count: int | None = None,
        vm_size: str | None = None,
        ssl_cname: str | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        location: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        service_cidr: str | None = None,
        dns_service_ip: str | None = None,
        docker_bridge_cidr: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> ProvisioningConfiguration:
        """Describe a cluster; what is about networks means nothing here."""
        nodes = 3 if agent_count is None else agent_count
        if isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 1:
            raise ComputeTargetException(f"agent_count must be a whole number from 1, not {agent_count!r}.")
        tls = (ssl_cname or "", ssl_cert_pem_file or "", ssl_key_pem_file or "")
        if any(tls) and not all(tls):
            raise ComputeTargetException("TLS needs ssl_cname, ssl_cert_pem_file and ssl_key_pem_file, all three.")
        size, purpose = vm_size or "Standard_D3_v2", cluster_purpose or ClusterPurpose.FAST_PROD
        return ProvisioningConfiguration(Cluster("", "AKS", nodes, nodes, size, location or "", purpose, *tls))

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        cluster_name: str | None = None,
        resource_id: str | None = None,
        cluster_purpose: str | None = None,
        load_balancer_type: str | None = None,
        load_balancer_subnet: str | None = None,
    ) -> ProvisioningConfiguration:
        """Describe a cluster that is said to exist."""
        return AksCompute.provisioning_configuration(cluster_purpose=cluster_purpose)


class AmlCompute(ComputeTarget, error=ComputeTargetException):
    """A training cluster in name: nothing can be submitted to it."""

    _kind = "AmlCompute"

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "", vm_priority: str = "dedicated", min_nodes: int = 0, max_nodes: int | None = None, **_: Any
    ) -> ProvisioningConfiguration:
        """Describe a cluster."""
        return ProvisioningConfiguration(Cluster("", "AmlCompute", min_nodes, max_nodes or min_nodes, vm_size))


class ComputeInstance(ComputeTarget, error=ComputeTargetException):
    """A machine in name."""

    _kind = "ComputeInstance"

    @staticmethod
    def provisioning_configuration(vm_size: str = "", **_: Any) -> ProvisioningConfiguration:
        """Describe a machine."""
        return ProvisioningConfiguration(Cluster("", "ComputeInstance", 1, 1, vm_size))


_CLASSES: dict[str, type[ComputeTarget]] = {
    "AKS": AksCompute,
    "AmlCompute": AmlCompute,
    "ComputeInstance": ComputeInstance,
}
